// What all contributions of a point have in common.
//
//     un[p] = c[p]^2 · Σ_k a_k u[p + s_k]
//
// The gather for u_bar[q] asks the adjoint of each point q - s_k for its contribution a_k · (c^2 un_bar)[q - s_k], and
// so evaluates the cotangent of the sum, c^2 un_bar, of every point as often as there are shifts, from as many arrays
// as it depends on. Where that is more than a load, and wanted at several shifts, it is computed once a point and kept
// (emit/KeptPlanes.h), and the adjoint of a point falls into two functions:
//
//     Keeping: computes the kept cotangents of a point and stores them
//     Kept:    what Away does, from the kept cotangents; for all points but the one at the cell itself
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "emit/PointAdjoint.h"

namespace adstencil {

/// Writes Points.Keeping and Points.Kept and sets N.Kept, if points have kept cotangents and these are worth it.
void deriveKept(GatherNest &N, PointAdjoints &Points, llvm::FunctionAnalysisManager &FAM);

} // namespace adstencil
