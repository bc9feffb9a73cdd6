// The values of [[adstencil::strategy("…")]], in the words of the printed plan.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"

namespace adstencil {

inline constexpr llvm::StringLiteral StrategyNames[] = {"own-point", "gather",  "tile",
                                                        "reduction", "scatter", "sequential"};
inline bool isStrategy(llvm::StringRef Name) { return llvm::is_contained(StrategyNames, Name); }

/// In front of the name in the annotation of a function.
inline constexpr llvm::StringLiteral StrategyMarker = "adstencil.strategy.";

} // namespace adstencil
