// The same when the function gets a pointer to active data.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

void smooth(double* cells, int n);

ADSTENCIL_KERNEL void K(double* y, const double* u, int n) {
  for (int i = 0; i < n; ++i)
    y[i] = u[i];
  smooth(y, n); // expected-error-re {{cannot differentiate 'K': {{.*}}'smooth{{.*}}' is called with a value that depends on active data but its body is not in this file}} expected-note {{define it here}}
}

void use(double* y, double* yb, const double* u, double* ub) { __adjoint_K(y, yb, u, ub, 10); }
