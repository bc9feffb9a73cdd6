// Why a kernel is no gather, where what is in the way is rewritten before the remark is made.
//
// RUN: %cuda_clang -O1 -Rpass-missed=adstencil -S -o /dev/null %s 2>&1 | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

// CHECK: remark: adjoint of chosen: the grid is not a gather: it may stop in the middle, or branches many ways
ADSTENCIL_KERNEL __global__ void chosen(double* un, const double* u, const int* kind, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x + 1;
  if (i >= n)
    return;
  switch (kind[i]) {
  case 1: un[i] = u[i - 1] * u[i]; break;
  case 2: un[i] = u[i] * u[i]; break;
  case 7: un[i] = u[i]; break;
  default: break;
  }
}

void use(double* y, double* yb, const double* u, double* ub, const int* kind) {
  __adjoint_chosen<<<4, 32>>>(y, yb, u, ub, kind, 100);
}
