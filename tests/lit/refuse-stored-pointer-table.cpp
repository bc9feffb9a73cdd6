// Nor into a local table that is indexed at run time.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

ADSTENCIL_KERNEL void K(double* y, const double* a, const double* b, const int* which, int n) {
  const double* table[2];
  table[0] = a; // expected-error-re@*:* 1+ {{cannot differentiate 'K': {{.*}}pointer is stored to memory}} expected-note@*:* 1+ {{views by value}}
  table[1] = b;
  for (int i = 0; i < n; ++i)
    y[i] = table[which[i]][i];
}

void use(double* y, double* yb, const double* a, double* ab, const double* b, double* bb, const int* w) {
  __adjoint_K(y, yb, a, ab, b, bb, w, 10);
}
