// The scalars and pointers that a type is made of.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/DataLayout.h"
#include "llvm/IR/DerivedTypes.h"

namespace adstencil {

/// A scalar or pointer inside a type, with its offset in bytes.
struct Leaf {
  uint64_t Offset;
  llvm::Type *T;
};

/// Appends the leaves of T, which itself lies at Offset.
inline void collectLeaves(llvm::Type *T, const llvm::DataLayout &DL, uint64_t Offset,
                          llvm::SmallVectorImpl<Leaf> &Leaves) {
  if (auto *S = llvm::dyn_cast<llvm::StructType>(T)) {
    const llvm::StructLayout *Layout = DL.getStructLayout(S);
    for (unsigned I = 0; I != S->getNumElements(); ++I)
      collectLeaves(S->getElementType(I), DL, Offset + Layout->getElementOffset(I), Leaves);
  } else if (auto *A = llvm::dyn_cast<llvm::ArrayType>(T)) {
    uint64_t Stride = DL.getTypeAllocSize(A->getElementType());
    for (uint64_t I = 0; I != A->getNumElements(); ++I)
      collectLeaves(A->getElementType(), DL, Offset + I * Stride, Leaves);
  } else {
    Leaves.push_back({Offset, T});
  }
}

} // namespace adstencil
