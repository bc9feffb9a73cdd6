// The adjoint of atomicAdd is a read of the cotangent of the sum. That weight[i] belongs to one thread alone is known only where
// the thread also stores to a cell of that index: a grid of two dimensions could read it many times.
//
// RUN: %cuda_plan %s 2>&1 | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

// CHECK-LABEL: adjoint of histogram
// CHECK: {{^ *}}bins {{ *}}atomicAdd {{ *}}read, shadow unchanged
// CHECK: {{^ *}}weight {{ *}}read {{ *}}scatter, atomic adds
// CHECK: stored: 0 B
ADSTENCIL_KERNEL __global__ void histogram(double* bins, const double* weight, const int* bin, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n)
    atomicAdd(&bins[bin[i]], weight[i] * weight[i]);
}

void use(double* y, double* yb, const double* u, double* ub, const int* bin) {
  __adjoint_histogram<<<4, 32>>>(y, yb, u, ub, bin, 100);
}
