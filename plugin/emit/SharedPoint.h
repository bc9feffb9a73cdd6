// Points of a tile that share values with their neighbours.
//
// A tile (emit/Tile.h) evaluates each point once, and so the flux through a face twice: once for each of the points
// beside it. Where points have values in common (emit/SharedValues.h) each is given to one point, its owner, who
// reverses it once, with what all points that have it hand over:
//
//     own flux of p = F(u[p - 2], …, u[p + 2])        which is the other flux of p + 1
//     flux_bar = k · w[p + 1] - k · w[p]              from all points that have it
//     contributions of p = ∂F/∂u · flux_bar, and what p's own reads contribute otherwise
//
// The owners are the points of the Domain, and some beside it. Near the ends of the Domain not all points that have an
// owner's values exist; there what each of them hands over is reversed on its own.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "emit/PointAdjoint.h"

namespace adstencil {

/// Writes Points.Owner, Points.Parts and N.Owners, if points share values. Returns false after a report.
bool deriveOwner(const AdjointPlan &P, GatherNest &N, PointAdjoints &Points, llvm::FunctionAnalysisManager &FAM);
/// Takes it back.
void discardOwner(GatherNest &N, PointAdjoints &Points, llvm::FunctionAnalysisManager &FAM);

} // namespace adstencil
