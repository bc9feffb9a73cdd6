// A function that is only declared cannot be differentiated when an active value goes in.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

double solve_cell(double pressure);

ADSTENCIL_KERNEL void K(double* y, const double* u, int n) {
  for (int i = 0; i < n; ++i)
    y[i] = solve_cell(u[i]); // expected-error-re {{cannot differentiate 'K': {{.*}}'solve_cell{{.*}}' is called with a value that depends on active data but its body is not in this file}} expected-note {{define it here}}
}

void use(double* y, double* yb, const double* u, double* ub) { __adjoint_K(y, yb, u, ub, 10); }
