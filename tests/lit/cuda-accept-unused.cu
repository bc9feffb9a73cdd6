// A kernel that cannot be differentiated may be annotated and launched, as long as nobody asks for its derivatives.
//
// RUN: %cuda_verify %s
// RUN: %cuda_verify -O2 %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expected-no-diagnostics
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

ADSTENCIL_KERNEL __global__ void K(double* y, const double* u) {
  __shared__ double tile[32];
  tile[threadIdx.x] = u[threadIdx.x];
  __syncthreads();
  y[threadIdx.x] = tile[31 - threadIdx.x];
}

void use(double* y, const double* u) { K<<<1, 32>>>(y, u); }
