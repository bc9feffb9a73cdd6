// check-overlap: arrays that overlap stop the program with a message, arrays that do not are left alone.
//
// RUN: %adstencil_clang -O1 -fplugin-arg-adstencil-check-overlap %s -o %t
// RUN: %t
// RUN: not --crash %t overlap 2>&1 | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

ADSTENCIL_KERNEL void K(double* y, const double* u, int n) {
  for (int i = 0; i < n; ++i)
    y[i] = u[i] * u[i];
}

// CHECK: 'K'
// CHECK-SAME: overlap
int main(int argc, char**) {
  double cells[20] = {}, y_bar[10] = {}, u_bar[10] = {};
  __adjoint_K(cells, y_bar, argc > 1 ? cells + 5 : cells + 10, u_bar, 10);
}
