// A kernel that could not be differentiated is no error as long as nobody asks for its derivative, and leaves nothing behind.
//
// RUN: %adstencil_clang -O1 -S -emit-llvm -o - %s | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

double elsewhere(double u);

// CHECK-NOT: __adjoint_
// CHECK-NOT: __vjp_
// CHECK-NOT: __tangent_
// CHECK: define {{.*}}@_Z1KPdPKdi
ADSTENCIL_KERNEL void K(double* y, const double* u, int n) {
  for (int i = 0; i < n; ++i)
    y[i] = elsewhere(u[i]);
}
