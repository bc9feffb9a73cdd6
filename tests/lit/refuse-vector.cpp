// A std::vector inside a kernel allocates.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <vector>

ADSTENCIL_KERNEL void K(double* y, const double* u, int n) {
  std::vector<double> work(n); // expected-error-re@*:* 1+ {{cannot differentiate 'K': {{.*}}allocates memory inside the kernel}} expected-note@*:* 1+ {{pass the array in}}
  for (int i = 0; i < n; ++i)
    work[i] = u[i] * u[i];
  for (int i = 0; i < n; ++i)
    y[i] = work[n - 1 - i];
}

void use(double* y, double* yb, const double* u, double* ub) { __adjoint_K(y, yb, u, ub, 10); }
