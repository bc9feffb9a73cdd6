// The tangent of a parallel loop is parallel: a function over a range of iterations, and a fork in the tangent. Without
// OpenMP's runtime it is serial; nothing is left of the marker in either case.
//
// RUN: %adstencil_clang -fopenmp -S -emit-llvm -o %t.O0 %s
// RUN: FileCheck --input-file=%t.O0 %s
// RUN: FileCheck --input-file=%t.O0 --check-prefix=FORK %s
// RUN: FileCheck --input-file=%t.O0 --check-prefix=NONE %s
// RUN: %adstencil_clang -fopenmp -O1 -g -S -emit-llvm -o %t.O1 %s
// RUN: FileCheck --input-file=%t.O1 %s
// RUN: FileCheck --input-file=%t.O1 --check-prefix=FORK %s
// RUN: FileCheck --input-file=%t.O1 --check-prefix=NONE %s
// RUN: %adstencil_clang -fopenmp -O3 -S -emit-llvm -o %t.O3 %s
// RUN: FileCheck --input-file=%t.O3 --check-prefixes=CHECK,VECTOR %s
// RUN: FileCheck --input-file=%t.O3 --check-prefix=FORK %s
// RUN: FileCheck --input-file=%t.O3 --check-prefix=NONE %s
// RUN: %adstencil_clang -fopenmp-simd -O1 -S -emit-llvm -o - %s | FileCheck --check-prefix=SERIAL %s
// RUN: %adstencil_clang -fopenmp -fplugin-arg-adstencil-check-overlap -O1 -S -emit-llvm -o - %s | FileCheck --check-prefix=SERIAL %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// The marker of plugin/emit/Parallel.h.
extern "C" void marker(bool) __asm__("adstencil.parallel");

// SERIAL: define {{.*}}use_plane
// SERIAL-NOT: {{call .*adstencil.parallel|parallel.body}}

// The function over a range, the one that each thread executes, and a run-time condition.
// FORK-DAG: call {{.*}}@__kmpc_fork_call({{.*}}i32 {{[0-9]+}}, ptr {{[^,]*}}marked{{[^,]*}}parallel.body.thread
// FORK-DAG: call {{.*}}marked{{.*}}parallel.body.blocks(
// FORK-DAG: call {{.*}}marked{{.*}}parallel.body(
void use_marked(double* y, double* yb, const double* u, double* ub, long n, bool ok);
ADSTENCIL_KERNEL void marked(double* y, const double* u, long n, bool ok) {
  if (n <= 0)
    return;
  marker(ok);
  for (long i = 0; i < n; ++i)
    y[i] = u[i] * u[i];
}
void use_marked(double* y, double* yb, const double* u, double* ub, long n, bool ok) {
  __tangent_marked(y, yb, u, ub, n, ok);
}

// The value that goes round keeps the loop serial.
// NONE-NOT: {{sum.*parallel.body}}
ADSTENCIL_KERNEL void sum(double* y, const double* u, int n) {
  double s = 0;
#pragma omp parallel for reduction(+ : s)
  for (int i = 0; i < n; ++i)
    s += u[i] * u[i];
  y[0] = s;
}
void use_sum(double* y, double* yb, const double* u, double* ub, int n) { __tangent_sum(y, yb, u, ub, n); }

// FORK-DAG: call {{.*}}@__kmpc_fork_call({{.*}}i32 {{[0-9]+}}, ptr {{[^,]*}}plane{{[^,]*}}parallel.body.thread
// FORK-DAG: call {{.*}}plane{{.*}}parallel.body(
ADSTENCIL_KERNEL void plane(double* __restrict y, const double* __restrict u, int nx, int ny) {
#pragma omp parallel for collapse(2)
  for (int j = 0; j < ny; ++j)
    for (int i = 1; i < nx; ++i)
      y[i + long(nx) * j] = u[i + long(nx) * j] * u[i - 1 + long(nx) * j];
}
void use_plane(double* y, double* yb, const double* u, double* ub, int nx, int ny) {
  __tangent_plane(y, yb, u, ub, nx, ny);
}

// CHECK: define internal {{.*}}plane{{.*}}parallel.body(
// VECTOR: fmul {{.*}}<{{[0-9]+}} x double>
// CHECK: define internal {{.*}}plane{{.*}}parallel.body.thread(
// CHECK: call {{.*}}@__kmpc_for_static_init_8u({{.*}}i32 34
// CHECK: call {{.*}}plane{{.*}}parallel.body(
// CHECK: call {{.*}}@__kmpc_for_static_fini(
