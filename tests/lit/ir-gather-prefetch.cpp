// In vectorised interiors what comes from memory is prefetched: of each array that is read the row furthest ahead, and the cells that are
// added to, of each plane that is done together. Nothing is in other loops, nor where nothing is vectorised.
//
// RUN: %adstencil_clang -O2 -S -emit-llvm -o %t.ll %s
// RUN: FileCheck %s --input-file=%t.ll
// RUN: %adstencil_clang -O2 -fno-vectorize -S -emit-llvm -o %t.scalar.ll %s
// RUN: FileCheck %s --input-file=%t.scalar.ll --check-prefix=SCALAR
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// SCALAR-NOT: llvm.prefetch

#define FOR_POINTS                       \
  for (int z = 1; z < nz - 1; ++z)       \
    for (int y = 1; y < ny - 1; ++y)     \
      for (int x = 1; x < nx - 1; ++x)

// CHECK-NOT: llvm.prefetch
// CHECK-LABEL: define {{.*}}__vjp_wave
// CHECK: load <2 x double>
// CHECK-DAG: call void @llvm.prefetch.p0(ptr {{[^,]*}}, i32 0, i32 3, i32 1)
// CHECK-DAG: call void @llvm.prefetch.p0(ptr {{[^,]*}}, i32 0, i32 3, i32 1)
// CHECK-DAG: call void @llvm.prefetch.p0(ptr {{[^,]*}}, i32 0, i32 3, i32 1)
// CHECK-DAG: call void @llvm.prefetch.p0(ptr {{[^,]*}}, i32 1, i32 3, i32 1)
// CHECK-DAG: call void @llvm.prefetch.p0(ptr {{[^,]*}}, i32 1, i32 3, i32 1)
// CHECK-NOT: llvm.prefetch
ADSTENCIL_KERNEL void wave(double* next, const double* u, const double* c, int nx, int ny, int nz) {
  FOR_POINTS {
    const long sy = nx, sz = static_cast<long>(nx) * ny, at = x + sy * y + sz * z;
    next[at] = 2 * u[at] + c[at] * c[at] * (u[at - 1] + u[at + 1] + u[at - sy] + u[at + sy] + u[at - sz] + u[at + sz] - 6 * u[at]);
  }
}

// CHECK-LABEL: define {{.*}}__vjp_heat
// CHECK: load <2 x double>
// CHECK-DAG: call void @llvm.prefetch.p0(ptr {{[^,]*}}, i32 0, i32 3, i32 1)
// CHECK-DAG: call void @llvm.prefetch.p0(ptr {{[^,]*}}, i32 0, i32 3, i32 1)
// CHECK-DAG: call void @llvm.prefetch.p0(ptr {{[^,]*}}, i32 0, i32 3, i32 1)
// CHECK-DAG: call void @llvm.prefetch.p0(ptr {{[^,]*}}, i32 1, i32 3, i32 1)
// CHECK-DAG: call void @llvm.prefetch.p0(ptr {{[^,]*}}, i32 1, i32 3, i32 1)
// CHECK-DAG: call void @llvm.prefetch.p0(ptr {{[^,]*}}, i32 1, i32 3, i32 1)
// CHECK-NOT: {{call.*}}llvm.prefetch
ADSTENCIL_KERNEL void heat(double* next, const double* u, int nx, int ny, int nz) {
  FOR_POINTS {
    const long sy = nx, sz = static_cast<long>(nx) * ny, at = x + sy * y + sz * z;
    next[at] = u[at - 1] + u[at + 1] + u[at - sy] + u[at + sy] + u[at - sz] + u[at + sz] - 6 * u[at];
  }
}

void use(double* y, double* yb, const double* u, double* ub, const double* c, double* cb) {
  __vjp_wave(y, yb, u, ub, c, cb, 10, 10, 10);
  __vjp_heat(y, yb, u, ub, 10, 10, 10);
}
