// A thread that cannot be reversed could be as a nest of points: the advice says why it is none.
//
// RUN: %cuda_verify %s
// RUN: %cuda_verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

// Without a sign `j + 1 <= ny` may wrap around.
ADSTENCIL_KERNEL __global__ void K(double* y, const double* u, size_t nx, size_t ny) {
  const size_t i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= nx)
    return;
  for (size_t j = blockIdx.y * blockDim.y + threadIdx.y; j + 1 <= ny; j += gridDim.y * blockDim.y)
    y[i + j * (nx + 3)] = y[i + j * (nx + 3)] * u[i + j * nx]; // expected-error {{cannot differentiate 'K': __vjp_ has to leave the shadow of 'y' as it is}} expected-note {{; as a nest of points it would be reversed otherwise, but a grid-stride loop does not end where its index reaches a bound}}
}

void use(double* y, double* yb, const double* u, double* ub) { __vjp_K<<<4, 32>>>(y, yb, u, ub, 100, 100); }
