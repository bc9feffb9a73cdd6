// A sweep whose order matters is reversed from a tape, and the plan says what it costs.
//
// RUN: %plan %s 2>&1 | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK-LABEL: adjoint of sweep
// CHECK: {{^ *}}u {{ *}}updated in place {{ *}}sequential
// CHECK: taped
// CHECK-NOT: stored: 0 B
// CHECK: stored: {{[0-9]+}} B per iteration
ADSTENCIL_KERNEL void sweep(double* u, int n) {
  for (int i = 1; i < n; ++i)
    u[i] = u[i] * u[i - 1];
}

void use(double* u, double* ub) { __adjoint_sweep(u, ub, 10); }
