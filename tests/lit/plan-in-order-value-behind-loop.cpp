// A value of the last iteration is used behind the loop.
//
// RUN: %plan %s 2>&1 | FileCheck %s
// RUN: %plan -O3 -g %s 2>&1 | FileCheck %s
// RUN: %adstencil_clang -O1 -c -o /dev/null -Rpass-missed=adstencil -Xclang -verify %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK-LABEL: adjoint of K
// CHECK: {{^ *}}loop 1{{.*}}, depth 1: {{joint|taped}}
// CHECK-NEXT: {{^ *}}in order: a value that is computed in it is used behind it{{$}}
ADSTENCIL_KERNEL void K(double* y, const double* u, int n) {
  double last = 0;
  for (int i = 0; i < n; ++i) {
    last = u[i] * u[i + 1]; // expected-remark {{adjoint of K: the loop is not a gather: a value that is computed in it is used behind it}}
    y[i] = last;
  }
  y[n] = last;
}

void use(double* y, double* yb, const double* u, double* ub) { __adjoint_K(y, yb, u, ub, 10); }
