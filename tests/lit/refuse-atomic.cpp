// An atomic update of active memory.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <atomic>

ADSTENCIL_KERNEL void K(double* y, const double* u, int n) {
  for (int i = 0; i < n; ++i)
    std::atomic_ref<double>(*y).fetch_add(u[i]); // expected-error-re@*:* {{cannot differentiate 'K': {{.*}}atomic access to active memory}} expected-note@*:* {{plain load and store}}
}

void use(double* y, double* yb, const double* u, double* ub) { __adjoint_K(y, yb, u, ub, 10); }
