// Boxes of points, and launches of point functions on the host.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/parallel_for.h>

#include <algorithm>
#include <gtest/gtest.h>
#include <limits>
#include <stdexcept>
#include <type_traits>

namespace {

using adstencil::box;
using adstencil::extents;
using adstencil::field;
using adstencil::view;

template <class Policy>
class ParallelFor : public testing::Test {};
using policies = testing::Types<adstencil::serial_policy, adstencil::host_policy>;
TYPED_TEST_SUITE(ParallelFor, policies);

/// Adds one at every point, so that points met twice or not at all show.
struct count {
  void operator()(int i, int j, int k, view<int, 3> met) const { ++met(i, j, k); }
  void operator()(int i, int j, view<int, 2> met) const { ++met(i, j); }
  void operator()(int i, view<int, 1> met) const { ++met(i); }
};

TYPED_TEST(ParallelFor, MeetsEveryPointOnce) {
  // Large enough for several tasks, and not divisible by anything.
  field<int, 1> a(100003);
  field<int, 2> b(1031, 67);
  field<int, 3> c(131, 37, 13);
  adstencil::parallel_for(TypeParam{}, extents(100003), count{}, a.view());
  adstencil::parallel_for(TypeParam{}, extents(1031, 67), count{}, b.view());
  adstencil::parallel_for(TypeParam{}, extents(c.view()), count{}, c.view());
  EXPECT_EQ(std::count(a.begin(), a.end(), 1), a.size());
  EXPECT_EQ(std::count(b.begin(), b.end(), 1), b.size());
  EXPECT_EQ(std::count(c.begin(), c.end(), 1), c.size());
}

TYPED_TEST(ParallelFor, StaysInTheBox) {
  field<int, 1> a(20000);
  field<int, 2> b(1500, 41);
  field<int, 3> c(200, 20, 11);
  adstencil::parallel_for(TypeParam{}, box({3, 19990}), count{}, a.view());
  adstencil::parallel_for(TypeParam{}, box({1, 1499}, {2, 37}), count{}, b.view());
  adstencil::parallel_for(TypeParam{}, box({5, 199}, {0, 19}, {4, 11}), count{}, c.view());
  for (int i = 0; i < 20000; ++i)
    ASSERT_EQ(a(i), i >= 3 && i < 19990);
  for (int j = 0; j < 41; ++j)
    for (int i = 0; i < 1500; ++i)
      ASSERT_EQ(b(i, j), i >= 1 && i < 1499 && j >= 2 && j < 37);
  for (int k = 0; k < 11; ++k)
    for (int j = 0; j < 20; ++j)
      for (int i = 0; i < 200; ++i)
        ASSERT_EQ(c(i, j, k), i >= 5 && i < 199 && j < 19 && k >= 4);
}

TYPED_TEST(ParallelFor, EmptyBoxesDoNothing) {
  const auto fail = [](int, int) { FAIL(); };
  adstencil::parallel_for(TypeParam{}, extents(0, 5), fail);
  adstencil::parallel_for(TypeParam{}, extents(5, 0), fail);
  adstencil::parallel_for(TypeParam{}, box({3, 1}, {0, 5}), fail);
  adstencil::parallel_for(TypeParam{}, extents(-1, 5), fail);
}

template <class T>
void scale(int i, view<T, 1> u, T factor) {
  u(i) *= factor;
}

TYPED_TEST(ParallelFor, TakesFunctionsAsTemplateArguments) {
  field<float, 1> u(9);
  u.fill(2);
  adstencil::parallel_for<&scale<float>>(TypeParam{}, extents(u.view()), u.view(), 3.0F);
  for (const float value : u)
    EXPECT_EQ(value, 6);
}

TYPED_TEST(ParallelFor, TakesLambdasAndConvertsArguments) {
  field<double, 2> u(7, 5), v(7, 5);
  u.fill(4);
  adstencil::parallel_for(
      TypeParam{}, extents(7, 5),
      [](int i, int j, view<double, 2> to, view<const double, 2> from, double a) { to(i, j) = a * from(i, j); },
      v.view(), u.view(), 2);
  for (const double value : v)
    EXPECT_EQ(value, 8);
}

TYPED_TEST(ParallelFor, ThrowsWhatAPointThrows) {
  const auto fail = [](int i, int j) {
    if (i == 900 && j == 60)
      throw std::runtime_error("here");
  };
  EXPECT_THROW(adstencil::parallel_for(TypeParam{}, extents(1031, 67), fail), std::runtime_error);
}

TEST(Box, KnowsItsSize) {
  static_assert(std::is_same_v<decltype(box({1, 2}, {3, 4})), box<2>>);
  static_assert(std::is_trivially_copyable_v<box<3>>);
  constexpr box<3> b({1, 4}, {2, 2}, {0, 7});
  static_assert(b.extent(0) == 3 && b.extent(1) == 0 && b.extent(2) == 7);
  static_assert(b.empty() && !extents(1, 1, 1).empty());
  EXPECT_EQ(box({5, 2}).extent(0), 0);
}

TEST(Box, RefusesExtentsThatDoNotFit) {
  EXPECT_THROW(extents(std::numeric_limits<long>::max(), 3), adstencil::field_error);
}

} // namespace
