// Slabs of a tile are shared out among threads, whether points have values in common, which calls at the ends of rows evaluate, or not.
//
// RUN: %adstencil_clang -O2 -fopenmp -fplugin-arg-adstencil-tile=always -S -emit-llvm -o - %s | FileCheck %s
// RUN: %adstencil_clang -O2 -fopenmp -fplugin-arg-adstencil-tile=always -fplugin-arg-adstencil-merge=always -S -emit-llvm -o - %s | FileCheck %s --check-prefixes=CHECK,SHARED
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK-LABEL: define {{.*}}__vjp_fluxes
// CHECK: @__kmpc_fork_call({{.*}}__vjp_fluxes{{[^,]*}}.parallel.body.thread
static double flux(double a, double b) { return (1 + a * a + b * b) * (b - a) / (2 + a * b); }

ADSTENCIL_KERNEL void fluxes(double* y, const double* u, long nx, long ny) {
#pragma omp parallel for
  for (long j = 1; j < ny - 1; ++j)
    for (long i = 1; i < nx - 1; ++i) {
      const long c = i + nx * j;
      y[c] = flux(u[c], u[c + 1]) - flux(u[c - 1], u[c]) + flux(u[c], u[c + nx]) - flux(u[c - nx], u[c]);
    }
}

void use(double* y, double* yb, const double* u, double* ub) { __vjp_fluxes(y, yb, u, ub, 10, 10); }

// SHARED: define internal {{.*}}__vjp_fluxes{{.*}}.parallel.body(
// SHARED: call {{.*}}__vjp_fluxes{{.*}}.point
