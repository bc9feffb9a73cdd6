// Cells of several planes are done together where a point is light, and few arrays are streams from memory: of linear heat conduction three,
// of nine points along each axis one, because there are too many evaluations, of waves in two active fields one, because there are too
// many streams, and where a coefficient is added to at home, cells are done one by one in any case.
//
// RUN: %adstencil_clang -O2 -fplugin-arg-adstencil-print-plan -c -o %t.o %s 2>&1 | FileCheck %s
// RUN: %adstencil_clang -O2 -fplugin-arg-adstencil-print-plan -fplugin-arg-adstencil-planes=2 -c -o %t.o %s 2>&1 | FileCheck %s --check-prefix=TWO
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#define FOR_POINTS(radius)                                                                                                               \
  for (long z = radius; z < nz - radius; ++z)                                                                                            \
    for (long j = radius; j < ny - radius; ++j)                                                                                          \
      for (long i = radius; i < nx - radius; ++i)

static double laplacian(const double* u, long sy, long sz, long step = 1) {
  return u[-step] + u[step] + u[-step * sy] + u[step * sy] + u[-step * sz] + u[step * sz] - 6 * u[0];
}

// CHECK-LABEL: vjp of plane
// CHECK: nest of 2: gather, 5 points a cell{{ \(|$}}
// TWO-LABEL: vjp of plane
// TWO: nest of 2: gather, 5 points a cell{{ \(|$}}
ADSTENCIL_KERNEL void plane(double* y, const double* u, long nx, long ny) {
  for (long j = 1; j < ny - 1; ++j)
    for (long i = 1; i < nx - 1; ++i)
      y[i + nx * j] = u[i + nx * j - 1] + u[i + nx * j + 1] + u[i + nx * (j - 1)] + u[i + nx * (j + 1)] - 4 * u[i + nx * j];
}

// CHECK-LABEL: vjp of layered
// CHECK: nest of 3: gather, 7 points a cell{{ \(|$}}
// TWO-LABEL: vjp of layered
// TWO: nest of 3: gather, 7 points a cell{{ \(|$}}
ADSTENCIL_KERNEL void layered(double* y, const double* u, const double* k, long nx, long ny, long nz) {
  FOR_POINTS(1) {
    const long c = i + nx * (j + ny * z);
    y[c] = k[z] * laplacian(u + c, nx, nx * ny);
  }
}

// CHECK-LABEL: vjp of wave
// CHECK: nest of 3: gather, 7 points a cell{{ \(|$}}
// TWO-LABEL: vjp of wave
// TWO: nest of 3: gather, 7 points a cell, 2 planes of cells together{{ \(|$}}
ADSTENCIL_KERNEL void wave(double* y, const double* u, const double* speed, long nx, long ny, long nz) {
  FOR_POINTS(1) {
    const long c = i + nx * (j + ny * z);
    y[c] = 2 * u[c] + speed[c] * speed[c] * laplacian(u + c, nx, nx * ny);
  }
}

// CHECK-LABEL: vjp of far
// CHECK: nest of 3: gather, 25 points a cell{{ \(|$}}
// TWO-LABEL: vjp of far
// TWO: nest of 3: gather, 25 points a cell, 2 planes of cells together{{ \(|$}}
ADSTENCIL_KERNEL void far(double* y, const double* u, long nx, long ny, long nz) {
  FOR_POINTS(4) {
    const long c = i + nx * (j + ny * z), sz = nx * ny;
    y[c] = laplacian(u + c, nx, sz) + laplacian(u + c, nx, sz, 2) + laplacian(u + c, nx, sz, 3) + laplacian(u + c, nx, sz, 4);
  }
}

// CHECK-LABEL: vjp of heat
// CHECK: nest of 3: gather, 7 points a cell, 3 planes of cells together{{ \(|$}}
// TWO-LABEL: vjp of heat
// TWO: nest of 3: gather, 7 points a cell, 2 planes of cells together{{ \(|$}}
ADSTENCIL_KERNEL void heat(double* y, const double* u, long nx, long ny, long nz) {
  FOR_POINTS(1) {
    const long c = i + nx * (j + ny * z);
    y[c] = laplacian(u + c, nx, nx * ny);
  }
}

void use(double* y, double* yb, const double* u, double* ub, const double* v, double* vb) {
  __vjp_heat(y, yb, u, ub, 9, 9, 9);
  __vjp_far(y, yb, u, ub, 9, 9, 9);
  __vjp_wave(y, yb, u, ub, v, vb, 9, 9, 9);
  __vjp_layered(y, yb, u, ub, v, vb, 9, 9, 9);
  __vjp_plane(y, yb, u, ub, 9, 9);
}
