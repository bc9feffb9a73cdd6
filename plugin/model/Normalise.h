// Brings a requested function to the one form that all later stages work on.
//
// Everything that the kernel calls is inlined, local variables become SSA values, loops are in simplified, rotated form
// with integer induction variables. The work is done on the body of the derivative itself (which at this point is a
// copy of the kernel), so the kernel stays as the user wrote it, and -O0 and -O3 differentiate the same IR.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "model/Request.h"
#include "llvm/IR/PassManager.h"

namespace adstencil {

/// Normalises R.F. Wide: index arithmetic is done in 64 bits (model/WideIndices.h), which nests are analysed in and a
/// thread of a GPU would pay for with registers. Returns false after reporting why the kernel cannot be brought to the
/// form.
bool normalise(Request &R, llvm::FunctionAnalysisManager &FAM, bool Wide);

/// Cleans up after a derivative has been written: promotes its variables and, unless the compiler's own optimiser
/// follows, removes what nothing uses.
void cleanUp(llvm::Function &F, llvm::FunctionAnalysisManager &FAM, bool OptimiserFollows);

/// True for a read of a number in one array that has a shadow.
bool readsShadowed(const Request &R, const llvm::Instruction &I);

/// The arrays that a pointer may lead into: markers, local variables, globals, or other values.
void rootsOf(const llvm::Value *Pointer, llvm::SmallVectorImpl<const llvm::Value *> &Roots);

} // namespace adstencil
