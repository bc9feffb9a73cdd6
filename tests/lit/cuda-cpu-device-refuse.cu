// What has no derivative is refused for the CPU device as for a GPU, at the same place; without -g too.
//
// RUN: %cpu_device_verify %s
// RUN: %cpu_device_verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

ADSTENCIL_KERNEL __global__ void K(double* y, const double* u, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  __shared__ double tile[32];
  tile[threadIdx.x] = u[i]; // expected-error-re {{cannot differentiate 'K': {{.*}}shared memory}} expected-note {{read global memory directly}}
  __syncthreads();
  if (i < n)
    y[i] = tile[threadIdx.x] * tile[threadIdx.x];
}

void use(double* y, double* yb, const double* u, double* ub) {
  __adjoint_K<<<4, 32>>>(y, yb, u, ub, 100);
}
