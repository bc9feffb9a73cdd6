// Finite differences against their definition, which is read off their names: what is done (d, d2, av, harm, inn),
// along which axes, and whether the other axes lose their first and last points (i) or not (a). Arrays check their
// indices, so the tests also show that each function is defined on exactly the range the header gives.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/field.h>
#include <adstencil/finite_difference.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <type_traits>
#include <vector>

namespace {

using adstencil::field;
using adstencil::field_error;
namespace fd = adstencil::finite_difference;

constexpr int sizes[] = {5, 6, 7};
using point = std::array<int, 3>;

template <int N>
struct function {
  std::string name;
  std::function<double(const field<double, N>&, point)> call;
};

#define FUNCTION_1(name) {#name, [](const field<double, 1>& u, point p) { return fd::name(u, p[0]); }}
#define FUNCTION_2(name) {#name, [](const field<double, 2>& u, point p) { return fd::name(u, p[0], p[1]); }}
#define FUNCTION_3(name) {#name, [](const field<double, 3>& u, point p) { return fd::name(u, p[0], p[1], p[2]); }}

template <int N>
std::vector<function<N>> functions();
template <>
std::vector<function<1>> functions<1>() {
  return {FUNCTION_1(d),  FUNCTION_1(d2),   FUNCTION_1(all),    FUNCTION_1(inn),
          FUNCTION_1(av), FUNCTION_1(harm), FUNCTION_1(maxloc), FUNCTION_1(minloc)};
}
template <>
std::vector<function<2>> functions<2>() {
  return {FUNCTION_2(d_xa),    FUNCTION_2(d_ya),    FUNCTION_2(d_xi),   FUNCTION_2(d_yi),    FUNCTION_2(d2_xa),
          FUNCTION_2(d2_ya),   FUNCTION_2(d2_xi),   FUNCTION_2(d2_yi),  FUNCTION_2(all),     FUNCTION_2(inn),
          FUNCTION_2(inn_x),   FUNCTION_2(inn_y),   FUNCTION_2(av),     FUNCTION_2(av_xa),   FUNCTION_2(av_ya),
          FUNCTION_2(av_xi),   FUNCTION_2(av_yi),   FUNCTION_2(harm),   FUNCTION_2(harm_xa), FUNCTION_2(harm_ya),
          FUNCTION_2(harm_xi), FUNCTION_2(harm_yi), FUNCTION_2(maxloc), FUNCTION_2(minloc)};
}
template <>
std::vector<function<3>> functions<3>() {
  return {FUNCTION_3(d_xa),     FUNCTION_3(d_ya),     FUNCTION_3(d_za),     FUNCTION_3(d_xi),     FUNCTION_3(d_yi),
          FUNCTION_3(d_zi),     FUNCTION_3(d2_xa),    FUNCTION_3(d2_ya),    FUNCTION_3(d2_za),    FUNCTION_3(d2_xi),
          FUNCTION_3(d2_yi),    FUNCTION_3(d2_zi),    FUNCTION_3(all),      FUNCTION_3(inn),      FUNCTION_3(inn_x),
          FUNCTION_3(inn_y),    FUNCTION_3(inn_z),    FUNCTION_3(inn_xy),   FUNCTION_3(inn_xz),   FUNCTION_3(inn_yz),
          FUNCTION_3(av),       FUNCTION_3(av_xa),    FUNCTION_3(av_ya),    FUNCTION_3(av_za),    FUNCTION_3(av_xi),
          FUNCTION_3(av_yi),    FUNCTION_3(av_zi),    FUNCTION_3(av_xya),   FUNCTION_3(av_xza),   FUNCTION_3(av_yza),
          FUNCTION_3(av_xyi),   FUNCTION_3(av_xzi),   FUNCTION_3(av_yzi),   FUNCTION_3(harm),     FUNCTION_3(harm_xa),
          FUNCTION_3(harm_ya),  FUNCTION_3(harm_za),  FUNCTION_3(harm_xi),  FUNCTION_3(harm_yi),  FUNCTION_3(harm_zi),
          FUNCTION_3(harm_xya), FUNCTION_3(harm_xza), FUNCTION_3(harm_yza), FUNCTION_3(harm_xyi), FUNCTION_3(harm_xzi),
          FUNCTION_3(harm_yzi), FUNCTION_3(maxloc),   FUNCTION_3(minloc)};
}

/// What a name says: the operation, the axes along which it works, and whether only inner points of the others count.
struct meaning {
  std::string operation;
  std::array<bool, 3> along = {};
  bool inner = false;

  meaning(const std::string& name, int dimensions) {
    const auto underscore = name.find('_');
    operation = name.substr(0, underscore);
    const std::string axes = underscore == std::string::npos ? "" : name.substr(underscore + 1);
    for (int d = 0; d < dimensions; ++d)
      along[d] = axes.empty() || axes.find("xyz"[d]) != std::string::npos;
    inner = axes.find('i') != std::string::npos;
  }

