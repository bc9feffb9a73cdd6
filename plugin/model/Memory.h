// Memory as the analyses want to see it: scalar loads and stores that start at a known root.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "model/Request.h"

namespace adstencil {

/// Replaces memset, memcpy and memmove by loads and stores of the elements they move, and modf, sincos by their parts.
/// Returns false after a report.
bool lowerMemoryCalls(Request &R);

/// True for functions with several results that lowerMemoryCalls splits, body or not (libdevice's sincos, modf, frexp).
bool splitsIntoRules(const llvm::Function &F);

/// Pointers that are loaded from a struct passed by reference become roots of their own, read once at entry.
void exposeNestedPointers(Request &R);

/// Says through metadata that different roots are different arrays, which is the contract with the user.
void markDisjointRoots(Request &R);

} // namespace adstencil
