// The user's header: attributes as macros, and the derivatives of callables that have no name of their own.
//
// A kernel is an ordinary `void` function with `ADSTENCIL_KERNEL` in front of it:
//
//     ADSTENCIL_KERNEL void scale(double* y, const double* x, double a, int n);
//
// Compiled with `-fplugin=libadstencil.so`, the functions `__vjp_scale`, `__adjoint_scale` and `__tangent_scale` exist
// right behind it (docs/reference.md). Without the plugin every macro below is empty and the file compiles as before.
//
// Templates, member functions, functors and lambdas have no single name to derive one from. For them the same three
// derivatives are function templates, and each argument says itself whether it has a shadow:
//
//     adstencil::vjp<&scale<double>>(shadowed(y, y_bar), shadowed(x, x_bar), a, n);
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#ifdef __ADSTENCIL__
#define ADSTENCIL_KERNEL [[adstencil::kernel]]
#define ADSTENCIL_ACTIVE [[adstencil::active]]
#define ADSTENCIL_INACTIVE [[adstencil::inactive]]
#define ADSTENCIL_WRT(...) [[adstencil::wrt(__VA_ARGS__)]]
#define ADSTENCIL_STRATEGY(name) [[adstencil::strategy(name)]]
#else
#define ADSTENCIL_KERNEL
#define ADSTENCIL_ACTIVE
#define ADSTENCIL_INACTIVE
#define ADSTENCIL_WRT(...)
#define ADSTENCIL_STRATEGY(name)
#endif

#if defined(__ADSTENCIL__) && defined(__cplusplus) && __cplusplus >= 201703L
#include <adstencil/derivatives.h>
#endif
