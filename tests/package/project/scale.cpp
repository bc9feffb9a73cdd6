// One kernel, its adjoint from the installed plugin, and a call into the installed runtime.
//
// y_i = a x_i^2, so x_bar_i = 2 a x_i y_bar_i, and __adjoint_ leaves y_bar zero because y is overwritten.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cstdio>

ADSTENCIL_KERNEL void scale(double* y, const double* x, double a, int n) {
  for (int i = 0; i < n; ++i)
    y[i] = a * x[i] * x[i];
}

int main() {
  constexpr int n = 3;
  double x[n] = {1, 2, 3}, x_bar[n] = {0, 0, 100};
  double y[n] = {}, y_bar[n] = {1, 1, 10};
  __adjoint_scale(y, y_bar, x, x_bar, 0.5, n);

  const double expected[n] = {1, 2, 130};
  for (int i = 0; i < n; ++i)
    if (x_bar[i] != expected[i] || y_bar[i] != 0) {
      std::printf("at %d: x_bar = %g, expected %g; y_bar = %g, expected 0\n", i, x_bar[i], expected[i], y_bar[i]);
      return 1;
    }
}
