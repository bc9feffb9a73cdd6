// A kernel, its adjoint, and a check of one against the other; see README.md.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>
#include <cmath>
#include <cstdio>

ADSTENCIL_KERNEL void step(double* u_new, const double* u, int n) {
  for (int i = 1; i < n - 1; ++i)
    u_new[i] = u[i] + 0.1 * u[i] * (u[i - 1] - 2 * u[i] + u[i + 1]);
}

int main() {
  double u[8] = {0.3, 0.8, 1.2, 0.9, 0.4, 0.7, 1.1, 0.5}, u_new[8] = {}, u_bar[8] = {}, u_new_bar[8] = {};
  u_new_bar[3] = 1; // ask for the derivative of u_new[3] ...
  __adjoint_step(u_new, u_new_bar, u, u_bar, 8);

  int wrong = 0;
  for (int i = 0; i < 8; ++i) { // ... and compare it with what happens when u[i] moves up and down a little
    const double before = u[i], h = 1e-4;
    u[i] = before + h, step(u_new, u, 8);
    const double above = u_new[3];
    u[i] = before - h, step(u_new, u, 8);
    const double difference = (above - u_new[3]) / (2 * h);
    u[i] = before;
    std::printf("d u_new[3] / d u[%d] = %7.4f by the adjoint, %7.4f by differences\n", i, u_bar[i], difference);
    wrong += !(std::abs(u_bar[i] - difference) <= 1e-10);
  }
  return wrong == 0 ? 0 : 1;
}
