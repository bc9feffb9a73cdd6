// What [[adstencil::strategy("…")]] demands of a plan.
//
//   own-point   every nest evaluates each point once and adds to cells of its own
//   gather      every nest that reads active arrays collects contributions; no scattered adds
//   tile        the same, with each point of a tile evaluated once
//   reduction   as own-point, and arrays of fewer dimensions than the nest are summed
//   scatter     reads add to shadows in the order of the loops, one by one (on a grid: atomically)
//   sequential  the exact reverse of the order of execution
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "analysis/AdjointPlan.h"

namespace adstencil {

/// True if the planner may look for gathers at all.
bool mayGather(const Request &R);

/// Compares the plan with what is demanded. Returns false after a report.
bool checkDemand(const AdjointPlan &P);

} // namespace adstencil
