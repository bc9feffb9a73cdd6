// What an iteration keeps for the next one is loaded again, if it is that of an array which the kernel does not store to.
//
// RUN: %plan %s 2>&1 | FileCheck %s
// RUN: %plan -O3 %s 2>&1 | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK-LABEL: vjp of stored
// CHECK: in order
// CHECK-LABEL: vjp of other
// CHECK: in order
// CHECK-LABEL: vjp of window
// CHECK: gather, 3 points a cell

ADSTENCIL_KERNEL void window(double* un, const double* u, int n) {
  double left = u[0], here = u[1];
  for (int i = 1; i < n - 1; ++i) {
    const double right = u[i + 1];
    un[i] = here * (left + right);
    left = here;
    here = right;
  }
}

// Something else comes into the loop.
ADSTENCIL_KERNEL void other(double* un, const double* u, int n) {
  double left = u[1];
  for (int i = 1; i < n; ++i) {
    un[i] = left - u[i];
    left = u[i];
  }
}

// The array is stored to: what was loaded before is not what would be loaded now.
ADSTENCIL_KERNEL void stored(double* u, int n) {
  double left = u[0];
  for (int i = 1; i < n; ++i) {
    const double here = u[i];
    u[i] = here - left;
    left = here;
  }
}

void use(double* y, double* yb, double* u, double* ub) {
  __vjp_window(y, yb, u, ub, 100);
  __vjp_other(y, yb, u, ub, 100);
  __vjp_stored(u, ub, 100);
}
