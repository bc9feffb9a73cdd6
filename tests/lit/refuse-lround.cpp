// lround turns an active value into an integer too.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cmath>

ADSTENCIL_KERNEL void K(double* y, const double* u, int n) {
  for (int i = 0; i < n; ++i)
    y[i] = double(std::lround(u[i])); // expected-error-re@*:* {{cannot differentiate 'K': {{.*}}{{lround|integer}}}} expected-note@*:* {{}}
}

void use(double* y, double* yb, const double* u, double* ub) { __adjoint_K(y, yb, u, ub, 10); }
