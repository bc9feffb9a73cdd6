// An rvalue reference has no place for a shadow.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

ADSTENCIL_KERNEL void K(double* y, double&& u) { *y = u * u; } // expected-error {{cannot differentiate 'K': parameter 'u': an rvalue reference}} expected-note {{lvalue reference}}
