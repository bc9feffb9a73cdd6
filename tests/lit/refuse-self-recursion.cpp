// A kernel that calls itself.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

ADSTENCIL_KERNEL void K(double* y, const double* u, int n) {
  if (n == 0)
    return;
  y[n - 1] = u[n - 1] * u[n - 1];
  K(y, u, n - 1); // expected-error-re@*:* {{cannot differentiate 'K': {{.*}}calls itself (recursion)}} expected-note@*:* {{loop}}
}

void use(double* y, double* yb, const double* u, double* ub) { __adjoint_K(y, yb, u, ub, 10); }
