// Shifts are found where strides are expressions of the kernel's parameters, in the order of the loops. That no cell is stored twice is
// then tested when it runs.
//
// RUN: %plan %s 2>&1 | FileCheck %s
// RUN: %plan -O3 -g %s 2>&1 | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK-LABEL: vjp of heat
// CHECK-NEXT: {{^ *}}un {{ *}}written {{ *}}own-point if no cell is written twice (tested at run time), shadow unchanged{{$}}
// CHECK-NEXT: {{^ *}}u {{ *}}read {{ *}}gather, 7 shifts{{$}}
// CHECK-NEXT: nest of 3: gather, 7 points a cell, 3 planes of cells together (if no cell is written twice, tested at run time){{$}}
// CHECK-NEXT: {{^ *}}u at (-1,0,0) (0,-1,0) (0,0,-1) (0,0,0) (0,0,1) (0,1,0) (1,0,0){{$}}
// CHECK-NEXT: stored: 0 B, or if cells are written twice: 16 B per change of a shadow that must be kept{{$}}
ADSTENCIL_KERNEL void heat(double* un, const double* u, double dt, int nx, int ny, int nz) {
  for (int z = 1; z < nz - 1; ++z)
    for (int y = 1; y < ny - 1; ++y)
      for (int x = 1; x < nx - 1; ++x) {
        const int c = x + nx * (y + ny * z);
        un[c] = u[c] + dt * (u[c - 1] + u[c + 1] + u[c - nx] + u[c + nx] + u[c - nx * ny] + u[c + nx * ny] - 6 * u[c]);
      }
}

void use(double* y, double* yb, const double* u, double* ub) { __vjp_heat(y, yb, u, ub, 0.1, 10, 10, 10); }
