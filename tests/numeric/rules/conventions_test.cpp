// Conventions at kinks and at the edge of domains, and the functions that are not rows of the table: integer powers,
// functions that write through a pointer, intrinsics with their own names, and the templates of <cmath> and
// <algorithm>.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace {

// Each macro makes a kernel of one point and a function that returns what a seed puts into the shadows.
struct partials {
  double x = 0, y = 0, z = 0;
};

#define POINT_1(name, T, expression)                                                                                   \
  ADSTENCIL_KERNEL void name(T* r, const T* px) {                                                                      \
    const T x = *px;                                                                                                   \
    *r = expression;                                                                                                   \
  }                                                                                                                    \
  [[maybe_unused]] partials grad_##name(T x, T seed = 1) {                                                             \
    T r = 0, rb = seed, xb = 0;                                                                                        \
    __adjoint_##name(&r, &rb, &x, &xb);                                                                                \
    T rd = 0, xd = seed;                                                                                               \
    __tangent_##name(&r, &rd, &x, &xd);                                                                                \
    if (std::isfinite(xb)) {                                                                                           \
      EXPECT_NEAR(rd, xb, 4 * std::numeric_limits<T>::epsilon() * std::abs(xb))                                        \
          << #name ": tangent and adjoint differ";                                                                     \
    }                                                                                                                  \
    return {double(xb)};                                                                                               \
  }

#define POINT_2(name, T, expression)                                                                                   \
  ADSTENCIL_KERNEL void name(T* r, const T* px, const T* py) {                                                         \
    const T x = *px, y = *py;                                                                                          \
    *r = expression;                                                                                                   \
  }                                                                                                                    \
  [[maybe_unused]] partials grad_##name(T x, T y, T seed = 1) {                                                        \
    T r = 0, rb = seed, xb = 0, yb = 0;                                                                                \
    __adjoint_##name(&r, &rb, &x, &xb, &y, &yb);                                                                       \
    return {double(xb), double(yb)};                                                                                   \
  }

#define POINT_3(name, T, expression)                                                                                   \
  ADSTENCIL_KERNEL void name(T* r, const T* px, const T* py, const T* pz) {                                            \
    const T x = *px, y = *py, z = *pz;                                                                                 \
    *r = expression;                                                                                                   \
  }                                                                                                                    \
  [[maybe_unused]] partials grad_##name(T x, T y, T z, T seed = 1) {                                                   \
    T r = 0, rb = seed, xb = 0, yb = 0, zb = 0;                                                                        \
    __adjoint_##name(&r, &rb, &x, &xb, &y, &yb, &z, &zb);                                                              \
    return {double(xb), double(yb), double(zb)};                                                                       \
  }

#define EXPECT_PARTIALS_2(result, expected_x, expected_y)                                                              \
  do {                                                                                                                 \
    const partials p = result;                                                                                         \
    EXPECT_DOUBLE_EQ(p.x, expected_x);                                                                                 \
    EXPECT_DOUBLE_EQ(p.y, expected_y);                                                                                 \
  } while (false)

// ---- ties: the first argument ------------------------------------------------------------------------------------

POINT_2(c_fmin, double, fmin(x, y))
POINT_2(c_fmax, double, fmax(x, y))
POINT_2(c_fminf, float, fminf(x, y))
POINT_2(c_fmaxf, float, fmaxf(x, y))
POINT_2(std_min, double, std::min(x, y))
POINT_2(std_max, double, std::max(x, y))
POINT_2(builtin_minimum, double, __builtin_elementwise_minimum(x, y))
POINT_2(builtin_maximum, double, __builtin_elementwise_maximum(x, y))
POINT_2(builtin_min, double, __builtin_elementwise_min(x, y))
POINT_2(builtin_max, double, __builtin_elementwise_max(x, y))

