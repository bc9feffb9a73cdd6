// An ordinary file without annotations: the standard library, templates, some code. See compile_time.py.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <algorithm>
#include <cmath>
#include <functional>
#include <iostream>
#include <map>
#include <numeric>
#include <set>
#include <sstream>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace {

template <class T, int Order>
struct polynomial {
  T coefficients[Order + 1] = {};
  T operator()(T x) const {
    T sum = 0;
    for (int i = Order; i >= 0; --i)
      sum = sum * x + coefficients[i];
    return sum;
  }
};

template <class Key>
std::map<Key, std::vector<double>> group(const std::vector<std::pair<Key, double>>& pairs) {
  std::map<Key, std::vector<double>> groups;
  for (const auto& [key, value] : pairs)
    groups[key].push_back(value);
  for (auto& [key, values] : groups)
    std::sort(values.begin(), values.end(), std::greater<>());
  return groups;
}

template <int Order>
double fill(std::vector<double>& values) {
  polynomial<double, Order> p;
  std::iota(p.coefficients, p.coefficients + Order + 1, 1.0);
  std::transform(values.begin(), values.end(), values.begin(), [&](double x) { return std::sin(p(x)); });
  std::sort(values.begin(), values.end(), [](double a, double b) { return std::fabs(a) < std::fabs(b); });
  return std::accumulate(values.begin(), values.end(), 0.0);
}

template <int... Orders>
double fill_all(std::vector<double>& values, std::integer_sequence<int, Orders...>) {
  return (fill<Orders>(values) + ...);
}

} // namespace

double stencil(std::vector<double>& out, const std::vector<double>& in, int nx, int ny) {
  double sum = 0;
  for (int j = 1; j < ny - 1; ++j)
    for (int i = 1; i < nx - 1; ++i) {
      const int at = i + nx * j;
      out[at] = in[at] + 0.1 * (in[at - 1] + in[at + 1] + in[at - nx] + in[at + nx] - 4 * in[at]);
      sum += out[at] * out[at];
    }
  return sum;
}

int main(int argc, char** argv) {
  std::vector<double> values(1000);
  std::generate(values.begin(), values.end(), [x = 0.1 * argc]() mutable { return x = 4 * x * (1 - x); });
  std::cout << fill_all(values, std::make_integer_sequence<int, 10>()) << '\n';
  std::cout << group<int>({{1, 2.0}, {2, 3.0}}).size() + group<std::string>({{"a", 2.0}}).size() << '\n';
  std::unordered_map<std::string, std::set<int>> index;
  for (int i = 0; i < argc; ++i)
    index[argv[i]].insert(i);
  for (const auto& [key, numbers] : index)
    std::cout << key << ' ' << numbers.size() << '\n';
  std::vector<double> out(values.size());
  std::cout << stencil(out, values, 25, 40) << '\n';
}
