// Does the driver see what it is there for? Derivatives that are written by hand, right ones and wrong ones.
//
//     for (i = 1; i < n - 1; i += 2) y[i] = a[i] * (u[i + 1] - u[i - 1]);
//
// No point touches y and a at even cells, or u at odd ones.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "gather_check.h"

#include <gtest/gtest-spi.h>

namespace {

using gather::extents;

void primal(const extents& n, double* const* x, double* const*, const int* const*) {
  for (long i = 1; i < n[0] - 1; i += 2)
    x[0][i] = x[1][i] * (x[2][i + 1] - x[2][i - 1]);
}
void touch(gather::recorder& r, const extents& n, const int* const*) {
  for (long i = 1; i < n[0] - 1; i += 2)
    r.write(0, i) = r.read(1, i) * (r.read(2, i + 1) - r.read(2, i - 1));
}
void tangent(const extents& n, double* const* x, double* const* xb, const int* const* mask) {
  primal(n, x, xb, mask);
  for (long i = 1; i < n[0] - 1; i += 2)
    xb[0][i] = xb[1][i] * (x[2][i + 1] - x[2][i - 1]) + x[1][i] * (xb[2][i + 1] - xb[2][i - 1]);
}
void vjp(const extents& n, double* const* x, double* const* xb, const int* const*) {
  for (long i = 1; i < n[0] - 1; i += 2) {
    xb[1][i] += (x[2][i + 1] - x[2][i - 1]) * xb[0][i];
    xb[2][i + 1] += x[1][i] * xb[0][i];
    xb[2][i - 1] -= x[1][i] * xb[0][i];
  }
}
void adjoint(const extents& n, double* const* x, double* const* xb, const int* const* mask) {
  vjp(n, x, xb, mask);
  for (long i = 1; i < n[0] - 1; i += 2)
    xb[0][i] = 0;
}

/// What the driver says about a pair of derivatives on the domain of n points. Empty: all is well.
std::string verdict(gather::call<double> planned_vjp, gather::call<double> planned_adjoint,
                    gather::call<double> sequential_adjoint = adjoint) {
  const gather::law_case<double> c{
      "by hand",
      {{"y", true, false, false, true}, {"a", false, false, false, true}, {"u", false, false, false, true}},
      0,
      {{9, 1, 1}},
      touch,
      primal,
      tangent,
      {planned_vjp, planned_adjoint, nullptr, nullptr},
      {vjp, sequential_adjoint, nullptr, nullptr}};
  testing::TestPartResultArray found;
  {
    testing::ScopedFakeTestPartResultReporter intercept(
        testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &found);
    gather::laws<double>(c, c.domains[0], 1).check();
  }
  std::string all;
  for (int i = 0; i != found.size(); ++i)
    all += found.GetTestPartResult(i).message();
  return all;
}

testing::AssertionResult says(const std::string& text, const char* part) {
  return (text.find(part) != std::string::npos ? testing::AssertionSuccess() : testing::AssertionFailure())
         << "the driver says: " << text;
}

bool starts_a_page(const void* p) {
  return reinterpret_cast<std::uintptr_t>(p) % static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE)) == 0;
}

/// The derivative, and a mistake.
#define WRONG(derivative, ...)                                                                                         \
  [](const extents& n, double* const* x, double* const* xb, const int* const* mask) {                                  \
    derivative(n, x, xb, mask);                                                                                        \
    __VA_ARGS__;                                                                                                       \
  }

TEST(gather_driver, accepts_what_is_right) { EXPECT_EQ(verdict(vjp, adjoint), ""); }

TEST(gather_driver, compares_with_the_sequential_reverse) {
  EXPECT_TRUE(says(verdict(vjp, WRONG(adjoint, xb[2][4] += 1e-11)), "planned and sequential"));
  EXPECT_TRUE(says(verdict(WRONG(vjp, xb[1][1] += 1e-11), adjoint), "planned and sequential"));
}
TEST(gather_driver, checks_the_dot_product) {
  const gather::call<double> wrong = WRONG(adjoint, xb[2][4] *= 1.0001);
  EXPECT_TRUE(says(verdict(vjp, wrong, wrong), "dot product law"));
}
TEST(gather_driver, sees_a_touched_cell_that_is_no_points) {
  EXPECT_TRUE(says(verdict(vjp, WRONG(adjoint, xb[2][3] = 1)), "which no point touches"));
  EXPECT_TRUE(says(verdict(vjp, WRONG(adjoint, xb[0][4] = 0)), "which no point touches"));
  EXPECT_TRUE(says(verdict(vjp, WRONG(adjoint, volatile double zero = 0; xb[2][3] += zero)), "which no point touches"));
  EXPECT_TRUE(says(verdict(WRONG(vjp, xb[1][4] = xb[1][2]), adjoint), "which no point touches"));
}
TEST(gather_driver, sees_what_is_written_around_an_array) {
  EXPECT_TRUE(says(verdict(vjp, WRONG(adjoint, if (!starts_a_page(xb[0] + 1)) xb[0][0] = 0)), "written outside"));
}
TEST(gather_driver, sees_changes_of_primal_arrays) {
  EXPECT_TRUE(says(verdict(vjp, WRONG(adjoint, x[2][4] = -x[2][4])), "primal values have changed"));
}
TEST(gather_driver, sees_changes_of_written_shadows) {
  EXPECT_TRUE(says(verdict(WRONG(vjp, xb[0][3] = -xb[0][3]), adjoint), "the shadow of a written array has changed"));
}
TEST(gather_driver, sees_other_bits) {
  static int run = 0;
  EXPECT_TRUE(says(verdict(vjp, WRONG(adjoint, xb[2][4] += run++ % 2 ? 1e-14 : 0)), "not the same bits in every run"));
}
TEST(gather_driver, sees_bits_that_depend_on_the_place) {
  EXPECT_TRUE(says(verdict(vjp, WRONG(adjoint, xb[2][4] += starts_a_page(xb[2]) ? 1e-14 : 0)),
                   "not the same bits in every run"));
}
TEST(gather_driver_death, ends_at_an_access_behind_the_array) {
  EXPECT_DEATH(verdict(vjp, WRONG(adjoint, xb[2][9] += 0)), "");
}
TEST(gather_driver_death, ends_at_an_access_in_front_of_the_array) {
  EXPECT_DEATH(verdict(vjp, WRONG(adjoint, xb[1][0] += 0)), "");
}

} // namespace
