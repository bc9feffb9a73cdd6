// __vjp_ of a kernel that writes every cell once keeps the shadow of its output without a log, proved by the strides.
//
// RUN: %plan %s 2>&1 | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK-LABEL: vjp of smooth
// CHECK: {{^ *}}y {{ *}}written {{.*}}shadow unchanged
// CHECK: stored: 0 B
ADSTENCIL_KERNEL void smooth(double* y, const double* u, int n) {
  for (int i = 1; i < n - 1; ++i)
    y[i] = u[i - 1] - 2 * u[i] * u[i] + u[i + 1];
}

void use(double* y, double* yb, const double* u, double* ub) { __vjp_smooth(y, yb, u, ub, 10); }
