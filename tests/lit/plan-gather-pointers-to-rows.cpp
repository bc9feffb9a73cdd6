// The pointer to a row is loaded in the nest: no shifts are known, and the reads add where their point is evaluated. The loop over rows
// hands no more from one to the next than the kernel's.
//
// RUN: %plan %s 2>&1 | FileCheck %s
// RUN: %plan -O3 -g %s 2>&1 | FileCheck %s
// RUN: %adstencil_clang -O1 -c -o /dev/null -Rpass-missed=adstencil -Xclang -verify %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK-LABEL: adjoint of K
// CHECK-NEXT: {{^ *}}y {{ *}}written {{ *}}own-point, shadow carried back{{$}}
// CHECK-NEXT: {{^ *}}u {{ *}}read {{ *}}scatter, serial{{$}}
// CHECK-NEXT: nest of 2: each point once, in any order{{$}}
// CHECK-NEXT: stored: 0 B{{$}}
ADSTENCIL_KERNEL void K(double* y, double** u, int n) {
  for (int j = 0; j < n; ++j)
    for (int i = 1; i < n; ++i)
      y[i + n * j] = u[j][i] * u[j][i - 1]; // expected-remark 2 {{adjoint of K: 'u' is not gathered}}
}

void use(double* y, double* yb, double** u, double** ub) { __adjoint_K(y, yb, u, ub, 10); }
