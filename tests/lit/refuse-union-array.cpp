// The bits of an array of unions, used as a number.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

union cell {
  float value;
  unsigned bits;
};

ADSTENCIL_KERNEL void K(float* y, const cell* u, int n) {
  for (int i = 0; i < n; ++i)
    y[i] = float(u[i].bits >> 8); // expected-error-re@*:* {{cannot differentiate 'K': {{.*}}union}} expected-note@*:* {{}}
}

