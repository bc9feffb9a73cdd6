// Neither has a member function.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

struct solver {
  ADSTENCIL_KERNEL void K(double* y, const double* u) { *y = *u; } // expected-error {{member}} expected-note {{adstencil::vjp}}
};
