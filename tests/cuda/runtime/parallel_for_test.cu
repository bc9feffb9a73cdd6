// Portable launches on the device: every point once, results equal to those of the host, and derivatives that are
// launches of the same form.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/device_field.h>
#include <adstencil/finite_difference.h>
#include <adstencil/gradient_check.h>
#include <adstencil/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace {

using adstencil::box;
using adstencil::cuda;
using adstencil::device_field;
using adstencil::extents;
using adstencil::field;
using adstencil::shadowed;
using adstencil::view;

struct count {
  ADSTENCIL_HOST_DEVICE void operator()(int i, int j, int k, view<int, 3> met) const { ++met(i, j, k); }
  ADSTENCIL_HOST_DEVICE void operator()(int i, int j, view<int, 2> met) const { ++met(i, j); }
  ADSTENCIL_HOST_DEVICE void operator()(int i, view<int, 1> met) const { ++met(i); }
};

template <int N>
std::vector<int> values_of(const device_field<int, N>& u) {
  std::vector<int> values(static_cast<std::size_t>(u.size()));
  u.copy_to_host(values);
  return values;
}

TEST(ParallelForCuda, MeetsEveryPointOnce) {
  device_field<int, 1> a(1003);
  device_field<int, 2> b(131, 67);
  device_field<int, 3> c(37, 13, 11);
  parallel_for(cuda, extents(a.view()), count{}, a.view());
  parallel_for(cuda, extents(b.view()), count{}, b.view());
  parallel_for(cuda, extents(c.view()), count{}, c.view());
  EXPECT_EQ(values_of(a), std::vector<int>(1003, 1));
  EXPECT_EQ(values_of(b), std::vector<int>(131 * 67, 1));
  EXPECT_EQ(values_of(c), std::vector<int>(37 * 13 * 11, 1));
  parallel_for(cuda.with_block(16, 4, 2), extents(c.view()), count{}, c.view());
  EXPECT_EQ(values_of(c), std::vector<int>(37 * 13 * 11, 2));
}

TEST(ParallelForCuda, StaysInTheBox) {
  device_field<int, 2> b(131, 67);
  parallel_for(cuda, box({1, 130}, {2, 60}), count{}, b.view());
  parallel_for(cuda, box({5, 5}, {0, 9}), count{}, b.view());
  parallel_for(cuda, extents(-3, 9), count{}, b.view());
  const auto met = values_of(b);
  for (int j = 0; j < 67; ++j)
    for (int i = 0; i < 131; ++i)
      ASSERT_EQ(met[static_cast<std::size_t>(i + 131 * j)], i >= 1 && i < 130 && j >= 2 && j < 60);
}

TEST(ParallelForCuda, TakesLambdasFunctionsAndStreams) {
  cudaStream_t stream;
  ADSTENCIL_CUDA_CHECK(cudaStreamCreate(&stream));
  device_field<int, 1> u(100);
  const auto v = u.view();
  parallel_for(cuda.on(stream), extents(100), [=] ADSTENCIL_HOST_DEVICE(int i, int factor) { v(i) = factor * i; }, 3);
  ADSTENCIL_CUDA_CHECK(cudaStreamSynchronize(stream));
  ADSTENCIL_CUDA_CHECK(cudaStreamDestroy(stream));
  const auto values = values_of(u);
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(values[static_cast<std::size_t>(i)], 3 * i);
}

TEST(ParallelForCuda, SaysWhereARefusedLaunchStands) {
  device_field<int, 1> u(100);
  const auto line = __LINE__ + 2;
  try {
    parallel_for(cuda.with_block(100000), extents(100), count{}, u.view());
    FAIL() << "no exception";
  } catch (const adstencil::cuda_error& error) {
    EXPECT_EQ(error.where().line(), line) << error.what();
    EXPECT_NE(std::string(error.what()).find("parallel_for_test.cu"), std::string::npos) << error.what();
  }
}

/// One step of nonlinear diffusion at the inner points.
struct diffuse {
  ADSTENCIL_HOST_DEVICE void operator()(int i, view<double, 1> to, view<const double, 1> from, double r) const {
    using namespace adstencil::finite_difference;
    inn(to, i) = inn(from, i) * (1 + r * d2(from, i)) + maxloc(from, i);
  }
  ADSTENCIL_HOST_DEVICE void operator()(int i, int j, view<double, 2> to, view<const double, 2> from, double r) const {
    using namespace adstencil::finite_difference;
    inn(to, i, j) = inn(from, i, j) + r * harm(from, i, j) * (d2_xi(from, i, j) + d2_yi(from, i, j));
  }
  ADSTENCIL_HOST_DEVICE void operator()(int i, int j, int k, view<double, 3> to, view<const double, 3> from,
                                        double r) const {
    using namespace adstencil::finite_difference;
    inn(to, i, j, k) = inn(from, i, j, k) + r * std::exp(av(from, i, j, k)) *
                                                (d2_xi(from, i, j, k) + d2_yi(from, i, j, k) + d2_zi(from, i, j, k));
  }
};

