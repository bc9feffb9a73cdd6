// Each thread reads and writes its own cells only: plain updates, no atomics, whatever the form of the grid.
//
// RUN: %cuda_plan %s 2>&1 | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

// CHECK-LABEL: adjoint of square
// CHECK: {{^ *}}y {{ *}}written {{ *}}own-point, shadow carried back
// CHECK: {{^ *}}u {{ *}}read {{ *}}own-point
// CHECK: stored: 0 B
ADSTENCIL_KERNEL __global__ void square(double* y, const double* u, int nx, int ny) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y;
  if (i < nx && j < ny)
    y[i + nx * j] = u[i + nx * j] * u[i + nx * j];
}

void use(double* y, double* yb, const double* u, double* ub) { __adjoint_square<<<4, 32>>>(y, yb, u, ub, 10, 10); }
