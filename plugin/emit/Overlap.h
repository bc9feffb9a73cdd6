// check-overlap: tests while a derivative runs that its arrays keep apart, as the contract says.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "model/Request.h"

namespace adstencil {

/// Makes the derivative in R.F record the lowest and highest address it touches through each array and each shadow, and
/// stop the program with a message at its end if two such ranges meet and one of them is written.
void checkOverlap(const Request &R);

} // namespace adstencil
