// The acoustic wave equation of eighth order in space: 25 evaluations a cell, and three shadows with one store each, for inner and for
// masked rows. The square of `c` times the cotangent of `next` is computed once a point and kept; inner cells read it at 24 places.
//
// RUN: %adstencil_clang -O3 -march=x86-64-v3 -fno-discard-value-names -S -emit-llvm -o %t.ll %s
// RUN: FileCheck %s --input-file=%t.ll
// RUN: FileCheck %s --input-file=%t.ll --check-prefix=NOWHERE
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// NOWHERE-NOT: atomicrmw
// NOWHERE: define {{.*}}__{{vjp|adjoint}}_
// NOWHERE-NOT: {{atomicrmw|found\.conflict|vector\.memcheck}}

// CHECK-LABEL: define {{.*}}__vjp_wave
// CHECK: vector.body{{.*}}:
// CHECK-COUNT-2: load <4 x double>
// CHECK-NOT: load <4 x double>
// CHECK: store <4 x double>
// CHECK-NOT: store <4 x double>
// CHECK: vector.body{{.*}}:
// CHECK-COUNT-52: load <4 x double>
// CHECK-NOT: load <4 x double>
// CHECK: store <4 x double>
// CHECK: load <4 x double>
// CHECK: store <4 x double>
// CHECK: load <4 x double>
// CHECK: store <4 x double>
// CHECK-NOT: {{load|store}} <4 x double>
// CHECK: middle.block
// Masked rows.
// CHECK: vector.body{{.*}}:
// CHECK-COUNT-24: masked.load.v4f64
// CHECK-COUNT-3: masked.store.v4f64
// CHECK-LABEL: define {{.*}}__adjoint_wave
// CHECK: call {{.*}}__vjp_wave
// CHECK-NOT: store <4 x double>
// CHECK: call void @llvm.memset
namespace {
constexpr double w0 = -205.0 / 72, w1 = 8.0 / 5, w2 = -1.0 / 5, w3 = 8.0 / 315, w4 = -1.0 / 560;
}

ADSTENCIL_KERNEL void wave(double* next, const double* u, const double* last,
                           const double* c, int nx, int ny, int nz) {
  for (int z = 4; z < nz - 4; ++z)
    for (int y = 4; y < ny - 4; ++y)
      for (int x = 4; x < nx - 4; ++x) {
        const long sy = nx, sz = static_cast<long>(nx) * ny, at = x + sy * y + sz * z;
        const double laplacian =
            3 * w0 * u[at] +
            w1 * (u[at - 1] + u[at + 1] + u[at - sy] + u[at + sy] + u[at - sz] + u[at + sz]) +
            w2 * (u[at - 2] + u[at + 2] + u[at - 2 * sy] + u[at + 2 * sy] + u[at - 2 * sz] + u[at + 2 * sz]) +
            w3 * (u[at - 3] + u[at + 3] + u[at - 3 * sy] + u[at + 3 * sy] + u[at - 3 * sz] + u[at + 3 * sz]) +
            w4 * (u[at - 4] + u[at + 4] + u[at - 4 * sy] + u[at + 4 * sy] + u[at - 4 * sz] + u[at + 4 * sz]);
        next[at] = 2 * u[at] - last[at] + c[at] * c[at] * laplacian;
      }
}

void use(double* y, double* yb, const double* u, double* ub, const double* v, double* vb, const double* c, double* cb) {
  __vjp_wave(y, yb, u, ub, v, vb, c, cb, 10, 10, 10);
  __adjoint_wave(y, yb, u, ub, v, vb, c, cb, 10, 10, 10);
}
