// Every cell is stored to by many points.
//
// RUN: %plan %s 2>&1 | FileCheck %s
// RUN: %plan -O3 -g %s 2>&1 | FileCheck %s
// RUN: %adstencil_clang -O1 -c -o /dev/null -Rpass-missed=adstencil -Xclang -verify %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK-LABEL: adjoint of K
// CHECK: {{^ *}}loop 1{{.*}}, depth 1: {{joint|taped}}
// CHECK-NEXT: {{^ *}}in order: a cell of 'y' may be stored twice, or read by another iteration than the one that stores to it{{$}}
ADSTENCIL_KERNEL void K(double* y, const double* u, int n) {
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < n; ++i) // expected-remark {{adjoint of K: the loop is not a gather: a cell of 'y' may be stored twice, or read by another iteration than the one that stores to it}}
      y[i] = u[i + n * j] * u[i + 1 + n * j];
}

void use(double* y, double* yb, const double* u, double* ub) { __adjoint_K(y, yb, u, ub, 10); }
