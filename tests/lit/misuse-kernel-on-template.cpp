// A template has no name to derive one from; the header form is the way.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

template <class T> ADSTENCIL_KERNEL void K(T* y, const T* u) { *y = *u; } // expected-error {{template}} expected-note {{adstencil::vjp}}
