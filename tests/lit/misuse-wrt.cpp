// wrt names a variant and parameters that exist and are differentiable.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

ADSTENCIL_KERNEL ADSTENCIL_WRT("k", "kappa") void unknown(double* y, const double* u) { *y = *u; } // expected-error {{kappa}} expected-note {{}}
ADSTENCIL_KERNEL ADSTENCIL_WRT("k") void without_parameters(double* y, const double* u) { *y = *u; } // expected-error {{wrt}} expected-note {{}}
ADSTENCIL_KERNEL ADSTENCIL_WRT("k", "n") void not_differentiable(double* y, const double* u, int n) { *y = n * *u; } // expected-error {{'n'}} expected-note {{}}
ADSTENCIL_KERNEL ADSTENCIL_WRT("a b", "u") void no_identifier(double* y, const double* u) { *y = *u; } // expected-error {{a b}} expected-note {{}}
ADSTENCIL_KERNEL ADSTENCIL_WRT("k", "u") ADSTENCIL_WRT("k", "w") void same_name(double* y, const double* u, const double* w) { *y = *u * *w; } // expected-error {{'k' names two variants}} expected-note {{a name of its own}}
ADSTENCIL_KERNEL ADSTENCIL_WRT(k, u) void no_strings(double* y, const double* u) { *y = *u; } // expected-error 1+ {{}} expected-note 0+ {{}}
