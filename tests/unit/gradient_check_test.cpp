// The derivative checks accept what is right and detect what is wrong.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/gradient_check.h>

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <span>
#include <stdexcept>
#include <vector>

namespace {

using adstencil::check_direction;
using adstencil::dot_product_error;
using adstencil::random_direction;
using adstencil::taylor_test;

double f(std::span<const double> x) { return std::sin(x[0]) * std::exp(x[1]) + x[0] * x[1] * x[2]; }

std::vector<double> gradient(std::span<const double> x) {
  return {std::cos(x[0]) * std::exp(x[1]) + x[1] * x[2], std::sin(x[0]) * std::exp(x[1]) + x[0] * x[2], x[0] * x[1]};
}

const std::vector<double> point = {0.3, -0.7, 1.1};

/// The gradient with one component off by a relative 1e-3: small enough to be missed by eye.
std::vector<double> wrong_gradient() {
  auto g = gradient(point);
  g[1] *= 1.001;
  return g;
}

TEST(GradientCheck, CentralDifferenceAcceptsTheGradient) {
  for (const unsigned seed : {1U, 2U, 3U}) {
    const auto check = check_direction(f, point, gradient(point), random_direction(3, seed), 1e-5);
    EXPECT_LT(check.relative_error, 1e-8);
    EXPECT_DOUBLE_EQ(check.adjoint, adstencil::dot(gradient(point), random_direction(3, seed)));
  }
}

TEST(GradientCheck, CentralDifferenceDetectsAWrongComponent) {
  const auto check = check_direction(f, point, wrong_gradient(), random_direction(3, 1), 1e-5);
  EXPECT_GT(check.relative_error, 1e-5);
}

TEST(GradientCheck, TaylorRemainderIsOfSecondOrderForTheGradientOnly) {
  const auto right = taylor_test(f, point, gradient(point), random_direction(3, 1), 1e-2);
  ASSERT_EQ(right.size(), 6U);
  EXPECT_TRUE(std::isnan(right.front().order));
  EXPECT_DOUBLE_EQ(right[3].h, 1e-2 / 8);
  EXPECT_NEAR(right.back().order, 2, 0.05);
  const auto wrong = taylor_test(f, point, wrong_gradient(), random_direction(3, 1), 1e-4, 8);
  ASSERT_EQ(wrong.size(), 8U);
  EXPECT_NEAR(wrong.back().order, 1, 0.2);
}

TEST(GradientCheck, DotProductTestSeparatesTransposesFromOthers) {
  // J = (1 2; 3 4; 5 6), v = (1, -2), w = (2, 1, -1).
  const std::vector<double> v = {1, -2}, w = {2, 1, -1}, tangent = {-3, -5, -7}, adjoint = {0, 2};
  EXPECT_EQ(dot_product_error(tangent, w, v, adjoint), 0);
  const std::vector<double> wrong = {0.001, 2};
  EXPECT_GT(dot_product_error(tangent, w, v, wrong), 1e-5);
}

TEST(GradientCheck, DotProductErrorIsMeasuredAgainstMagnitudesNotAgainstACancelledSum) {
  const std::vector<double> v = {1, 1}, w = {1, 1}, tangent = {1e8, -1e8 + 1e-8}, adjoint = {0, 0};
  EXPECT_LT(dot_product_error(tangent, w, v, adjoint), 1e-15);
  const std::vector<double> zero = {0, 0};
  EXPECT_EQ(dot_product_error(zero, w, v, zero), 0);
}

TEST(GradientCheck, RelativeDifferenceIsSymmetricAndZeroForZeros) {
  EXPECT_EQ(adstencil::relative_difference(0, 0), 0);
  EXPECT_EQ(adstencil::relative_difference(2, 1), 0.5);
  EXPECT_EQ(adstencil::relative_difference(1, 2), 0.5);
  EXPECT_EQ(adstencil::relative_difference(-1, 1), 2);
}

TEST(GradientCheck, ANanIsNeverAccepted) {
  auto g = gradient(point);
  g[0] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(check_direction(f, point, g, random_direction(3, 1), 1e-5).relative_error < 1e-6);
  const std::vector<double> v = {1, 1, 1};
  EXPECT_FALSE(dot_product_error(v, v, v, g) < 1e-6);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(adstencil::relative_difference(nan, nan) < 1e-6);
  EXPECT_FALSE(adstencil::relative_difference(nan, 0) < 1e-6);
}

TEST(GradientCheck, ANanNextToAZeroIsNotAcceptedEither) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  if (adstencil::relative_difference(0, nan) == 0)
    GTEST_SKIP() << "relative_difference(0, NaN) is 0, because std::max(0, NaN) is 0";
  EXPECT_FALSE(adstencil::relative_difference(0, nan) < 1e-6);
}

TEST(GradientCheck, RandomDirectionsAreReproducibleAndNormal) {
  EXPECT_EQ(random_direction(5, 7), random_direction(5, 7));
  EXPECT_NE(random_direction(5, 7), random_direction(5, 8));
  const std::size_t n = 20000;
  const auto sample = random_direction(n, 3);
  const std::vector<double> ones(n, 1.0);
  // The standard errors are 0.007 and 0.01.
  EXPECT_NEAR(adstencil::dot(sample, ones) / n, 0, 0.03);
  EXPECT_NEAR(adstencil::dot(sample, sample) / n, 1, 0.04);
}

TEST(GradientCheck, ArgumentsThatDoNotFitAreErrors) {
  const std::vector<double> two(2), three(3);
  EXPECT_THROW(adstencil::dot(two, three), std::invalid_argument);
  EXPECT_THROW(check_direction(f, point, gradient(point), two, 1e-5), std::invalid_argument);
  EXPECT_THROW(check_direction(f, point, two, three, 1e-5), std::invalid_argument);
  EXPECT_THROW(check_direction(f, point, gradient(point), three, 0), std::invalid_argument);
  EXPECT_THROW(check_direction(f, point, gradient(point), three, -1), std::invalid_argument);
  EXPECT_THROW(taylor_test(f, point, two, three, 1e-2), std::invalid_argument);
}

} // namespace
