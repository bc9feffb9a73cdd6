// Two cells share the flux through the face between them. Its reverse is done once a face, with the difference of the
// cotangents of both cells: a quotient for each of the two faces of a cell and one for the reverse of each. Apart, the
// reverse of both faces is done for both points.
//
// RUN: %adstencil_clang -O3 -march=x86-64-v3 -fno-discard-value-names -S -emit-llvm -o %t.ll %s
// RUN: FileCheck %s --input-file=%t.ll
// RUN: %adstencil_clang -O3 -march=x86-64-v3 -fno-discard-value-names -fplugin-arg-adstencil-merge=never -S -emit-llvm -o %t.apart.ll %s
// RUN: FileCheck %s --input-file=%t.apart.ll --check-prefix=APART
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

static double flux(double l, double r) { return l * r / (l + r); }

ADSTENCIL_KERNEL void harmonic(double* un, const double* u, int n) {
  for (int i = 1; i < n - 1; ++i)
    un[i] = u[i] + flux(u[i], u[i + 1]) - flux(u[i - 1], u[i]);
}

void use(double* y, double* yb, const double* u, double* ub, int n) { __vjp_harmonic(y, yb, u, ub, n); }

// CHECK-LABEL: define {{.*}}__vjp_harmonic
// CHECK: {{vector\.body.*:}}
// CHECK-COUNT-4: fdiv {{.*}}<4 x double>
// CHECK-NOT: fdiv {{.*}}<4 x double>
// CHECK: store <4 x double>
// CHECK-NOT: store <4 x double>

// APART-LABEL: define {{.*}}__vjp_harmonic
// APART: {{vector\.body.*:}}
// APART-COUNT-6: fdiv {{.*}}<4 x double>
