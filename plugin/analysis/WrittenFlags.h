// Pointers that may lead into a written array or into one that is only read.
//
// `c ? &u[i] : &v[i]` with u written and v not: in `vjp` the shadow of u is kept and that of v is added to, so it has
// to be known at run time which of them a pointer leads to. The answer is written beside the pointer, as Shadows writes
// shadow pointers: a phi beside a phi, a select beside a select.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "analysis/Activity.h"

namespace adstencil {

class WrittenFlags {
public:
  WrittenFlags(const Activity &A, llvm::ArrayRef<const llvm::Value *> Written)
      : A(A), Written(Written.begin(), Written.end()) {}

  /// An i1 that is true where Pointer leads into a written array.
  llvm::Value *flagOf(llvm::Value *Pointer);

private:
  const Activity &A;
  llvm::DenseSet<const llvm::Value *> Written;
  llvm::DenseMap<llvm::Value *, llvm::Value *> Known;
};

} // namespace adstencil
