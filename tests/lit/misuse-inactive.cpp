// What can be marked inactive.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

ADSTENCIL_INACTIVE double global; // expected-error {{parameter}} expected-note {{}}
ADSTENCIL_INACTIVE void function(); // expected-error {{parameter}} expected-note {{}}
