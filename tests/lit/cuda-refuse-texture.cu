// A texture.
//
// RUN: %cuda_verify %s
// RUN: %cuda_verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

extern "C" __device__ float __nv_tex_surf_read(unsigned long long texture, int x);

ADSTENCIL_KERNEL __global__ void K(float* y, const float* u, unsigned long long texture, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n)
    y[i] = u[i] * __nv_tex_surf_read(texture, i); // expected-error-re {{cannot differentiate 'K': {{.*}}texture}} expected-note {{read a plain array}}
}

void use(float* y, float* yb, const float* u, float* ub) {
  __adjoint_K<<<4, 32>>>(y, yb, u, ub, 0, 100);
}
