// A sum that is also read directly.
//
// RUN: %cuda_verify %s
// RUN: %cuda_verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

ADSTENCIL_KERNEL __global__ void K(double* y, const double* u, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  atomicAdd(y, u[i]);
  if (i == 0)
    y[1] = y[0] * u[0]; // expected-error-re {{cannot differentiate 'K': {{.*}}updated with atomicAdd and also accessed directly}} expected-note {{use two kernels}}
}

void use(double* y, double* yb, const double* u, double* ub) {
  __adjoint_K<<<4, 32>>>(y, yb, u, ub, 100);
}
