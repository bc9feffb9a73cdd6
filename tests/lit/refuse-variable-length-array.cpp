// A local array whose length is a run-time value.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

ADSTENCIL_KERNEL void K(double* y, const double* u, int n) {
  double work[n]; // expected-error-re@*:* {{cannot differentiate 'K': {{.*}}allocates memory inside the kernel}} expected-note@*:* {{constant length}}
  for (int i = 0; i < n; ++i)
    work[i] = u[i] * u[i];
  for (int i = 0; i < n; ++i)
    y[i] = work[n - 1 - i];
}

void use(double* y, double* yb, const double* u, double* ub) { __adjoint_K(y, yb, u, ub, 10); }
