// How the shadows of read arrays are added to: own-point, reduction, gather, scatter.
//
// RUN: %plan %s 2>&1 | FileCheck %s
// RUN: %plan -O3 %s 2>&1 | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK: vjp of K
// CHECK-DAG: own {{.*}} own-point
// CHECK-DAG: row {{.*}} reduction
// CHECK-DAG: stencil {{.*}} gather, 2 shifts
// CHECK-DAG: table {{.*}} scatter, serial
// CHECK-DAG: unused {{.*}} no derivative
// CHECK: stored: 0 B
ADSTENCIL_KERNEL void K(double* y, const double* own, const double* row, const double* stencil, const double* table,
                        const double* unused, const int* index, int n) {
  for (int j = 0; j < n; ++j)
    for (int i = 1; i < n; ++i)
      y[i + n * j] = own[i + n * j] * own[i + n * j] + row[i] + stencil[i + n * j] * stencil[i - 1 + n * j] +
                     table[index[i]] * (unused[i] > 0 ? 1.0 : 2.0);
}

void use(double* y, double* yb, const double* x, double* xb, const int* index) {
  __vjp_K(y, yb, x, xb, x, xb, x, xb, x, xb, x, xb, index, 10);
}
