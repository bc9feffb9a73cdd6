// The same file gives the same object in every run of the compiler.
//
// RUN: %adstencil_clang -O1 -c %s -o %t.1
// RUN: %adstencil_clang -O1 -c %s -o %t.2
// RUN: %adstencil_clang -O1 -c %s -o %t.3
// RUN: %adstencil_clang -O1 -c %s -o %t.4
// RUN: %adstencil_clang -O1 -c %s -o %t.5
// RUN: cmp %t.1 %t.2
// RUN: cmp %t.1 %t.3
// RUN: cmp %t.1 %t.4
// RUN: cmp %t.1 %t.5
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

ADSTENCIL_KERNEL void K(double* y, double* z, const double* u, const double* k, int n) {
  for (int j = 1; j < n - 1; ++j)
    for (int i = 1; i < n - 1; ++i) {
      if (u[i] > 0)
        y[i + n * j] = u[i] * u[i + 1] * k[j];
      else
        z[i + n * j] = u[j] / k[i];
    }
  for (int i = 1; i < n; ++i)
    z[i] = z[i - 1] * y[i];
}

void use(double* y, double* yb, const double* u, double* ub) {
  __adjoint_K(y, yb, y, yb, u, ub, u, ub, 10);
  __vjp_K(y, yb, y, yb, u, ub, u, ub, 10);
  __tangent_K(y, yb, y, yb, u, ub, u, ub, 10);
}
