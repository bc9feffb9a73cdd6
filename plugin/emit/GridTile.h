// The adjoint of a grid of points in tiles: each point is evaluated once by a block of threads.
//
//     for the tiles of this block, in steps of all blocks:
//       for p along the outermost axis, over the rows of the tile and those that reach into it:
//         for the points of the plane, shared out to threads:    what each adds, to shared memory
//         barrier
//         for the cells of the plane, shared out to threads:
//           what points add to open rows;    u_bar[q] += the sum of the row that is complete
//         barrier
//
// What a plane is, and what lies where in shared memory, is planned (analysis/BlockTile.h). All bounds around barriers
// are the same for all threads of a block. Each point is evaluated by one piece of code and each sum has one order, so
// the bits depend neither on the launch nor on how the cells are cut into tiles.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "emit/GridGather.h"

namespace adstencil {

/// As emitGridGather.
void emitGridTile(const GatherNest &N, const GridNest &Grid, PointAdjoints &Points, llvm::BasicBlock *Start,
                  llvm::BasicBlock *Next, LookUpFunction LookUp, const ScalarAdder &AddToScalar);

} // namespace adstencil
