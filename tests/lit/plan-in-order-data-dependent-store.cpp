// Where a point stores is data.
//
// RUN: %plan %s 2>&1 | FileCheck %s
// RUN: %plan -O3 -g %s 2>&1 | FileCheck %s
// RUN: %adstencil_clang -O1 -c -o /dev/null -Rpass-missed=adstencil -Xclang -verify %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK-LABEL: adjoint of K
// CHECK: {{^ *}}loop 1{{.*}}, depth 1: {{joint|taped}}
// CHECK-NEXT: {{^ *}}in order: where 'y' is stored to is not an affine function of the loop counters{{$}}
ADSTENCIL_KERNEL void K(double* y, const double* u, const int* index, int n) {
  for (int i = 0; i < n; ++i)
    y[index[i]] = u[i] * u[i + 1]; // expected-remark {{adjoint of K: the loop is not a gather: where 'y' is stored to is not an affine function of the loop counters}}
}

void use(double* y, double* yb, const double* u, double* ub, const int* index) { __adjoint_K(y, yb, u, ub, index, 10); }
