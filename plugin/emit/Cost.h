// What a gather and a tile cost, in arithmetic operations a point.
//
//   gather   what the merged points compute (emit/MergedPoint.h); where there are none, for each shift what the
//            contributions at that shift depend on, of which the optimiser may share some
//   tile     everything once, and three memory operations in cache for each contribution
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "emit/PointAdjoint.h"

namespace adstencil {

struct GatherCost {
  unsigned Gather = 0, Tile = 0;
  bool IsMerged = false; ///< what neighbouring points share is counted once
};

/// Estimates both from the adjoint of a point away from home, and from the merged points if there are any.
GatherCost estimateCost(const GatherNest &N, const PointAdjoints &Points);

/// The rule: tile if the gather's arithmetic is so much more that sharing between neighbours cannot make up for it.
bool isWorthTiling(const GatherCost &C);

} // namespace adstencil
