// A tile of WENO advection, serial and for threads: the loop that evaluates a piece of a row is vectorised (divisions of vectors) and fills
// a buffer for each of the nine shifts of a point's own two fluxes; those that add the buffers are vectorised, too. Nothing is atomic. A
// flux begins with a division of 0.1; a point has two of its own, and does not evaluate those of its neighbours.
//
// RUN: %adstencil_clang -O3 -march=x86-64-v3 -fno-discard-value-names -S -emit-llvm -o %t.ll %s
// RUN: FileCheck %s --input-file=%t.ll
// RUN: FileCheck %s --input-file=%t.ll --check-prefix=NOWHERE
// RUN: %adstencil_clang -fopenmp -O3 -march=x86-64-v3 -fno-discard-value-names -S -emit-llvm -o %t.2.ll %s
// RUN: FileCheck %s --input-file=%t.2.ll
// RUN: FileCheck %s --input-file=%t.2.ll --check-prefix=NOWHERE
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// NOWHERE-NOT: atomicrmw
// NOWHERE: define {{.*}}__{{vjp|adjoint}}_
// NOWHERE-NOT: {{atomicrmw|found\.conflict|vector\.memcheck}}

static double square(double v) { return v * v; }
static double reconstruct(double v0, double v1, double v2, double v3, double v4) {
  const double b0 = 13.0 / 12 * square(v0 - 2 * v1 + v2) + 0.25 * square(v0 - 4 * v1 + 3 * v2);
  const double b1 = 13.0 / 12 * square(v1 - 2 * v2 + v3) + 0.25 * square(v1 - v3);
  const double b2 = 13.0 / 12 * square(v2 - 2 * v3 + v4) + 0.25 * square(3 * v2 - 4 * v3 + v4);
  const double w0 = 0.1 / square(1e-6 + b0), w1 = 0.6 / square(1e-6 + b1), w2 = 0.3 / square(1e-6 + b2);
  return (w0 * (2 * v0 - 7 * v1 + 11 * v2) + w1 * (5 * v2 - v1 + 2 * v3) + w2 * (2 * v2 + 5 * v3 - v4)) /
         (6 * (w0 + w1 + w2));
}

// CHECK: define {{.*}}__vjp_weno
ADSTENCIL_KERNEL void weno(double* un, const double* u, double a, double b, int nx, int ny) {
#pragma omp parallel for schedule(static)
  for (int y = 3; y < ny - 2; ++y)
    for (int x = 3; x < nx - 2; ++x) {
      const long s = nx, c = x + s * y;
      const double east = reconstruct(u[c - 2], u[c - 1], u[c], u[c + 1], u[c + 2]);
      const double west = reconstruct(u[c - 3], u[c - 2], u[c - 1], u[c], u[c + 1]);
      const double north = reconstruct(u[c - 2 * s], u[c - s], u[c], u[c + s], u[c + 2 * s]);
      const double south = reconstruct(u[c - 3 * s], u[c - 2 * s], u[c - s], u[c], u[c + s]);
      un[c] = u[c] - a * (east - west) - b * (north - south);
    }
}

void use(double* y, double* yb, const double* u, double* ub) { __vjp_weno(y, yb, u, ub, 0.1, 0.1, 10, 10); }

// CHECK-COUNT-2: fdiv {{.*}}<4 x double> splat (double 1.000000e-01)
// CHECK-NOT: fdiv {{.*}}<4 x double> splat (double 1.000000e-01)
// CHECK-COUNT-9: store <4 x double> {{.*}}, align 32
// CHECK: load <4 x double>
// CHECK: fadd {{.*}}<4 x double>
// CHECK: store <4 x double>
