// The pass that turns requests into derivatives: the whole pipeline, stage by stage, in one function.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/IR/PassManager.h"

namespace adstencil {

struct DifferentiatePass : llvm::PassInfoMixin<DifferentiatePass> {
  /// Optimised: the compiler's own pipeline follows and cleans up, so the derivative is left as it is emitted.
  explicit DifferentiatePass(bool Optimised) : Optimised(Optimised) {}
  llvm::PreservedAnalyses run(llvm::Module &M, llvm::ModuleAnalysisManager &MAM);
  static bool isRequired() { return true; }

private:
  bool Optimised;
};

} // namespace adstencil
