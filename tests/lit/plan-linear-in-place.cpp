// `A[i] += a * B[i]` overwrites A, but no value of A is needed: nothing is stored.
//
// RUN: %plan %s 2>&1 | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK-LABEL: vjp of add
// CHECK: {{^ *}}A {{.*}}own-point, shadow unchanged
// CHECK: stored: 0 B
// CHECK-LABEL: adjoint of add
// CHECK: stored: 0 B
ADSTENCIL_KERNEL void add(double* A, const double* B, double a, int n) {
  for (int i = 0; i < n; ++i)
    A[i] += a * B[i];
}

void use(double* y, double* yb, const double* u, double* ub) {
  __adjoint_add(y, yb, u, ub, 2.0, 10);
  __vjp_add(y, yb, u, ub, 2.0, 10);
}
