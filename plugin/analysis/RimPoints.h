// Reads of one cell by several points at the rim of an axis.
//
//     far = u[max(i - 2, 0)];      →      if (i <= 0) far = u[0];            that is u[i]
//                                         else if (i <= 1) far = u[0];       that is u[i - 1]
//                                         else far = u[i - 2];
//
// Where clamped neighbours are further away than one point, the few points for which they are the same get a read each:
// then each is at a constant distance from its point (analysis/RimReads.h).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "model/GridNest.h"
#include "model/Loops.h"
#include "model/Request.h"

namespace adstencil {

/// Splits such reads of R.F. Loops are those that have been counted; they stay. Grid: if they are those of a grid, else
/// null. Other analyses than those of loops and dominators have to be made again.
void splitRimReads(Request &R, const CountedLoops &Loops, const GridNest *Grid, llvm::FunctionAnalysisManager &FAM);

} // namespace adstencil
