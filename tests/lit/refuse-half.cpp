// Half precision.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

ADSTENCIL_KERNEL void K(float* y, const float* u, int n) {
  for (int i = 0; i < n; ++i) {
    const _Float16 narrow = static_cast<_Float16>(u[i]); // expected-error-re@*:* {{cannot differentiate 'K': {{.*}}active value of type half precision}} expected-note@*:* {{float or double}}
    y[i] = static_cast<float>(narrow * narrow);
  }
}

void use(float* y, float* yb, const float* u, float* ub) { __adjoint_K(y, yb, u, ub, 10); }
