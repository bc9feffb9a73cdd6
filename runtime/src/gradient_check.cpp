// The derivative checks; see the header for what each is good for.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/gradient_check.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <random>
#include <stdexcept>
#include <string>

namespace adstencil {
namespace {

void require_equal(std::size_t a, std::size_t b) {
  if (a != b)
    throw std::invalid_argument("gradient check: vectors of " + std::to_string(a) + " and " + std::to_string(b) +
                                " elements");
}

/// f(x + h d).
double along(const scalar_function& f, std::span<const double> x, std::span<const double> direction, double h) {
  std::vector<double> moved(x.begin(), x.end());
  for (std::size_t i = 0; i < moved.size(); ++i)
    moved[i] += h * direction[i];
  return f(moved);
}

} // namespace

double relative_difference(double a, double b) {
  // A NaN on either side comes out as NaN, which no tolerance accepts.
  const double difference = std::abs(a - b);
  return difference == 0 ? 0 : difference / std::max(std::abs(a), std::abs(b));
}

double dot(std::span<const double> a, std::span<const double> b) {
  require_equal(a.size(), b.size());
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    sum += a[i] * b[i];
  return sum;
}

std::vector<double> random_direction(std::size_t n, unsigned seed) {
  // The Box-Muller transform by hand: std::normal_distribution gives different numbers in different libraries.
  std::mt19937 engine(seed);
  const auto uniform = [&] { return (static_cast<double>(engine()) + 0.5) / 4294967296.0; };
  std::vector<double> direction(n);
  for (double& d : direction) {
    const double radius = std::sqrt(-2 * std::log(uniform()));
    d = radius * std::cos(2 * std::numbers::pi * uniform());
  }
  return direction;
}

directional_check check_direction(const scalar_function& f, std::span<const double> x, std::span<const double> gradient,
                                  std::span<const double> direction, double h) {
  require_equal(x.size(), direction.size());
  if (!(h > 0))
    throw std::invalid_argument("gradient check: the step must be positive");
  directional_check result;
  result.adjoint = dot(gradient, direction);
  result.finite_difference = (along(f, x, direction, h) - along(f, x, direction, -h)) / (2 * h);
  result.relative_error = relative_difference(result.adjoint, result.finite_difference);
  return result;
}

std::vector<taylor_rung> taylor_test(const scalar_function& f, std::span<const double> x,
                                     std::span<const double> gradient, std::span<const double> direction, double h,
                                     int rungs) {
  require_equal(x.size(), direction.size());
  const double start = f(x);
  const double slope = dot(gradient, direction);
  std::vector<taylor_rung> ladder;
  for (int rung = 0; rung < rungs; ++rung, h /= 2) {
    const double remainder = std::abs(along(f, x, direction, h) - start - h * slope);
    const double order =
        ladder.empty() ? std::numeric_limits<double>::quiet_NaN() : std::log2(ladder.back().remainder / remainder);
    ladder.push_back({h, remainder, order});
  }
  return ladder;
}

double dot_product_error(std::span<const double> tangent, std::span<const double> w, std::span<const double> v,
                         std::span<const double> adjoint) {
  const double difference = std::abs(dot(tangent, w) - dot(v, adjoint));
  double scale = 0;
  for (std::size_t i = 0; i < w.size(); ++i)
    scale += std::abs(tangent[i] * w[i]);
  for (std::size_t i = 0; i < v.size(); ++i)
    scale += std::abs(v[i] * adjoint[i]);
  return scale == 0 ? 0 : 2 * difference / scale;
}

} // namespace adstencil
