// Fields and views: shapes, the order of elements, shadows, range errors.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/field.h>

#include <cstdint>
#include <gtest/gtest.h>
#include <limits>
#include <numeric>
#include <string>
#include <type_traits>
#include <utility>

namespace {

using adstencil::field;
using adstencil::field_error;
using adstencil::view;

/// The message of the field_error that `action` throws; empty when it throws none.
template <class Action>
std::string message_of(Action action) {
  try {
    action();
  } catch (const field_error& error) {
    return error.what();
  }
  return {};
}

TEST(Field, StartsAsAlignedZerosOfTheGivenShape) {
  const field<double, 3> u(3, 4, 5);
  EXPECT_EQ(u.size(), 60);
  EXPECT_EQ(u.extent(0), 3);
  EXPECT_EQ(u.extent(1), 4);
  EXPECT_EQ(u.extent(2), 5);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(u.data()) % 64, 0U);
  for (const double value : u)
    EXPECT_EQ(value, 0);
}

TEST(Field, MayBeEmpty) {
  const field<float, 2> none, flat(0, 7);
  EXPECT_EQ(none.size(), 0);
  EXPECT_EQ(none.extent(1), 0);
  EXPECT_EQ(flat.size(), 0);
  EXPECT_EQ(flat.extent(1), 7);
  EXPECT_EQ(flat.begin(), flat.end());
}

TEST(Field, FirstIndexRunsFastestInEveryDimension) {
  field<int, 1> a(5);
  field<int, 2> b(5, 3);
  field<int, 3> c(5, 3, 2);
  field<int, 4> d(5, 3, 2, 2);
  std::iota(a.begin(), a.end(), 0);
  std::iota(b.begin(), b.end(), 0);
  std::iota(c.begin(), c.end(), 0);
  std::iota(d.begin(), d.end(), 0);
  for (int l = 0; l < 2; ++l)
    for (int k = 0; k < 2; ++k)
      for (int j = 0; j < 3; ++j)
        for (int i = 0; i < 5; ++i) {
          EXPECT_EQ(a(i), i);
          EXPECT_EQ(b(i, j), i + 5 * j);
          EXPECT_EQ(c(i, j, k), i + 5 * (j + 3 * k));
          EXPECT_EQ(d(i, j, k, l), i + 5 * (j + 3 * (k + 2 * l)));
          EXPECT_EQ(d.view()(i, j, k, l), d(i, j, k, l));
        }
}

TEST(Field, ViewsShareItsMemory) {
  field<double, 2> u(4, 3);
  const auto v = u.view();
  EXPECT_EQ(v.size(), u.size());
  EXPECT_EQ(v.extent(0), 4);
  EXPECT_EQ(v.extent(1), 3);
  v(2, 1) = 7;
  EXPECT_EQ(u(2, 1), 7);
  EXPECT_EQ(v.begin(), u.data());
  EXPECT_EQ(v.end() - v.begin(), 12);
}

TEST(View, ConvertsToViewOfConstAndNotBack) {
  static_assert(std::is_convertible_v<view<double, 2>, view<const double, 2>>);
  static_assert(!std::is_convertible_v<view<const double, 2>, view<double, 2>>);
  static_assert(std::is_same_v<decltype(std::declval<const field<float, 1>&>().view()), view<const float, 1>>);
  field<double, 2> u(4, 3);
  const view<const double, 2> v = u.view();
  u(3, 2) = 5;
  EXPECT_EQ(v.data, u.data());
  EXPECT_EQ(v.extent(1), 3);
  EXPECT_EQ(v(3, 2), 5);
}

TEST(Field, ShadowExistsOnceItIsAskedFor) {
  field<double, 2> u(4, 3);
  EXPECT_FALSE(u.has_shadow());
  u.shadow_view()(1, 2) = 3;
  ASSERT_TRUE(u.has_shadow());
  EXPECT_NE(u.shadow(), u.data());
  EXPECT_EQ(u.shadow()[1 + 4 * 2], 3);
  EXPECT_EQ(u(1, 2), 0) << "the shadow is memory of its own";
  u.fill(9);
  EXPECT_EQ(u.shadow_view()(1, 2), 3) << "fill leaves the shadow alone";
  u.with_shadow();
  EXPECT_EQ(u.shadow_view()(1, 2), 3) << "a shadow that exists is kept";
  u.zero_shadow();
  EXPECT_EQ(u.shadow_view()(1, 2), 0);
  EXPECT_TRUE((field<float, 1>(3).with_shadow().has_shadow()));
}

TEST(Field, CopiesAreDeepAndIncludeTheShadow) {
  field<double, 1> u(3);
  u(1) = 1;
  u.shadow()[1] = 2;
  field<double, 1> copy = u;
  copy(1) = 10;
  copy.shadow()[1] = 20;
  EXPECT_EQ(u(1), 1);
  EXPECT_EQ(u.shadow()[1], 2);

  const double* memory = u.data();
  u = copy;
  EXPECT_EQ(u(1), 10);
  EXPECT_EQ(u.shadow()[1], 20);
  EXPECT_EQ(u.data(), memory) << "equal shapes: the memory stays, and so do views of it";
  u = field<double, 1>(5);
  EXPECT_EQ(u.size(), 5);
  EXPECT_FALSE(u.has_shadow());
  const auto& itself = copy;
  copy = itself;
  EXPECT_EQ(copy(1), 10);
}

TEST(Field, IndexOutsideIsAnErrorThatNamesIt) {
  field<double, 2> u(4, 3);
  const auto& constant = u;
  EXPECT_THROW(u(4, 0), field_error);
  EXPECT_THROW(u(0, 3), field_error);
  EXPECT_THROW(constant(-1, 0), field_error);
  EXPECT_THROW(u(std::size_t(1) << 40, 0), field_error);
  EXPECT_NO_THROW(u(3, 2));
  const std::string message = message_of([&] { u(1, 3); });
  EXPECT_NE(message.find("index 3 in dimension 1"), std::string::npos) << message;
  EXPECT_NE(message.find("0 to 2"), std::string::npos) << message;
}

TEST(Field, ShapesThatMakeNoSenseAreErrors) {
  EXPECT_THROW((field<double, 2>(-1, 3)), field_error);
  EXPECT_THROW((field<double, 1>(std::int64_t(1) << 40)), field_error);
  const int most = std::numeric_limits<int>::max();
  EXPECT_THROW((field<double, 3>(most, most, most)), field_error);
  const field<double, 2> u(4, 3);
  EXPECT_THROW(u.extent(2), field_error);
  EXPECT_THROW(u.extent(-1), field_error);
}

} // namespace
