// What can be marked active.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

ADSTENCIL_KERNEL void on_integer(double* y, ADSTENCIL_ACTIVE int n) { *y = n; } // expected-error {{floating-point}} expected-note {{}}
ADSTENCIL_ACTIVE double global; // expected-error {{parameter}} expected-note {{}}
ADSTENCIL_KERNEL void both(double* y, ADSTENCIL_ACTIVE ADSTENCIL_INACTIVE double a) { *y = a; } // expected-error {{active}} expected-note {{}}
