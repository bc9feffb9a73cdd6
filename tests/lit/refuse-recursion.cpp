// A recursive helper cannot be inlined.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

static double power(double x, int n) { return n == 0 ? 1.0 : x * power(x, n - 1); }

ADSTENCIL_KERNEL void K(double* y, const double* u, int n) {
  for (int i = 0; i < n; ++i)
    y[i] = power(u[i], i); // expected-error-re@*:* {{cannot differentiate 'K': {{.*}}'{{.*}}power{{.*}}' calls itself (recursion)}} expected-note@*:* {{loop}}
}

void use(double* y, double* yb, const double* u, double* ub) { __adjoint_K(y, yb, u, ub, 10); }
