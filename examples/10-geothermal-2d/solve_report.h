// How an iteration ended.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

namespace geothermal {

struct solve_report {
  bool converged = false;
  int iterations = 0;
  double max_residual = 0; ///< largest magnitude; absolute for the flow, relative to dJ/dP for the adjoint
};

} // namespace geothermal
