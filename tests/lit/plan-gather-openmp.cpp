// Parallel loops are gathers like serial ones: a nest, its shifts, and sums of active scalars in a fixed order.
//
// RUN: %plan -fopenmp %s 2>&1 | FileCheck %s
// RUN: %plan -fopenmp -O3 -g %s 2>&1 | FileCheck %s
// RUN: %plan %s 2>&1 | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK-LABEL: adjoint of heat
// CHECK-NEXT: {{^ *}}un {{ *}}written {{ *}}own-point, shadow carried back{{$}}
// CHECK-NEXT: {{^ *}}u {{ *}}read {{ *}}gather, 5 shifts{{$}}
// CHECK-NEXT: {{^ *}}dt {{ *}}active scalar {{ *}}reduction in loop order{{$}}
// CHECK-NEXT: nest of 2: gather, 5 points a cell, then a pass that carries back{{$}}
// CHECK-NEXT: {{^ *}}u at (-1,0) (0,-1) (0,0) (0,1) (1,0){{$}}
// CHECK-NEXT: stored: 0 B{{$}}
ADSTENCIL_KERNEL void heat(double* un, const double* u, ADSTENCIL_ACTIVE double dt, int nx, int ny) {
#pragma omp parallel for collapse(2) schedule(static)
  for (int y = 1; y < ny - 1; ++y)
    for (int x = 1; x < nx - 1; ++x) {
      const int c = x + nx * y;
      un[c] = u[c] + dt * (u[c - 1] + u[c + 1] + u[c - nx] + u[c + nx] - 4 * u[c]);
    }
}

void use(double* y, double* yb, const double* u, double* ub, double* dtb) { __adjoint_heat(y, yb, u, ub, 0.1, dtb, 10, 10); }
