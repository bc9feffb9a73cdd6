// A barrier.
//
// RUN: %cuda_verify %s
// RUN: %cuda_verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

ADSTENCIL_KERNEL __global__ void K(double* y, const double* u, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n)
    y[i] = u[i] * u[i];
  __syncthreads(); // expected-error-re {{cannot differentiate 'K': {{.*}}__syncthreads}} expected-note {{split the kernel}}
  if (i > 0 && i < n)
    y[i] += u[i - 1];
}

void use(double* y, double* yb, const double* u, double* ub) {
  __adjoint_K<<<4, 32>>>(y, yb, u, ub, 100);
}
