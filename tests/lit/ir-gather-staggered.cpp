// A staggered pair, fluxes and their divergence: arrays of different shapes in one nest, and two nests in one function. All interiors
// are vectorised, and nothing is atomic. The divergence has no run-time tests for overlap.
//
// RUN: %adstencil_clang -O3 -march=x86-64-v3 -fno-discard-value-names -S -emit-llvm -o %t.ll %s
// RUN: FileCheck %s --input-file=%t.ll
// RUN: FileCheck %s --input-file=%t.ll --check-prefix=NOWHERE
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// NOWHERE-NOT: atomicrmw
// NOWHERE: define {{.*}}__{{vjp|adjoint}}_
// NOWHERE-NOT: {{atomicrmw|found\.conflict|vector\.memcheck}}
// NOWHERE: define {{.*}}__adjoint_flux
// NOWHERE-NOT: atomicrmw

// CHECK-LABEL: define {{.*}}__vjp_divergence
// CHECK: load <4 x double>
// CHECK-COUNT-2: store <4 x double>
// CHECK-LABEL: define {{.*}}__adjoint_flux
// CHECK: load <4 x double>
// CHECK-COUNT-2: store <4 x double>
// CHECK: load <4 x double>
// CHECK-COUNT-2: store <4 x double>
ADSTENCIL_KERNEL void divergence(double* r, const double* qx, const double* qy, int nx, int ny) {
  for (int y = 0; y < ny; ++y)
    for (int x = 0; x < nx; ++x)
      r[x + nx * y] = qx[x + 1 + (nx + 1) * y] - qx[x + (nx + 1) * y] + qy[x + nx * (y + 1)] - qy[x + nx * y];
}

ADSTENCIL_KERNEL void flux(double* qx, double* qy, const double* p,
                           const double* k, int nx, int ny) {
  for (int y = 0; y < ny; ++y)
    for (int x = 1; x < nx; ++x)
      qx[x + (nx + 1) * y] = -0.5 * (k[x - 1 + nx * y] + k[x + nx * y]) * (p[x + nx * y] - p[x - 1 + nx * y]);
  for (int y = 1; y < ny; ++y)
    for (int x = 0; x < nx; ++x)
      qy[x + nx * y] = -0.5 * (k[x + nx * (y - 1)] + k[x + nx * y]) * (p[x + nx * y] - p[x + nx * (y - 1)]);
}

void use(double* a, double* ab, double* b, double* bb, const double* c, double* cb, const double* d, double* db) {
  __vjp_divergence(a, ab, b, bb, c, cb, 10, 10);
  __adjoint_flux(a, ab, b, bb, c, cb, d, db, 10, 10);
}
