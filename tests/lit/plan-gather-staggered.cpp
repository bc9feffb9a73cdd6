// Staggered arrays have strides of their own. Two nests of one function are two gathers. The reads of the divergence share the
// evaluation of the own point: three for four reads.
//
// RUN: %plan %s 2>&1 | FileCheck %s
// RUN: %plan -O3 -g %s 2>&1 | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK-LABEL: vjp of divergence
// CHECK-NEXT: {{^ *}}r {{ *}}written {{ *}}own-point, shadow unchanged{{$}}
// CHECK-NEXT: {{^ *}}qx {{ *}}read {{ *}}gather, 2 shifts{{$}}
// CHECK-NEXT: {{^ *}}qy {{ *}}read {{ *}}gather, 2 shifts{{$}}
// CHECK-NEXT: nest of 2: gather, 3 points a cell{{$}}
// CHECK-NEXT: {{^ *}}qx at (0,0) (0,1){{$}}
// CHECK-NEXT: {{^ *}}qy at (0,0) (1,0){{$}}
// CHECK-NEXT: stored: 0 B{{$}}
ADSTENCIL_KERNEL void divergence(double* r, const double* qx, const double* qy, int nx, int ny) {
  for (int y = 0; y < ny; ++y)
    for (int x = 0; x < nx; ++x)
      r[x + nx * y] = qx[x + 1 + (nx + 1) * y] - qx[x + (nx + 1) * y] + qy[x + nx * (y + 1)] - qy[x + nx * y];
}

// CHECK-LABEL: adjoint of flux
// CHECK-NEXT: {{^ *}}qx {{ *}}written {{ *}}own-point, shadow carried back{{$}}
// CHECK-NEXT: {{^ *}}qy {{ *}}written {{ *}}own-point, shadow carried back{{$}}
// CHECK-NEXT: {{^ *}}p {{ *}}read {{ *}}gather, 2 shifts{{$}}
// CHECK-NEXT: {{^ *}}k {{ *}}read {{ *}}gather, 2 shifts{{$}}
// CHECK-NEXT: nest of 2: gather, 2 points a cell, then a pass that carries back{{$}}
// CHECK-NEXT: {{^ *}}k at (0,0) (0,1){{$}}
// CHECK-NEXT: {{^ *}}p at (0,0) (0,1){{$}}
// CHECK-NEXT: nest of 2: gather, 2 points a cell, then a pass that carries back{{$}}
// CHECK-NEXT: {{^ *}}k at (-1,0) (0,0){{$}}
// CHECK-NEXT: {{^ *}}p at (-1,0) (0,0){{$}}
// CHECK-NEXT: stored: 0 B{{$}}
ADSTENCIL_KERNEL void flux(double* qx, double* qy, const double* p, const double* k, int nx, int ny) {
  for (int y = 0; y < ny; ++y)
    for (int x = 1; x < nx; ++x)
      qx[x + (nx + 1) * y] = -0.5 * (k[x - 1 + nx * y] + k[x + nx * y]) * (p[x + nx * y] - p[x - 1 + nx * y]);
  for (int y = 1; y < ny; ++y)
    for (int x = 0; x < nx; ++x)
      qy[x + nx * y] = -0.5 * (k[x + nx * (y - 1)] + k[x + nx * y]) * (p[x + nx * y] - p[x + nx * (y - 1)]);
}

void use(double* a, double* ab, double* b, double* bb, const double* c, double* cb, const double* d, double* db) {
  __adjoint_flux(a, ab, b, bb, c, cb, d, db, 10, 10);
  __vjp_divergence(a, ab, b, bb, c, cb, 10, 10);
}
