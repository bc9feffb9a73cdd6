// Which kernels are nests of points, and which are not, with the reason.
//
// RUN: %cuda_plan %s 2>&1 | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

// The pitch has nothing to do with the bounds: a test at run time says whether cells overlap.
// CHECK-DAG: nest of 2: gather, 2 points a cell (if cells do not overlap, tested at run time)
ADSTENCIL_KERNEL __global__ void pitched(double* y, const double* u, int nx, int pitch) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y;
  if (i > 0 && i < nx - 1)
    y[i + pitch * j] = u[i - 1 + pitch * j] * u[i + 1 + pitch * j];
}

// CHECK-DAG: no gather: it uses threadIdx or blockIdx other than to find its point
ADSTENCIL_KERNEL __global__ void reversed(double* y, const double* u, int n) {
  const int i = blockIdx.x * blockDim.x + (blockDim.x - 1 - threadIdx.x);
  if (i > 0 && i < n - 1)
    y[i] = u[i - 1] * u[i + 1];
}

// CHECK-DAG: no gather: no thread computes its own point from blockIdx, blockDim and threadIdx
ADSTENCIL_KERNEL __global__ void alone(double* y, const double* u) { y[1] = u[0] * u[2]; }

// Nothing to gather, nothing to say.
// CHECK-DAG: u {{ *}}read {{ *}}own-point
ADSTENCIL_KERNEL __global__ void own(double* y, const double* u, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n)
    y[i] = u[i] * u[i];
}

void use(double* y, double* yb, const double* u, double* ub) {
  __vjp_pitched<<<4, 32>>>(y, yb, u, ub, 10, 12);
  __vjp_reversed<<<4, 32>>>(y, yb, u, ub, 10);
  __vjp_alone<<<1, 1>>>(y, yb, u, ub);
  __vjp_own<<<4, 32>>>(y, yb, u, ub, 10);
}
