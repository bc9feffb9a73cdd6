// An active value is computed in front of the nest from an array that the nest stores to.
//
// RUN: %plan %s 2>&1 | FileCheck %s
// RUN: %plan -O3 -g %s 2>&1 | FileCheck %s
// RUN: %adstencil_clang -O1 -c -o /dev/null -Rpass-missed=adstencil -Xclang -verify %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK-LABEL: adjoint of K
// CHECK: {{^ *}}loop 1{{.*}}, depth 1: {{joint|taped}}
// CHECK-NEXT: {{^ *}}in order: a pointer or an active value that it uses is computed in front of it{{$}}
ADSTENCIL_KERNEL void K(double* y, const double* u, int n) {
  const double first = y[0] * u[n];
  for (int i = 1; i < n; ++i)
    y[i] = first * u[i]; // expected-remark {{adjoint of K: the loop is not a gather: a pointer or an active value that it uses is computed in front of it}}
}

void use(double* y, double* yb, const double* u, double* ub) { __adjoint_K(y, yb, u, ub, 10); }
