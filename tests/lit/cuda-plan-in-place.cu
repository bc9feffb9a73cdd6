// Updates in place: the cotangent of the cell is carried back, and nothing is stored.
//
// RUN: %cuda_plan %s 2>&1 | FileCheck %s --check-prefix=SQUARE
// RUN: %cuda_plan %s 2>&1 | FileCheck %s --check-prefix=COLOURS
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

// SQUARE-LABEL: adjoint of square
// SQUARE-NEXT: {{^ *}}u {{ *}}updated in place {{ *}}own-point, shadow carried back{{$}}
// SQUARE-NEXT: stored: 0 B
ADSTENCIL_KERNEL __global__ void square(double* u, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n)
    u[i] *= u[i];
}

// COLOURS-LABEL: adjoint of red_black
// COLOURS-NEXT: {{^ *}}u {{ *}}updated in place {{ *}}own-point, shadow carried back; reads add atomically
// COLOURS-NEXT: no gather: {{.*}}
// COLOURS-NEXT: stored: 0 B
ADSTENCIL_KERNEL __global__ void red_black(double* u, int colour, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i > 0 && i < n - 1 && i % 2 == colour)
    u[i] = u[i - 1] * u[i + 1];
}

void use(double* u, double* ub) {
  __adjoint_square<<<4, 32>>>(u, ub, 100);
  __adjoint_red_black<<<4, 32>>>(u, ub, 1, 100);
}
