// Keeps loop strength reduction away from the loops of a derivative.
//
// The interior of a gather reads many rows of few arrays. Addressed as row + counter, a row costs one instruction
// operand. Strength reduction looks for something better among all combinations of the rows' addresses, takes a quarter
// of the compile time for it and finds nothing. So when the loops are vectorised and nothing but code generation
// follows, the counter of such a loop is hidden from it. The same goes for loops that are reversed in order. On a GPU
// pointers that move along save registers, and nothing is hidden.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/IR/PassManager.h"

namespace adstencil {

/// The property of a loop, in its metadata, that the pass looks for.
inline constexpr llvm::StringLiteral PlainCounter = "adstencil.plain.counter";

struct HideCountersPass : llvm::PassInfoMixin<HideCountersPass> {
  llvm::PreservedAnalyses run(llvm::Function &F, llvm::FunctionAnalysisManager &FAM);
};

} // namespace adstencil
