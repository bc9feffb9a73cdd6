// What looks like a refusal and is none: it does not touch active data.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expected-no-diagnostics
#include <adstencil/adstencil.h>

#include <cassert>
#include <cstdio>

volatile int progress;

ADSTENCIL_KERNEL void K(double* y, const double* u, ADSTENCIL_INACTIVE const double* position, const double* table, int n) {
  // Integers from inactive numbers, a volatile integer, a table looked up, printing and asserting.
  for (int i = 0; i < n; ++i) {
    const int cell = static_cast<int>(position[i]);
    assert(cell >= 0 && "outside");
    y[i] = table[cell] * u[i];
    progress = i;
    if (i == 0)
      std::fprintf(stderr, "y[0] = %g\n", y[0]);
  }
}

void use(double* y, double* yb, const double* u, double* ub, const double* p, const double* t, double* tb) {
  __adjoint_K(y, yb, u, ub, p, t, tb, 10);
  __vjp_K(y, yb, u, ub, p, t, tb, 10);
  __tangent_K(y, yb, u, ub, p, t, tb, 10);
}
