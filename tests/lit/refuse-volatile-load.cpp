// A volatile read of active memory.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

ADSTENCIL_KERNEL void K(double* y, const volatile double* u, int n) {
  for (int i = 0; i < n; ++i)
    y[i] = 2 * u[i]; // expected-error-re@*:* {{cannot differentiate 'K': {{.*}}volatile access to active memory}} expected-note@*:* {{drop volatile}}
}

void use(double* y, double* yb, const double* u, double* ub) { __adjoint_K(y, yb, u, ub, 10); }
