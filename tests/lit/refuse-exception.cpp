// A kernel that throws has no reverse.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

ADSTENCIL_KERNEL void K(double* y, const double* u, int n) {
  for (int i = 0; i < n; ++i) {
    if (u[i] < 0)
      throw i; // expected-error-re {{cannot differentiate 'K': {{.*}}throws or catches exceptions}} expected-note {{error code}}
    y[i] = u[i] * u[i];
  }
}

void use(double* y, double* yb, const double* u, double* ub) { __adjoint_K(y, yb, u, ub, 10); }
