// A goto into the middle of a loop gives it two entries.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

ADSTENCIL_KERNEL void K(double* y, const double* u, int n, int start) { // expected-error-re@*:* {{cannot differentiate 'K': {{.*}}irreducible}} expected-note@*:* {{for or while}}
  int i = 0;
  if (start > 0)
    goto middle;
begin:
  y[i] = u[i] * u[i];
middle:
  y[i] += u[i];
  ++i;
  if (i < n)
    goto begin;
  if (i < n + start)
    goto middle;
}

void use(double* y, double* yb, const double* u, double* ub) { __adjoint_K(y, yb, u, ub, 10, 1); }
