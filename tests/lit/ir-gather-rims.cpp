// Linear heat conduction on a whole domain, clamped and periodic: away from the rim the adjoint is that of plain neighbours,
// vectorised, several planes at once, without a test or a mask. Nothing is tested for overlap, nothing is atomic.
//
// RUN: %adstencil_clang -O3 -march=x86-64-v3 -fno-discard-value-names -S -emit-llvm -o %t.ll %s
// RUN: FileCheck %s --input-file=%t.ll
// RUN: FileCheck %s --input-file=%t.ll --check-prefix=NOWHERE
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// NOWHERE-NOT: atomicrmw
// NOWHERE: define {{.*}}__vjp_
// NOWHERE-NOT: {{atomicrmw|found\.conflict|vector\.memcheck}}

// CHECK-LABEL: define {{.*}}__vjp_clamped
// CHECK: vector.body:
// CHECK-NOT: {{masked|br }}
// CHECK-COUNT-18: load <4 x double>
// CHECK-NOT: {{masked|br |load <4}}
// CHECK: store <4 x double>
// CHECK: load <4 x double>
// CHECK: store <4 x double>
// CHECK: load <4 x double>
// CHECK: store <4 x double>
// CHECK-NOT: {{masked|load <4|store <4}}
// CHECK: br i1
// CHECK-LABEL: define {{.*}}__vjp_around
// CHECK: vector.body:
// CHECK-NOT: {{masked|br }}
// CHECK-COUNT-18: load <4 x double>
// CHECK-NOT: {{masked|br |load <4}}
// CHECK: store <4 x double>
// CHECK: load <4 x double>
// CHECK: store <4 x double>
// CHECK: load <4 x double>
// CHECK: store <4 x double>
// CHECK-NOT: {{masked|load <4|store <4}}
// CHECK: br i1

#define INDEX(i, j, k) ((i) + nx * ((j) + static_cast<long>(ny) * (k)))

ADSTENCIL_KERNEL void clamped(double* un, const double* u, double dt, int nx, int ny, int nz) {
  for (int k = 0; k < nz; ++k)
    for (int j = 0; j < ny; ++j)
      for (int i = 0; i < nx; ++i) {
        const int il = i > 0 ? i - 1 : 0, ir = i < nx - 1 ? i + 1 : nx - 1, jl = j > 0 ? j - 1 : 0,
                  jr = j < ny - 1 ? j + 1 : ny - 1, kl = k > 0 ? k - 1 : 0, kr = k < nz - 1 ? k + 1 : nz - 1;
        un[INDEX(i, j, k)] = u[INDEX(i, j, k)] + dt * (u[INDEX(il, j, k)] + u[INDEX(ir, j, k)] + u[INDEX(i, jl, k)] +
                                                       u[INDEX(i, jr, k)] + u[INDEX(i, j, kl)] + u[INDEX(i, j, kr)] -
                                                       6 * u[INDEX(i, j, k)]);
      }
}

ADSTENCIL_KERNEL void around(double* un, const double* u, double dt, int nx, int ny, int nz) {
  for (int k = 0; k < nz; ++k)
    for (int j = 0; j < ny; ++j)
      for (int i = 0; i < nx; ++i) {
        const int il = (i + nx - 1) % nx, ir = (i + 1) % nx, jl = (j + ny - 1) % ny, jr = (j + 1) % ny,
                  kl = (k + nz - 1) % nz, kr = (k + 1) % nz;
        un[INDEX(i, j, k)] = u[INDEX(i, j, k)] + dt * (u[INDEX(il, j, k)] + u[INDEX(ir, j, k)] + u[INDEX(i, jl, k)] +
                                                       u[INDEX(i, jr, k)] + u[INDEX(i, j, kl)] + u[INDEX(i, j, kr)] -
                                                       6 * u[INDEX(i, j, k)]);
      }
}

void use(double* y, double* yb, const double* u, double* ub) {
  __vjp_clamped(y, yb, u, ub, 0.1, 10, 10, 10);
  __vjp_around(y, yb, u, ub, 0.1, 10, 10, 10);
}
