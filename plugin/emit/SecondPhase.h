// The second launch of an __adjoint_ kernel that is gathered.
//
// Threads may clear the cotangents of what they have stored when all threads have read them: when the launch has ended.
// On a GPU the kernel is launched twice in the same stream, by its host stub. Which launch it is stands in a further
// parameter that only the IR has. Every __adjoint_ of a CUDA kernel has it, because the host does not see kernels; its
// size tells the stub, which asks the CUDA runtime, whether there is a second phase: 8 bytes, otherwise 4.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/IR/Function.h"

namespace adstencil {

/// Gives F the further parameter and lets adstencil.phase read it. Behind lowerGridSums, whose parameter comes first.
/// Returns the new function.
llvm::Function *lowerPhase(llvm::Function *F);

/// Makes the host stub of an __adjoint_ pass the parameter, and launch again where there is a second phase. Behind
/// passGridSumBuffer. Returns false if the stub has not the form that clang gives it.
bool passPhase(llvm::Function &Stub);

} // namespace adstencil
