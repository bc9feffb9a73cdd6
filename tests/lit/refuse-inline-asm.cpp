// Nobody knows what inline assembly does.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

ADSTENCIL_KERNEL void K(double* y, const double* u, int n) {
  for (int i = 0; i < n; ++i) {
    double value = u[i];
    asm volatile("sqrtsd %0, %0" : "+x"(value)); // expected-error-re {{cannot differentiate 'K': {{.*}}inline assembly}} expected-note {{write it in C++}}
    y[i] = value;
  }
}

void use(double* y, double* yb, const double* u, double* ub) { __adjoint_K(y, yb, u, ub, 10); }
