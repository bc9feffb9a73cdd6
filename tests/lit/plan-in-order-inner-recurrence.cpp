// An inner loop whose iterations depend on each other, of a number that is not known when compiling.
//
// RUN: %plan %s 2>&1 | FileCheck %s
// RUN: %plan -O3 -g %s 2>&1 | FileCheck %s
// RUN: %adstencil_clang -O1 -c -o /dev/null -Rpass-missed=adstencil -Xclang -verify %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK-LABEL: adjoint of K
// CHECK: {{^ *}}loop 1{{.*}}, depth 1: {{joint|taped}}
// CHECK-NEXT: {{^ *}}in order: an iteration needs what the iteration before has computed{{$}}
ADSTENCIL_KERNEL void K(double* y, const double* u, int m, int n) {
  for (int i = 0; i < n; ++i) {
    double product = 1;
    for (int k = 0; k < m; ++k) // expected-remark {{adjoint of K: the loop is not a gather: an iteration needs what the iteration before has computed}}
      product *= u[i + k];
    y[i] = product * product;
  }
}

void use(double* y, double* yb, const double* u, double* ub, int m) { __adjoint_K(y, yb, u, ub, m, 10); }
