// A heavy point function (WENO reconstruction, fifth order) is tiled by the cost rule: evaluated once a point instead of once a shift. A
// serial tile clears the cotangents in the same pass. Threads share slabs, whose neighbours still need them; so do the points beside a face
// where fluxes, which two points have in common, are left to one of them.
//
// RUN: %plan -fopenmp %s 2>&1 | FileCheck %s
// RUN: %plan -fopenmp -O3 -g %s 2>&1 | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

static double square(double v) { return v * v; }
static double reconstruct(double v0, double v1, double v2, double v3, double v4) {
  const double b0 = 13.0 / 12 * square(v0 - 2 * v1 + v2) + 0.25 * square(v0 - 4 * v1 + 3 * v2);
  const double b1 = 13.0 / 12 * square(v1 - 2 * v2 + v3) + 0.25 * square(v1 - v3);
  const double b2 = 13.0 / 12 * square(v2 - 2 * v3 + v4) + 0.25 * square(3 * v2 - 4 * v3 + v4);
  const double w0 = 0.1 / square(1e-6 + b0), w1 = 0.6 / square(1e-6 + b1), w2 = 0.3 / square(1e-6 + b2);
  return (w0 * (2 * v0 - 7 * v1 + 11 * v2) + w1 * (5 * v2 - v1 + 2 * v3) + w2 * (2 * v2 + 5 * v3 - v4)) /
         (6 * (w0 + w1 + w2));
}

// CHECK-LABEL: adjoint of weno at
// CHECK-NEXT: {{^ *}}un {{ *}}written {{ *}}own-point, shadow carried back{{$}}
// CHECK-NEXT: {{^ *}}u {{ *}}read {{ *}}tile, 11 shifts{{$}}
// CHECK-NEXT: nest of 2: tile, each shared value once, 11 shifts, then a pass that carries back{{$}}
// CHECK-NEXT: {{^ *}}u at (-3,0) (-2,0) (-1,0) (0,-3) (0,-2) (0,-1) (0,0) (0,1) (0,2) (1,0) (2,0){{$}}
// CHECK-NEXT: stored: 0 B{{$}}
ADSTENCIL_KERNEL void weno(double* un, const double* u, double a, double b, int nx, int ny) {
  for (int y = 3; y < ny - 2; ++y)
    for (int x = 3; x < nx - 2; ++x) {
      const long s = nx, c = x + s * y;
      const double east = reconstruct(u[c - 2], u[c - 1], u[c], u[c + 1], u[c + 2]);
      const double west = reconstruct(u[c - 3], u[c - 2], u[c - 1], u[c], u[c + 1]);
      const double north = reconstruct(u[c - 2 * s], u[c - s], u[c], u[c + s], u[c + 2 * s]);
      const double south = reconstruct(u[c - 3 * s], u[c - 2 * s], u[c - s], u[c], u[c + s]);
      un[c] = u[c] - a * (east - west) - b * (north - south);
    }
}

// CHECK-LABEL: adjoint of weno_omp
// CHECK: nest of 2: tile, each shared value once, 11 shifts, then a pass that carries back{{$}}
ADSTENCIL_KERNEL void weno_omp(double* un, const double* u, double a, double b, int nx, int ny) {
#pragma omp parallel for
  for (int y = 3; y < ny - 2; ++y)
    for (int x = 3; x < nx - 2; ++x) {
      const long s = nx, c = x + s * y;
      const double east = reconstruct(u[c - 2], u[c - 1], u[c], u[c + 1], u[c + 2]);
      const double west = reconstruct(u[c - 3], u[c - 2], u[c - 1], u[c], u[c + 1]);
      const double north = reconstruct(u[c - 2 * s], u[c - s], u[c], u[c + s], u[c + 2 * s]);
      const double south = reconstruct(u[c - 3 * s], u[c - 2 * s], u[c - s], u[c], u[c + s]);
      un[c] = u[c] - a * (east - west) - b * (north - south);
    }
}

// Nothing is shared.
// CHECK-LABEL: adjoint of smooth_omp
// CHECK: nest of 2: tile, each point once, 9 shifts, then a pass that carries back{{$}}
ADSTENCIL_KERNEL void smooth_omp(double* un, const double* u, int nx, int ny) {
#pragma omp parallel for
  for (int y = 2; y < ny - 2; ++y)
    for (int x = 2; x < nx - 2; ++x) {
      const long s = nx, c = x + s * y;
      un[c] = reconstruct(u[c - 2], u[c - 1], u[c], u[c + 1], u[c + 2]) +
              reconstruct(u[c - 2 * s], u[c - s], u[c], u[c + s], u[c + 2 * s]);
    }
}

// CHECK-LABEL: adjoint of smooth at
// CHECK: nest of 2: tile, each point once, 9 shifts{{$}}
ADSTENCIL_KERNEL void smooth(double* un, const double* u, int nx, int ny) {
  for (int y = 2; y < ny - 2; ++y)
    for (int x = 2; x < nx - 2; ++x) {
      const long s = nx, c = x + s * y;
      un[c] = reconstruct(u[c - 2], u[c - 1], u[c], u[c + 1], u[c + 2]) +
              reconstruct(u[c - 2 * s], u[c - s], u[c], u[c + s], u[c + 2 * s]);
    }
}

// A light one is not.
// CHECK-LABEL: adjoint of light
// CHECK: nest of 1: gather, 3 points a cell, then a pass that carries back{{$}}
ADSTENCIL_KERNEL void light(double* un, const double* u, int n) {
  for (int i = 1; i < n - 1; ++i)
    un[i] = u[i - 1] * u[i] * u[i + 1];
}

// Derivatives are made, and printed, last one first.
void use(double* y, double* yb, const double* u, double* ub) {
  __adjoint_light(y, yb, u, ub, 10);
  __adjoint_smooth(y, yb, u, ub, 10, 10);
  __adjoint_smooth_omp(y, yb, u, ub, 10, 10);
  __adjoint_weno_omp(y, yb, u, ub, 0.1, 0.1, 10, 10);
  __adjoint_weno(y, yb, u, ub, 0.1, 0.1, 10, 10);
}
