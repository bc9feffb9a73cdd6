// A local array that is not promoted to variables, because the indices are data.
//
// RUN: %plan %s 2>&1 | FileCheck %s
// RUN: %plan -O3 -g %s 2>&1 | FileCheck %s
// RUN: %adstencil_clang -O1 -c -o /dev/null -Rpass-missed=adstencil -Xclang -verify %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK-LABEL: adjoint of K
// CHECK: {{^ *}}loop 1{{.*}}, depth 1: {{joint|taped}}
// CHECK-NEXT: {{^ *}}in order: it uses a local array{{$}}
ADSTENCIL_KERNEL void K(double* y, const double* u, const int* index, int n) {
  for (int i = 0; i < n; ++i) {
    double work[4] = {u[i], u[i + 1], 0, 0}; // expected-remark {{adjoint of K: the loop is not a gather: it uses a local array}}
    work[index[i] & 3] += 1;
    y[i] = work[0] * work[1];
  }
}

void use(double* y, double* yb, const double* u, double* ub, const int* index) { __adjoint_K(y, yb, u, ub, index, 10); }
