// The attribute belongs on functions.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#ifndef __ADSTENCIL__
#error the plugin is not loaded
#endif
ADSTENCIL_KERNEL int not_a_function; // expected-error {{function}} expected-note {{}}
struct ADSTENCIL_KERNEL not_a_kernel {}; // expected-error {{function}} expected-note {{}}
