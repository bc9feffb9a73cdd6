// Reads two cells apart from point to point: even and odd cells are groups of their own, and each is read by the points around it.
//
// RUN: %plan %s 2>&1 | FileCheck %s
// RUN: %plan -O3 -g %s 2>&1 | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK-LABEL: vjp of restrict_to
// CHECK: {{^ *}}u {{ *}}read {{ *}}gather, 2 shifts{{$}}
// CHECK-NEXT: nest of 1: gather, 2 points a cell{{$}}
// CHECK-NEXT: {{^ *}}u at (0) (1){{$}}
ADSTENCIL_KERNEL void restrict_to(double* y, const double* u, int n) {
  for (int i = 0; i < n; ++i)
    y[i] = 0.25 * u[2 * i] + 0.5 * u[2 * i + 1] + 0.25 * u[2 * i + 2];
}

void use(double* y, double* yb, const double* u, double* ub) { __vjp_restrict_to(y, yb, u, ub, 10); }
