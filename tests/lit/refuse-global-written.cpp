// A global that receives an active value has no shadow.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

double largest;

ADSTENCIL_KERNEL void K(double* y, const double* u, int n) {
  largest = 0;
  for (int i = 0; i < n; ++i) {
    y[i] = u[i] * u[i];
    if (y[i] > largest)
      largest = y[i]; // expected-error-re@*:* 1+ {{cannot differentiate 'K': {{.*}}global 'largest' is written with an active value}} expected-note@*:* 1+ {{pass it as a parameter}}
  }
}

void use(double* y, double* yb, const double* u, double* ub) { __adjoint_K(y, yb, u, ub, 10); }
