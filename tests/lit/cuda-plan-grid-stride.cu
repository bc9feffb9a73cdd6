// A grid-stride loop: the points of a thread are its own, and nothing is recorded.
//
// RUN: %cuda_plan %s 2>&1 | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

// CHECK-LABEL: vjp of square
// CHECK: {{^ *}}y {{ *}}written {{ *}}own-point, shadow unchanged
// CHECK: {{^ *}}u {{ *}}read {{ *}}own-point
// CHECK: stored: 0 B
ADSTENCIL_KERNEL __global__ void square(double* y, const double* u, int n) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    y[i] = u[i] * u[i];
}

void use(double* y, double* yb, const double* u, double* ub) { __vjp_square<<<4, 32>>>(y, yb, u, ub, 100); }
