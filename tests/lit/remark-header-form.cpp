// With the header form, the remark stands at the function that is differentiated, or at a read in it.
//
// RUN: %adstencil_clang -c -o /dev/null -Rpass=adstencil -Rpass-missed=adstencil -Xclang -verify %s
// RUN: %adstencil_clang -O2 -c -o /dev/null -Rpass=adstencil -Rpass-missed=adstencil -Xclang -verify %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

template <class T>
static T twice(const T* u) { return 2 * *u; }

template <class T>
void smooth(T* y, const T* u, const int* index, int n) { // expected-remark {{adjoint of }}
  for (int i = 1; i < n; ++i)
    y[i] = twice(&u[i]) + u[index[i]]; // expected-remark {{'a1' is not gathered: it is read at a data-dependent index}}
}

void use(double* y, double* yb, const double* u, double* ub, const int* index, int n) {
  using namespace adstencil;
  adjoint<&smooth<double>>(shadowed(y, yb), shadowed(u, ub), index, n);
}
