// Loops with a counter: the Domain side of the model.
//
// Every loop gets a counter that runs 0, 1, 2, … up to `Last`, the number of times its back edge is taken. Induction
// variables become functions of the counter, so a reversed loop only has to count down to know all of them. Where the
// trip count can be computed before the loop (most stencil nests) the loop also ends by its counter.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/ADT/DenseMap.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/PassManager.h"
#include "llvm/IR/ValueHandle.h"
#include "llvm/Transforms/Utils/ScalarEvolutionExpander.h"

namespace adstencil {

struct CountedLoop {
  llvm::PHINode *Counter = nullptr;
  llvm::WeakTrackingVH Last;        ///< value of Counter in the last iteration, defined outside of the loop
  bool KnownBefore = false;         ///< Last is computed before the loop, not after it
  unsigned MostIterations = 0;      ///< constant upper bound, as the loop was written; 0: not known
  llvm::BasicBlock *Exit = nullptr; ///< the only exit block
  llvm::SmallVector<llvm::BasicBlock *, 2> Exiting;
};

using CountedLoops = llvm::DenseMap<const llvm::Loop *, CountedLoop>;

/// Gives every loop of F a single exit block and a counter. Analyses are those after the change.
CountedLoops countLoops(llvm::Function &F, llvm::FunctionAnalysisManager &FAM);

/// True if Count may be computed at Place. The count of a grid-stride loop divides by the stride, which the expander
/// refuses because a product that overflows would be poison; model/GridIndices.h says why it does not.
bool canComputeAt(const llvm::SCEV *Count, llvm::Instruction *Place, llvm::ScalarEvolution &SE,
                  llvm::SCEVExpander &Expander);

} // namespace adstencil
