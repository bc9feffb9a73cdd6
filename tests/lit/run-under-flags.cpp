// Options that change the code around a kernel do not change its derivative.
//
// RUN: %adstencil_clang -O1 -g -fsanitize=undefined %s -o %t && %t | FileCheck %s
// RUN: %adstencil_clang -O2 -fsanitize=undefined -fsanitize-trap=all %s -o %t && %t | FileCheck %s
// RUN: %adstencil_clang -O0 -ftrapv %s -o %t && %t | FileCheck %s
// RUN: %adstencil_clang -O2 -fno-math-errno -fno-trapping-math %s -o %t && %t | FileCheck %s
// RUN: %adstencil_clang -O2 -fopenmp-simd -fwrapv -fno-strict-aliasing %s -o %t && %t | FileCheck %s
// RUN: %adstencil_clang -O2 -flto -fuse-ld=lld %s -o %t && %t | FileCheck %s
// RUN: %adstencil_clang -O3 -march=native -ffast-math %s -o %t && %t | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cmath>
#include <cstdio>

ADSTENCIL_KERNEL void K(double* y, const double* x, ADSTENCIL_ACTIVE double a, int n) {
  for (int i = 1; i < n - 1; ++i)
    y[i] = a * std::sqrt(x[i - 1]) * x[i + 1];
}

// With x = 1, 4, 9, 16, 25 and a = 2, by hand: x_bar[0] = a/(2 sqrt(1)) 9, x_bar[1] = a/(2 sqrt(4)) 16,
// x_bar[2] = a sqrt(1) + a/(2 sqrt(9)) 25, x_bar[3] = a sqrt(4), x_bar[4] = a sqrt(9), a_bar = 1*9 + 2*16 + 3*25.
// CHECK: x_bar 9 8 10.3333 4 6
// CHECK: a_bar 116 y_bar 1 0 0 0 1
int main() {
  double x[5] = {1, 4, 9, 16, 25}, x_bar[5] = {}, y[5] = {}, y_bar[5] = {1, 1, 1, 1, 1}, a_bar = 0;
  __adjoint_K(y, y_bar, x, x_bar, 2.0, &a_bar, 5);
  std::printf("x_bar %.6g %.6g %.6g %.6g %.6g\n", x_bar[0], x_bar[1], x_bar[2], x_bar[3], x_bar[4]);
  std::printf("a_bar %.6g y_bar %g %g %g %g %g\n", a_bar, y_bar[0], y_bar[1], y_bar[2], y_bar[3], y_bar[4]);
}
