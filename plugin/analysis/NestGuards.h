// Tests inside a nest that hold for all points but those near the border.
//
//     for iy, ix:
//       if (ix < nx - 1) qx[…] = …
//       if (iy > 0 && !(ix == 0)) …
//
// A test that compares one counter with something that does not change divides its axis into two ranges. Where the
// branch has work on one side only, that side is assumed to be the inner one: GatherNest::InnerLow and InnerHigh bound
// the points for which all assumptions hold, and the interior of a gather is written without these tests. Only speed
// depends on the assumptions: elsewhere the tests stay.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "analysis/AdjointPlan.h"

namespace llvm {
class SCEVExpander;
}

namespace adstencil {

/// Fills N.Assumed, N.InnerLow and N.InnerHigh, and N.Executed where threads share the nest; code goes in front of the
/// nest.
void findNestGuards(const AdjointPlan &P, GatherNest &N, llvm::DominatorTree &DT, llvm::ScalarEvolution &SE,
                    llvm::SCEVExpander &Expander);

} // namespace adstencil
