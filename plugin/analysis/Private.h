// Local variables that are new in each iteration of a loop.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "model/Loops.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/Instructions.h"

namespace adstencil {

/// True if no iteration of L can see what an earlier one has left in Variable: its lifetime begins in the loop, or
/// every load is preceded, in the same iteration, by stores that cover what it reads.
bool isNewInEachIteration(const llvm::AllocaInst &Variable, const llvm::Loop &L, const CountedLoops &Loops,
                          const llvm::DominatorTree &DT, llvm::ScalarEvolution &SE);

} // namespace adstencil
