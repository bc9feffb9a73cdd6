// Clang says where the lifetime of a local variable begins when it optimises, and does not at -O0. The second proof
// makes the plan the same at all levels for the usual cases: elements are assigned one by one, or in a loop over all of
// them, before they are read.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analysis/Private.h"

#include "llvm/Analysis/ScalarEvolutionExpressions.h"
#include "llvm/IR/IntrinsicInst.h"

using namespace llvm;

namespace adstencil {

namespace {

/// Bytes [First, End) of the variable.
struct Bytes {
  int64_t First, End;
};

class Variable {
public:
  Variable(const AllocaInst &A, const Loop &L, const CountedLoops &Loops, const DominatorTree &DT, ScalarEvolution &SE)
      : A(A), L(L), Loops(Loops), DT(DT), SE(SE), DL(A.getDataLayout()) {}

  bool isNew() {
    if (!collectUses())
      return false;
    if (LifetimeBegins)
      return true;
    return all_of(Loads, [&](const LoadInst *Load) { return isCovered(*Load); });
  }

private:
  const AllocaInst &A;
  const Loop &L;
  const CountedLoops &Loops;
  const DominatorTree &DT;
  ScalarEvolution &SE;
  const DataLayout &DL;
  bool LifetimeBegins = false;
  SmallVector<const LoadInst *, 8> Loads;
  SmallVector<const StoreInst *, 8> Stores;

  /// Finds all accesses. False if one lies outside of the loop or is not a plain load or store.
  bool collectUses() {
    SmallVector<const Value *, 8> Stack = {&A};
    SmallPtrSet<const Value *, 8> Seen;
    while (!Stack.empty()) {
      const Value *V = Stack.pop_back_val();
      for (const User *U : V->users()) {
        const auto *I = cast<Instruction>(U);
        if (!Seen.insert(I).second)
          continue;
        // Addresses may have been hoisted out of the loop; it is the accesses that count.
        if (I->getType()->isPointerTy() && !isa<LoadInst>(I)) {
          Stack.push_back(I);
          continue;
        }
        if (I->isLifetimeStartOrEnd()) {
          LifetimeBegins |= L.contains(I) && cast<IntrinsicInst>(I)->getIntrinsicID() == Intrinsic::lifetime_start;
          continue;
        }
        if (!L.contains(I))
          return false;
        if (const auto *Load = dyn_cast<LoadInst>(I))
          Loads.push_back(Load);
        else if (const auto *Store = dyn_cast<StoreInst>(I))
          Stores.push_back(Store);
      }
    }
    return true;
  }

  int64_t sizeOf(Type *T) const { return DL.getTypeStoreSize(T).getFixedValue(); }

  /// Which bytes a load reads: exactly, or all of the variable where the place is not constant.
  Bytes bytesRead(const LoadInst &Load) const {
    APInt Offset(64, 0);
    if (Load.getPointerOperand()->stripAndAccumulateConstantOffsets(DL, Offset, true) == &A)
      return {Offset.getSExtValue(), Offset.getSExtValue() + sizeOf(Load.getType())};
    return {0, sizeOf(A.getAllocatedType())};
  }

  /// Which bytes a store, or the loop around it, has written when control reaches Load. Empty if that is not known.
  Bytes bytesWrittenBefore(const StoreInst &Store, const LoadInst &Load) const {
    const int64_t Size = sizeOf(Store.getValueOperand()->getType());
    APInt Offset(64, 0);
    if (Store.getPointerOperand()->stripAndAccumulateConstantOffsets(DL, Offset, true) == &A &&
        DT.dominates(&Store, &Load))
      return {Offset.getSExtValue(), Offset.getSExtValue() + Size};
    for (const auto &[Inner, C] : Loops) {
      if (!Inner->contains(&Store) || Inner == &L || !L.contains(Inner) || Inner->contains(&Load))
        continue;
      const auto *Last = dyn_cast_or_null<ConstantInt>(static_cast<Value *>(C.Last));
      const auto *Address = dyn_cast<SCEVAddRecExpr>(SE.getSCEV(const_cast<Value *>(Store.getPointerOperand())));
      if (!C.KnownBefore || !Last || !Address || Address->getLoop() != Inner || !Address->isAffine() ||
          !DT.dominates(Store.getParent(), Inner->getLoopLatch()) || !DT.dominates(C.Exit, Load.getParent()))
        continue;
      const auto *Step = dyn_cast<SCEVConstant>(Address->getStepRecurrence(SE));
      const auto *Start =
          dyn_cast<SCEVConstant>(SE.getMinusSCEV(Address->getStart(), SE.getSCEV(const_cast<AllocaInst *>(&A))));
      // The last iteration may leave before it gets to the store.
      int64_t Times = Last->getZExtValue() + (DT.dominates(Store.getParent(), C.Exiting[0]) ? 1 : 0);
      if (Step && Start && Step->getAPInt() == Size)
        return {Start->getAPInt().getSExtValue(), Start->getAPInt().getSExtValue() + Size * Times};
    }
    return {0, 0};
  }

  bool isCovered(const LoadInst &Load) const {
    Bytes Needed = bytesRead(Load);
    SmallVector<Bytes, 8> Written;
    for (const StoreInst *Store : Stores)
      Written.push_back(bytesWrittenBefore(*Store, Load));
    sort(Written, [](const Bytes &X, const Bytes &Y) { return X.First < Y.First; });
    for (const Bytes &W : Written)
      if (W.First <= Needed.First)
        Needed.First = std::max(Needed.First, W.End);
    return Needed.First >= Needed.End;
  }
};

} // namespace

bool isNewInEachIteration(const AllocaInst &A, const Loop &L, const CountedLoops &Loops, const DominatorTree &DT,
                          ScalarEvolution &SE) {
  return Variable(A, L, Loops, DT, SE).isNew();
}

} // namespace adstencil
