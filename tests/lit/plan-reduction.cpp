// An active scalar receives a sum over all points, in the order of the loop.
//
// RUN: %plan %s 2>&1 | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK-LABEL: adjoint of scale
// CHECK: {{^ *}}a {{ *}}active scalar {{ *}}reduction
// CHECK: stored: 0 B
ADSTENCIL_KERNEL void scale(double* y, const double* u, ADSTENCIL_ACTIVE double a, int n) {
  for (int i = 0; i < n; ++i)
    y[i] = a * u[i];
}

void use(double* y, double* yb, const double* u, double* ub, double* ab) { __adjoint_scale(y, yb, u, ub, 2.0, ab, 10); }
