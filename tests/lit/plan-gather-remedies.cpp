// What docs/theory.md advises where a nest is not a gather makes it one.
//
// RUN: %plan %s 2>&1 | FileCheck %s
// RUN: %plan -O3 -g %s 2>&1 | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK-NOT: in order

// The last value is read from the array, behind the loop.
// CHECK-LABEL: adjoint of last_value
// CHECK: nest of 1: gather, 2 points a cell
ADSTENCIL_KERNEL void last_value(double* y, const double* u, int n) {
  for (int i = 0; i < n; ++i)
    y[i] = u[i] * u[i + 1];
  y[n] = y[n - 1];
}

// A condition in place of bounds that change.
// CHECK-NOT: in order
// CHECK-LABEL: adjoint of triangle
// CHECK: nest of 2: gather, 2 points a cell
ADSTENCIL_KERNEL void triangle(double* y, const double* u, int n) {
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < n; ++i)
      if (i < j)
        y[i + n * j] = u[i + n * j] * u[i + 1 + n * j];
}

// Increments may meet.
// CHECK-NOT: in order
// CHECK-LABEL: adjoint of increments
// CHECK: nest of 1: gather, 2 points a cell
ADSTENCIL_KERNEL void increments(double* y, const double* u, int n) {
  for (int i = 0; i < n; ++i) {
    y[i] += u[i] * u[i + 1];
    y[i + 1] += u[i];
  }
}

// An inner loop with a constant count.
// CHECK-NOT: in order
// CHECK-LABEL: adjoint of product
// CHECK: nest of 1: {{gather|tile}}, {{.*}}5
ADSTENCIL_KERNEL void product(double* y, const double* u, int n) {
  for (int i = 0; i < n; ++i) {
    double p = 1;
    for (int k = 0; k < 5; ++k)
      p *= u[i + k];
    y[i] = p * p;
  }
}

// Weights that are constants.
// CHECK-NOT: in order
// CHECK-LABEL: adjoint of weights
// CHECK: nest of 1: gather, 3 points a cell
ADSTENCIL_KERNEL void weights(double* y, const double* u, ADSTENCIL_INACTIVE const double* w, int n) {
  for (int i = 1; i < n - 1; ++i)
    y[i] = w[0] * u[i - 1] + w[1] * u[i] + w[2] * u[i + 1];
}

// Both arrays are read, and a value is chosen.
// CHECK-NOT: in order
// CHECK-LABEL: adjoint of choice
// CHECK: nest of 1: each point once, in any order
ADSTENCIL_KERNEL void choice(double* y, const double* u, const double* v, const int* which, int n) {
  for (int i = 0; i < n; ++i) {
    const double a = u[i], b = v[i];
    y[i] = which[i] ? a * a : b * b;
  }
}

// Derivatives are made, and printed, last one first.
void use(double* y, double* yb, const double* u, double* ub, const double* v, double* vb, const int* which) {
  __adjoint_choice(y, yb, u, ub, v, vb, which, 10);
  __adjoint_weights(y, yb, u, ub, v, 10);
  __adjoint_product(y, yb, u, ub, 10);
  __adjoint_increments(y, yb, u, ub, 10);
  __adjoint_triangle(y, yb, u, ub, 10);
  __adjoint_last_value(y, yb, u, ub, 10);
}
