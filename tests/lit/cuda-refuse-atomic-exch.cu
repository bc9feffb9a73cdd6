// An exchange.
//
// RUN: %cuda_verify %s
// RUN: %cuda_verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

ADSTENCIL_KERNEL __global__ void K(float* y, const float* u, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n)
    atomicExch(y, u[i]); // expected-error-re {{cannot differentiate 'K': {{.*}}atomicExch}} expected-note {{use atomicAdd}}
}

void use(float* y, float* yb, const float* u, float* ub) {
  __adjoint_K<<<4, 32>>>(y, yb, u, ub, 100);
}
