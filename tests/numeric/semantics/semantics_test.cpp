// What the generated functions promise beyond the derivative: who is written, what accumulates, which names exist.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "declared_elsewhere.h"

#include <adstencil/adstencil.h>

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <type_traits>
#include <vector>

static_assert(__ADSTENCIL__ >= 100, "the plugin predefines its version");

namespace {

constexpr int n = 9;
using values = std::vector<double>;

values ramp(double start, double step) {
  values v(n);
  for (int i = 0; i < n; ++i)
    v[i] = start + step * i;
  return v;
}

// ---- the pair of the issue ------------------------------------------------------------------------------------------

ADSTENCIL_KERNEL void add_scaled(double* A, const double* B, double a, int count) {
  for (int i = 0; i < count; ++i)
    A[i] += a * B[i] * 100.65;
}

TEST(semantics, in_place_addition_keeps_the_cotangent_of_its_target) {
  const values A0 = ramp(1, 0.1), B0 = ramp(2, -0.1);
  for (bool exact : {false, true}) {
    values A = A0, B = B0, A_bar(n, 1), B_bar(n, 1);
    if (exact)
      __adjoint_add_scaled(A.data(), A_bar.data(), B.data(), B_bar.data(), 6.5, n);
    else
      __vjp_add_scaled(A.data(), A_bar.data(), B.data(), B_bar.data(), 6.5, n);
    for (int i = 0; i < n; ++i) {
      EXPECT_DOUBLE_EQ(B_bar[i], 1 + 654.225) << "it adds 6.5 · 100.65 = 654.225 to the 1 that was there";
      EXPECT_EQ(A_bar[i], 1);
    }
    EXPECT_EQ(A, A0);
    EXPECT_EQ(B, B0);
  }
}

ADSTENCIL_KERNEL void set_scaled(double* A, const double* B, double a, int count) {
  for (int i = 0; i < count; ++i)
    A[i] = a * B[i] * 100.65;
}

TEST(semantics, adjoint_uses_up_the_cotangent_of_an_overwritten_array_and_vjp_does_not) {
  values A = ramp(1, 0.1), B = ramp(2, -0.1), A_bar(n, 1), B_bar(n, 1);
  __vjp_set_scaled(A.data(), A_bar.data(), B.data(), B_bar.data(), 6.5, n);
  for (int i = 0; i < n; ++i) {
    EXPECT_EQ(A_bar[i], 1);
    EXPECT_DOUBLE_EQ(B_bar[i], 655.225);
  }
  B_bar.assign(n, 1);
  __adjoint_set_scaled(A.data(), A_bar.data(), B.data(), B_bar.data(), 6.5, n);
  for (int i = 0; i < n; ++i) {
    EXPECT_EQ(A_bar[i], 0);
    EXPECT_DOUBLE_EQ(B_bar[i], 655.225);
  }
}

TEST(semantics, vjp_accumulates_call_by_call) {
  values A = ramp(1, 0.1), B = ramp(2, -0.1), A_bar(n, 1), B_bar(n, 0);
  for (int call = 1; call <= 3; ++call) {
    __vjp_set_scaled(A.data(), A_bar.data(), B.data(), B_bar.data(), 2, n);
    EXPECT_DOUBLE_EQ(B_bar[4], call * 201.3);
  }
}

TEST(semantics, cells_that_the_kernel_does_not_write_keep_their_shadow) {
  values A = ramp(1, 0.1), B = ramp(2, -0.1), A_bar = ramp(3, 1), B_bar(n, 0);
  __adjoint_set_scaled(A.data(), A_bar.data(), B.data(), B_bar.data(), 2, n - 3);
  for (int i = 0; i < n; ++i) {
    EXPECT_EQ(A_bar[i], i < n - 3 ? 0 : 3 + i);
    EXPECT_EQ(B_bar[i] == 0, i >= n - 3);
  }
  values A_dot = ramp(3, 1), B_dot(n, 1);
  __tangent_set_scaled(A.data(), A_dot.data(), B.data(), B_dot.data(), 2, n - 3);
  for (int i = 0; i < n; ++i) {
    EXPECT_DOUBLE_EQ(A_dot[i], i < n - 3 ? 201.3 : 3 + i);
    EXPECT_EQ(B_dot[i], 1);
  }
}

TEST(semantics, a_chain_of_adjoints_is_the_adjoint_of_the_chain) {
  // b = 2·100.65·a; c += 3·100.65·b
  values a = ramp(1, 0.1), b = ramp(0, 1), c = ramp(5, 1), a_bar(n, 0), b_bar(n, 0.5), c_bar(n, 1);
  set_scaled(b.data(), a.data(), 2, n);
  add_scaled(c.data(), b.data(), 3, n);
  __adjoint_add_scaled(c.data(), c_bar.data(), b.data(), b_bar.data(), 3, n);
  __adjoint_set_scaled(b.data(), b_bar.data(), a.data(), a_bar.data(), 2, n);
  for (int i = 0; i < n; ++i) {
    EXPECT_DOUBLE_EQ(a_bar[i], (0.5 + 301.95) * 201.3);
    EXPECT_EQ(b_bar[i], 0);
    EXPECT_EQ(c_bar[i], 1);
  }
}

// ---- sin(ωx): the derivative is known in closed form
// ------------------------------------------------------------------

ADSTENCIL_KERNEL void sine_wave(double* y, const double* x, ADSTENCIL_ACTIVE double omega, int count) {
  for (int i = 0; i < count; ++i)
    y[i] = std::sin(omega * x[i]);
}

TEST(semantics, an_active_scalar_receives_the_sum_over_all_points) {
  const double omega = 1.75;
  const values x = ramp(-1, 0.3), seed = ramp(1, 0.5);
  values y(n), y_bar = seed, x_bar(n, 0);
  double omega_bar = 10, expected = 10;
  __adjoint_sine_wave(y.data(), y_bar.data(), x.data(), x_bar.data(), omega, &omega_bar, n);
  for (int i = 0; i < n; ++i) {
    EXPECT_NEAR(x_bar[i], omega * std::cos(omega * x[i]) * seed[i], 1e-14);
    expected += x[i] * std::cos(omega * x[i]) * seed[i];
  }
  EXPECT_NEAR(omega_bar, expected, 1e-13);

  values x_dot(n, 0), y_dot(n, 99);
  const double omega_dot = 1;
  __tangent_sine_wave(y.data(), y_dot.data(), x.data(), x_dot.data(), omega, const_cast<double*>(&omega_dot), n);
  for (int i = 0; i < n; ++i) {
    EXPECT_NEAR(y_dot[i], x[i] * std::cos(omega * x[i]), 1e-14);
    EXPECT_DOUBLE_EQ(y[i], std::sin(omega * x[i]));
  }
}

// ---- a time-step field nobody differentiates, next to one that is ---------------------------------------------------

ADSTENCIL_KERNEL void step_with_time_step(double* u, ADSTENCIL_INACTIVE double* dt, const double* k, int count) {
  for (int i = 0; i < count; ++i) {
    dt[i] = 0.5 / k[i];
    u[i] += k[i] * u[i];
  }
}

TEST(semantics, an_inactive_array_may_be_written_next_to_an_active_one) {
  values u = ramp(1, 0.1), dt(n, -1), k = ramp(2, 0.2), u_bar(n, 1), k_bar(n, 0);
  __adjoint_step_with_time_step(u.data(), u_bar.data(), dt.data(), k.data(), k_bar.data(), n);
  for (int i = 0; i < n; ++i) {
    EXPECT_DOUBLE_EQ(u_bar[i], 1 + k[i]);
    EXPECT_DOUBLE_EQ(k_bar[i], u[i]);
    EXPECT_EQ(dt[i], -1) << "primal arrays stay as they were";
  }
}

ADSTENCIL_KERNEL void through_inactive(double* y, const double* u, ADSTENCIL_INACTIVE const double* k, int count) {
  for (int i = 0; i < count; ++i)
    y[i] = k[i] * u[i] * u[i];
}

TEST(semantics, an_inactive_array_is_a_constant) {
  values y(n), u = ramp(1, 0.1), k = ramp(2, 0.2), y_bar(n, 1), u_bar(n, 0);
  __vjp_through_inactive(y.data(), y_bar.data(), u.data(), u_bar.data(), k.data(), n);
  for (int i = 0; i < n; ++i)
    EXPECT_DOUBLE_EQ(u_bar[i], 2 * k[i] * u[i]);
}

// ---- wrt variants -------------------------------------------------------------------------------------------------

ADSTENCIL_KERNEL ADSTENCIL_WRT("k", "kappa")
ADSTENCIL_WRT("state", "u", "f")
void diffuse(double* un, const double* u, const double* f, const double* kappa, double dt, int count) {
  for (int i = 1; i < count - 1; ++i)
    un[i] = u[i] + dt * (kappa[i] * (u[i - 1] - 2 * u[i] + u[i + 1]) + f[i] * u[i]);
}

TEST(semantics, wrt_variants_take_the_named_inputs_and_the_outputs) {
  const values u = ramp(1, 0.3), f = ramp(0.5, 0.1), kappa = ramp(2, -0.1), seed = ramp(1, 0.2);
  values un(n), all_bar = seed, u_bar(n, 0), f_bar(n, 0), kappa_bar(n, 0);
  __adjoint_diffuse(un.data(), all_bar.data(), u.data(), u_bar.data(), f.data(), f_bar.data(), kappa.data(),
                    kappa_bar.data(), 0.1, n);

  values un_bar = seed, only_kappa(n, 0), only_u(n, 0), only_f(n, 0);
  __vjp_diffuse_k(un.data(), un_bar.data(), u.data(), f.data(), kappa.data(), only_kappa.data(), 0.1, n);
  EXPECT_EQ(un_bar, seed);
  __adjoint_diffuse_k(un.data(), un_bar.data(), u.data(), f.data(), kappa.data(), only_kappa.data(), 0.1, n);
  EXPECT_EQ(un_bar, all_bar);
  un_bar = seed;
  __adjoint_diffuse_state(un.data(), un_bar.data(), u.data(), only_u.data(), f.data(), only_f.data(), kappa.data(), 0.1,
                          n);
  for (int i = 0; i < n; ++i) {
    EXPECT_DOUBLE_EQ(only_kappa[i], 2 * kappa_bar[i]);
    EXPECT_DOUBLE_EQ(only_u[i], u_bar[i]);
    EXPECT_DOUBLE_EQ(only_f[i], f_bar[i]);
  }
}

// ---- names: overloads, namespaces, static, inline, declarations before definitions ---------------------------------

ADSTENCIL_KERNEL void overloaded(double* y, const double* u) { *y = 2 * *u; }
ADSTENCIL_KERNEL void overloaded(float* y, const float* u) { *y = 3 * *u; }
ADSTENCIL_KERNEL void overloaded(double* y, const double* u, double factor) { *y = factor * *u; }

TEST(semantics, overloads_have_their_own_derivatives) {
  double y = 0, yb = 1, u = 1, ub = 0;
  float yf = 0, ybf = 1, uf = 1, ubf = 0;
  __adjoint_overloaded(&y, &yb, &u, &ub);
  EXPECT_EQ(ub, 2);
  __adjoint_overloaded(&yf, &ybf, &uf, &ubf);
  EXPECT_EQ(ubf, 3);
  yb = 1;
  __vjp_overloaded(&y, &yb, &u, &ub, 5.0);
  EXPECT_EQ(ub, 7);
}

namespace outer::inner {
ADSTENCIL_KERNEL static void in_static(double* y, const double* u) { *y = *u * *u; }
ADSTENCIL_KERNEL inline void in_inline(double* y, const double* u) { *y = *u * *u * *u; }
} // namespace outer::inner

TEST(semantics, derivatives_live_in_the_scope_of_the_kernel) {
  double y = 0, yb = 1, u = 2, ub = 0;
  outer::inner::__adjoint_in_static(&y, &yb, &u, &ub);
  EXPECT_EQ(ub, 4);
  yb = 1;
  outer::inner::__adjoint_in_inline(&y, &yb, &u, &ub);
  EXPECT_EQ(ub, 16);
  namespace short_name = outer::inner;
  double yd = 0, ud = 1;
  short_name::__tangent_in_inline(&y, &yd, &u, &ud);
  EXPECT_EQ(yd, 12);
  EXPECT_EQ(y, 8);
}

ADSTENCIL_KERNEL void declared_first(double* y, const double* u);
double derivative_before_the_definition(double u) {
  double y = 0, yb = 1, ub = 0;
  __adjoint_declared_first(&y, &yb, &u, &ub);
  return ub;
}
void declared_first(double* y, const double* u) { *y = 5 * *u * *u; }

TEST(semantics, a_declaration_is_enough_to_call_the_derivative) { EXPECT_EQ(derivative_before_the_definition(3), 30); }

TEST(semantics, a_kernel_may_be_defined_in_another_file) {
  double y = 0, yb = 1, u = 3, ub = 0;
  elsewhere::__vjp_cube(&y, &yb, &u, &ub);
  EXPECT_EQ(ub, 27);
  EXPECT_EQ(yb, 1);
  elsewhere::__adjoint_cube(&y, &yb, &u, &ub);
  EXPECT_EQ(ub, 54);
  EXPECT_EQ(yb, 0);
  double yd = 0, ud = 1;
  elsewhere::__tangent_cube(&y, &yd, &u, &ud);
  EXPECT_EQ(yd, 27);
  EXPECT_EQ(y, 27);
}

TEST(semantics, an_inline_kernel_in_a_header_is_shared_by_files) {
  double y = 0, yb = 1, u = 3, ub = 0;
  elsewhere::__adjoint_square(&y, &yb, &u, &ub);
  EXPECT_EQ(ub, elsewhere::square_bar_from_other_file(3));
}

using plain_kernel = void (*)(double*, double*, const double*, double*);
TEST(semantics, a_derivative_is_an_ordinary_function) {
  static_assert(std::is_same_v<decltype(&outer::inner::__adjoint_in_static), plain_kernel>);
  const plain_kernel table[] = {&outer::inner::__vjp_in_static, &outer::inner::__adjoint_in_static};
  double y = 0, yb = 1, u = 2, ub = 0;
  for (plain_kernel derivative : table)
    derivative(&y, &yb, &u, &ub);
  EXPECT_EQ(ub, 8);
}

} // namespace

extern "C" {
ADSTENCIL_KERNEL void c_linkage_kernel(double* y, const double* u, int count) {
  for (int i = 0; i < count; ++i)
    y[i] = u[i] * u[i];
}
}

TEST(semantics, a_kernel_may_have_c_linkage) {
  double y = 0, yb = 1, u = 3, ub = 0;
  __adjoint_c_linkage_kernel(&y, &yb, &u, &ub, 1);
  EXPECT_EQ(ub, 6);
}
