// The adjoint of a nest as a gather: one loop nest over cells.
//
//     for q (all axes but the last), extended by the shifts:
//       if all points that this row reads from are in the Domain:
//         shell    [first cell, first interior cell):  points that are outside of the Domain are skipped
//         interior [first interior cell, last one]:    no test; vectorised
//         shell    behind it
//       else: the same, with rows outside of the Domain masked: the point is moved into the Domain, evaluated there,
//       and
//         its contribution is not counted
//
// The order of the axes is the kernel's; where cotangents of points are kept (emit/KeptPlanes.h) rows are done in
// blocks. Interiors prefetch what comes from memory (emit/Prefetch.h). Each cell gets one load, add and store.
// __adjoint_ has a second nest over the Domain where shadows of stored arrays have to be cleared or carried back; if
// every array is met at its own point only, both are one nest.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "emit/CellEmitter.h"

namespace adstencil {

using ScalarAdder = std::function<void(llvm::IRBuilder<> &, const llvm::CallInst &, llvm::Value *)>;

/// OnGrid: the nest is a grid on the CPU device, and this call is for one unit of work: a part of the cells along the
/// outer axes, which adstencil.unit and adstencil.units determine. A second nest is a launch's second phase
/// (adstencil.phase). The function says how to add to an active scalar.
///
/// Writes the reverse of a nest, from the end of Start (which has no terminator) to Next. LookUp gives the value that a
/// value of the kernel has in the reverse sweep.
void emitGather(const GatherNest &N, PointAdjoints &Points, llvm::BasicBlock *Start, llvm::BasicBlock *Next,
                LookUpFunction LookUp, const ScalarAdder *OnGrid = nullptr);

} // namespace adstencil
