// wrt is an addition to the kernel attribute.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

ADSTENCIL_WRT("k", "u") void f(double* y, const double* u) { *y = *u; } // expected-error {{kernel}} expected-note {{}}
