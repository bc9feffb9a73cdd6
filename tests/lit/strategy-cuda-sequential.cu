// A grid has no order that could be reversed. A tangent does not need one.
//
// RUN: %cuda_verify %s
// RUN: %cuda_verify -O2 %s
// RUN: %cpu_device_verify %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

ADSTENCIL_KERNEL ADSTENCIL_STRATEGY("sequential") __global__ void K(double* y, const double* u) { *y = *u; } // expected-error {{cannot differentiate 'K': the strategy 'sequential' cannot be met: a grid has no order}} expected-note {{let the plan choose}}
ADSTENCIL_KERNEL ADSTENCIL_STRATEGY("sequential") __global__ void T(double* y, const double* u) { *y = *u; }

void use(double* y, double* yb, const double* u, double* ub) {
  __adjoint_K<<<1, 1>>>(y, yb, u, ub);
  __tangent_T<<<1, 1>>>(y, yb, u, ub);
}
