// A declaration and the definition demand the same.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

ADSTENCIL_STRATEGY("gather") void K(double* y, const double* u);
ADSTENCIL_KERNEL ADSTENCIL_STRATEGY("tile") void K(double* y, const double* u) { *y = *u; } // expected-error {{cannot differentiate 'K': it is declared with the strategies}} expected-note {{keep one of them}}

void use(double* y, double* yb, const double* u, double* ub) { __vjp_K(y, yb, u, ub); }