TEST(conventions, at_a_tie_the_first_argument_is_selected) {
  EXPECT_PARTIALS_2(grad_c_fmin(2, 2), 1, 0);
  EXPECT_PARTIALS_2(grad_c_fmax(2, 2), 1, 0);
  EXPECT_PARTIALS_2(grad_c_fminf(2, 2), 1, 0);
  EXPECT_PARTIALS_2(grad_c_fmaxf(2, 2), 1, 0);
  EXPECT_PARTIALS_2(grad_std_min(2, 2), 1, 0);
  EXPECT_PARTIALS_2(grad_std_max(2, 2), 1, 0);
  EXPECT_PARTIALS_2(grad_builtin_min(2, 2), 1, 0);
  EXPECT_PARTIALS_2(grad_builtin_max(2, 2), 1, 0);
  EXPECT_PARTIALS_2(grad_builtin_minimum(2, 2), 1, 0);
  EXPECT_PARTIALS_2(grad_builtin_maximum(2, 2), 1, 0);
}

TEST(conventions, the_selected_argument_gets_the_cotangent) {
  EXPECT_PARTIALS_2(grad_c_fmin(1, 2, 3), 3, 0);
  EXPECT_PARTIALS_2(grad_c_fmin(2, 1, 3), 0, 3);
  EXPECT_PARTIALS_2(grad_c_fmax(1, 2, 3), 0, 3);
  EXPECT_PARTIALS_2(grad_std_min(2, 1, 3), 0, 3);
  EXPECT_PARTIALS_2(grad_std_max(1, 2, 3), 0, 3);
  EXPECT_PARTIALS_2(grad_builtin_minimum(2, 1), 0, 1);
  EXPECT_PARTIALS_2(grad_builtin_maximum(2, 1), 1, 0);
}

TEST(conventions, a_nan_argument_is_not_selected) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_PARTIALS_2(grad_c_fmin(nan, 2), 0, 1);
  EXPECT_PARTIALS_2(grad_c_fmin(2, nan), 1, 0);
  EXPECT_PARTIALS_2(grad_c_fmax(nan, 2), 0, 1);
  EXPECT_PARTIALS_2(grad_c_fmax(2, nan), 1, 0);
}

// ---- kinks ---------------------------------------------------------------------------------------------------------

POINT_1(c_fabs, double, fabs(x))
POINT_1(c_fabsf, float, fabsf(x))
POINT_1(std_abs, double, std::abs(x))
POINT_2(c_fdim, double, fdim(x, y))
POINT_2(c_hypot, double, hypot(x, y))
POINT_2(c_copysign, double, copysign(x, y))
POINT_1(c_floor, double, floor(x))
POINT_1(c_round, double, round(x))

TEST(conventions, fabs_has_derivative_zero_at_zero) {
  EXPECT_EQ(grad_c_fabs(0).x, 0);
  EXPECT_EQ(grad_c_fabs(-0.0).x, 0);
  EXPECT_EQ(grad_c_fabsf(0).x, 0);
  EXPECT_EQ(grad_std_abs(0).x, 0);
  EXPECT_EQ(grad_std_abs(-3).x, -1);
}

TEST(conventions, other_kinks) {
  EXPECT_PARTIALS_2(grad_c_fdim(1, 1), 0, 0);
  EXPECT_PARTIALS_2(grad_c_hypot(0, 0), 0, 0);
  EXPECT_PARTIALS_2(grad_c_copysign(-2, 3), -1, 0);
  EXPECT_PARTIALS_2(grad_c_copysign(2, -3), -1, 0);
  EXPECT_EQ(grad_c_floor(2).x, 0);
  EXPECT_EQ(grad_c_round(2.5).x, 0);
}

// ---- infinite partials: the IEEE result, but a zero cotangent gives zero -------------------------------------------

POINT_1(c_sqrt, double, sqrt(x))
POINT_1(c_sqrtf, float, sqrtf(x))
POINT_1(c_cbrt, double, cbrt(x))
POINT_1(c_log, double, log(x))
POINT_1(c_asin, double, asin(x))
POINT_1(c_acos, double, acos(x))
POINT_1(c_acosh, double, acosh(x))
POINT_1(c_atanh, double, atanh(x))
POINT_1(c_log1p, double, log1p(x))
POINT_2(c_atan2, double, atan2(x, y))
POINT_2(c_pow, double, pow(x, y))
POINT_2(c_powf, float, powf(x, y))

