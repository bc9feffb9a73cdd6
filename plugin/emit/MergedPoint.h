// The points around a cell as one function.
//
// A gather evaluates the adjoints of all points around a cell and adds up what each has for it. Points that share work
// (the flux through the face between two cells, the corner between four) would do the reverse of that work twice: once
// with the cotangent of each point. Reverse mode shares by itself where the primal shares. So the *primals* of all
// points around the cell are written one after the other into one function, equal expressions become one, and that
// function is differentiated with respect to the cell alone:
//
//     flux = F(u[q], u[q + 1])                 from the points q and q + 1, now one expression
//     flux_bar = k · w[q + 1] - k · w[q]       the cotangents of both points meet
//     u_bar[q] += ∂F/∂u[q] · flux_bar          once
//
// All points have to be in the Domain, so this is for the interior of a nest; contributions at home are added by a call
// of the home point.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "emit/PointAdjoint.h"

namespace adstencil {

/// Writes Points.Merged, if the points around a cell share so much that it pays. Returns false after a report.
bool deriveMerged(const AdjointPlan &P, const GatherNest &N, PointAdjoints &Points, llvm::FunctionAnalysisManager &FAM);

} // namespace adstencil
