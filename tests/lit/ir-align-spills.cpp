// A gather with more live vectors than registers aligns its stack, so that spilled vectors do not straddle cache lines; a light one keeps
// the register that this takes. With threads, so does the function that they call.
//
// RUN: %adstencil_clang -O3 -march=x86-64-v4 -mprefer-vector-width=512 -S -emit-llvm -o %t.ll %s
// RUN: FileCheck %s --input-file=%t.ll
// RUN: %adstencil_clang -O3 -march=x86-64-v3 -S -emit-llvm -o %t.3.ll %s
// RUN: FileCheck %s --input-file=%t.3.ll
// RUN: %adstencil_clang -O3 -fopenmp -march=x86-64-v4 -S -emit-llvm -o %t.omp.ll %s
// RUN: FileCheck %s --input-file=%t.omp.ll --check-prefix=THREADS
// RUN: %adstencil_clang -O3 -march=x86-64-v4 -mprefer-vector-width=512 -S -o %t.s %s
// RUN: FileCheck %s --input-file=%t.s --check-prefix=CODE
// Without vectors wider than the stack is aligned to there is nothing to do.
// RUN: %adstencil_clang -O3 -march=x86-64 -S -emit-llvm -o %t.1.ll %s
// RUN: FileCheck %s --input-file=%t.1.ll --check-prefix=NARROW
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

static double diffusivity(const double* H, const double* B, long c, long s) {
  const double h = 0.25 * (H[c] + H[c + 1] + H[c + s] + H[c + s + 1]);
  const double s00 = B[c] + H[c], s10 = B[c + 1] + H[c + 1], s01 = B[c + s] + H[c + s], s11 = B[c + s + 1] + H[c + s + 1];
  const double gx = 0.5 * (s10 - s00 + s11 - s01), gy = 0.5 * (s01 - s00 + s11 - s10);
  return h * h * h * h * h * (gx * gx + gy * gy);
}

// CHECK: define {{.*}}@{{.*}}__vjp_heavy{{.*}} [[HEAVY:#[0-9]+]]
// THREADS: define {{.*}}@{{.*}}__vjp_heavy{{.*}}parallel.body(
// THREADS-SAME: [[HEAVY:#[0-9]+]]
// CODE: __vjp_heavy{{[^ ]*}}:
// CODE: andq $-64, %rsp
// CODE: Spill
ADSTENCIL_KERNEL void heavy(double* Hn, const double* H, const double* B, int nx, int ny) {
#pragma omp parallel for
  for (int y = 1; y < ny - 1; ++y)
    for (int x = 1; x < nx - 1; ++x) {
      const long s = nx, c = x + s * y;
      const double here = B[c] + H[c];
      const double d00 = diffusivity(H, B, c - s - 1, s), d10 = diffusivity(H, B, c - s, s);
      const double d01 = diffusivity(H, B, c - 1, s), d11 = diffusivity(H, B, c, s);
      Hn[c] = H[c] + 0.5 * (d10 + d11) * (B[c + 1] + H[c + 1] - here) + 0.5 * (d00 + d01) * (B[c - 1] + H[c - 1] - here) +
              0.5 * (d01 + d11) * (B[c + s] + H[c + s] - here) + 0.5 * (d00 + d10) * (B[c - s] + H[c - s] - here);
    }
}

// CHECK: define {{.*}}@{{.*}}__vjp_light{{.*}} [[LIGHT:#[0-9]+]]
ADSTENCIL_KERNEL void light(double* un, const double* u, int nx, int ny) {
  for (int y = 1; y < ny - 1; ++y)
    for (int x = 1; x < nx - 1; ++x)
      un[x + long(nx) * y] = u[x - 1 + long(nx) * y] * u[x + 1 + long(nx) * y];
}

// CHECK-DAG: attributes [[LIGHT]] = { {{.*}}"stack-protector-buffer-size"="8" "target-cpu"
// CHECK-DAG: attributes [[HEAVY]] = { {{.*}}"stack-protector-buffer-size"="8" "stackrealign" "target-cpu"
// THREADS: attributes [[HEAVY]] = { {{.*}}"stackrealign"
// NARROW-NOT: stackrealign

// Nothing is inlined here.
[[clang::optnone]] void use(double* y, double* yb, const double* u, double* ub) {
  __vjp_heavy(y, yb, u, ub, u, ub, 10, 10);
  __vjp_light(y, yb, u, ub, 10, 10);
}
