// `__vjp_` keeps the shadow of an array by a log, because another nest stores to it at an index that is data.
//
// RUN: %plan %s 2>&1 | FileCheck %s
// RUN: %plan -O3 -g %s 2>&1 | FileCheck %s
// RUN: %adstencil_clang -O1 -c -o /dev/null -Rpass-missed=adstencil -Xclang -verify %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK-LABEL: vjp of K
// CHECK: {{^ *}}loop 1{{.*}}, depth 1: {{joint|taped}}
// CHECK-NEXT: {{^ *}}in order: __vjp_ has to bring back the shadow of 'y', which the kernel stores to elsewhere{{$}}
ADSTENCIL_KERNEL void K(double* y, double* z, const double* u, const int* index, int n) {
  for (int i = 0; i < n; ++i)
    z[i] = y[i + 1] * u[i]; // expected-remark {{vjp of K: the loop is not a gather: __vjp_ has to bring back the shadow of 'y', which the kernel stores to elsewhere}}
  for (int i = 0; i < n; ++i)
    y[index[i]] = u[i] * u[i]; // expected-remark {{where 'y' is stored to is not an affine function of the loop counters}}
}

void use(double* y, double* yb, double* z, double* zb, const double* u, double* ub, const int* index) {
  __vjp_K(y, yb, z, zb, u, ub, index, 10);
}
