// What a gather and a tile cost, in arithmetic operations a point.
//
//   gather   what the merged points compute (emit/MergedPoint.h); where there are none, for each shift what the
//            contributions at that shift depend on, of which the optimiser may share some
//   tile     everything once, and three memory operations in cache for each contribution; what points share, once for
//            all of them (emit/SharedPoint.h)
//
// On a GPU the same is counted in instructions, with what the exchange between threads takes.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "emit/PointAdjoint.h"

namespace adstencil {

struct GatherCost {
  unsigned Gather = 0, Tile = 0;
  unsigned Owner = 0;    ///< tile with shared values, and what is added at home; 0: there are none
  unsigned Home = 0;     ///< tile without, and what is added at home
  bool IsMerged = false; ///< what neighbouring points share is counted once
};

/// Estimates both from the adjoint of a point away from home, and from merged points and owners if there are any.
GatherCost estimateCost(const GatherNest &N, const PointAdjoints &Points);

/// All that a point does in a tile, buffers included.
unsigned costOfPoint(const GatherNest &N, const PointAdjoint &Point);

/// Estimates both for a grid on a GPU, in issued instructions a point. Also what a tile's threads do beside evaluating:
/// the exchange through shared memory, and the points that several planes have.
GatherCost estimateGridCost(const GatherNest &N, const PointAdjoints &Points);

/// The rule: tile if the gather's arithmetic is so much more that sharing between neighbours cannot make up for it.
bool isWorthTiling(const GatherCost &C);
/// True if no tile is, whatever points share.
bool isTooLightToTile(const GatherCost &C);
/// True if a tile had better leave shared values to their owners.
bool isWorthSharing(const GatherCost &C);
/// The same for a grid on a GPU. Words: numbers that a point reads from memory or writes to it, at least.
bool isWorthTilingGrid(const GatherCost &C, unsigned Words);
unsigned wordsOfPoint(const GatherNest &N, const PointAdjoint &Away);

/// True if these values of a point's adjoint are worth keeping (emit/KeptCotangents.h).
bool isWorthKeeping(const GatherNest &N, llvm::ArrayRef<const llvm::Instruction *> Values);

/// How many planes of cells a gather on a CPU does together.
unsigned planesTogether(const GatherNest &N, const PointAdjoints &Points);

} // namespace adstencil
