// A by-value class that owns its memory.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <vector>

ADSTENCIL_KERNEL void K(double* y, std::vector<double> u) { // expected-error-re@*:* {{cannot differentiate 'K': {{.*}}'std::vector<double>' is not trivially copyable}} expected-note@*:* {{view}}
  for (std::size_t i = 0; i < u.size(); ++i)
    y[i] = u[i];
}
