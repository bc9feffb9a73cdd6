// Reads at an index that is chosen.
//
//     left = u[i > 0 ? i - 1 : 0];       →       if (i > 0) left = u[i - 1]; else left = u[0];
//     right = u[(i + 1) % n];            →       if (i + 1 < n) right = u[i + 1]; else right = u[i + 1 - n];
//
// Neighbours at the rim of a domain are often written so: clamped with conditions, minima and maxima, periodic with
// remainders; and so are upwind neighbours. An index that is chosen is no affine function of the counters, but each
// choice is one. Reads of arrays with a shadow become reads of each choice, behind the condition for it.
//
// A remainder is a choice where its range is known: 0 <= i < n bounds i + n - 1, say, by 2 n.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "model/Request.h"
#include "llvm/IR/PassManager.h"

namespace adstencil {

/// True if an index of such a read is chosen.
bool hasChosenReads(Request &R, llvm::FunctionAnalysisManager &FAM);

/// Splits the reads of R.F whose index is chosen. The optimiser likes to join them again.
void splitChosenReads(Request &R, llvm::FunctionAnalysisManager &FAM);

} // namespace adstencil
