// A copy of a function's body, to go back to where a form that was tried is not the right one.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/IR/Function.h"
#include "llvm/IR/PassManager.h"

namespace adstencil {

class KeptBody {
public:
  explicit KeptBody(llvm::Function &F);
  ~KeptBody();
  /// Gives the function its old body. Once.
  void restore(llvm::FunctionAnalysisManager &FAM);

private:
  llvm::Function &F;
  llvm::Function *Copy;
};

} // namespace adstencil
