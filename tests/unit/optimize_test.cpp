// L-BFGS: it finds known minima, keeps to its limits, and lets exceptions through.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/optimize.h>

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using adstencil::lbfgs_options;
using adstencil::minimize_lbfgs;
using adstencil::optimize_error;
using adstencil::stop_reason;

/// sum of i (x_i - i)^2 / 2 over i = 1 ... n; its minimum is 0 at x_i = i.
double quadratic(std::span<const double> x, std::span<double> gradient) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double weight = static_cast<double>(i + 1);
    gradient[i] = weight * (x[i] - weight);
    sum += 0.5 * weight * (x[i] - weight) * (x[i] - weight);
  }
  return sum;
}

/// H. H. Rosenbrock, Computer Journal 3, 175-184, 1960; its minimum is 0 at (1, 1).
double rosenbrock(std::span<const double> x, std::span<double> gradient) {
  const double valley = x[1] - x[0] * x[0];
  gradient[0] = -400 * x[0] * valley - 2 * (1 - x[0]);
  gradient[1] = 200 * valley;
  return 100 * valley * valley + (1 - x[0]) * (1 - x[0]);
}

TEST(Lbfgs, MinimisesAQuadratic) {
  std::vector<double> x(20, 0.0);
  const auto result = minimize_lbfgs(x, quadratic);
  EXPECT_LT(result.loss, 1e-15);
  for (std::size_t i = 0; i < x.size(); ++i)
    EXPECT_NEAR(x[i], static_cast<double>(i + 1), 1e-7);
}

TEST(Lbfgs, MinimisesRosenbrocksFunction) {
  std::vector<double> x = {-1.2, 1.0};
  const auto result = minimize_lbfgs(x, rosenbrock, {.target_loss = 1e-18});
  EXPECT_NEAR(x[0], 1, 1e-8);
  EXPECT_NEAR(x[1], 1, 1e-8);
  EXPECT_LE(result.loss, 1e-18);
  EXPECT_EQ(result.reason, stop_reason::target_loss);
  EXPECT_LT(result.iterations, 60);
}

TEST(Lbfgs, ReportsItsBestPointAndLossesThatNeverIncrease) {
  std::vector<double> x = {-1.2, 1.0}, gradient(2);
  const auto result = minimize_lbfgs(x, rosenbrock, {.max_iterations = 12});
  EXPECT_EQ(result.reason, stop_reason::iterations);
  EXPECT_EQ(result.iterations, 12);
  ASSERT_EQ(result.losses.size(), 13U);
  EXPECT_GE(result.evaluations, 13);
  for (std::size_t i = 1; i < result.losses.size(); ++i)
    EXPECT_LT(result.losses[i], result.losses[i - 1]);
  EXPECT_EQ(result.loss, result.losses.back());
  EXPECT_EQ(rosenbrock(x, gradient), result.loss);
}

TEST(Lbfgs, KeepsToTheLimitOfEvaluations) {
  for (const int most : {1, 2, 7}) {
    std::vector<double> x = {-1.2, 1.0};
    int calls = 0;
    const auto result = minimize_lbfgs(x,
                                       [&](std::span<const double> point, std::span<double> gradient) {
                                         ++calls;
                                         return rosenbrock(point, gradient);
                                       },
                                       {.max_evaluations = most});
    EXPECT_EQ(calls, most);
    EXPECT_EQ(result.evaluations, most);
    EXPECT_EQ(result.reason, stop_reason::evaluations);
  }
}

TEST(Lbfgs, KeepsToTheLimitOfTime) {
  std::vector<double> x = {-1.2, 1.0};
  const auto result = minimize_lbfgs(x, rosenbrock, {.max_seconds = 1e-12});
  EXPECT_EQ(result.reason, stop_reason::time);
}

TEST(Lbfgs, StopsWhenTheLossHardlyImproves) {
  std::vector<double> x(5, 0.0);
  // Away from zero the loss of a quadratic stops changing long before the iteration limit.
  const auto raised = [](std::span<const double> point, std::span<double> gradient) {
    return 1000 + quadratic(point, gradient);
  };
  const auto result = minimize_lbfgs(x, raised, {.loss_tolerance = 1e-3});
  EXPECT_EQ(result.reason, stop_reason::loss_tolerance);
}

TEST(Lbfgs, TellsTheCallbackAndStopsWhenItSaysSo) {
  std::vector<double> x = {-1.2, 1.0};
  std::vector<int> numbers;
  lbfgs_options options;
  options.on_iteration = [&](const adstencil::iteration& now) {
    std::vector<double> gradient(2);
    EXPECT_EQ(now.loss, rosenbrock(now.x, gradient));
    EXPECT_DOUBLE_EQ(now.gradient_norm, std::hypot(gradient[0], gradient[1]));
    EXPECT_GE(now.seconds, 0);
    EXPECT_GT(now.evaluations, now.number);
    numbers.push_back(now.number);
    return now.number < 4;
  };
  const auto result = minimize_lbfgs(x, rosenbrock, options);
  EXPECT_EQ(numbers, (std::vector<int>{0, 1, 2, 3, 4}));
  EXPECT_EQ(result.reason, stop_reason::callback);
}

