// Neither has an array of half precision.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

ADSTENCIL_KERNEL void K(_Float16* y, const _Float16* u, int n) { // expected-error-re@*:* {{cannot differentiate 'K': {{.*}}'_Float16'}} expected-note@*:* {{float or double}}
  for (int i = 0; i < n; ++i)
    y[i] = u[i] * u[i];
}
