// Aligns the stack of derivatives that will spill vectors.
//
// The code generator gives a function a stack at multiples of a vector's size if it has variables that need that. Where
// it only runs out of registers it is too late: spilled vectors stand where the caller's stack happens to end, most of
// their accesses straddle cache lines, and a loop takes up to 1.6 times as long, in every run of the program another
// time. So functions are asked to align their stack if more vectors are live in one of their loops than there are
// registers. That takes a register from them, which light loops over many arrays would miss.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/IR/PassManager.h"

namespace adstencil {

/// Runs when loops are vectorised, on functions with loops that are marked (emit/HideCounters.h).
struct AlignSpillsPass : llvm::PassInfoMixin<AlignSpillsPass> {
  llvm::PreservedAnalyses run(llvm::Function &F, llvm::FunctionAnalysisManager &FAM);
};

} // namespace adstencil
