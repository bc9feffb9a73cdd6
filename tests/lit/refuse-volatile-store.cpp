// A volatile write of an active value, through a cast inside the kernel.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

ADSTENCIL_KERNEL void K(double* y, const double* u, int n) {
  for (int i = 0; i < n; ++i)
    *static_cast<volatile double*>(y + i) = 2 * u[i]; // expected-error-re {{cannot differentiate 'K': {{.*}}volatile access to active memory}} expected-note {{drop volatile}}
}

void use(double* y, double* yb, const double* u, double* ub) { __adjoint_K(y, yb, u, ub, 10); }
