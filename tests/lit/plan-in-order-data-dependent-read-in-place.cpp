// An array that is stored to is read at an index that is data.
//
// RUN: %plan %s 2>&1 | FileCheck %s
// RUN: %plan -O3 -g %s 2>&1 | FileCheck %s
// RUN: %adstencil_clang -O1 -c -o /dev/null -Rpass-missed=adstencil -Xclang -verify %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK-LABEL: adjoint of K
// CHECK: {{^ *}}loop 1{{.*}}, depth 1: {{joint|taped}}
// CHECK-NEXT: {{^ *}}in order: where 'y', which it also stores to, is read is not an affine function of the loop counters{{$}}
ADSTENCIL_KERNEL void K(double* y, const double* u, const int* index, int n) {
  for (int i = 0; i < n; ++i)
    y[i] = u[i] * y[index[i]]; // expected-remark {{adjoint of K: the loop is not a gather: where 'y', which it also stores to, is read is not an affine function of the loop counters}}
}

void use(double* y, double* yb, const double* u, double* ub, const int* index) { __adjoint_K(y, yb, u, ub, index, 10); }
