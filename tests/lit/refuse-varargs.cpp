// A variadic function that computes with an active value.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

double sum_of(int count, ...);

ADSTENCIL_KERNEL void K(double* y, const double* u, int n) {
  for (int i = 1; i < n; ++i)
    y[i] = sum_of(2, u[i], u[i - 1]); // expected-error-re {{cannot differentiate 'K': {{.*}}'sum_of{{.*}}' is called with a value that depends on active data}} expected-note {{define it here}}
}

void use(double* y, double* yb, const double* u, double* ub) { __adjoint_K(y, yb, u, ub, 10); }
