// Values of other threads, by a warp shuffle.
//
// RUN: %cuda_verify %s
// RUN: %cuda_verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

ADSTENCIL_KERNEL __global__ void K(double* y, const double* u, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  const double neighbour = __shfl_down_sync(~0u, u[i], 1); // expected-error-re {{cannot differentiate 'K': {{.*}}a warp shuffle}} expected-note {{let each thread read what it needs}}
  y[i] = neighbour * u[i];
}

void use(double* y, double* yb, const double* u, double* ub) {
  __adjoint_K<<<4, 32>>>(y, yb, u, ub, 100);
}
