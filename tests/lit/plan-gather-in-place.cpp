// An update in place beside a gather: `__adjoint_` carries the shadow back in a second pass, because neighbours need the cotangent
// that this overwrites. `__vjp_` leaves it, and where the pass would change nothing there is none. Without a gather each
// point is evaluated once, and one pass does all.
//
// RUN: %plan %s > %t 2>&1
// RUN: FileCheck %s --input-file=%t
// RUN: FileCheck %s --input-file=%t --check-prefix=CARRY
// RUN: %plan -O3 -g %s > %t 2>&1
// RUN: FileCheck %s --input-file=%t
// RUN: FileCheck %s --input-file=%t --check-prefix=CARRY
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK-LABEL: vjp of damped
// CHECK-NEXT: {{^ *}}v {{ *}}updated in place {{ *}}own-point, shadow unchanged{{$}}
// CHECK-NEXT: {{^ *}}p {{ *}}read {{ *}}gather, 2 shifts{{$}}
// CHECK-NEXT: nest of 1: gather, 2 points a cell{{$}}
// CARRY-LABEL: adjoint of damped
// CARRY-NEXT: {{^ *}}v {{ *}}updated in place {{ *}}own-point, shadow carried back{{$}}
// CARRY-NEXT: {{^ *}}p {{ *}}read {{ *}}gather, 2 shifts{{$}}
// CARRY-NEXT: nest of 1: gather, 2 points a cell, then a pass that carries back{{$}}
ADSTENCIL_KERNEL void damped(double* v, const double* p, int n) {
  for (int i = 0; i < n; ++i)
    v[i] = 0.9 * v[i] - p[i + 1] * p[i];
}

// CHECK-LABEL: adjoint of incremented
// CHECK-NEXT: {{^ *}}v {{ *}}incremented {{ *}}own-point, shadow unchanged{{$}}
// CHECK-NEXT: {{^ *}}p {{ *}}read {{ *}}gather, 2 shifts{{$}}
// CHECK-NEXT: nest of 1: gather, 2 points a cell{{$}}
ADSTENCIL_KERNEL void incremented(double* v, const double* p, int n) {
  for (int i = 0; i < n; ++i)
    v[i] += p[i + 1] * p[i];
}

// CHECK-LABEL: adjoint of once
// CHECK-NEXT: {{^ *}}v {{ *}}updated in place {{ *}}own-point, shadow carried back{{$}}
// CHECK-NEXT: {{^ *}}p {{ *}}read {{ *}}own-point{{$}}
// CHECK-NEXT: nest of 1: each point once, in any order{{$}}
ADSTENCIL_KERNEL void once(double* v, const double* p, int n) {
  for (int i = 0; i < n; ++i)
    v[i] = 0.9 * v[i] - p[i] * p[i];
}

// Derivatives are made, and printed, last one first.
void use(double* y, double* yb, const double* u, double* ub) {
  __adjoint_once(y, yb, u, ub, 10);
  __adjoint_incremented(y, yb, u, ub, 10);
  __adjoint_damped(y, yb, u, ub, 10);
  __vjp_damped(y, yb, u, ub, 10);
}
