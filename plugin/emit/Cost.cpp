// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emit/Cost.h"

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"

using namespace llvm;

namespace adstencil {

/// Vectorised throughput relative to an addition, on current CPUs.
static unsigned costOf(const Instruction &I) {
  constexpr unsigned Division = 8, Root = 10, Function = 20;
  if (const auto *II = dyn_cast<IntrinsicInst>(&I))
    switch (II->getIntrinsicID()) {
    case Intrinsic::fma:
    case Intrinsic::fmuladd:
    case Intrinsic::fabs:
    case Intrinsic::copysign:
    case Intrinsic::minnum:
    case Intrinsic::maxnum:
    case Intrinsic::minimum:
    case Intrinsic::maximum:
      return 1;
    case Intrinsic::sqrt:
      return Root;
    default:
      return I.getType()->isFPOrFPVectorTy() ? Function : 0;
    }
  if (isa<CallBase>(I))
    return Function;
  switch (I.getOpcode()) {
  case Instruction::FAdd:
  case Instruction::FSub:
  case Instruction::FMul:
  case Instruction::FNeg:
  case Instruction::FCmp:
  case Instruction::Load:
    return 1;
  case Instruction::FDiv:
  case Instruction::FRem:
    return Division;
  default:
    return 0;
  }
}

/// What the values that are stored to the given places depend on.
static unsigned costOfStores(const Function &F, function_ref<bool(const Value *)> IsWanted) {
  SmallPtrSet<const Instruction *, 32> Seen;
  SmallVector<const Instruction *, 64> Stack;
  for (const Instruction &I : instructions(F))
    if (auto *S = dyn_cast<StoreInst>(&I); (S && IsWanted(S->getPointerOperand())) || I.isTerminator())
      Stack.push_back(&I);
  unsigned Cost = 0;
  while (!Stack.empty()) {
    const Instruction *I = Stack.pop_back_val();
    if (!Seen.insert(I).second)
      continue;
    Cost += costOf(*I);
    for (const Use &U : I->operands())
      if (auto *Operand = dyn_cast<Instruction>(U))
        Stack.push_back(Operand);
  }
  return Cost;
}

GatherCost estimateCost(const GatherNest &N, const PointAdjoints &Points) {
  const PointAdjoint &Away = Points.Away;
  GatherCost C;
  DenseMap<const Value *, const PointArgument *> Contributions;
  for (auto [I, A] : enumerate(Away.Arguments))
    if (A.TheKind == PointArgument::CellShadow && A.OfLoad && N.Groups[A.Number].Gathered && Away.uses(I)) {
      Contributions[Away.F->getArg(I)] = &A;
      C.Tile += 3;
    }
  C.Tile += costOfStores(*Away.F, [&](const Value *V) { return Contributions.contains(V); });
  if (Points.Merged.F) {
    C.Gather = costOfStores(*Points.Merged.F, [](const Value *) { return true; });
    C.IsMerged = true;
    return C;
  }
  for (const Shift &S : N.Evaluations)
    C.Gather += costOfStores(*Away.F, [&](const Value *V) {
      const PointArgument *A = Contributions.lookup(V);
      return A && A->At == S;
    });
  return C;
}

bool isWorthTiling(const GatherCost &C) {
  // Measured with 512-bit vectors on one core. Of merged points the ratio is that of the times: at 1.7 (WENO5) a tile
  // takes 0.65 of the gather's time, at 0.9 (shallow ice) twice as much. Of others the optimiser still shares what it
  // can, primal values above all: a ratio of 3.4 pays, 1.4 does not. Light point functions are bound by memory, where a
  // gather is best.
  constexpr unsigned LeastWork = 200;
  if (C.Tile <= LeastWork)
    return false;
  return C.IsMerged ? 4 * C.Gather > 5 * C.Tile : 2 * C.Gather > 5 * C.Tile;
}

} // namespace adstencil
