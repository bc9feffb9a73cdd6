// Threads share a gather where no cell belongs to two of their iterations. With constant extents that is decided when
// compiling, and nothing is left of the loop for one thread:
//
//   - an array that is met at one place (q) has cells of its own, though other arrays reach beyond its rows;
//   - a read that a guard keeps from the end of a row (p[c + 1]) does not count as one of the next row's first cell;
//   - row lengths are the same number in strides and distances, also where loops are collapsed.
//
// RUN: %adstencil_clang -fopenmp -O2 -S -emit-llvm -o %t.ll %s
// RUN: FileCheck %s --input-file=%t.ll
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK-LABEL: define {{.*}}use
// CHECK-NOT: .parallel.body.blocks(
// CHECK: @__kmpc_fork_call({{.*}}__vjp_flux
// CHECK-NOT: .parallel.body.blocks(
// CHECK: @__kmpc_fork_call({{.*}}__vjp_divergence
// CHECK-NOT: .parallel.body.blocks(
// CHECK: @__kmpc_fork_call({{.*}}__vjp_collapsed
// CHECK-NOT: .parallel.body.blocks(
// CHECK: {{^}}}
constexpr int nx = 64, ny = 48, nz = 32;

ADSTENCIL_KERNEL void flux(double* r, const double* q, const double* p) {
#pragma omp parallel for
  for (int y = 0; y < ny; ++y)
    for (int x = 0; x < nx; ++x) {
      const int c = x + nx * y, right = x + 1 + (nx + 1) * y;
      if (x < nx - 1)
        r[right] = q[right] + (p[c + 1] - p[c]) * (p[c + 1] + p[c]);
    }
}

ADSTENCIL_KERNEL void divergence(double* r, const double* qx, const double* qy, const double* source) {
#pragma omp parallel for
  for (int y = 0; y < ny; ++y)
    for (int x = 0; x < nx; ++x) {
      const int c = x + nx * y, left = x + (nx + 1) * y;
      r[c] = qx[left + 1] - qx[left] + qy[c + nx] - qy[c] - source[c];
    }
}

ADSTENCIL_KERNEL void collapsed(double* un, const double* u) {
#pragma omp parallel for collapse(2)
  for (int z = 1; z < nz - 1; ++z)
    for (int y = 1; y < ny - 1; ++y)
      for (int x = 1; x < nx - 1; ++x) {
        const long sy = nx, sz = sy * ny, c = x + sy * y + sz * z;
        un[c] = u[c - 1] + u[c + 1] + u[c - sy] + u[c + sy] + u[c - sz] + u[c + sz] - 6 * u[c];
      }
}

void use(double* y, double* yb, const double* u, double* ub, const double* v, double* vb, const double* w, double* wb) {
  __vjp_flux(y, yb, u, ub, v, vb);
  __vjp_divergence(y, yb, u, ub, v, vb, w, wb);
  __vjp_collapsed(y, yb, u, ub);
}
