// The adjoint of a nest with a heavy point function: each point is evaluated once.
//
// A gather evaluates the adjoint of a point once for each shift. Where that costs more than memory traffic (limiters,
// powers, long sums) the contributions of a piece of a row are computed once, put into a buffer that stays in cache,
// and added from there:
//
//     for p (all axes but the last)
//       for pieces of the row
//         for x in piece:            buffer_k[x] = what the point (p, x) adds for its read k       vectorised
//         for each read k:
//           for x in piece:          u_bar[(p, x) + s_k] += buffer_k[x]                            vectorised
//
// Each addition of one read goes to cells that are apart, which is what a scatter lacks. A point reads only the
// cotangents of what it stores itself, so __adjoint_ may clear them in the same pass; not where points share values
// (emit/SharedPoint.h) and loops run over owners.
//
// In an OpenMP nest threads share slabs of cells along the outermost axis. A slab evaluates all points that reach into
// it, also those that belong to its neighbours, and adds to its own cells only. The order of additions to a cell is the
// same for any number of threads, and of slabs unless cells share memory.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "emit/CellEmitter.h"

namespace adstencil {

/// As emitGather.
void emitTile(const GatherNest &N, PointAdjoints &Points, llvm::BasicBlock *Start, llvm::BasicBlock *Next,
              LookUpFunction LookUp);

} // namespace adstencil
