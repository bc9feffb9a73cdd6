// __vjp_ leaves the shadows of outputs alone. Where a thread may read a cell after it has stored to it they have to change on
// the way; that is logged and taken back, but not where other threads may change the same cells meanwhile.
//
// RUN: %cuda_verify %s
// RUN: %cuda_verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

ADSTENCIL_KERNEL __global__ void K(double* u, const int* from, const int* to, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n)
    return;
  for (int k = 0; k < 40; ++k)
    u[to[40 * i + k]] = 2 * u[from[40 * i + k]]; // expected-error-re {{cannot differentiate 'K': {{.*}}a thread may store to a cell of it twice, or read a cell that it has stored to}} expected-note {{call __adjoint_}}
}

void use(double* u, double* ub, const int* from, const int* to) {
  __adjoint_K<<<4, 32>>>(u, ub, from, to, 10);
  __vjp_K<<<4, 32>>>(u, ub, from, to, 10);
}
