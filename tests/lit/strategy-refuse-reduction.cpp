// Demands for a reduction that cannot be kept: where and why.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

ADSTENCIL_STRATEGY("reduction") ADSTENCIL_KERNEL void stencil(double* y, const double* u, int n) {
  for (int i = 1; i < n - 1; ++i) // expected-error {{the strategy 'reduction' cannot be kept: an array is read at several points of a cell's surroundings}} expected-note {{change the kernel, or take the demand away: the derivative is right without it}}
    y[i] = u[i] * u[i + 1];
}

ADSTENCIL_STRATEGY("reduction") ADSTENCIL_KERNEL void table(double* y, const double* u, const int* index, int n) {
  for (int i = 0; i < n; ++i)
    y[i] = u[index[i]]; // expected-error {{the strategy 'reduction' cannot be kept: an array is read at a data-dependent index}} expected-note {{change the kernel, or take the demand away: the derivative is right without it}}
}

ADSTENCIL_STRATEGY("reduction") ADSTENCIL_KERNEL void stored(double* y, const double* u, const int* index, int n) {
  for (int i = 0; i < n; ++i)
    y[index[i]] = u[i]; // expected-error {{the strategy 'reduction' cannot be kept: where 'y' is stored to is not an affine function of the loop counters}} expected-note {{change the kernel, or take the demand away: the derivative is right without it}}
}

ADSTENCIL_STRATEGY("reduction") ADSTENCIL_KERNEL void alone(double* y, const double* u) { *y = *u; } // expected-error {{the strategy 'reduction' cannot be kept: it has no loop nest}} expected-note {{change the kernel, or take the demand away: the derivative is right without it}}

void use(double* y, double* yb, const double* u, double* ub, const int* index) {
  __vjp_stencil(y, yb, u, ub, 10);
  __vjp_table(y, yb, u, ub, index, 10);
  __adjoint_stored(y, yb, u, ub, index, 10);
  __vjp_alone(y, yb, u, ub);
}
