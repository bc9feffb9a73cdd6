// The loop ends where the data say so.
//
// RUN: %plan %s 2>&1 | FileCheck %s
// RUN: %plan -O3 -g %s 2>&1 | FileCheck %s
// RUN: %adstencil_clang -O1 -c -o /dev/null -Rpass-missed=adstencil -Xclang -verify %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK-LABEL: adjoint of K
// CHECK: {{^ *}}loop 1{{.*}}, depth 1: {{joint|taped}}
// CHECK-NEXT: {{^ *}}in order: a loop hands values from iteration to iteration, or its number of iterations is not known before it{{$}}
ADSTENCIL_KERNEL void K(double* y, const double* u, int n) {
  for (int i = 0; i < n && u[i] < 5; ++i) // expected-remark {{adjoint of K: the loop is not a gather: a loop hands values from iteration to iteration, or its number of iterations is not known before it}}
    y[i] = u[i] * u[i];
}

void use(double* y, double* yb, const double* u, double* ub) { __adjoint_K(y, yb, u, ub, 10); }
