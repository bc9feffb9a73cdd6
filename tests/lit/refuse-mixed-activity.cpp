// A pointer that leads to a differentiable array or to one without a shadow.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

ADSTENCIL_KERNEL void K(double* y, const double* u, ADSTENCIL_INACTIVE const double* k, const int* which, int n) {
  for (int i = 0; i < n; ++i) {
    const double* source = which[i] ? u : k;
    y[i] = source[i] * source[i + 1]; // expected-error-re@*:* 1+ {{cannot differentiate 'K': {{.*}}sometimes into active memory}} expected-note@*:* 1+ {{shadow}}
  }
}

void use(double* y, double* yb, const double* u, double* ub, const double* k, const int* w) { __adjoint_K(y, yb, u, ub, k, w, 10); }
