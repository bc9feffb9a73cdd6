// Kernels as templates: functors, device lambdas, class hierarchies by template, structs by value, functions for both
// sides.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "check.h"

#include <cmath>
#include <vector>

template <class T>
struct view {
  T* data;
  int nx, ny;
  __host__ __device__ T& operator()(int x, int y) const { return data[y * nx + x]; }
};

template <class T, class Function>
__global__ void for_each(view<T> field, Function function) {
  const int x = blockIdx.x * blockDim.x + threadIdx.x;
  const int y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x < field.nx && y < field.ny)
    function(field, x, y);
}

template <class T>
struct gaussian {
  T width;
  __host__ __device__ static T square(T a) { return a * a; }
  __host__ __device__ void operator()(view<T> field, int x, int y) const {
    field(x, y) = std::exp(-(square(T(x) - 3) + square(T(y) - 4)) / width);
  }
};

template <int N>
struct power {
  __host__ __device__ static double of(double a) { return a * power<N - 1>::of(a); }
};
template <>
struct power<0> {
  __host__ __device__ static double of(double) { return 1; }
};

template <class T>
void test(T tolerance) {
  const int nx = 33, ny = 17;
  std::vector<T> host(nx * ny), expected(nx * ny);
  view<T> field{nullptr, nx, ny};
  CHECK(cudaMalloc(&field.data, nx * ny * sizeof(T)));
  const dim3 block(8, 8), grid((nx + 7) / 8, (ny + 7) / 8);
  const gaussian<T> bump{T(20)};
  for_each<<<grid, block>>>(field, bump);
  const T factor = 2;
  for_each<<<grid, block>>>(field, [factor] __device__(view<T> f, int x, int y) { f(x, y) *= factor + x; });
  for_each<<<grid, block>>>(field, [=] __device__(view<T> f, int x, int y) { f(x, y) += power<3>::of(y); });
  CHECK_LAUNCH();
  CHECK(cudaMemcpy(host.data(), field.data, nx * ny * sizeof(T), cudaMemcpyDeviceToHost));
  const view<T> reference{expected.data(), nx, ny};
  for (int y = 0; y < ny; ++y)
    for (int x = 0; x < nx; ++x) {
      bump(reference, x, y);
      const T wanted = reference(x, y) * (factor + x) + static_cast<T>(power<3>::of(y));
      REQUIRE(std::abs(host[y * nx + x] - wanted) <= tolerance * (1 + std::abs(wanted)));
    }
  CHECK(cudaFree(field.data));
}

int main() {
  test<float>(1e-5f);
  test<double>(1e-13);
}
