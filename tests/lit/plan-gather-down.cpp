// Loops that count down, the outer ones too: what the optimiser makes of their counters is one variable again.
//
// RUN: %plan %s 2>&1 | FileCheck %s
// RUN: %plan -O3 -g %s 2>&1 | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK-LABEL: vjp of space
// CHECK: nest of 3: gather, 3 points a cell
// CHECK: {{^ *}}u at (-1,0,0) (0,0,0) (0,0,1){{$}}
// CHECK-LABEL: vjp of plane
// CHECK: nest of 2: gather, 2 points a cell
// CHECK: {{^ *}}u at (0,-1) (0,0){{$}}
ADSTENCIL_KERNEL void plane(double* un, const double* u, int nx, int ny) {
  for (int j = ny - 1; j >= 0; --j)
    for (int i = nx - 1; i >= 0; --i)
      un[i + j * nx] = u[i + j * nx] * u[i + j * nx + 1];
}

ADSTENCIL_KERNEL void space(double* un, const double* u, int nx, int ny, int nz) {
  for (int k = nz - 1; k > 0; --k)
    for (int j = ny - 1; j >= 0; --j)
      for (int i = nx - 2; i > 0; --i) {
        const int c = i + nx * (j + ny * k);
        un[c] = u[c] * (u[c - 1] + u[c + nx * ny]);
      }
}

void use(double* y, double* yb, const double* u, double* ub, int n) {
  __vjp_plane(y, yb, u, ub, n, n);
  __vjp_space(y, yb, u, ub, n, n, n);
}
