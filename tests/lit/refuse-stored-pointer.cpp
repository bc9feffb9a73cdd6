// A pointer to active data must not go into memory.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

const double* row;

ADSTENCIL_KERNEL void K(double* y, const double* u, int n) {
  row = u + 1; // expected-error-re {{cannot differentiate 'K': {{.*}}pointer is stored to memory}} expected-note {{views by value}}
  for (int i = 0; i < n; ++i)
    y[i] = row[i];
}

void use(double* y, double* yb, const double* u, double* ub) { __adjoint_K(y, yb, u, ub, 10); }
