// Numbers cleared through integers: the shadow would stay as it is.
//
// RUN: %verify %s
// RUN: %verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

ADSTENCIL_KERNEL void K(double* y, const double* u, int n) {
  for (int i = 0; i < n; ++i) {
    reinterpret_cast<long*>(y)[i] = 0; // expected-error-re {{cannot differentiate 'K': integers are stored over the floating-point numbers of '{{.*}}', and its shadow would not notice}} expected-note {{store numbers of the array's own type}}
    if (u[i] > 0)
      y[i] = u[i];
  }
}

// Fields of a record beside its numbers are integers by right.
struct cell {
  double value;
  long visited;
};
ADSTENCIL_KERNEL void L(cell* y, const double* u, int n) {
  for (int i = 0; i < n; ++i) {
    y[i].value = u[i] * u[i];
    y[i].visited = 1;
  }
}

void use(double* y, double* yb, const double* u, double* ub, cell* c, cell* cb) {
  __adjoint_K(y, yb, u, ub, 10);
  __adjoint_L(c, cb, u, ub, 10);
}
