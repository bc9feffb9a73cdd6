// A callable that writes through a reference to a value that was passed by value does not compile.
//
// RUN: not %adstencil_clang -fsyntax-only -DLAMBDA %s 2>&1 | FileCheck --check-prefix=LAMBDA %s
// RUN: not %adstencil_clang -fsyntax-only -DGENERIC %s 2>&1 | FileCheck --check-prefix=GENERIC %s
// RUN: not %adstencil_clang -fsyntax-only -DFUNCTION %s 2>&1 | FileCheck --check-prefix=FUNCTION %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

void square(double& y, const double& x) { y = x * x; }

void use(double y, double x) {
  double y_bar = 1, x_bar = 0;
  using adstencil::shadowed;
#ifdef LAMBDA
  // LAMBDA: the callable writes through a reference: pass a pointer
  adstencil::vjp([](double& q, const double& p) { q = p * p; }, shadowed(y, &y_bar), shadowed(x, &x_bar));
#elif defined(GENERIC)
  // GENERIC: cannot assign to variable 'q' with const-qualified type
  adstencil::vjp([](auto& q, const auto& p) { q = p * p; }, shadowed(y, &y_bar), shadowed(x, &x_bar));
#elif defined(FUNCTION)
  // FUNCTION: the callable writes through a reference: pass a pointer
  adstencil::vjp<&square>(shadowed(y, &y_bar), shadowed(x, &x_bar));
#endif
}
