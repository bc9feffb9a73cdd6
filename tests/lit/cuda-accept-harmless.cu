// What looks like a refusal and is none: it does not touch active data.
//
// RUN: %cuda_verify %s
// RUN: %cuda_verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expected-no-diagnostics
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

#include <cassert>
#include <cstdio>

__constant__ double weights[3] = {0.25, 0.5, 0.25};
__device__ int launches;

ADSTENCIL_KERNEL __global__ void K(double* y, int* histogram, ADSTENCIL_INACTIVE const double* position,
                                   ADSTENCIL_INACTIVE float* largest, const double* __restrict__ u, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n)
    return;
  // Printing, assertions, integer atomics, integers from inactive numbers, an atomic on an inactive array.
  const int cell = int(position[i]);
  assert(cell >= 0 && "outside");
  atomicAdd(&histogram[cell], 1);
  atomicMax(&histogram[0], cell);
  atomicAdd(largest, float(position[i]));
  if (i == 0) {
    printf("cell %d of %d: %g\n", cell, n, u[i]);
    launches = 1;
  }
  y[i] = weights[cell % 3] * __ldg(u + cell) * u[i];
}

// Sums of active values.
ADSTENCIL_KERNEL __global__ void sum(double* total, const double* u, int n) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    atomicAdd(total, u[i] * u[i]);
}

void use(double* y, double* yb, int* h, const double* p, float* l, const double* u, double* ub) {
  __adjoint_K<<<4, 32>>>(y, yb, h, p, l, u, ub, 100);
  __vjp_K<<<4, 32>>>(y, yb, h, p, l, u, ub, 100);
  __tangent_K<<<4, 32>>>(y, yb, h, p, l, u, ub, 100);
  __adjoint_sum<<<4, 32>>>(y, yb, u, ub, 100);
  __vjp_sum<<<4, 32>>>(y, yb, u, ub, 100);
  __tangent_sum<<<4, 32>>>(y, yb, u, ub, 100);
}
