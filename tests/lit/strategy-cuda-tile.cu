// A demand for tiles of a grid that cannot be kept.
//
// RUN: %cuda_verify %s
// RUN: %cpu_device_verify %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

ADSTENCIL_STRATEGY("tile") ADSTENCIL_KERNEL __global__ void far(double* un, const double* u, int n) { // expected-error {{the strategy 'tile' cannot be kept: the surroundings of its points do not fit into the shared memory of a block}} expected-note {{change the kernel, or take the demand away: the derivative is right without it}}
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= 300 && i < n)
    un[i] = u[i] * u[i - 300];
}

ADSTENCIL_STRATEGY("tile") ADSTENCIL_KERNEL __global__ void index(double* un, const double* u, const int* map, int n) { // expected-error {{the strategy 'tile' cannot be kept: its threads add atomically where several of them read a cell}} expected-note {{change the kernel, or take the demand away: the derivative is right without it}}
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n)
    un[i] = u[map[i]];
}

void use(double* y, double* yb, const double* u, double* ub, const int* map) {
  __vjp_far<<<4, 32>>>(y, yb, u, ub, 1000);
  __vjp_index<<<4, 32>>>(y, yb, u, ub, map, 1000);
}
