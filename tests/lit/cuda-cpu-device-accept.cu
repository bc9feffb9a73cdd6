// Kernels that cannot be differentiated still run on the CPU device: shared memory, barriers, shuffles, votes, atomics.
//
// RUN: %cpu_device_verify %s
// RUN: %cpu_device_verify -O2 %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expected-no-diagnostics
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

extern __shared__ double dynamic[];

ADSTENCIL_KERNEL __global__ void K(double* y, int* found, const double* u, int n) {
  __shared__ double tile[32];
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  tile[threadIdx.x] = i < n ? u[i] : 0;
  dynamic[threadIdx.x] = tile[threadIdx.x];
  __syncthreads();
  double sum = tile[31 - threadIdx.x] + __shfl_down_sync(~0u, dynamic[threadIdx.x], 1);
  if (__any_sync(~0u, sum > 1))
    atomicCAS(found, 0, i);
  if (i < n)
    y[i] = sum;
}

ADSTENCIL_KERNEL __global__ void square(double* y, const double* u, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n)
    y[i] = u[i] * u[i];
}

void use(double* y, double* yb, int* found, const double* u, double* ub) {
  K<<<4, 32, 32 * sizeof(double)>>>(y, found, u, 100);
  __adjoint_square<<<4, 32>>>(y, yb, u, ub, 100);
}
