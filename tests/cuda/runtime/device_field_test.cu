// Fields on the device: what they hold, copies in all directions, shadows, and errors with the place of the call.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/device.h>
#include <adstencil/device_field.h>

#include <cstring>
#include <gtest/gtest.h>
#include <numeric>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using adstencil::cuda_error;
using adstencil::device_field;
using adstencil::field;
using adstencil::field_error;
using adstencil::pinned_field;
using adstencil::view;

/// Values to recognise.
template <class Field>
void number(Field& u) {
  std::iota(u.begin(), u.end(), 1);
}

template <class T, int N>
std::vector<T> values_of(const device_field<T, N>& u) {
  std::vector<T> values(static_cast<std::size_t>(u.size()), T(-1));
  u.copy_to_host(values);
  return values;
}
template <class T, int N>
std::vector<T> shadow_of(device_field<T, N>& u) {
  std::vector<T> values(static_cast<std::size_t>(u.size()), T(-1));
  u.copy_shadow_to_host(values);
  return values;
}

__global__ void twice(view<double, 2> to, view<const double, 2> from) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  const int j = blockIdx.y * blockDim.y + threadIdx.y;
  if (i < to.extent(0) && j < to.extent(1))
    to(i, j) = 2 * from(i, j);
}

TEST(DeviceField, StartsAsZeros) {
  const device_field<float, 3> u(3, 4, 5);
  EXPECT_EQ(u.size(), 60);
  EXPECT_EQ(u.extent(2), 5);
  EXPECT_EQ(values_of(u), std::vector<float>(60, 0));
}

TEST(DeviceField, MayBeEmpty) {
  device_field<double, 2> none, flat(0, 7);
  EXPECT_EQ(none.size(), 0);
  flat.fill(3);
  flat.zero_shadow();
  const auto copy = flat;
  EXPECT_EQ(copy.extent(1), 7);
  EXPECT_TRUE(values_of(flat).empty());
}

TEST(DeviceField, CannotBeReadOnTheHost) {
  static_assert(!std::is_invocable_v<device_field<double, 2>&, int, int>);
  static_assert(std::is_invocable_v<pinned_field<double, 2>&, int, int>);
  static_assert(std::is_invocable_v<field<double, 2>&, int, int>);
  static_assert(!std::is_convertible_v<device_field<double, 2>, field<double, 2>>);
}

TEST(DeviceField, IsWhatKernelsReadAndWrite) {
  const int nx = 37, ny = 5;
  field<double, 2> host(nx, ny);
  number(host);
  device_field<double, 2> from(nx, ny), to(nx, ny);
  from.copy_from_host(host);
  twice<<<dim3(2, 2), dim3(32, 4)>>>(to.view(), from.view());
  ADSTENCIL_CUDA_CHECK_LAUNCH();
  to.copy_to_host(host);
  for (int j = 0; j < ny; ++j)
    for (int i = 0; i < nx; ++i)
      EXPECT_EQ(host(i, j), 2 * (1 + i + nx * j));
}

TEST(DeviceField, CopiesFromAndToFieldsSpansAndPinnedFields) {
  field<int, 2> host(3, 4);
  pinned_field<int, 2> pinned(3, 4);
  EXPECT_EQ(pinned(2, 3), 0);
  number(pinned);
  device_field<int, 2> u(3, 4);
  u.copy_from_host(pinned);
  u.copy_to_host(host);
  EXPECT_EQ(host(2, 3), 12);
  u.copy_from_host(std::vector<int>(12, 7));
  u.copy_to_host(pinned);
  EXPECT_EQ(pinned(1, 1), 7);
}

TEST(DeviceField, CopiesAsynchronouslyThroughPinnedFields) {
  cudaStream_t stream;
  ADSTENCIL_CUDA_CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  pinned_field<double, 2> staging(64, 33), result(64, 33);
  number(staging);
  device_field<double, 2> u(64, 33), v(64, 33), w(64, 33);
  u.copy_from_host_async(staging, stream);
  twice<<<dim3(2, 5), dim3(32, 8), 0, stream>>>(v.view(), u.view());
  ADSTENCIL_CUDA_CHECK_LAUNCH();
  w.copy_from_async(v, stream);
  w.copy_to_host_async(result, stream);
  ADSTENCIL_CUDA_CHECK(cudaStreamSynchronize(stream));
  for (std::ptrdiff_t n = 0; n < result.size(); ++n)
    ASSERT_EQ(result.data()[n], 2.0 * static_cast<double>(n + 1));
  ADSTENCIL_CUDA_CHECK(cudaStreamDestroy(stream));
}

