// A triangular nest is reversed in order, without a tape. A nest in which both loops are independent, but the inner one starts
// elsewhere in each row, is one, too.
//
// RUN: %plan %s 2>&1 | FileCheck %s
// RUN: %plan -O3 -g %s 2>&1 | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK-LABEL: adjoint of ragged
// CHECK: {{^ *}}u {{ *}}read {{ *}}scatter, serial{{$}}
// CHECK: {{^ *}}loop 1{{.*}}, depth 1: joint
// CHECK-NEXT: {{^ *}}in order: {{.}}
// CHECK: stored: 0 B{{$}}
ADSTENCIL_KERNEL void ragged(double* y, const double* u, const int* first, int n) {
  for (int j = 0; j < n; ++j)
    for (int i = first[j]; i < n; ++i)
      y[i + n * j] = u[i + n * j] * u[i + 1 + n * j];
}

// CHECK-LABEL: adjoint of triangle
// CHECK: {{^ *}}u {{ *}}read {{ *}}scatter, serial{{$}}
// CHECK: {{^ *}}loop 1{{.*}}, depth 1: joint
// CHECK-NEXT: {{^ *}}in order: {{.}}
// CHECK: stored: 0 B{{$}}
ADSTENCIL_KERNEL void triangle(double* y, const double* u, int n) {
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < j; ++i)
      y[i + n * j] = u[i + n * j] * u[i + 1 + n * j];
}

// Derivatives are made, and printed, last one first.
void use(double* y, double* yb, const double* u, double* ub, const int* first) {
  __adjoint_triangle(y, yb, u, ub, 10);
  __adjoint_ragged(y, yb, u, ub, first, 10);
}
