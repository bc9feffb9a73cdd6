// A union of a float and an integer.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

union cell {
  float value;
  unsigned bits;
};

ADSTENCIL_KERNEL void K(float* y, const float* u, int n) {
  for (int i = 0; i < n; ++i) {
    cell c;
    c.value = u[i];
    c.bits ^= 1u << 20; // expected-error@*:* {{cannot differentiate 'K': }} expected-note@*:* {{}}
    y[i] = c.value;
  }
}

void use(float* y, float* yb, const float* u, float* ub) { __adjoint_K(y, yb, u, ub, 10); }
