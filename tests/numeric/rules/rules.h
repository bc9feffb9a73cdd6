// What rule_kernels.cpp offers to rules_test.cpp: every row of plugin/derive/Rules.def as functions of three arguments.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <string>
#include <vector>

namespace rules {

/// Which arguments of a function of two have shadows.
enum class active { all, first, second };

/// Derivatives of n values r[i] = f(x[i], y[i], z[i]). `adjoint` gets cotangents rb and adds to xb, yb, zb; `tangent`
/// gets xd, yd, zd and overwrites rd. Arguments beyond the arity, integer arguments and inactive ones are left alone.
template <class Real>
struct compiled_rule {
  std::string variant, name, spelling;
  int arity;
  active which;
  bool integer_second; ///< the second argument is an int (ldexp, powi)
  using function = void (*)(Real* r, Real* rb, const Real* x, Real* xb, const Real* y, Real* yb, const Real* z,
                            Real* zb, int n);
  function adjoint, tangent;
};

template <class Real>
std::vector<compiled_rule<Real>>& compiled_rules() {
  static std::vector<compiled_rule<Real>> all;
  return all;
}

} // namespace rules
