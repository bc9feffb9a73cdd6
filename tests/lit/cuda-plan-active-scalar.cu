// Active scalars are sums over the grid, in a fixed order.
//
// RUN: %cuda_plan %s 2>&1 | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

// CHECK-LABEL: adjoint of scale
// CHECK: {{^ *}}u {{ *}}read {{ *}}own-point
// CHECK: {{^ *}}a {{ *}}active scalar {{ *}}reduction over blocks, fixed order
ADSTENCIL_KERNEL __global__ void scale(double* y, const double* u, ADSTENCIL_ACTIVE double a, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n)
    y[i] = a * u[i] * u[i];
}

void use(double* y, double* yb, const double* u, double* ub, double* ab) {
  __adjoint_scale<<<4, 32>>>(y, yb, u, ub, 2.0, ab, 100);
}
