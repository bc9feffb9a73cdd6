// A strategy is one of six words, stands on a function, and there is one.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

ADSTENCIL_KERNEL ADSTENCIL_STRATEGY("guess") void unknown(double* y, const double* u) { *y = *u; } // expected-error {{'strategy' attribute: there is no such strategy}} expected-note {{it is one of "own-point", "gather", "tile", "reduction", "scatter", "sequential"}}
ADSTENCIL_KERNEL ADSTENCIL_STRATEGY("") void empty(double* y, const double* u) { *y = *u; } // expected-error {{no such strategy}} expected-note {{it is one of}}
ADSTENCIL_STRATEGY(1) void number(double* y, const double* u) { *y = *u; } // expected-error {{no such strategy}} expected-note {{it is one of}}
ADSTENCIL_STRATEGY(L"gather") void wide(double* y, const double* u) { *y = *u; } // expected-error {{no such strategy}} expected-note {{it is one of}}
[[adstencil::strategy]] void nothing(double* y, const double* u) { *y = *u; } // expected-error {{'adstencil::strategy' attribute takes one argument}}
[[adstencil::strategy("gather", "tile")]] void list(double* y, const double* u) { *y = *u; } // expected-error {{'adstencil::strategy' attribute takes one argument}}
[[strategy("gather")]] void without_scope(double* y, const double* u) { *y = *u; } // expected-error {{it belongs to the scope adstencil}} expected-note {{adstencil::strategy}}
ADSTENCIL_STRATEGY("gather") double variable; // expected-error {{only a kernel has a strategy}} expected-note {{in front of the function}}
void parameter(ADSTENCIL_STRATEGY("gather") double* y) { *y = 0; } // expected-error {{only a kernel has a strategy}} expected-note {{in front of the function}}
struct ADSTENCIL_STRATEGY("gather") type { // expected-error {{only a kernel has a strategy}} expected-note {{in front of the function}}
  ADSTENCIL_STRATEGY("gather") type() {} // expected-error {{only a kernel has a strategy}} expected-note {{in front of the function}}
};
ADSTENCIL_STRATEGY("gather") ADSTENCIL_KERNEL ADSTENCIL_STRATEGY("tile") void two(double* y, const double* u) { *y = *u; } // expected-error {{already has the strategy "gather"}} expected-note {{keep one of the two}}
