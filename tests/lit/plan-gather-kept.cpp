// What a point adds to all its neighbours may have a cotangent in common. It is kept where that saves much: many shifts, and more behind it
// than a load, in three dimensions. Not where there are few shifts, where the cotangent is read as it is, where every contribution has a
// coefficient of its own, where tests guard points, or where the neighbours' planes are not read.
//
// RUN: %adstencil_clang -O2 -fopenmp -fplugin-arg-adstencil-print-plan -c -o %t.o %s 2>&1 | FileCheck %s
// RUN: %adstencil_clang -O2 -fplugin-arg-adstencil-print-plan -fplugin-arg-adstencil-keep=always -c -o %t.o %s 2>&1 | FileCheck %s --check-prefix=ALWAYS
// RUN: %adstencil_clang -O2 -fplugin-arg-adstencil-print-plan -fplugin-arg-adstencil-keep=never -c -o %t.o %s 2>&1 | FileCheck %s --check-prefix=NEVER
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// NEVER-NOT: of a point kept

#define FOR_POINTS(radius)                    \
  for (long z = radius; z < nz - radius; ++z) \
    for (long j = radius; j < ny - radius; ++j) \
      for (long i = radius; i < nx - radius; ++i)

static double laplacian(const double* u, long sy, long sz, long step = 1) {
  return u[-step] + u[step] + u[-step * sy] + u[step * sy] + u[-step * sz] + u[step * sz] - 6 * u[0];
}

static double wide(const double* u, long sy, long sz) {
  return 1.5 * laplacian(u, sy, sz) - 0.3 * laplacian(u, sy, sz, 2);
}

// CHECK-LABEL: vjp of rows
// CHECK: nest of 3: gather, 5 points a cell{{ \(|$}}
// ALWAYS-LABEL: vjp of rows
// ALWAYS: nest of 3: gather, 5 points a cell{{ \(|$}}
ADSTENCIL_KERNEL void rows(double* y, const double* u, const double* k, long nx, long ny, long nz) {
  FOR_POINTS(2) {
    const long c = i + nx * (j + ny * z);
    y[c] = k[c] * k[c] * (u[c - 2] + u[c - 1] + u[c] + u[c + 1] + u[c + 2]);
  }
}

// CHECK-LABEL: vjp of guarded
// CHECK: nest of 3: gather, 13 points a cell{{ \(|$}}
// ALWAYS-LABEL: vjp of guarded
// ALWAYS: nest of 3: gather, 13 points a cell{{ \(|$}}
ADSTENCIL_KERNEL void guarded(double* y, const double* u, const double* k, long nx, long ny, long nz) {
  FOR_POINTS(0) {
    const long c = i + nx * (j + ny * z);
    if (i > 1 && i < nx - 2 && j > 1 && j < ny - 2 && z > 1 && z < nz - 2)
      y[c] = k[c] * k[c] * wide(u + c, nx, nx * ny);
  }
}

// CHECK-LABEL: vjp of coefficients
// CHECK: nest of 3: gather, 13 points a cell{{ \(|$}}
// ALWAYS-LABEL: vjp of coefficients
// ALWAYS: nest of 3: gather, 13 points a cell{{ \(|$}}
ADSTENCIL_KERNEL void coefficients(double* y, const double* u, const double* k, long nx, long ny, long nz) {
  FOR_POINTS(2) {
    const long c = i + nx * (j + ny * z), sy = nx, sz = nx * ny;
    y[c] = k[c] * u[c - 1] + k[c - 1] * u[c + 1] + k[c + 1] * u[c - sy] + k[c - sy] * u[c + sy] + k[c + sy] * u[c - sz] +
           wide(k + c, sy, sz);
  }
}

// CHECK-LABEL: vjp of constant
// CHECK: nest of 3: gather, 13 points a cell, 2 planes of cells together{{ \(|$}}
// ALWAYS-LABEL: vjp of constant
// ALWAYS: nest of 3: gather, 13 points a cell, 2 planes of cells together{{ \(|$}}
ADSTENCIL_KERNEL void constant(double* y, const double* u, double k, long nx, long ny, long nz) {
  FOR_POINTS(2) {
    const long c = i + nx * (j + ny * z);
    y[c] = k * wide(u + c, nx, nx * ny);
  }
}

// CHECK-LABEL: vjp of plane
// CHECK: nest of 2: gather, 9 points a cell{{ \(|$}}
// ALWAYS-LABEL: vjp of plane
// ALWAYS: nest of 2: gather, 9 points a cell, 1 cotangent of a point kept{{ \(|$}}
ADSTENCIL_KERNEL void plane(double* y, const double* u, const double* k, long nx, long ny) {
  for (long j = 2; j < ny - 2; ++j)
    for (long i = 2; i < nx - 2; ++i) {
      const long c = i + nx * j;
      y[c] = k[c] * k[c] * (u[c - 2] + u[c - 1] + u[c] + u[c + 1] + u[c + 2] + u[c - nx] + u[c + nx] + u[c - 2 * nx] + u[c + 2 * nx]);
    }
}

