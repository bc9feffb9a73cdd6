// An inactive array that carries active values to an output would lose their derivatives.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

ADSTENCIL_KERNEL void K(double* y, ADSTENCIL_INACTIVE double* tmp, const double* u, int n) {
  for (int i = 0; i < n; ++i)
    tmp[i] = u[i] * u[i];
  for (int i = 1; i < n; ++i)
    y[i] = tmp[i - 1]; // expected-error {{cannot differentiate 'K': 'tmp' has no shadow but carries active values}} expected-note {{give it a shadow}}
}

void use(double* y, double* yb, double* tmp, const double* u, double* ub) { __adjoint_K(y, yb, tmp, u, ub, 10); }
