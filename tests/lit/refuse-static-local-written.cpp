// Neither has a static local.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

ADSTENCIL_KERNEL void K(double* y, const double* u, int n) {
  static double memory;
  for (int i = 0; i < n; ++i) {
    y[i] = memory * u[i];
    memory = u[i]; // expected-error-re@*:* 1+ {{cannot differentiate 'K': {{.*}}global '{{.*}}memory{{.*}}' is written with an active value}} expected-note@*:* 1+ {{pass it as a parameter}}
  }
}

void use(double* y, double* yb, const double* u, double* ub) { __adjoint_K(y, yb, u, ub, 10); }
