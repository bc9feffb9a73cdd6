// What the plan says about each array, for the printed plan and for remarks.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "analysis/AdjointPlan.h"
#include <string>
#include <vector>

namespace adstencil {

/// One row of the plan: an array or an active scalar.
struct ArrayTreatment {
  std::string Name;
  llvm::StringRef Role;    ///< what the kernel does with it
  std::string Treatment;   ///< what the derivative does with its shadow
  const llvm::Value *Root; ///< its marker; null for a scalar
};
std::vector<ArrayTreatment> arrayTreatments(const AdjointPlan &P);

/// Remarks on the plan: one with the treatment of every array, and a missed one for each array whose reads are a
/// scatter. Called before the derivative is written; costs nothing without -Rpass or -fsave-optimization-record.
void remarkPlan(const AdjointPlan &P, llvm::ScalarEvolution &SE);

} // namespace adstencil
