// What the stages of model/OpenMP.h tell each other through the metadata of loops.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/IR/Instructions.h"

namespace llvm {
class Loop;
}

namespace adstencil {

/// Notes at the jump back of a loop that its iterations are distributed over threads.
void noteWorkSharing(llvm::BranchInst &Back);

/// Removes the note. Returns false if there is none.
bool dropWorkSharing(llvm::Instruction &Back);

/// True if clang promises the vectoriser something about the loop.
bool hasPromise(const llvm::Loop &L);

/// Removes such promises from all loops and accesses.
void dropPromises(llvm::Function &F);

} // namespace adstencil
