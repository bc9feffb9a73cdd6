// Derivatives of callables without a name of their own: adstencil::vjp, adjoint and tangent.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <span>
#include <vector>

namespace {

using adstencil::shadowed;

constexpr int n = 7;

template <class T>
void scale(T* y, const T* x, T a, int count) {
  for (int i = 0; i < count; ++i)
    y[i] = a * x[i] * x[i];
}

template <class T>
class header_form : public testing::Test {};
using precisions = testing::Types<float, double>;
TYPED_TEST_SUITE(header_form, precisions);

TYPED_TEST(header_form, template_instance) {
  using T = TypeParam;
  std::vector<T> y(n), y_bar(n, 1), x(n, T(1.5)), x_bar(n, 2);
  const T a = T(0.5);
  T a_bar = 3;
  adstencil::vjp<&scale<T>>(shadowed(y.data(), y_bar.data()), shadowed(x.data(), x_bar.data()), a, n);
  for (int i = 0; i < n; ++i) {
    EXPECT_EQ(x_bar[i], T(3.5));
    EXPECT_EQ(y_bar[i], 1);
  }
  adstencil::adjoint<&scale<T>>(shadowed(y.data(), y_bar.data()), x.data(), shadowed(a, &a_bar), n);
  EXPECT_EQ(a_bar, 3 + n * T(2.25));
  for (int i = 0; i < n; ++i)
    EXPECT_EQ(y_bar[i], 0);
  std::vector<T> y_dot(n), x_dot(n, 1);
  adstencil::tangent<&scale<T>>(shadowed(y.data(), y_dot.data()), shadowed(x.data(), x_dot.data()), a, n);
  for (int i = 0; i < n; ++i) {
    EXPECT_EQ(y_dot[i], T(1.5));
    EXPECT_EQ(y[i], T(1.125));
  }
}

template <int Power>
struct raise {
  double factor;
  void operator()(double* y, const double* x, int count) const {
    for (int i = 0; i < count; ++i) {
      double value = factor;
      for (int p = 0; p < Power; ++p)
        value *= x[i];
      y[i] = value;
    }
  }
};

TEST(header_form, functor_without_shadow) {
  std::vector<double> y(n), y_bar(n, 1), x(n, 2), x_bar(n, 0);
  const raise<3> cube{0.5};
  adstencil::adjoint(cube, shadowed(y.data(), y_bar.data()), shadowed(x.data(), x_bar.data()), n);
  for (double bar : x_bar)
    EXPECT_EQ(bar, 6);
}

TEST(header_form, functor_with_shadow) {
  std::vector<double> y(n), y_bar(n, 1), x(n, 2), x_bar(n, 0);
  raise<3> cube{0.5}, cube_bar{0};
  adstencil::adjoint(shadowed(cube, &cube_bar), shadowed(y.data(), y_bar.data()), shadowed(x.data(), x_bar.data()), n);
  EXPECT_EQ(cube_bar.factor, n * 8);
  EXPECT_EQ(x_bar[0], 6);
}

TEST(header_form, lambda_with_captured_value) {
  std::vector<double> y(n), y_bar(n, 1), x(n, 2), x_bar(n, 0);
  const double c = 4;
  const auto kernel = [c](double* out, const double* in, int count) {
    for (int i = 0; i < count; ++i)
      out[i] = c * in[i] * in[i];
  };
  adstencil::vjp(kernel, shadowed(y.data(), y_bar.data()), shadowed(x.data(), x_bar.data()), n);
  for (double bar : x_bar)
    EXPECT_EQ(bar, 16);
}

TEST(header_form, generic_lambda) {
  double y = 0, y_bar = 1, x = 3, x_bar = 0;
  adstencil::vjp([](auto* out, const auto* in) { *out = *in * *in; }, shadowed(&y, &y_bar), shadowed(&x, &x_bar));
  EXPECT_EQ(x_bar, 6);
}

struct solver {
  double conductivity;
  std::array<double, 2> boundary;
  void apply(double* y, const double* x, int count) const {
    for (int i = 1; i < count - 1; ++i)
      y[i] = conductivity * (x[i - 1] - 2 * x[i] + x[i + 1]);
    y[0] = boundary[0] * x[0];
    y[count - 1] = boundary[1] * x[count - 1];
  }
  void decay(double* x, int count) {
    for (int i = 0; i < count; ++i)
      x[i] *= conductivity;
  }
  static void doubled(double* y, const double* x) { *y = 2 * *x; }
};

TEST(header_form, member_function_without_shadow_of_the_object) {
  std::vector<double> y(n), y_bar(n, 0), x(n, 1), x_bar(n, 0);
  y_bar[3] = 1;
  solver s{0.5, {2, 3}};
  adstencil::adjoint<&solver::apply>(&s, shadowed(y.data(), y_bar.data()), shadowed(x.data(), x_bar.data()), n);
  EXPECT_EQ(x_bar, (std::vector<double>{0, 0, 0.5, -1, 0.5, 0, 0}));
}

TEST(header_form, member_function_with_shadow_of_the_object) {
  std::vector<double> y(n), y_bar(n, 1), x = {1, 4, 9, 16, 25, 36, 49}, x_bar(n, 0);
  solver s{0.5, {2, 3}}, s_bar{};
  adstencil::adjoint<&solver::apply>(shadowed(&s, &s_bar), shadowed(y.data(), y_bar.data()),
                                     shadowed(x.data(), x_bar.data()), n);
  EXPECT_EQ(s_bar.conductivity, 5 * 2);
  EXPECT_EQ(s_bar.boundary[0], 1);
  EXPECT_EQ(s_bar.boundary[1], 49);
}

TEST(header_form, member_function_that_updates_in_place) {
  std::vector<double> x(n, 3), x_bar(n, 1);
  solver s{0.5, {}}, s_bar{};
  adstencil::adjoint<&solver::decay>(shadowed(&s, &s_bar), shadowed(x.data(), x_bar.data()), n);
  for (double bar : x_bar)
    EXPECT_EQ(bar, 0.5);
  EXPECT_EQ(s_bar.conductivity, 3 * n);
}

TEST(header_form, static_member_function) {
  double y = 0, y_bar = 1, x = 3, x_bar = 0;
  adstencil::vjp<&solver::doubled>(shadowed(&y, &y_bar), shadowed(&x, &x_bar));
  EXPECT_EQ(x_bar, 2);
}

void by_reference(double& y, const double& x) { y = x * x * y; }
TEST(header_form, reference_parameters_are_shadowed_as_pointers) {
  double y = 2, y_bar = 1, x = 3, x_bar = 0;
  adstencil::adjoint<&by_reference>(shadowed(&y, &y_bar), shadowed(&x, &x_bar));
  EXPECT_EQ(x_bar, 12);
  EXPECT_EQ(y_bar, 9);
}

void by_span(std::span<double> y, std::span<const double> x) {
  for (std::size_t i = 0; i < y.size(); ++i)
    y[i] = x[i] * x[i];
}
TEST(header_form, views) {
  std::vector<double> y(n), y_bar(n, 1), x(n, 3), x_bar(n, 0);
  adstencil::vjp<&by_span>(shadowed(std::span<double>(y), std::span<double>(y_bar)),
                           shadowed(std::span<const double>(x), std::span<const double>(x_bar)));
  for (double bar : x_bar)
    EXPECT_EQ(bar, 6);
}

TEST(header_form, an_input_without_shadow_is_a_constant) {
  std::vector<double> y(n), y_bar(n, 1), x(n, 3);
  double a = 2, a_bar = 0;
  adstencil::vjp<&scale<double>>(shadowed(y.data(), y_bar.data()), x.data(), shadowed(a, &a_bar), n);
  EXPECT_EQ(a_bar, 9 * n);
}

TEST(header_form, lambda_with_reference_parameters) {
  double y = 0, y_bar = 1, x = 3, x_bar = 0;
  adstencil::vjp([](double& q, const double& p) { q = p * p; }, shadowed(&y, &y_bar), shadowed(&x, &x_bar));
  EXPECT_EQ(x_bar, 6);
}

} // namespace
