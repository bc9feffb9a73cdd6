// Arrays of constant dimensions: all strides are numbers, and that no cell is stored twice is proved when compiling.
//
// RUN: %plan %s 2>&1 | FileCheck %s
// RUN: %plan -O3 -g %s 2>&1 | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

constexpr int nx = 40, ny = 30;

// CHECK-LABEL: vjp of smooth
// CHECK-NEXT: {{^ *}}un {{ *}}written {{ *}}own-point, shadow unchanged{{$}}
// CHECK-NEXT: {{^ *}}u {{ *}}read {{ *}}gather, 4 shifts{{$}}
// CHECK-NEXT: nest of 3: gather, 4 points a cell, 3 planes of cells together{{$}}
// CHECK-NEXT: {{^ *}}u at (-1,0,0) (0,-1,0) (0,0,0) (0,1,0){{$}}
// CHECK-NEXT: stored: 0 B{{$}}
ADSTENCIL_KERNEL void smooth(double (*un)[ny][nx], const double (*u)[ny][nx], int nz) {
  for (int z = 1; z < nz; ++z)
    for (int y = 1; y < ny - 1; ++y)
      for (int x = 0; x < nx; ++x)
        un[z][y][x] = u[z][y][x] * (u[z][y - 1][x] + u[z][y + 1][x] + u[z - 1][y][x]);
}

void use(double (*y)[ny][nx], double (*yb)[ny][nx], const double (*u)[ny][nx], double (*ub)[ny][nx]) {
  __vjp_smooth(y, yb, u, ub, 10);
}
