// The adjoint of a grid of points as a gather, thread by thread.
//
//     for q in the Domain extended by the shifts, from this thread's own cell on, in steps of the whole grid:
//       if all points around q are in the Domain:    their contributions, without a test
//       else:                                        each contribution behind its test
//       u_bar[q] += the sum
//
// The first thread of an axis begins with the first cell, so warps meet aligned rows where the kernel's own threads do.
// A grid has about as many threads as there are points; the few cells beyond are the second step of some threads.
//
// __adjoint_ has a second phase, in which shadows of stored arrays are cleared or carried back. All threads must have
// finished the first one by then: it is a second launch of the same grid, which the host stub makes.
//
// What a grid on the CPU device is made of instead is in emit/Gather.h.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "emit/Gather.h"

namespace adstencil {

/// Calls that say which part of a launch is meant: `i32 adstencil.phase()` (0, then 1), and on the CPU device
/// `i64 adstencil.unit()` < `i64 adstencil.units()`.
llvm::Value *readPhase(llvm::IRBuilder<> &B);
llvm::Value *readUnit(llvm::IRBuilder<> &B);
llvm::Value *readUnits(llvm::IRBuilder<> &B);

/// Writes the reverse of a grid's nest for one thread, from the end of Start (which has no terminator) to Next.
void emitGridGather(const GatherNest &N, const GridNest &Grid, PointAdjoints &Points, llvm::BasicBlock *Start,
                    llvm::BasicBlock *Next, LookUpFunction LookUp, const ScalarAdder &AddToScalar);

} // namespace adstencil
