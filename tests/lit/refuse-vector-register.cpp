// Explicit vectors: the compiler makes them from the scalar loop.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

typedef double double4 __attribute__((vector_size(32)));

ADSTENCIL_KERNEL void K(double* y, const double* u, int n) {
  for (int i = 0; i + 4 <= n; i += 4) {
    double4 v;
    __builtin_memcpy(&v, u + i, sizeof v);
    v = v * v;
    __builtin_memcpy(y + i, &v, sizeof v);
  }
} // expected-error@*:* {{cannot differentiate 'K': }} expected-note@*:* {{}}

void use(double* y, double* yb, const double* u, double* ub) { __adjoint_K(y, yb, u, ub, 10); }
