// Tests inside a nest that hold for all points but those near the border.
//
//     for iy, ix:
//       if (ix < nx - 1) qx[…] = …
//       if (iy > 0 && !(ix == 0)) …
//
// A test that compares one counter with something that does not change divides its axis into two ranges. Where the
// branch has work on one side only, or where one side is that of a few points at the rim (`ix > 0 ? u[ix - 1] :
// u[ix]`), the other points are assumed to be the inner ones: GatherNest::InnerLow and InnerHigh bound the points for
// which all assumptions hold, and the interior of a gather is written without these tests. Only speed depends on the
// assumptions: elsewhere the tests stay.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "analysis/AdjointPlan.h"

namespace llvm {
class SCEVExpander;
}

namespace adstencil {

/// For the points of a nest whose axes are known.
BoundsFinder boundsOf(const AdjointPlan &P, const GatherNest &N, const llvm::DominatorTree &DT,
                      llvm::ScalarEvolution &SE);

/// Fills N.Bounds and N.Executed. Returns false if that is not possible for a load that is far away. Code goes in front
/// of the nest.
bool findExecuted(const AdjointPlan &P, GatherNest &N, llvm::DominatorTree &DT, llvm::ScalarEvolution &SE,
                  llvm::SCEVExpander &Expander);

/// Fills N.Assumed, N.InnerLow and N.InnerHigh. Code goes in front of the nest.
void findNestGuards(const AdjointPlan &P, GatherNest &N, llvm::DominatorTree &DT, llvm::ScalarEvolution &SE,
                    llvm::SCEVExpander &Expander);

} // namespace adstencil
