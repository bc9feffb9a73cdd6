// [[adstencil::strategy("…")]] on its way through the IR.
//
// Clang writes the annotation of a function into llvm.global.annotations. The pipeline turns it into an attribute of
// the function before anything else happens, and takes it away at the end. Inlining reads it off the function that a
// request differentiates (model/Inline.cpp); the annotation of a function that this one calls demands nothing.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/IR/Module.h"

namespace adstencil {

struct Request;

/// Moves the plugin's entries of llvm.global.annotations to the functions that they belong to.
void takeAnnotations(llvm::Module &M);
/// Removes what takeAnnotations has written.
void dropStrategies(llvm::Module &M);

/// Fills R.Strategy if Callee is the function that the request differentiates, and not a step on the way to it. Called
/// for every function that is inlined into R.F, callers before callees. Returns false after a report.
bool noteStrategy(Request &R, const llvm::Function &Callee);

} // namespace adstencil
