// A kernel that does not overwrite its inputs stores nothing: its nest is a gather from values that are still there.
//
// RUN: %plan %s 2>&1 | FileCheck %s
// RUN: %plan -O3 -g %s 2>&1 | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK-LABEL: adjoint of heat
// CHECK-NEXT: {{^ *}}un {{ *}}written {{ *}}own-point, shadow carried back{{$}}
// CHECK-NEXT: {{^ *}}u {{ *}}read {{ *}}gather, 5 shifts{{$}}
// CHECK-NEXT: {{^ *}}k {{ *}}read {{ *}}own-point{{$}}
// CHECK-NEXT: nest of 2: gather, 5 points a cell, then a pass that carries back{{$}}
// CHECK-NEXT: {{^ *}}u at (-1,0) (0,-1) (0,0) (0,1) (1,0){{$}}
// CHECK-NEXT: {{^ *}}k at (0,0){{$}}
// CHECK-NEXT: stored: 0 B{{$}}
ADSTENCIL_KERNEL void heat(double* un, const double* u, const double* k, double dt, int nx, int ny) {
  for (int j = 1; j < ny - 1; ++j)
    for (int i = 1; i < nx - 1; ++i) {
      const int p = i + nx * j;
      un[p] = u[p] + dt * k[p] * u[p] * (u[p - 1] + u[p + 1] + u[p - nx] + u[p + nx] - 4 * u[p]);
    }
}

void use(double* y, double* yb, const double* u, double* ub, const double* k, double* kb) {
  __adjoint_heat(y, yb, u, ub, k, kb, 0.1, 10, 10);
}
