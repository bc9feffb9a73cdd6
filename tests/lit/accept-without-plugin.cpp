// Without the plugin the macros vanish and the primal is an ordinary function.
//
// RUN: %clang_alone -Wall -Wextra -Werror -c -o /dev/null %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#ifdef __ADSTENCIL__
#error the plugin is loaded
#endif

ADSTENCIL_KERNEL ADSTENCIL_WRT("u", "u")
void K(double* y, const double* u, ADSTENCIL_ACTIVE double a, ADSTENCIL_INACTIVE double* dt, int n) {
  for (int i = 0; i < n; ++i)
    y[i] = a * u[i] + dt[i];
}
