// Complex numbers: use two arrays.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

ADSTENCIL_KERNEL void K(_Complex double* y, const _Complex double* u, int n) { // expected-error-re@*:* {{cannot differentiate 'K': {{.*}}'_Complex double'}} expected-note@*:* {{float or double}}
  for (int i = 0; i < n; ++i)
    y[i] = u[i] * u[i];
}
