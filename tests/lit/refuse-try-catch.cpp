// Neither has one that catches.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

double checked(double u);

ADSTENCIL_KERNEL void K(double* y, ADSTENCIL_INACTIVE const double* k, const double* u, int n) {
  for (int i = 0; i < n; ++i) {
    double factor = 1;
    try {
      factor = checked(k[i]); // expected-error-re@*:* {{cannot differentiate 'K': {{.*}}throws or catches exceptions}} expected-note@*:* {{error code}}
    } catch (...) {
      factor = 2;
    }
    y[i] = factor * u[i];
  }
}

void use(double* y, double* yb, const double* k, const double* u, double* ub) { __adjoint_K(y, yb, k, u, ub, 10); }
