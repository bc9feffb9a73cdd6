// OpenMP constructs are not differentiated yet.
//
// RUN: %verify -fopenmp %s
// RUN: %verify -fopenmp -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

ADSTENCIL_KERNEL void K(double* y, const double* u, int n) {
#pragma omp parallel for // expected-error {{cannot differentiate 'K': it contains an OpenMP construct}} expected-note {{without -fopenmp}}
  for (int i = 0; i < n; ++i)
    y[i] = u[i] * u[i];
}

void use(double* y, double* yb, const double* u, double* ub) { __adjoint_K(y, yb, u, ub, 10); }
