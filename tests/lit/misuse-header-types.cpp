// A shadow has the type of its primal: anything else would be written over as if it had.
//
// RUN: %verify %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// expected-error@*:* {{an integer has no derivative}}
// expected-error@*:* {{a scalar and the element that receives its derivative have the same type}}
// expected-error@*:* {{an array and its shadow have elements of the same type}}
// expected-note@*:* 0+ {{}}

template <class T>
void scale(T* y, const T* x, T a, int n) {
  for (int i = 0; i < n; ++i)
    y[i] = a * x[i];
}

void use(double* y, double* yb, double* x, double* xb, double* ab, float* fb) {
  using adstencil::shadowed;
  adstencil::adjoint<&scale<double>>(shadowed(y, yb), shadowed(x, xb), shadowed(2, ab), 10);
  adstencil::adjoint<&scale<double>>(shadowed(y, yb), shadowed(x, xb), shadowed(2.f, ab), 10);
  adstencil::adjoint<&scale<double>>(shadowed(y, yb), shadowed(x, fb), 2.0, 10);
}
