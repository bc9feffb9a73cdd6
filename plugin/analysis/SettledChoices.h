// Choices that the bounds of the counters have made.
//
//     for (i = 0; i < n; ++i)  … u[min(max(i + 1, 0), n - 1)] …        max(i + 1, 0) is i + 1
//
// A function that keeps any index inside of an array is called with indices that leave it on one side only, or not at
// all. What is left of it where the counters are known to be in bounds is found here: conditions get their value, and
// what is never executed goes.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "model/GridNest.h"
#include "model/Request.h"

namespace adstencil {

/// Simplifies the nests of R.F. Grid: if it is the nest of a grid, else null.
void settleChoices(Request &R, const GridNest *Grid, llvm::FunctionAnalysisManager &FAM);

} // namespace adstencil
