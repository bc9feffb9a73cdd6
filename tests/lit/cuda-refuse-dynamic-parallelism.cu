// A kernel that launches another, as compilers write it.
//
// RUN: %cuda_verify %s
// RUN: %cuda_verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

extern "C" __device__ void* cudaGetParameterBufferV2(void* function, dim3 grid, dim3 block, unsigned shared);
extern "C" __device__ int cudaLaunchDeviceV2(void* buffer, void* stream);

ADSTENCIL_KERNEL __global__ void K(double* y, const double* u, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n)
    y[i] = u[i] * u[i];
  if (i == 0)
    cudaLaunchDeviceV2(cudaGetParameterBufferV2(nullptr, dim3(1), dim3(1), 0), nullptr); // expected-error-re {{cannot differentiate 'K': {{.*}}dynamic parallelism}} expected-note {{launch from the host}}
}

void use(double* y, double* yb, const double* u, double* ub) {
  __adjoint_K<<<4, 32>>>(y, yb, u, ub, 100);
}
