// Parallel loops as the analyses see them: serial nests with the user's counters, without a call of OpenMP's runtime.
// The note that a loop is shared stands at the outermost loop only; it does not reach the final code. The kernel is not
// touched.
//
// RUN: %adstencil_clang -fopenmp -c -o /dev/null -fplugin-arg-adstencil-print-normalised %s 2>&1 | FileCheck %s
// RUN: %adstencil_clang -fopenmp -O3 -c -o /dev/null -fplugin-arg-adstencil-print-normalised %s 2>&1 | FileCheck %s
// RUN: %adstencil_clang -fopenmp -O1 -S -emit-llvm -o - %s | FileCheck --check-prefix=FINAL %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// FINAL: define {{.*}}nest3{{.*}}omp_outlined
// FINAL: call {{.*}}@__kmpc_for_static_init_8(
// FINAL: sdiv
// FINAL-NOT: adstencil.parallel

// Derivatives are made, and printed, last one first.

// A nest of three loops that were one, in chunks, `long` counters from 1: no tests but those of the bounds in front.
//
// CHECK-LABEL: define {{.*}}__vjp_nest3
// CHECK-NOT: {{__kmpc|omp_|[su]div|[su]rem}}
// CHECK: icmp sgt i64
// CHECK: icmp sgt i64
// CHECK: icmp sgt i64
// CHECK-NOT: {{icmp [su]|[su]div|[su]rem|llvm.loop}}
// CHECK: [[K:%[0-9]+]] = phi i64 {{.*}}[ 1,
// CHECK: add nuw nsw i64 [[K]], 1
// CHECK: br i1 {{.*}} !llvm.loop
// CHECK-NOT: {{icmp [su]|[su]div|[su]rem|llvm.loop}}
// CHECK: [[J:%[0-9]+]] = phi i64 {{.*}}[ 1,
// CHECK: add nuw nsw i64 [[J]], 1
// CHECK-NOT: {{icmp [su]|[su]div|[su]rem|llvm.loop}}
// CHECK: [[I:%[0-9]+]] = phi i64 {{.*}}[ 1,
// CHECK: add nuw nsw i64 [[I]], 1
// CHECK-NOT: {{icmp [su]|[su]div|[su]rem|llvm.loop}}
// CHECK: ret void
ADSTENCIL_KERNEL void nest3(double* y, const double* u, long nx, long ny, long nz) {
#pragma omp parallel for collapse(3) schedule(static, 4)
  for (long k = 1; k < nz - 1; ++k)
    for (long j = 1; j < ny - 1; ++j)
      for (long i = 1; i < nx - 1; ++i)
        y[i + nx * (j + ny * k)] = u[i + nx * (j + ny * k)] * u[i + nx * (j + ny * k) - 1];
}

// The same with `int` counters and lengths, and with unsigned ones.
//
// CHECK-LABEL: define {{.*}}__vjp_narrow3
// CHECK-NOT: {{__kmpc|[su]div|[su]rem|trunc}}
// CHECK-COUNT-6: = phi i64
// CHECK-NOT: {{[su]div|[su]rem|trunc|phi}}
// CHECK: ret void
ADSTENCIL_KERNEL void narrow3(double* y, const double* u, int nx, int ny, int nz, unsigned mx, unsigned my) {
#pragma omp parallel for collapse(3)
  for (int k = 1; k < nz - 1; ++k)
    for (int j = 1; j < ny - 1; ++j)
      for (int i = 1; i < nx - 1; ++i)
        y[i + nx * (j + ny * k)] = u[i + nx * (j + ny * k)] * u[i + nx * (j + ny * k) - 1];
#pragma omp parallel for collapse(3)
  for (unsigned k = 0; k < 20; ++k)
    for (unsigned j = 0; j < my; ++j)
      for (unsigned i = 1; i < mx; ++i)
        y[i + long(mx) * (j + long(my) * k)] = u[i + long(mx) * (j + long(my) * k)] * u[i - 1];
}

// Two loops that were one, an unsigned counter and an `int` one that goes down, an `if` clause: one path, and the `int`
// counter is known not to overflow.
//
// CHECK-LABEL: define {{.*}}__vjp_mixed
// CHECK-NOT: {{__kmpc|omp_|[su]div|[su]rem|trunc}}
// CHECK-COUNT-1: !llvm.loop
// CHECK: phi i64
// CHECK: add nsw i64 {{%[0-9]+}}, -1
// CHECK-NOT: {{[su]div|[su]rem|trunc|llvm.loop|phi}}
// CHECK: ret void
ADSTENCIL_KERNEL void mixed(double* y, const double* u, unsigned n, int m) {
#pragma omp parallel for collapse(2) if (m > 100)
  for (unsigned j = 1; j < n; ++j)
    for (int i = m - 2; i >= 0; --i)
      y[i + long(m) * j] = u[i + long(m) * j] * u[i + 1];
}

// A sum under a dynamic schedule: the partial sum of one thread.
//
// CHECK-LABEL: define {{.*}}__vjp_sum
// CHECK-NOT: {{__kmpc|omp_|atomicrmw|switch}}
// CHECK: phi double [ 0.0
// CHECK: !llvm.loop
// CHECK: fadd
// CHECK: ret void
ADSTENCIL_KERNEL void sum(double* y, const double* u, int n) {
  double s = y[0];
#pragma omp parallel for reduction(+ : s) schedule(dynamic)
  for (int i = 0; i < n; ++i)
    s += u[i] * u[i];
  y[0] = s;
}

// What clang promises the vectoriser does not hold for derivatives.
//
// CHECK-LABEL: define {{.*}}__vjp_simd
// CHECK-NOT: {{llvm.access.group|llvm.loop}}
// CHECK: ret void
ADSTENCIL_KERNEL void simd(double* y, const double* u, int n) {
#pragma omp simd
  for (int i = 0; i < n; ++i)
    y[i] = u[i] * u[i];
}

void use(double* y, double* yb, const double* u, double* ub) {
  __vjp_simd(y, yb, u, ub, 10);
  __vjp_sum(y, yb, u, ub, 10);
  __vjp_mixed(y, yb, u, ub, 10u, 10);
  __vjp_narrow3(y, yb, u, ub, 10, 10, 10, 10u, 10u);
  __vjp_nest3(y, yb, u, ub, 10, 10, 10);
}
