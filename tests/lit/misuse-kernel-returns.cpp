// A kernel returns void.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

ADSTENCIL_KERNEL double K(const double* u) { return u[0] * u[0]; } // expected-error@*:* {{void}} expected-note@*:* {{}}
