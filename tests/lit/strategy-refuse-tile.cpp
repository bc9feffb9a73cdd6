// Demands for tiles that cannot be kept: where and why.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

ADSTENCIL_STRATEGY("tile") ADSTENCIL_KERNEL void pointwise(double* y, const double* u, int n) {
  for (int i = 0; i < n; ++i) // expected-error {{the strategy 'tile' cannot be kept: not every point contributes for each of its reads, or there is one place to read from only}} expected-note {{change the kernel, or take the demand away: the derivative is right without it}}
    y[i] = u[i] * u[i];
}

ADSTENCIL_STRATEGY("tile") ADSTENCIL_KERNEL void guarded(double* y, const double* u, int n) {
  for (int i = 0; i < n; ++i)
    y[i] = u[i] > 0 ? u[i + 1] * u[i] : 0; // expected-error {{the strategy 'tile' cannot be kept: not every point contributes for each of its reads, or there is one place to read from only}} expected-note {{change the kernel, or take the demand away: the derivative is right without it}}
}

ADSTENCIL_STRATEGY("tile") ADSTENCIL_KERNEL void stored(double* y, const double* u, const int* index, int n) {
  for (int i = 0; i < n; ++i)
    y[index[i]] = u[i]; // expected-error {{the strategy 'tile' cannot be kept: where 'y' is stored to is not an affine function of the loop counters}} expected-note {{change the kernel, or take the demand away: the derivative is right without it}}
}

ADSTENCIL_STRATEGY("tile") ADSTENCIL_KERNEL void alone(double* y, const double* u) { *y = *u; } // expected-error {{the strategy 'tile' cannot be kept: it has no loop nest}} expected-note {{change the kernel, or take the demand away: the derivative is right without it}}

void use(double* y, double* yb, const double* u, double* ub, const int* index) {
  __vjp_pointwise(y, yb, u, ub, 10);
  __vjp_guarded(y, yb, u, ub, 10);
  __adjoint_stored(y, yb, u, ub, index, 10);
  __vjp_alone(y, yb, u, ub);
}