// CHECK-LABEL: vjp of near
// CHECK: nest of 3: gather, 7 points a cell{{ \(|$}}
// ALWAYS-LABEL: vjp of near
// ALWAYS: nest of 3: gather, 7 points a cell, 1 cotangent of a point kept{{ \(|$}}
ADSTENCIL_KERNEL void near(double* y, const double* u, const double* k, long nx, long ny, long nz) {
  FOR_POINTS(1) {
    const long c = i + nx * (j + ny * z);
    y[c] = 2 * u[c] + k[c] * k[c] * laplacian(u + c, nx, nx * ny);
  }
}

// Three fields in one array, one behind the other: a ring would be as long as the array.
// CHECK-LABEL: vjp of stacked
// CHECK: nest of 3: gather, 11 points a cell{{ \(|$}}
// ALWAYS-LABEL: vjp of stacked
// ALWAYS: nest of 3: gather, 11 points a cell, 1 cotangent of a point kept{{ \(|$}}
ADSTENCIL_KERNEL void stacked(double (*y)[40][40], const double (*u)[40][40][40], const double (*k)[40][40]) {
  for (int z = 2; z < 38; ++z)
    for (int j = 2; j < 38; ++j)
      for (int i = 2; i < 38; ++i)
        y[z][j][i] = k[z][j][i] * k[z][j][i] *
                     (u[0][z][j][i - 2] + u[0][z][j][i - 1] + u[0][z][j][i + 1] + u[0][z][j][i + 2] + u[0][z][j - 2][i] + u[0][z][j - 1][i] +
                      u[0][z][j + 1][i] + u[0][z][j + 2][i] + u[1][z][j][i] + u[1][z][j][i + 1] + u[1][z][j][i - 1]);
}

// Without a read of its own, a point is evaluated for `k` at a neighbour of the cell, once: that is not kept, too.
// CHECK-LABEL: vjp of around
// CHECK: nest of 3: gather, 12 points a cell, 1 cotangent of a point kept{{ \(|$}}
// ALWAYS-LABEL: vjp of around
// ALWAYS: nest of 3: gather, 12 points a cell, 1 cotangent of a point kept{{ \(|$}}
ADSTENCIL_KERNEL void around(double* y, const double* u, const double* k, long nx, long ny, long nz) {
  FOR_POINTS(2) {
    const long c = i + nx * (j + ny * z), sy = nx, sz = nx * ny;
    y[c] = k[c] * k[c] * (u[c - 1] + u[c + 1] + u[c - sy] + u[c + sy] + u[c - sz] + u[c + sz] + u[c - 2] + u[c + 2] + u[c - 2 * sy] + u[c + 2 * sy] +
                          u[c - 2 * sz] + u[c + 2 * sz]);
  }
}

// Two sums, each with a factor of its own: no fewer loads.
// CHECK-LABEL: vjp of two
// CHECK: nest of 3: gather, 13 points a cell{{ \(|$}}
// ALWAYS-LABEL: vjp of two
// ALWAYS: nest of 3: gather, 13 points a cell, 2 cotangents of a point kept{{ \(|$}}
ADSTENCIL_KERNEL void two(double* y, const double* u, const double* v, const double* k, long nx, long ny, long nz) {
  FOR_POINTS(2) {
    const long c = i + nx * (j + ny * z);
    y[c] = k[c] * k[c] * wide(u + c, nx, nx * ny) - k[c] * wide(v + c, nx, nx * ny);
  }
}

// CHECK-LABEL: vjp of far
// CHECK: nest of 3: gather, 13 points a cell, 1 cotangent of a point kept{{ \(|$}}
// ALWAYS-LABEL: vjp of far
// ALWAYS: nest of 3: gather, 13 points a cell, 1 cotangent of a point kept{{ \(|$}}
ADSTENCIL_KERNEL void far(double* y, const double* u, const double* k, long nx, long ny, long nz) {
#pragma omp parallel for
  FOR_POINTS(2) {
    const long c = i + nx * (j + ny * z);
    y[c] = 2 * u[c] + k[c] * k[c] * wide(u + c, nx, nx * ny);
  }
}

void use(double* y, double* yb, const double* u, double* ub, const double* v, double* vb, const double* k, double* kb) {
  __vjp_far(y, yb, u, ub, k, kb, 9, 9, 9);
  __vjp_two(y, yb, u, ub, v, vb, k, kb, 9, 9, 9);
  __vjp_around(y, yb, u, ub, k, kb, 9, 9, 9);
  __vjp_stacked((double (*)[40][40])y, (double (*)[40][40])yb, (const double (*)[40][40][40])u, (double (*)[40][40][40])ub, (const double (*)[40][40])k,
                (double (*)[40][40])kb);
  __vjp_near(y, yb, u, ub, k, kb, 9, 9, 9);
  __vjp_plane(y, yb, u, ub, k, kb, 9, 9);
  __vjp_constant(y, yb, u, ub, 0.5, 9, 9, 9);
  __vjp_coefficients(y, yb, u, ub, k, kb, 9, 9, 9);
  __vjp_guarded(y, yb, u, ub, k, kb, 9, 9, 9);
  __vjp_rows(y, yb, u, ub, k, kb, 9, 9, 9);
}
