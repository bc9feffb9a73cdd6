// Conditions in the nest: a read that only some points execute is gathered from those, and the nest is not tiled.
//
// RUN: %plan %s 2>&1 | FileCheck %s
// RUN: %plan -O3 -g %s 2>&1 | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK-LABEL: vjp of K
// CHECK-NEXT: {{^ *}}y {{ *}}written {{ *}}own-point, shadow unchanged{{$}}
// CHECK-NEXT: {{^ *}}u {{ *}}read {{ *}}gather, 2 shifts{{$}}
// CHECK-NEXT: {{^ *}}mask {{ *}}read {{ *}}no derivative{{$}}
// CHECK-NEXT: nest of 2: gather, 2 points a cell{{$}}
// CHECK-NEXT: {{^ *}}u at (0,0) (0,1){{$}}
// CHECK-NEXT: stored: 0 B{{$}}
ADSTENCIL_KERNEL void K(double* y, const double* u, const double* mask, int nx, int ny) {
  for (int j = 0; j < ny; ++j)
    for (int i = 0; i < nx; ++i) {
      const int c = i + nx * j;
      if (mask[c] > 0 && i < nx - 1)
        y[c] = u[c] * u[c + 1];
      else
        y[c] = u[c];
    }
}

void use(double* y, double* yb, const double* u, double* ub) { __vjp_K(y, yb, u, ub, u, ub, 10, 10); }
