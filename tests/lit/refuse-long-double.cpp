// Active values are float or double.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

ADSTENCIL_KERNEL void K(double* y, const double* u, int n) {
  for (int i = 0; i < n; ++i) {
    const long double wide = u[i]; // expected-error-re@*:* {{cannot differentiate 'K': {{.*}}active value of type long double}} expected-note@*:* {{float or double}}
    y[i] = double(wide * wide);
  }
}

void use(double* y, double* yb, const double* u, double* ub) { __adjoint_K(y, yb, u, ub, 10); }
