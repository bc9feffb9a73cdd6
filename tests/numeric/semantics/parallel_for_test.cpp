// Derivatives of portable launches on the host: the dot-product law in one to three dimensions, active scalars,
// functions as template arguments, and function objects with shadows of their own.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/finite_difference.h>
#include <adstencil/gradient_check.h>
#include <adstencil/parallel_for.h>

#include <gtest/gtest.h>

#include <cmath>
#include <span>
#include <vector>

namespace {

using adstencil::extents;
using adstencil::field;
using adstencil::shadowed;
using adstencil::view;

/// One explicit step of nonlinear diffusion in as many dimensions as it is given indices.
struct diffuse {
  void operator()(int i, view<double, 1> to, view<const double, 1> from, double r) const {
    using namespace adstencil::finite_difference;
    inn(to, i) = inn(from, i) * (1 + r * d2(from, i)) + maxloc(from, i);
  }
  void operator()(int i, int j, view<double, 2> to, view<const double, 2> from, double r) const {
    using namespace adstencil::finite_difference;
    inn(to, i, j) = inn(from, i, j) + r * harm(from, i, j) * (d2_xi(from, i, j) + d2_yi(from, i, j));
  }
  void operator()(int i, int j, int k, view<double, 3> to, view<const double, 3> from, double r) const {
    using namespace adstencil::finite_difference;
    inn(to, i, j, k) = inn(from, i, j, k) +
                       r * av(from, i, j, k) * (d2_xi(from, i, j, k) + d2_yi(from, i, j, k) + d2_zi(from, i, j, k));
  }
};

template <class Field>
std::span<double> values(Field& u) {
  return {u.data(), static_cast<std::size_t>(u.size())};
}
template <class Field>
std::span<double> shadow(Field& u) {
  return {u.shadow(), static_cast<std::size_t>(u.size())};
}
void randomise(std::span<double> x, unsigned seed) {
  const auto random = adstencil::random_direction(x.size(), seed);
  std::copy(random.begin(), random.end(), x.begin());
}

/// <J v, w> = <v, J^T w> for inputs (from, to, r) and outputs (from, to).
template <class Policy, int N>
void check_dot_product(Policy policy, const adstencil::box<N>& points, field<double, N> from, field<double, N> to) {
  randomise(values(from), 1);
  for (double& x : from)
    x = 1 + std::abs(x);
  const double r = 0.1;
  double r_dot = 0.7, r_bar = 0;

  auto dot_from = from, dot_to = to;
  randomise(shadow(dot_from), 2);
  randomise(shadow(dot_to), 3);
  std::vector<double> v(shadow(dot_from).begin(), shadow(dot_from).end());
  v.insert(v.end(), shadow(dot_to).begin(), shadow(dot_to).end());
  v.push_back(r_dot);
  adstencil::tangent_parallel_for(policy, points, diffuse{}, shadowed(dot_to.view(), dot_to.shadow_view()),
                                  shadowed(dot_from.view(), dot_from.shadow_view()), shadowed(r, &r_dot));
  std::vector<double> Jv(shadow(dot_from).begin(), shadow(dot_from).end());
  Jv.insert(Jv.end(), shadow(dot_to).begin(), shadow(dot_to).end());

  auto primal = to;
  adstencil::parallel_for(policy, points, diffuse{}, primal.view(), from.view(), r);
  for (std::ptrdiff_t n = 0; n < to.size(); ++n)
    ASSERT_EQ(primal.data()[n], dot_to.data()[n]);

  randomise(shadow(from), 4);
  randomise(shadow(to), 5);
  std::vector<double> w(shadow(from).begin(), shadow(from).end());
  w.insert(w.end(), shadow(to).begin(), shadow(to).end());
  adstencil::adjoint_parallel_for(policy, points, diffuse{}, shadowed(to.view(), to.shadow_view()),
                                  shadowed(from.view(), from.shadow_view()), shadowed(r, &r_bar));
  std::vector<double> JTw(shadow(from).begin(), shadow(from).end());
  JTw.insert(JTw.end(), shadow(to).begin(), shadow(to).end());
  JTw.push_back(r_bar);
  EXPECT_LT(adstencil::dot_product_error(Jv, w, v, JTw), 1e-12);
}

TEST(parallel_for, dot_product_law) {
  const auto check = [](auto policy) {
    check_dot_product(policy, extents(15), field<double, 1>(17), field<double, 1>(17));
    check_dot_product(policy, extents(7, 5), field<double, 2>(9, 7), field<double, 2>(9, 7));
    check_dot_product(policy, extents(4, 5, 3), field<double, 3>(6, 7, 5), field<double, 3>(6, 7, 5));
  };
  check(adstencil::serial);
  check(adstencil::host);
}

template <class T>
void square(int i, view<T, 1> y, view<const T, 1> x, T a) {
  y(i) = a * x(i) * x(i);
}

TEST(parallel_for, vjp_of_a_function_as_template_argument) {
  field<float, 1> y(6), x(6);
  x.fill(3);
  for (float& bar : y.shadow_view())
    bar = 1;
  adstencil::vjp_parallel_for<&square<float>>(adstencil::serial, adstencil::box({1, 5}),
                                              shadowed(y.view(), y.shadow_view()), shadowed(x.view(), x.shadow_view()),
                                              0.5F);
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(x.shadow_view()(i), i >= 1 && i < 5 ? 3 : 0);
    EXPECT_EQ(y.shadow_view()(i), 1);
  }
}

/// Holds its arrays itself, as a lambda with captures does.
struct scaled {
  view<double, 1> y;
  view<const double, 1> x;
  double factor;
  void operator()(int i) const { y(i) = factor * x(i); }
};

TEST(parallel_for, function_object_with_a_shadow) {
  field<double, 1> y(4), x(4);
  x.fill(3);
  for (double& bar : y.shadow_view())
    bar = 1;
  adstencil::adjoint_parallel_for(adstencil::serial, extents(4),
                                  shadowed(scaled{y.view(), x.view(), 2}, scaled{y.shadow_view(), x.shadow_view(), 0}));
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(x.shadow_view()(i), 2);
    EXPECT_EQ(y.shadow_view()(i), 0);
  }
}

} // namespace
