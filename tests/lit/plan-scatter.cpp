// A data-dependent index: the shadow is scattered to, on a serial loop with plain additions.
//
// RUN: %plan %s 2>&1 | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK-LABEL: adjoint of look_up
// CHECK: {{^ *}}u {{ *}}read {{ *}}scatter, serial
// CHECK: stored: 0 B
ADSTENCIL_KERNEL void look_up(double* y, const double* u, const int* index, int n) {
  for (int i = 0; i < n; ++i)
    y[i] = u[index[i]] * u[index[i]];
}

void use(double* y, double* yb, const double* u, double* ub, const int* index) { __adjoint_look_up(y, yb, u, ub, index, 10); }
