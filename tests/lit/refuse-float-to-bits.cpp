// Neither may it be taken apart into bits.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <bit>

ADSTENCIL_KERNEL void K(double* y, const double* u, int n) {
  for (int i = 0; i < n; ++i)
    y[i] = std::bit_cast<double>(std::bit_cast<unsigned long>(u[i]) ^ (1ul << 52)); // expected-error-re@*:* {{cannot differentiate 'K': {{.*}}{{bits of an active value|as integers or bytes}}}} expected-note@*:* {{}}
}

void use(double* y, double* yb, const double* u, double* ub) { __adjoint_K(y, yb, u, ub, 10); }
