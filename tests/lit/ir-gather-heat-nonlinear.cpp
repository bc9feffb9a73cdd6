// As ir-gather-heat-linear.cpp, with a conductivity that depends on the values: 17 values and as many cotangents are
// read for three cells, each once.
//
// RUN: %adstencil_clang -O3 -march=x86-64-v3 -fno-discard-value-names -S -emit-llvm -o %t.ll %s
// RUN: FileCheck %s --input-file=%t.ll
// RUN: FileCheck %s --input-file=%t.ll --check-prefix=NOWHERE
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// NOWHERE-NOT: atomicrmw
// NOWHERE: define {{.*}}__{{vjp|adjoint}}_
// NOWHERE-NOT: {{atomicrmw|found\.conflict|vector\.memcheck}}

// CHECK-LABEL: define {{.*}}__vjp_heat
// CHECK: vector.body:
// CHECK-COUNT-35: load <4 x double>
// CHECK-NOT: load <4 x double>
// CHECK: store <4 x double>
// CHECK-COUNT-2: store <4 x double>
// CHECK: vector.body{{.+}}:
// CHECK: store <4 x double>
// CHECK-NOT: store <4 x double>
// CHECK-LABEL: define {{.*}}__adjoint_heat
// CHECK: call {{.*}}__vjp_heat
// CHECK-NOT: store <4 x double>
// CHECK: call void @llvm.memset
static double flux(double a, double b) { return (1 + 0.5 * (a * a + b * b)) * (b - a); }

ADSTENCIL_KERNEL void heat(double* un, const double* u, double dt, int nx, int ny, int nz) {
  for (int z = 1; z < nz - 1; ++z)
    for (int y = 1; y < ny - 1; ++y)
      for (int x = 1; x < nx - 1; ++x) {
        const long sy = nx, sz = static_cast<long>(nx) * ny, c = x + sy * y + sz * z;
        un[c] = u[c] + dt * (flux(u[c], u[c + 1]) - flux(u[c - 1], u[c]) + flux(u[c], u[c + sy]) - flux(u[c - sy], u[c]) +
                             flux(u[c], u[c + sz]) - flux(u[c - sz], u[c]));
      }
}

void use(double* y, double* yb, const double* u, double* ub) {
  __vjp_heat(y, yb, u, ub, 0.1, 10, 10, 10);
  __adjoint_heat(y, yb, u, ub, 0.1, 10, 10, 10);
}
