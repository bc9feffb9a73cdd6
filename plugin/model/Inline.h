// Inlines everything a derivative's body calls.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "model/Request.h"

namespace adstencil {

enum class Inlined { Nothing, Something, Refused };

/// Inlines every call in R.F whose body is visible, recursively. Recursion is reported and refused.
Inlined inlineCalls(Request &R);

} // namespace adstencil
