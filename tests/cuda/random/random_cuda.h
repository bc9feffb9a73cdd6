// What random kernels (generate.py) are made of, and how they are registered with the laws.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "../laws/cuda_laws.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

// CUDA's name of a function of <math.h> for `real`: F(sin) is sinf or sin.
#if LAW_IS_FLOAT
#define F(name) name##f
#define MUL(a, b) __fmul_rn(a, b)
#define DIV(a, b) __fdiv_rn(a, b)
#else
#define F(name) name
#define MUL(a, b) __dmul_rn(a, b)
#define DIV(a, b) __ddiv_rn(a, b)
#endif

namespace LAW_VARIANT {

using int64 = long long;
using uint64 = unsigned long long;

struct triple {
  real a, b, c;
};

template <class T>
struct view {
  T* data;
  long size;
  __host__ __device__ T& operator[](std::size_t i) const { return data[i]; }
  __device__ T& operator()(long i) const { return *(data + i); }
};

/// The thread's indices.
template <class Index>
struct thread_ {
  __device__ Index x() const { return Index(blockIdx.x) * blockDim.x + threadIdx.x; }
  __device__ Index y() const { return Index(blockIdx.y) * blockDim.y + threadIdx.y; }
  __device__ Index z() const { return Index(blockIdx.z) * blockDim.z + threadIdx.z; }
};

/// The flat index of a point of a grid of one to three dimensions.
template <class Index>
struct extents {
  Index nx, ny = 1, nz = 1;
  __device__ Index operator()(Index i) const { return i; }
  __device__ Index operator()(Index i, Index j) const { return i + nx * j; }
  __device__ Index operator()(Index i, Index j, Index k) const { return i + nx * (j + ny * k); }
};

template <class T, class Index>
__device__ T& cell(T* array, Index i) {
  return array[i];
}
template <class T, class Index>
__device__ T get(const T* array, Index i) {
  return array[i];
}
__device__ inline real get_a(const triple& t) { return t.a; }
__device__ inline real get_b(triple t) { return t.b; }
__device__ inline real get_c(const triple& t) { return t.c; }
__device__ inline void set(real& where, real value) { where = value; }
__device__ inline real mix(const real& a, real b) { return real(0.3) * a + real(0.4) * a * b; }
__device__ inline real bell(real x) { return 1 / (1 + x * x); }
__device__ inline real powi_(real x, int n) {
  real product = 1;
  for (int k = 0; k < n; ++k)
    product *= x;
  return product;
}
template <class Body, class... Indices>
__device__ void apply(const Body& body, Indices... indices) {
  body(indices...);
}

#ifdef __ADSTENCIL__
/// Copies of the shadows of written arrays in device memory, put back at the end: what makes __vjp_ out of __adjoint_.
class kept_shadows {
public:
  kept_shadows(const std::vector<laws::array_spec>& specs, real* const* shadows) {
    for (std::size_t a = 0; a < specs.size(); ++a)
      if (specs[a].kind == laws::role::out)
        kept_.push_back({shadows[a], std::vector<real>(specs[a].size)});
    for (auto& [device, host] : kept_)
      copy(host.data(), device, host.size());
  }
  ~kept_shadows() {
    for (auto& [device, host] : kept_)
      cudaMemcpy(device, host.data(), host.size() * sizeof(real), cudaMemcpyDefault);
  }
  kept_shadows(const kept_shadows&) = delete;
  kept_shadows& operator=(const kept_shadows&) = delete;

private:
  static void copy(real* to, const real* from, std::size_t size) {
    laws::check_cuda(cudaMemcpy(to, from, size * sizeof(real), cudaMemcpyDefault), "cudaMemcpy");
  }
  std::vector<std::pair<real*, std::vector<real>>> kept_;
};
#endif

} // namespace LAW_VARIANT

#define RANDOM_CASE(kernel, specs, where, ...)                                                                         \
  CUDA_CASE(kernel, RANDOM_PACK(specs), RANDOM_PACK(where), __VA_ARGS__).loosen(50)
#define RANDOM_PACK(...) __VA_ARGS__

/// A kernel whose __vjp_ is refused.
#define RANDOM_CASE_ADJOINT(kernel, specs, where, primal_arguments, derivative_arguments)                              \
  CUDA_CASE_CALLS(kernel, specs, where, (kernel<<<at.grid, at.block>>> primal_arguments),                              \
                  (kept_shadows(specs, xb), __adjoint_##kernel<<<at.grid, at.block>>> derivative_arguments),           \
                  (__adjoint_##kernel<<<at.grid, at.block>>> derivative_arguments),                                    \
                  (__tangent_##kernel<<<at.grid, at.block>>> derivative_arguments))                                    \
      .loosen(50)
