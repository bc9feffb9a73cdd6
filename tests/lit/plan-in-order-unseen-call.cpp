// A call that a derivative does not repeat, in the nest.
//
// RUN: %plan %s 2>&1 | FileCheck %s
// RUN: %plan -O3 -g %s 2>&1 | FileCheck %s
// RUN: %adstencil_clang -O1 -c -o /dev/null -Rpass-missed=adstencil -Xclang -verify %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK-LABEL: adjoint of K
// CHECK: {{^ *}}loop 1{{.*}}, depth 1: {{joint|taped}}
// CHECK-NEXT: {{^ *}}in order: it calls a function whose body is not in this file{{$}}
extern "C" int puts(const char*);
ADSTENCIL_KERNEL void K(double* y, const double* u, int n) {
  for (int i = 1; i < n; ++i) {
    y[i] = u[i] * u[i - 1];
    puts("a point"); // expected-remark {{adjoint of K: the loop is not a gather: it calls a function whose body is not in this file}}
  }
}

void use(double* y, double* yb, const double* u, double* ub) { __adjoint_K(y, yb, u, ub, 10); }
