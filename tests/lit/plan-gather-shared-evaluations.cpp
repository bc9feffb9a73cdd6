// Arrays that are read at the same distances share the evaluations of the point: those of `k` and `v` are among the five of `u`.
//
// RUN: %plan %s 2>&1 | FileCheck %s
// RUN: %plan -O3 -g %s 2>&1 | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK-LABEL: vjp of K
// CHECK-NEXT: {{^ *}}y {{ *}}written
// CHECK-NEXT: {{^ *}}u {{ *}}read {{ *}}gather, 5 shifts{{$}}
// CHECK-NEXT: {{^ *}}v {{ *}}read {{ *}}gather, 3 shifts{{$}}
// CHECK-NEXT: {{^ *}}k {{ *}}read {{ *}}gather, 2 shifts{{$}}
// CHECK-NEXT: nest of 2: gather, 5 points a cell{{$}}
// CHECK-NEXT: {{^ *}}u at (-1,0) (0,-1) (0,0) (0,1) (1,0){{$}}
// CHECK-NEXT: {{^ *}}v at
// CHECK-NEXT: {{^ *}}k at
// CHECK-NEXT: stored: 0 B{{$}}
ADSTENCIL_KERNEL void K(double* y, const double* u, const double* v, const double* k, int n) {
  for (int j = 1; j < n - 1; ++j)
    for (int i = 1; i < n - 1; ++i) {
      const int c = i + n * j;
      y[c] = (u[c - 1] + u[c + 1] + u[c - n] + u[c + n] - 4 * u[c]) * (v[c - n] + v[c] + v[c + n]) * (k[c] + k[c + 1]);
    }
}

void use(double* y, double* yb, const double* u, double* ub) { __vjp_K(y, yb, u, ub, u, ub, u, ub, 10); }
