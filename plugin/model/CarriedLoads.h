// Loads that a loop carries from iteration to iteration.
//
//     here = u[c];                                      for (k …) {
//     for (k …) {                                         here = u[c + p * k];
//       above = u[c + p * (k + 1)];              →        above = u[c + p * (k + 1)];
//       …                                                 …
//       here = above;                                   }
//     }
//
// Keeping what the next iteration will load saves a load in the kernel, and costs its derivative everything: iterations
// that hand a value on are no points, and the reverse has to do them in order. A value is loaded again where it is that
// of an array which the kernel never stores to, and what comes into the loop fits.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/IR/Function.h"
#include "llvm/IR/PassManager.h"

namespace adstencil {

/// Rewrites the loops of a normalised kernel with 64-bit indices.
void reloadCarried(llvm::Function &F, llvm::FunctionAnalysisManager &FAM);

} // namespace adstencil
