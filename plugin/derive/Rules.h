// The derivative rules of mathematical functions: look-up by call, and partials as IR.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstrTypes.h"
#include <memory>
#include <vector>

namespace adstencil {

struct RuleExpr; // a parsed partial

struct Rule {
  llvm::StringRef Name;
  unsigned Arity;
  std::vector<std::shared_ptr<const RuleExpr>> Partials; ///< one per argument; null where it is identically zero
};

/// Finds the rule for a call to a libm function or an intrinsic. Null if the table has none.
const Rule *findRule(const llvm::CallBase &CB);

/// True if Name (a C name, float or double) has a row.
bool isRuleName(llvm::StringRef Name);

/// True if the partial for argument K is not identically zero.
inline bool hasPartial(const Rule &R, unsigned K) { return K < R.Partials.size() && R.Partials[K]; }

/// Whether the partial for argument K reads the value of argument Arg, or the result.
bool partialUsesArgument(const Rule &R, unsigned K, unsigned Arg);
bool partialUsesResult(const Rule &R, unsigned K);

/// True if the partial may be infinite or NaN somewhere in the function's domain.
bool partialIsSingular(const Rule &R, unsigned K);

/// Emits the partial with respect to argument K. Args and Result are primal values (null where the partial does not use
/// them).
llvm::Value *emitPartial(llvm::IRBuilder<> &B, const Rule &R, unsigned K, llvm::ArrayRef<llvm::Value *> Args,
                         llvm::Value *Result, llvm::Type *T);

/// Emits a call to the mathematical function Name (an intrinsic where LLVM has one, otherwise libm).
llvm::Value *emitFunction(llvm::IRBuilder<> &B, llvm::StringRef Name, llvm::ArrayRef<llvm::Value *> Args);

} // namespace adstencil
