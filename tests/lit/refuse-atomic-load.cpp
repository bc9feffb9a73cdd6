// An atomic read of active memory.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

ADSTENCIL_KERNEL void K(double* y, const double* u, int n) {
  for (int i = 0; i < n; ++i) {
    double value;
    __atomic_load(&u[i], &value, __ATOMIC_RELAXED); // expected-error-re {{cannot differentiate 'K': {{.*}}atomic access to active memory}} expected-note {{plain load and store}}
    y[i] = value * value;
  }
}

void use(double* y, double* yb, const double* u, double* ub) { __adjoint_K(y, yb, u, ub, 10); }
