// Keeps passes away from derivatives where they cannot find anything: it takes 7 % of the compile time to look.
//
// Straight-line vectorisation (SLP) is skipped where all loops are those of gathers and all interiors have been
// vectorised: what is left for it is the few cells of a shell. Where the loop vectoriser gave up, and in every other
// function, it runs. Forwarding of stores to loads of later iterations is skipped where all loops are those of gathers,
// because their cells are independent.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/IR/Function.h"
#include "llvm/IR/PassInstrumentation.h"

namespace adstencil {

/// Notes that all loops of the derivative are those of gathers.
void markAsGathers(llvm::Function &F);

void skipPassesInGathers(llvm::PassInstrumentationCallbacks &Callbacks);

} // namespace adstencil
