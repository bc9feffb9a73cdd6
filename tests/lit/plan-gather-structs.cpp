// An array of structures: the members are groups of their own, whose evaluations are shared.
//
// RUN: %plan %s 2>&1 | FileCheck %s
// RUN: %plan -O3 -g %s 2>&1 | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

struct state {
  double h, m;
};

// CHECK-LABEL: adjoint of step
// CHECK-NEXT: {{^ *}}un {{ *}}written {{ *}}own-point, shadow carried back{{$}}
// CHECK-NEXT: {{^ *}}u {{ *}}read {{ *}}gather, 3 shifts{{$}}
// CHECK-NEXT: nest of 1: gather, 3 points a cell, then a pass that carries back{{$}}
// CHECK-NEXT: {{^ *}}u at (-1) (0) (1){{$}}
// CHECK-NEXT: stored: 0 B{{$}}
ADSTENCIL_KERNEL void step(state* un, const state* u, int n) {
  for (int i = 1; i < n - 1; ++i) {
    un[i].h = u[i].h - 0.1 * (u[i + 1].m - u[i].m + u[i - 1].m);
    un[i].m = u[i].m - 0.1 * (u[i + 1].h * u[i + 1].h - u[i - 1].h * u[i - 1].h);
  }
}

// Three numbers a point, in one array.
// CHECK-LABEL: vjp of components
// CHECK: nest of 1: gather, 3 points a cell{{$}}
// CHECK-NEXT: {{^ *}}u at (-1) (0) (1){{$}}
ADSTENCIL_KERNEL void components(double* y, const double* u, int n) {
  for (int i = 1; i < n - 1; ++i)
    for (int c = 0; c < 3; ++c)
      y[3 * i + c] = u[3 * (i + 1) + c] * u[3 * (i - 1) + (c + 1) % 3] + u[3 * i + c];
}

void use(state* y, state* yb, const state* u, state* ub, double* a, double* ab, const double* b, double* bb) {
  __vjp_components(a, ab, b, bb, 10);
  __adjoint_step(y, yb, u, ub, 10);
}
