// With -fgpu-rdc, kernels whose helpers are in the file are differentiated as without it.
//
// RUN: %cuda_verify -fgpu-rdc %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expected-no-diagnostics
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

inline __device__ double square(double v) { return v * v; }

ADSTENCIL_KERNEL __global__ void K(double* y, const double* u, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n)
    y[i] = square(u[i]);
}

void use(double* y, double* yb, const double* u, double* ub) {
  __adjoint_K<<<4, 32>>>(y, yb, u, ub, 100);
}
