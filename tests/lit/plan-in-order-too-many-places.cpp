// More than 128 places around a point.
//
// RUN: %plan %s 2>&1 | FileCheck %s
// RUN: %plan -O3 -g %s 2>&1 | FileCheck %s
// RUN: %adstencil_clang -O1 -c -o /dev/null -Rpass-missed=adstencil -Xclang -verify %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK-LABEL: adjoint of K
// CHECK: {{^ *}}loop 1{{.*}}, depth 1: {{joint|taped}}
// CHECK-NEXT: {{^ *}}in order: it reads at more than 128 places around a point{{$}}
ADSTENCIL_KERNEL void K(double* y, const double* u, int n) {
  for (int i = 65; i < n - 65; ++i) { // expected-remark {{adjoint of K: the loop is not a gather: it reads at more than 128 places around a point}}
    double sum = 0;
#pragma unroll
    for (int k = -65; k <= 65; ++k)
      sum += u[i + k];
    y[i] = sum * sum;
  }
}

void use(double* y, double* yb, const double* u, double* ub) { __adjoint_K(y, yb, u, ub, 10); }
