// A long double array has no shadow.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

ADSTENCIL_KERNEL void K(long double* y, const long double* u, int n) { // expected-error-re@*:* {{cannot differentiate 'K': {{.*}}'long double'}} expected-note@*:* {{float or double}}
  for (int i = 0; i < n; ++i)
    y[i] = u[i] * u[i];
}
