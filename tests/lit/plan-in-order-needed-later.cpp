// Later code needs what the nest stores, so old values come back in order. The second nest is a gather.
//
// RUN: %plan %s 2>&1 | FileCheck %s
// RUN: %plan -O3 -g %s 2>&1 | FileCheck %s
// RUN: %adstencil_clang -O1 -c -o /dev/null -Rpass-missed=adstencil -Xclang -verify %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK-LABEL: adjoint of K
// CHECK: {{^ *}}loop 1{{.*}}, depth 1: {{joint|taped}}
// CHECK-NEXT: {{^ *}}in order: what it stores enters a derivative later on, so old values have to be brought back in order{{$}}
// CHECK: nest of 1: each point once, in any order{{$}}
ADSTENCIL_KERNEL void K(double* y, double* z, const double* u, int n) {
  for (int i = 1; i < n; ++i)
    z[i] = u[i] * u[i - 1]; // expected-remark {{adjoint of K: the loop is not a gather: what it stores enters a derivative later on, so old values have to be brought back in order}}
  for (int i = 1; i < n; ++i)
    y[i] = z[i] * z[i];
}

void use(double* y, double* yb, double* z, double* zb, const double* u, double* ub) { __adjoint_K(y, yb, z, zb, u, ub, 10); }