  /// How many points fewer than the array the result has along an axis.
  int lost(int d) const {
    if (operation == "all")
      return 0;
    if (!along[d])
      return inner ? 2 : 0;
    return operation == "d" || operation == "av" || operation == "harm" ? 1 : 2;
  }
};

/// The value by definition: the elements that the operation combines are gathered, then combined.
double defined(const meaning& m, int dimensions, const std::function<double(point)>& u, point p) {
  for (int d = 0; d < dimensions; ++d)
    if (!m.along[d] && m.inner)
      ++p[d]; // the others' inner points
  if (m.operation == "all")
    return u(p);
  const auto shifted = [&](point q, int d, int by) {
    q[d] += by;
    return q;
  };
  if (m.operation == "d" || m.operation == "d2") {
    const int d = static_cast<int>(std::find(m.along.begin(), m.along.end(), true) - m.along.begin());
    if (m.operation == "d")
      return u(shifted(p, d, 1)) - u(p);
    return u(shifted(p, d, 2)) - 2 * u(shifted(p, d, 1)) + u(p);
  }
  std::vector<point> points{p};
  if (m.operation == "av" || m.operation == "harm") {
    for (int d = 0; d < dimensions; ++d)
      if (m.along[d])
        for (std::size_t n = points.size(), k = 0; k < n; ++k)
          points.push_back(shifted(points[k], d, 1));
    double sum = 0;
    for (const point& q : points)
      sum += m.operation == "av" ? u(q) : 1 / u(q);
    const double count = static_cast<double>(points.size());
    return m.operation == "av" ? sum / count : count / sum;
  }
  for (int d = 0; d < dimensions; ++d)
    if (m.along[d])
      ++p[d];
  double result = u(p);
  if (m.operation == "maxloc" || m.operation == "minloc")
    for (int d = 0; d < dimensions; ++d)
      for (const int by : {-1, 1}) {
        const double neighbour = u(shifted(p, d, by));
        result = m.operation == "maxloc" ? std::max(result, neighbour) : std::min(result, neighbour);
      }
  return result;
}

template <int N>
field<double, N> make_field() {
  if constexpr (N == 1)
    return field<double, 1>(sizes[0]);
  else if constexpr (N == 2)
    return field<double, 2>(sizes[0], sizes[1]);
  else
    return field<double, 3>(sizes[0], sizes[1], sizes[2]);
}

template <int N>
double element(const field<double, N>& u, point p) {
  if constexpr (N == 1)
    return u(p[0]);
  else if constexpr (N == 2)
    return u(p[0], p[1]);
  else
    return u(p[0], p[1], p[2]);
}

template <int N>
void check_all() {
  field<double, N> u = make_field<N>();
  double value = 1;
  for (double& x : u)
    x = 1 + std::abs(std::sin(value *= 1.7));
  const auto at = [&](point p) { return element<N>(u, p); };
  for (const auto& f : functions<N>()) {
    SCOPED_TRACE(f.name);
    const meaning m(f.name, N);
    point end = {1, 1, 1};
    for (int d = 0; d < N; ++d)
      end[d] = sizes[d] - m.lost(d);
    for (int k = 0; k < end[2]; ++k)
      for (int j = 0; j < end[1]; ++j)
        for (int i = 0; i < end[0]; ++i)
          EXPECT_NEAR(f.call(u, {i, j, k}), defined(m, N, at, {i, j, k}), 1e-14) << i << " " << j << " " << k;
    for (int d = 0; d < N; ++d) {
      point beyond = {};
      // A shift to inner points leaves out the last one, so that it takes one step more to leave the array.
      beyond[d] = end[d] + (m.operation == "inn" ? m.along[d] : !m.along[d] && m.inner);
      EXPECT_THROW(f.call(u, beyond), field_error) << "axis " << d;
    }
  }
}

TEST(FiniteDifference, OneDimension) { check_all<1>(); }
TEST(FiniteDifference, TwoDimensions) { check_all<2>(); }
TEST(FiniteDifference, ThreeDimensions) { check_all<3>(); }

TEST(FiniteDifference, SelectionsOfViewsCanBeAssigned) {
  field<double, 2> u(4, 5);
  const auto v = u.view();
  fd::all(v, 0, 0) = 1;
  fd::inn(v, 0, 0) = 2;
  fd::inn_x(v, 1, 0) += 3;
  fd::inn_y(v, 0, 2) = 4;
  EXPECT_EQ(u(0, 0), 1);
  EXPECT_EQ(u(1, 1), 2);
  EXPECT_EQ(u(2, 0), 3);
  EXPECT_EQ(u(0, 3), 4);
}

TEST(FiniteDifference, KeepsThePrecisionOfTheElements) {
  field<float, 1> u(3);
  static_assert(std::is_same_v<decltype(fd::av(u.view(), 0)), float>);
  static_assert(std::is_same_v<decltype(fd::harm(u.view(), 0)), float>);
  static_assert(std::is_same_v<decltype(fd::d2(u.view(), 0)), float>);
  static_assert(std::is_same_v<decltype(fd::maxloc(u.view(), 0)), float>);
}

TEST(FiniteDifference, RangesOfSelections) {
  const field<double, 2> u(4, 5);
  EXPECT_TRUE(fd::within_all(u, 3, 4));
  EXPECT_FALSE(fd::within_all(u, 4, 4));
  EXPECT_TRUE(fd::within_inn(u, 1, 2));
  EXPECT_FALSE(fd::within_inn(u, 1, 3));
  EXPECT_TRUE(fd::within_inn_x(u, 1, 4));
  EXPECT_FALSE(fd::within_inn_x(u, 2, 4));
  EXPECT_TRUE(fd::within_inn_y(u, 3, 2));
  EXPECT_FALSE(fd::within_inn_y(u, 3, 3));
  const field<double, 3> w(4, 5, 6);
  EXPECT_TRUE(fd::within_inn(w, 1, 2, 3));
  EXPECT_FALSE(fd::within_inn(w, 1, 2, 4));
  EXPECT_TRUE(fd::within_inn_xz(w, 1, 4, 3));
  EXPECT_FALSE(fd::within_inn_xz(w, 2, 4, 3));
  EXPECT_FALSE(fd::within_inn_yz(w, 3, 3, 3));
}

} // namespace
