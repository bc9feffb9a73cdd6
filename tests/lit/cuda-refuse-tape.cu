// A loop of unknown length whose iterations have to be recorded: a GPU thread has nowhere to put them.
//
// RUN: %cuda_verify %s
// RUN: %cuda_verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

ADSTENCIL_KERNEL __global__ void K(double* y, const double* u, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n)
    return;
  double value = u[i];
  for (int k = 0; k < n; ++k) // expected-error-re {{cannot differentiate 'K': {{.*}}needs a record of each iteration}} expected-note {{a small constant bound}}
    value = value * value + u[k];
  y[i] = value;
}

void use(double* y, double* yb, const double* u, double* ub) {
  __adjoint_K<<<4, 32>>>(y, yb, u, ub, 100);
}
