// Without the plugin the attributes are nothing, and the file compiles as before.
//
// RUN: %cuda_alone -Wall -Wextra -Werror -fsyntax-only %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

ADSTENCIL_KERNEL ADSTENCIL_WRT("u", "u") __global__ void K(double* y, ADSTENCIL_INACTIVE const double* w, const double* u,
                                                           ADSTENCIL_ACTIVE double a, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n)
    y[i] = a * u[i] * w[i];
}

void use(double* y, const double* w, const double* u) { K<<<1, 32>>>(y, w, u, 2.0, 32); }