TEST(DeviceField, Fills) {
  for (const int n : {1, 2, 3, 1000, 65537}) {
    device_field<double, 1> u(n);
    u.fill(2.5);
    EXPECT_EQ(values_of(u), std::vector<double>(static_cast<std::size_t>(n), 2.5));
    u.fill(0);
    EXPECT_EQ(values_of(u), std::vector<double>(static_cast<std::size_t>(n), 0));
  }
}

TEST(DeviceField, HasAShadowWhenAsked) {
  device_field<double, 1> u(4);
  u.fill(1);
  EXPECT_FALSE(u.has_shadow());
  EXPECT_EQ(shadow_of(u), std::vector<double>(4, 0));
  EXPECT_TRUE(u.has_shadow());
  u.copy_shadow_from_host(std::vector<double>{1, 2, 3, 4});
  EXPECT_EQ(shadow_of(u), (std::vector<double>{1, 2, 3, 4}));
  EXPECT_EQ(u.shadow_view().data, u.shadow());
  u.zero_shadow();
  EXPECT_EQ(shadow_of(u), std::vector<double>(4, 0));
  EXPECT_EQ(values_of(u), std::vector<double>(4, 1));
  EXPECT_TRUE((device_field<double, 2>(2, 2).with_shadow().has_shadow()));
}

TEST(DeviceField, CopiesAreDeepAndMovesAreNot) {
  device_field<double, 1> u(3);
  u.fill(5);
  u.copy_shadow_from_host(std::vector<double>{1, 2, 3});
  device_field<double, 1> copy = u;
  u.fill(6);
  u.zero_shadow();
  EXPECT_EQ(values_of(copy), std::vector<double>(3, 5));
  EXPECT_EQ(shadow_of(copy), (std::vector<double>{1, 2, 3}));
  double* const memory = u.data();
  u = copy; // in place: views stay valid
  EXPECT_EQ(u.data(), memory);
  EXPECT_EQ(values_of(u), std::vector<double>(3, 5));
  const device_field<double, 1> moved = std::move(u);
  EXPECT_EQ(moved.data(), memory);
}

TEST(DeviceField, RefusesOtherShapes) {
  device_field<double, 2> u(3, 4);
  field<double, 2> host(4, 3);
  std::vector<double> short_one(11);
  EXPECT_THROW(u.copy_from_host(host), field_error);
  EXPECT_THROW(u.copy_to_host(host), field_error);
  EXPECT_THROW(u.copy_from_host(short_one), field_error);
  EXPECT_THROW(u.copy_to_host(short_one), field_error);
  EXPECT_THROW((device_field<double, 2>(3, -1)), field_error);
}

TEST(CudaError, TellsNameTextCallAndPlace) {
  const auto line = __LINE__ + 2;
  try {
    ADSTENCIL_CUDA_CHECK(cudaSetDevice(12345));
    FAIL() << "no exception";
  } catch (const cuda_error& error) {
    EXPECT_EQ(error.code(), cudaErrorInvalidDevice);
    EXPECT_EQ(error.name(), "cudaErrorInvalidDevice");
    EXPECT_EQ(error.text(), cudaGetErrorString(cudaErrorInvalidDevice));
    EXPECT_EQ(error.call(), "cudaSetDevice(12345)");
    EXPECT_EQ(error.where().line(), line);
    const std::string what = error.what();
    for (const std::string& part :
         {std::string("device_field_test.cu:") + std::to_string(line), error.call(), error.text(), error.name()})
      EXPECT_NE(what.find(part), std::string::npos) << what;
  }
  // It was reported once and is not reported again.
  EXPECT_NO_THROW(ADSTENCIL_CUDA_CHECK_LAUNCH());
}

TEST(CudaError, ComesFromARefusedLaunch) {
  device_field<double, 2> u(4, 4);
  twice<<<1, 4096>>>(u.view(), u.view());
  EXPECT_THROW(ADSTENCIL_CUDA_CHECK_LAUNCH(), cuda_error);
}

TEST(CudaError, ComesFromTooLargeAField) {
  // More than any machine has, less than overflows.
  EXPECT_THROW((device_field<double, 3>(1 << 20, 1 << 20, 1 << 15)), cuda_error);
}

TEST(Device, HasAName) {
  EXPECT_FALSE(adstencil::device_name().empty());
  EXPECT_THROW(adstencil::use_device("gpu"), std::invalid_argument);
}

} // namespace
