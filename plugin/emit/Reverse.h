// Carries out an AdjointPlan: writes the reverse sweep into the function that requested it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "emit/PointAdjoint.h"

namespace adstencil {

/// Replaces the body of the planned function by its derivative. Points: the point adjoints of P.Gathers. Stored
/// receives one line per tape stream, for the report.
bool emitReverse(AdjointPlan &P, const Shadows &S, GatheredNests &Points, std::vector<std::string> &Stored);

} // namespace adstencil
