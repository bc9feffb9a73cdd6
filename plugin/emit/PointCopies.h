// Several copies of a point's body in one function.
//
// The function speaks of cells by their distance from one of them, which is where its caller stands. A copy is the body
// of the point that is a shift away; what two copies read of one cell is one load.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "emit/PointAdjoint.h"
#include "llvm/Transforms/Utils/ValueMapper.h"
#include <map>

namespace adstencil {

class PointCopies {
public:
  /// Point: a body that is not differentiated yet (copyPoint). R receives roots without a shadow, for cells that do not
  /// contribute.
  PointCopies(const GatherNest &N, Request &R, const PointAdjoint &Point)
      : N(N), R(R), Point(Point), Body(Point.F->getEntryBlock()), Ctx(Point.F->getContext()), B(Ctx) {}
  virtual ~PointCopies() = default;

  /// True if every part of the body, a single block, can be written so often into one function.
  bool canCopy(size_t Times) const;

protected:
  const GatherNest &N;
  Request &R;
  const PointAdjoint &Point;
  const llvm::BasicBlock &Body;
  llvm::LLVMContext &Ctx;
  llvm::IRBuilder<> B;
  bool CopiesScalars = false; ///< active copies contribute to active scalars

  /// True if this load's cell, of the point that is S away, receives a contribution.
  virtual bool isGathered(const PointArgument &A, const Shift &S) const = 0;

  /// Starts a function that copies of the points at these shifts are written into.
  void start(llvm::ArrayRef<Shift> Shifts, const llvm::Twine &Suffix);
  /// Maps the arguments of the body to those of the point that is S away.
  void mapArguments(llvm::ValueToValueMapTy &Map, const Shift &S);
  /// Writes a copy of an instruction, whose operands are in the map, and enters it. Active: it contributes.
  void copy(const llvm::Instruction &I, llvm::ValueToValueMapTy &Map, const Shift &S, bool Active);
  /// Writes the stores, which no load sees.
  PointAdjoint finish();

public:
  /// Makes equal expressions one, and removes what nobody needs.
  static void tidy(llvm::Function &F, llvm::FunctionAnalysisManager &FAM);

private:
  using Key = std::tuple<unsigned, unsigned, llvm::Value *, Shift, bool>;

  PointAdjoint Copies;
  llvm::SmallVector<llvm::Type *, 16> Types;
  std::map<Key, unsigned> Numbers;
  std::map<std::pair<llvm::Value *, llvm::Type *>, llvm::Value *> Loads; ///< by marker
  std::map<std::pair<unsigned, llvm::Value *>, llvm::Value *> Markers;
  llvm::DenseMap<unsigned, unsigned> Constant; ///< roots without a shadow, by the root they stand for
  llvm::SmallVector<llvm::Instruction *, 16> Stores;

  bool mayMove(const llvm::LoadInst &L) const;
  bool isPassed(const PointArgument &A, const Shift &S) const;
  unsigned numberOf(const PointArgument &A, llvm::Type *T = nullptr);
  llvm::Argument *argument(const PointArgument &A) { return Copies.F->getArg(numberOf(A)); }
  const PointArgument *asArgument(const llvm::Value *V) const;
  unsigned constantRoot(unsigned Number);
  llvm::Value *markerOf(const llvm::CallInst &Marker, llvm::Value *Primal, const Shift &S, bool Active);
};

} // namespace adstencil
