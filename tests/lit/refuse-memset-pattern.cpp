// memset with a value that is not zero.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cstring>

ADSTENCIL_KERNEL void K(double* y, const double* u, int n) {
  std::memset(y, 1, n * sizeof(double)); // expected-error-re@*:* {{cannot differentiate 'K': {{.*}}memset}} expected-note@*:* {{loop}}
  for (int i = 0; i < n; ++i)
    y[i] += u[i];
}

void use(double* y, double* yb, const double* u, double* ub) { __adjoint_K(y, yb, u, ub, 10); }
