// An active value that becomes an integer and comes back loses its derivative.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

ADSTENCIL_KERNEL void K(double* y, const double* u, const double* table, int n) {
  for (int i = 0; i < n; ++i) {
    const int cell = static_cast<int>(u[i]); // expected-error-re {{cannot differentiate 'K': {{.*}}active value is turned into an integer}} expected-note {{inactive}}
    y[i] = table[cell];
  }
}

void use(double* y, double* yb, const double* u, double* ub, const double* t, double* tb) { __adjoint_K(y, yb, u, ub, t, tb, 10); }
