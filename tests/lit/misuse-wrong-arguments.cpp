// Derivatives are type-checked like any function.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

ADSTENCIL_KERNEL void K(double* y, const double* u, int n) { // expected-note@*:* 0+ {{}}
  for (int i = 0; i < n; ++i)
    y[i] = u[i];
}

void use(double* y, const double* u, const double* ub) {
  __adjoint_K(y, y, u, 10);           // expected-error {{no matching function}}
  __adjoint_K(y, y, u, ub, 10);       // expected-error {{no matching function}}
  __adjoint_missing(y, y, u, 10);     // expected-error {{undeclared identifier}}
}
