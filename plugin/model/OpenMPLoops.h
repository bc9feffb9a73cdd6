// The note on work-shared loops, as long as they are read from metadata.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/IR/Instructions.h"

namespace adstencil {

/// Notes at the jump back of a loop that its iterations are distributed over threads.
void noteWorkSharing(llvm::BranchInst &Back);

} // namespace adstencil
