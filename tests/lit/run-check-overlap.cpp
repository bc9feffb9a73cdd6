// check-overlap: arrays that overlap stop the program with a message, arrays that do not are left alone.
//
// RUN: %adstencil_clang -O1 -fplugin-arg-adstencil-check-overlap %s -o %t
// RUN: %t 0 0
// RUN: not --crash %t 5 0 2>&1 | FileCheck --check-prefix=PRIMAL %s
// RUN: not --crash %t 0 5 2>&1 | FileCheck --check-prefix=SHADOW %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cstdlib>

ADSTENCIL_KERNEL void K(double* y, const double* u, int n) {
  for (int i = 0; i < n; ++i)
    y[i] = u[i] * u[i];
}

// PRIMAL: 'K'
// PRIMAL-SAME: overlap
// SHADOW: 'K'
// SHADOW-SAME: overlap
int main(int, char** arguments) {
  double cells[20] = {}, shadows[20] = {};
  __tangent_K(cells, shadows, cells + 10 - std::atoi(arguments[1]), shadows + 10, 10);
  __adjoint_K(cells, shadows, cells + 10, shadows + 10 - std::atoi(arguments[2]), 10);
}
