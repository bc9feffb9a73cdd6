// Which values and which memory carry derivatives.
//
// A value is *varied* if it depends on an active input, *useful* if an active output depends on it, and *active* if
// both. Memory behind a marker with a shadow is active; a local variable is active if a varied value is stored to it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "model/Request.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

namespace adstencil {

class Activity {
public:
  explicit Activity(const Request &R);

  bool isActive(const llvm::Value *V) const { return Varied.contains(V) && Useful.contains(V); }
  bool isVaried(const llvm::Value *V) const { return Varied.contains(V); }
  /// True if some root of the pointer is active memory.
  bool isActiveMemory(const llvm::Value *Pointer) const;
  bool isActiveRoot(const llvm::Value *Root) const;
  /// Roots of a pointer, where pointers loaded from one array of pointers count as one root.
  llvm::SmallVector<const llvm::Value *, 2> roots(const llvm::Value *Pointer) const;

private:
  const Request &R;
  llvm::DenseSet<const llvm::Value *> Varied, Useful, ActiveLocals;
  mutable llvm::DenseMap<const llvm::Value *, llvm::SmallVector<const llvm::Value *, 2>> Cache;

  bool becomesVaried(const llvm::Instruction &I) const;
  void spreadVaried();
  void spreadUseful();
};

/// True for float and double.
inline bool isDifferentiableType(const llvm::Type *T) { return T->isFloatTy() || T->isDoubleTy(); }

/// Reports everything in the kernel that has no derivative or that the method cannot treat. True if there was nothing.
bool checkRestrictions(const Request &R, const Activity &A);

} // namespace adstencil
