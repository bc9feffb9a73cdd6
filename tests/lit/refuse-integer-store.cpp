// The bits of a number written through an integer pointer: its derivative would silently survive.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

ADSTENCIL_KERNEL void K(double* a, const double* x, const int* index, int n) {
  for (int i = 0; i < n; ++i) {
    *(long*)&a[i] = 0; // expected-error {{cannot differentiate 'K': an integer is stored over an active floating-point number}} expected-note {{own type}}
    if (index[i] % 2)
      a[i] += x[i] * x[i];
  }
}

void use(double* a, double* ab, const double* x, double* xb, const int* index) { __adjoint_K(a, ab, x, xb, index, 3); }
