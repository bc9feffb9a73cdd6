// Shadow pointers: for each pointer that active accesses use, the pointer to the same place in the shadow.
//
// They are written into the kernel beside the primal pointers (a gep beside a gep, a phi beside a phi), so that they
// are ordinary values for everything that follows.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "analysis/Activity.h"
#include "llvm/IR/IRBuilder.h"

namespace adstencil {

class Shadows {
public:
  Shadows(const Request &R, const Activity &A) : R(R), A(A) {}

  /// The shadow of Pointer; null (after a report) if it leads into memory of which only a part is active.
  llvm::Value *shadowOf(llvm::Value *Pointer);

  /// Shadows of local variables, which the derivative has to clear at entry.
  llvm::ArrayRef<llvm::AllocaInst *> locals() const { return Locals; }

private:
  const Request &R;
  const Activity &A;
  llvm::DenseMap<llvm::Value *, llvm::Value *> Known;
  llvm::SmallVector<llvm::AllocaInst *, 4> Locals;

  llvm::Value *create(llvm::Value *Pointer);
};

/// Emits the clearing of a local variable's shadow.
inline void clearLocalShadow(llvm::IRBuilder<> &B, llvm::AllocaInst *Shadow) {
  uint64_t Size = Shadow->getDataLayout().getTypeAllocSize(Shadow->getAllocatedType());
  B.CreateMemSet(Shadow, B.getInt8(0), Size, Shadow->getAlign());
}

} // namespace adstencil
