// Neither has a call through a function pointer.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

using function = double (*)(double);

ADSTENCIL_KERNEL void K(double* y, const double* u, function f, int n) {
  for (int i = 0; i < n; ++i)
    y[i] = f(u[i]); // expected-error-re {{cannot differentiate 'K': {{.*}}virtual or indirect call}} expected-note {{by name}}
}

void use(double* y, double* yb, const double* u, double* ub, function f) { __adjoint_K(y, yb, u, ub, f, 10); }
