// Which array is read is decided when the kernel runs.
//
// RUN: %plan %s 2>&1 | FileCheck %s
// RUN: %plan -O3 -g %s 2>&1 | FileCheck %s
// RUN: %adstencil_clang -O1 -c -o /dev/null -Rpass-missed=adstencil -Xclang -verify %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK-LABEL: adjoint of K
// CHECK: {{^ *}}loop 1{{.*}}, depth 1: {{joint|taped}}
// CHECK-NEXT: {{^ *}}in order: which array is accessed is decided when it runs{{$}}
ADSTENCIL_KERNEL void K(double* y, const double* u, const double* v, const int* choice, int n) {
  for (int i = 0; i < n; ++i) {
    const double* from = choice[i] ? u : v;
    y[i] = from[i] * from[i]; // expected-remark {{adjoint of K: the loop is not a gather: which array is accessed is decided when it runs}}
  }
}

void use(double* y, double* yb, const double* u, double* ub, const double* v, double* vb, const int* choice) {
  __adjoint_K(y, yb, u, ub, v, vb, choice, 10);
}
