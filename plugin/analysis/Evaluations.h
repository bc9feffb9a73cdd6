// At which shifts the points around a cell are evaluated.
//
// What shift 0 of a group of accesses means is a choice: moving the group's start the other way leaves every address as
// it is. Groups are moved so that their loads share evaluations, and so that the shifts reach out equally far.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "analysis/Gather.h"

namespace adstencil {

/// Fills N.Evaluations, and moves the groups of accesses to them. Groups, accesses and roles are known.
void chooseEvaluations(GatherNest &N, const AdjointPlan &P, llvm::ScalarEvolution &SE);

} // namespace adstencil