TEST(conventions, a_zero_cotangent_gives_zero_where_the_partial_is_infinite) {
  EXPECT_EQ(grad_c_sqrt(0, 0).x, 0);
  EXPECT_EQ(grad_c_sqrtf(0, 0).x, 0);
  EXPECT_EQ(grad_c_cbrt(0, 0).x, 0);
  EXPECT_EQ(grad_c_log(0, 0).x, 0);
  EXPECT_EQ(grad_c_asin(1, 0).x, 0);
  EXPECT_EQ(grad_c_acos(-1, 0).x, 0);
  EXPECT_EQ(grad_c_acosh(1, 0).x, 0);
  EXPECT_EQ(grad_c_atanh(1, 0).x, 0);
  EXPECT_EQ(grad_c_log1p(-1, 0).x, 0);
  EXPECT_PARTIALS_2(grad_c_atan2(0, 0, 0), 0, 0);
  EXPECT_PARTIALS_2(grad_c_pow(0, 0.5, 0), 0, 0);
}

TEST(conventions, a_nonzero_cotangent_gives_the_ieee_result) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(grad_c_sqrt(0).x, infinity);
  EXPECT_EQ(grad_c_log(0).x, infinity);
  EXPECT_EQ(grad_c_cbrt(0).x, infinity);
  EXPECT_EQ(grad_c_asin(1).x, infinity);
  EXPECT_TRUE(std::isnan(grad_c_sqrt(-1).x));
  EXPECT_EQ(grad_c_pow(0, 0.5).x, infinity);
}

TEST(conventions, pow_at_the_edge_of_its_domain) {
  EXPECT_PARTIALS_2(grad_c_pow(0, 2), 0, 0);
  EXPECT_PARTIALS_2(grad_c_pow(0, 1), 1, 0);
  EXPECT_EQ(grad_c_pow(0, 0).x, 0);
  EXPECT_EQ(grad_c_pow(-2, 3).x, 12);
  EXPECT_EQ(grad_c_pow(-2, 0).x, 0);
  EXPECT_EQ(grad_c_powf(0, 2).x, 0);
  EXPECT_DOUBLE_EQ(grad_c_pow(3, 2).y, 9 * std::log(3.0));
}

// ---- pow with constant and integer arguments -----------------------------------------------------------------------

POINT_1(pow_2, double, pow(x, 2))
POINT_1(pow_3_std, double, std::pow(x, 3))
POINT_1(pow_minus_1, double, pow(x, -1.0))
POINT_1(pow_half, double, std::pow(x, 0.5))
POINT_1(pow_0, double, pow(x, 0))
POINT_1(pow_1, double, pow(x, 1))
POINT_1(pow_2_float, float, std::pow(x, 2.0f))
POINT_1(pow_int_float, float, std::pow(x, 2))
POINT_1(pow_base_2, double, pow(2.0, x))
POINT_1(pow_same, double, pow(x, x))
POINT_1(builtin_powi_3, double, __builtin_powi(x, 3))

TEST(conventions, pow_with_constant_arguments) {
  EXPECT_DOUBLE_EQ(grad_pow_2(-1.5).x, -3);
  EXPECT_DOUBLE_EQ(grad_pow_2(0).x, 0);
  EXPECT_DOUBLE_EQ(grad_pow_3_std(-1.5).x, 6.75);
  EXPECT_DOUBLE_EQ(grad_pow_minus_1(-2).x, -0.25);
  EXPECT_DOUBLE_EQ(grad_pow_half(4).x, 0.25);
  EXPECT_EQ(grad_pow_half(0, 0).x, 0);
  EXPECT_EQ(grad_pow_0(0).x, 0);
  EXPECT_EQ(grad_pow_0(2).x, 0);
  EXPECT_EQ(grad_pow_1(0).x, 1);
  EXPECT_FLOAT_EQ(float(grad_pow_2_float(-1.5).x), -3);
  EXPECT_FLOAT_EQ(float(grad_pow_int_float(-1.5).x), -3);
  EXPECT_DOUBLE_EQ(grad_pow_base_2(3).x, 8 * std::log(2.0));
  EXPECT_DOUBLE_EQ(grad_pow_same(2).x, 4 * (1 + std::log(2.0)));
  EXPECT_DOUBLE_EQ(grad_builtin_powi_3(-2).x, 12);
}

