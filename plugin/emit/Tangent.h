// Writes the tangent: the kernel runs, and beside every varied value runs its directional derivative.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "analysis/Activity.h"
#include "analysis/Shadows.h"

namespace adstencil {

/// Turns the normalised kernel in R.F into its tangent, in place. Returns false after a report.
bool emitTangentKernel(const Request &R, const Activity &A, Shadows &S);

} // namespace adstencil