/// Host and device copies of an array with its shadow.
template <int N>
struct both {
  field<double, N> host;
  device_field<double, N> device;

  explicit both(const field<double, N>& shape, unsigned seed) : host(shape) {
    const auto values = adstencil::random_direction(static_cast<std::size_t>(host.size()), seed);
    const auto shadow = adstencil::random_direction(values.size(), seed + 1);
    for (std::size_t n = 0; n < values.size(); ++n) {
      host.data()[n] = 1 + std::abs(values[n]);
      host.shadow()[n] = shadow[n];
    }
    if constexpr (N == 1)
      device = device_field<double, 1>(host.extent(0));
    else if constexpr (N == 2)
      device = device_field<double, 2>(host.extent(0), host.extent(1));
    else
      device = device_field<double, 3>(host.extent(0), host.extent(1), host.extent(2));
    device.copy_from_host(host);
    device.copy_shadow_from_host(shadow);
  }

  auto on_host() { return shadowed(host.view(), host.shadow_view()); }
  auto on_device() { return shadowed(device.view(), device.shadow_view()); }

  /// Whether the device has what the host has, to rounding.
  void check(const char* what) {
    std::vector<double> values(static_cast<std::size_t>(host.size())), shadow(values.size());
    device.copy_to_host(values);
    device.copy_shadow_to_host(shadow);
    for (std::size_t n = 0; n < values.size(); ++n) {
      EXPECT_NEAR(values[n], host.data()[n], 1e-13) << what << ", value " << n;
      EXPECT_NEAR(shadow[n], host.shadow()[n], 1e-12) << what << ", shadow " << n;
    }
  }
};

/// A scalar with its shadow, on the host and on the device.
struct both_scalars {
  double value = 0.1, bar = 0.7;
  device_field<double, 1> device_bar{1};
  both_scalars() { device_bar.fill(bar); }
  void check() {
    std::vector<double> result(1);
    device_bar.copy_to_host(result);
    EXPECT_NEAR(result[0], bar, 1e-12 * (1 + std::abs(bar)));
  }
};

template <int N>
void compare(const field<double, N>& shape, const box<N>& points) {
  const auto serial = adstencil::serial;
  {
    both<N> to(shape, 1), from(shape, 3);
    parallel_for(serial, points, diffuse{}, to.host.view(), from.host.view(), 0.1);
    parallel_for(cuda, points, diffuse{}, to.device.view(), from.device.view(), 0.1);
    to.check("primal, to");
  }
  {
    both<N> to(shape, 1), from(shape, 3);
    both_scalars r;
    vjp_parallel_for(serial, points, diffuse{}, to.on_host(), from.on_host(), shadowed(r.value, &r.bar));
    vjp_parallel_for(cuda, points, diffuse{}, to.on_device(), from.on_device(), shadowed(r.value, r.device_bar.data()));
    to.check("vjp, to");
    from.check("vjp, from");
    r.check();
  }
  {
    both<N> to(shape, 1), from(shape, 3);
    adjoint_parallel_for(serial, points, diffuse{}, to.on_host(), from.on_host(), 0.1);
    adjoint_parallel_for(cuda, points, diffuse{}, to.on_device(), from.on_device(), 0.1);
    to.check("adjoint, to");
    from.check("adjoint, from");
  }
  {
    both<N> to(shape, 1), from(shape, 3);
    both_scalars r;
    tangent_parallel_for(serial, points, diffuse{}, to.on_host(), from.on_host(), shadowed(r.value, &r.bar));
    tangent_parallel_for(cuda, points, diffuse{}, to.on_device(), from.on_device(),
                         shadowed(r.value, r.device_bar.data()));
    to.check("tangent, to");
    from.check("tangent, from");
  }
}

TEST(ParallelForCuda, DerivativesAgreeWithTheHostIn1D) { compare(field<double, 1>(517), extents(515)); }
TEST(ParallelForCuda, DerivativesAgreeWithTheHostIn2D) { compare(field<double, 2>(41, 19), extents(39, 17)); }
TEST(ParallelForCuda, DerivativesAgreeWithTheHostIn3D) {
  compare(field<double, 3>(35, 11, 7), box({0, 33}, {1, 9}, {0, 5}));
}

template <class T>
ADSTENCIL_HOST_DEVICE void square(int i, view<T, 1> y, view<const T, 1> x, T a) {
  y(i) = a * x(i) * x(i);
}

TEST(ParallelForCuda, DerivativeOfAFunctionAsTemplateArgument) {
  device_field<float, 1> y(6), x(6);
  x.fill(3);
  y.copy_shadow_from_host(std::vector<float>(6, 1));
  adstencil::vjp_parallel_for<&square<float>>(cuda, box({1, 5}), shadowed(y.view(), y.shadow_view()),
                                              shadowed(x.view(), x.shadow_view()), 0.5F);
  std::vector<float> x_bar(6);
  x.copy_shadow_to_host(x_bar);
  EXPECT_EQ(x_bar, (std::vector<float>{0, 3, 3, 3, 3, 0}));
}

} // namespace
