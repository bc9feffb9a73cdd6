// Printing through <iostream> stays out of the derivative.
//
// RUN: %verify %s
// RUN: %verify -O2 %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expected-no-diagnostics
#include <adstencil/adstencil.h>

#include <iostream>

ADSTENCIL_KERNEL void K(double* y, const double* u, int n) {
  for (int i = 0; i < n; ++i) {
    y[i] = u[i] * u[i];
    if (i % 100 == 0)
      std::cerr << "cell " << i << ": " << y[i] << '\n';
  }
}

void use(double* y, double* yb, const double* u, double* ub) { __adjoint_K(y, yb, u, ub, 10); }
