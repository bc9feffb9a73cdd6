// A coefficient for each column and an active scalar are summed up, beside a gather: where a point is evaluated for its own cell.
//
// RUN: %plan %s 2>&1 | FileCheck %s
// RUN: %plan -O3 -g %s 2>&1 | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK-LABEL: adjoint of columns
// CHECK-NEXT: {{^ *}}y {{ *}}written {{ *}}own-point, shadow carried back{{$}}
// CHECK-NEXT: {{^ *}}u {{ *}}read {{ *}}gather, 2 shifts{{$}}
// CHECK-NEXT: {{^ *}}k {{ *}}read {{ *}}reduction, in loop order{{$}}
// CHECK-NEXT: {{^ *}}a {{ *}}active scalar {{ *}}reduction in loop order{{$}}
// CHECK-NEXT: nest of 2: gather, 2 points a cell, then a pass that carries back{{$}}
// CHECK-NEXT: {{^ *}}u at (0,0) (0,1){{$}}
// CHECK-NEXT: stored: 0 B{{$}}
ADSTENCIL_KERNEL void columns(double* y, const double* u, const double* k, ADSTENCIL_ACTIVE double a, int nx, int ny) {
  for (int j = 0; j < ny; ++j)
    for (int i = 0; i < nx - 1; ++i)
      y[i + nx * j] = a * k[i] * (u[i + nx * j] - u[i + 1 + nx * j]);
}

void use(double* y, double* yb, const double* u, double* ub, double* ab) {
  __adjoint_columns(y, yb, u, ub, u, ub, 2.0, ab, 10, 10);
}