ADSTENCIL_KERNEL void pow_int_variable(double* r, const double* x, int n) { *r = std::pow(*x, n); }
TEST(conventions, pow_with_an_int_variable) {
  for (int n : {-2, -1, 0, 1, 2, 5}) {
    double r = 0, rb = 1, x = -1.25, xb = 0;
    __adjoint_pow_int_variable(&r, &rb, &x, &xb, n);
    EXPECT_NEAR(xb, n * std::pow(x, n - 1), 1e-13) << n;
  }
}

// ---- functions that write through a pointer, and others without a row ----------------------------------------------

ADSTENCIL_KERNEL void parts_by_modf(double* fraction, double* whole, const double* x) {
  *fraction = std::modf(*x, whole);
}
TEST(conventions, modf_passes_everything_to_the_fraction) {
  double f = 0, fb = 2, w = 0, wb = 7, x = 3.25, xb = 1;
  __adjoint_parts_by_modf(&f, &fb, &w, &wb, &x, &xb);
  EXPECT_EQ(xb, 3);
  EXPECT_EQ(fb, 0);
  EXPECT_EQ(wb, 0);
}

ADSTENCIL_KERNEL void mantissa(double* r, const double* x) {
  int exponent = 0;
  *r = std::frexp(*x, &exponent);
}
TEST(conventions, frexp_scales) {
  double r = 0, rb = 1, x = 12, xb = 0;
  __adjoint_mantissa(&r, &rb, &x, &xb);
  EXPECT_EQ(xb, 1.0 / 16);
}

POINT_3(std_hypot_3, double, std::hypot(x, y, z))
POINT_3(std_lerp, double, std::lerp(x, y, z))
POINT_3(std_clamp, double, std::clamp(x, y, z))
POINT_3(builtin_fma, double, __builtin_fma(x, y, z))
POINT_3(fma_float, float, std::fma(x, y, z))
POINT_1(builtin_sqrt, double, __builtin_elementwise_sqrt(x))
POINT_1(builtin_abs, double, __builtin_elementwise_abs(x))
POINT_1(builtin_exp10, double, __builtin_exp10(x))
POINT_2(builtin_copysign, double, __builtin_elementwise_copysign(x, y))
POINT_2(swap_minmax, double, (std::minmax(x, y).second * 2))

TEST(conventions, templates_and_builtins) {
  const partials h = grad_std_hypot_3(2, 3, 6);
  EXPECT_DOUBLE_EQ(h.x, 2.0 / 7);
  EXPECT_DOUBLE_EQ(h.y, 3.0 / 7);
  EXPECT_DOUBLE_EQ(h.z, 6.0 / 7);
  const partials l = grad_std_lerp(2, 5, 0.25);
  EXPECT_DOUBLE_EQ(l.x, 0.75);
  EXPECT_DOUBLE_EQ(l.y, 0.25);
  EXPECT_DOUBLE_EQ(l.z, 3);
  EXPECT_EQ(grad_std_clamp(2, 0, 1).z, 1);
  EXPECT_EQ(grad_std_clamp(0.5, 0, 1).x, 1);
  EXPECT_EQ(grad_builtin_fma(2, 3, 4).x, 3);
  EXPECT_EQ(grad_fma_float(2, 3, 4).y, 2);
  EXPECT_EQ(grad_builtin_sqrt(4).x, 0.25);
  EXPECT_EQ(grad_builtin_abs(-4).x, -1);
  EXPECT_DOUBLE_EQ(grad_builtin_exp10(0).x, std::log(10.0));
  EXPECT_EQ(grad_builtin_copysign(3, -1).x, -1);
  EXPECT_PARTIALS_2(grad_swap_minmax(1, 4), 0, 2);
}

} // namespace