TEST(Lbfgs, TheFirstStepHasTheWantedLength) {
  std::vector<double> x(4, 0.0);
  std::vector<double> second;
  int calls = 0;
  const auto steep = [&](std::span<const double> point, std::span<double> gradient) {
    if (++calls == 2)
      second.assign(point.begin(), point.end());
    const double value = quadratic(point, gradient);
    for (double& g : gradient)
      g *= 1e6;
    return 1e6 * value;
  };
  minimize_lbfgs(x, steep, {.max_evaluations = 2, .first_step = 0.25});
  ASSERT_EQ(second.size(), 4U);
  EXPECT_NEAR(second[3], 0.25, 1e-12) << "the steepest variable moves by first_step";
  EXPECT_LT(std::abs(second[0]), 0.25);
}

TEST(Lbfgs, AMinimumAtTheStartIsFoundAtOnce) {
  std::vector<double> x = {1, 2, 3};
  const auto result = minimize_lbfgs(x, quadratic, {.target_loss = -1});
  EXPECT_EQ(result.evaluations, 1);
  EXPECT_EQ(result.reason, stop_reason::no_progress);
  EXPECT_EQ(x, (std::vector<double>{1, 2, 3}));
}

TEST(Lbfgs, TurnsBackWhereTheValueIsNotFinite) {
  // -log(x) + x has its minimum at 1 and is NaN left of 0, where a long first step lands.
  std::vector<double> x = {5};
  const auto result = minimize_lbfgs(x,
                                     [](std::span<const double> point, std::span<double> gradient) {
                                       gradient[0] = -1 / point[0] + 1;
                                       return point[0] - std::log(point[0]);
                                     },
                                     {.target_loss = 1, .first_step = 20});
  EXPECT_NEAR(x[0], 1, 1e-4);
  EXPECT_NEAR(result.loss, 1, 1e-8);
}

TEST(Lbfgs, ExceptionsOfTheObjectivePassThrough) {
  for (const int at : {1, 2, 5}) {
    std::vector<double> x = {-1.2, 1.0};
    int calls = 0;
    EXPECT_THROW(minimize_lbfgs(x,
                                [&](std::span<const double> point, std::span<double> gradient) {
                                  if (++calls == at)
                                    throw std::domain_error("the solver diverged");
                                  return rosenbrock(point, gradient);
                                }),
                 std::domain_error);
    EXPECT_EQ(calls, at) << "nothing is evaluated after the exception";
  }
}

TEST(Lbfgs, ExceptionsOfTheCallbackPassThrough) {
  for (const int at : {0, 2}) {
    std::vector<double> x = {-1.2, 1.0};
    lbfgs_options options;
    options.on_iteration = [&](const adstencil::iteration& now) -> bool {
      if (now.number == at)
        throw std::out_of_range("no room for pictures");
      return true;
    };
    EXPECT_THROW(minimize_lbfgs(x, rosenbrock, options), std::out_of_range);
  }
}

TEST(Lbfgs, ArgumentsThatMakeNoSenseAreErrors) {
  std::vector<double> none, x = {-1.2, 1.0};
  EXPECT_THROW(minimize_lbfgs(none, quadratic), optimize_error);
  EXPECT_THROW(minimize_lbfgs(x, rosenbrock, {.max_iterations = -1}), optimize_error);
  EXPECT_THROW(minimize_lbfgs(x, rosenbrock, {.max_evaluations = 0}), optimize_error);
  EXPECT_THROW(minimize_lbfgs(x, rosenbrock, {.max_seconds = -1}), optimize_error);
  EXPECT_THROW(minimize_lbfgs(x, rosenbrock, {.loss_tolerance = -1}), optimize_error);
  EXPECT_THROW(minimize_lbfgs(x, rosenbrock, {.first_step = -1}), optimize_error);
  EXPECT_THROW(minimize_lbfgs(x, rosenbrock, {.memory = 0}), optimize_error);
  const auto nan = [](std::span<const double>, std::span<double>) { return std::numeric_limits<double>::quiet_NaN(); };
  EXPECT_THROW(minimize_lbfgs(x, nan), optimize_error);
  EXPECT_EQ(x, (std::vector<double>{-1.2, 1.0}));
}

TEST(Lbfgs, EveryReasonHasWords) {
  for (const auto reason :
       {stop_reason::iterations, stop_reason::evaluations, stop_reason::time, stop_reason::loss_tolerance,
        stop_reason::target_loss, stop_reason::callback, stop_reason::no_progress})
    EXPECT_STRNE(describe(reason), "unknown");
}

} // namespace
