// What the threads of a grid add to the shadows of arrays that they read.
//
//     un[p] = u[p] * k[p] + u[p - 1];
//
// The adjoint of this thread adds to k_bar[p], and no other thread does: a plain add is enough. The proof is the store
// to un[p]. Threads of a kernel without data races store to different cells, so an index that a thread stores at is its
// own; an array that is read at no other index than one the same thread stores at has a shadow cell per thread. u
// fails, because of u[p - 1]: its shadow takes atomic adds.
//
// In detail, array A is own-point if there is one array B such that for each read A[i] the thread executes a plain
// store B[i] of an element of the same size whenever it executes the read, in the same iteration of every loop around
// it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analysis/Addresses.h"

#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/IR/InstIterator.h"

using namespace llvm;

namespace adstencil {

namespace {

class GridReads {
public:
  GridReads(AdjointPlan &P, DominatorTree &DT, ScalarEvolution &SE) : P(P), DT(DT), SE(SE) {}

  void plan() {
    for (Instruction &I : instructions(*P.R.F)) {
      if (auto *L = dyn_cast<LoadInst>(&I); L && P.A.isActive(L) && !P.IncrementLoad.contains(L)) {
        auto Roots = P.A.roots(L->getPointerOperand());
        for (const Value *Root : Roots)
          if (isArrayMarker(Root)) {
            Reads[Root].push_back(L);
            if (Roots.size() > 1)
              Ambiguous.insert(Root);
          }
      } else if (auto *S = dyn_cast<StoreInst>(&I)) {
        auto Roots = P.A.roots(S->getPointerOperand());
        if (Roots.size() == 1 && isArrayMarker(Roots[0]))
          Stores[Roots[0]].push_back(S);
      }
    }
    for (auto &[Root, Loads] : Reads)
      P.Reads[Root] = !Ambiguous.contains(Root) && isOwnPoint(Loads) ? ReadStrategy::OwnPoint : ReadStrategy::Scatter;
  }

private:
  AdjointPlan &P;
  DominatorTree &DT;
  ScalarEvolution &SE;
  MapVector<const Value *, SmallVector<LoadInst *, 4>> Reads;
  MapVector<const Value *, SmallVector<StoreInst *, 4>> Stores;
  DenseSet<const Value *> Ambiguous;

  /// The distance in bytes from the start of the array.
  const SCEV *offsetOf(const Instruction *Access) {
    return SE.removePointerBase(addressOf(SE, getLoadStorePointerOperand(Access)));
  }

  bool isOwnPoint(ArrayRef<LoadInst *> Loads) {
    return any_of(Stores, [&](const auto &Array) {
      return all_of(Loads, [&](const LoadInst *L) {
        return any_of(Array.second, [&](const StoreInst *S) {
          return sameIndex(*L, *S) && isExecutedWith(*S, *L) && (!P.Grid || isPointsOwn(*S));
        });
      });
    });
  }

  bool sameIndex(const LoadInst &L, const StoreInst &S) {
    const DataLayout &DL = L.getDataLayout();
    return DL.getTypeStoreSize(L.getType()) == DL.getTypeStoreSize(S.getValueOperand()->getType()) &&
           offsetOf(&L) == offsetOf(&S);
  }

  /// True if no other point of the thread stores there either.
  bool isPointsOwn(const StoreInst &S) const {
    return gridPointsApart(P, SE, S, S.getDataLayout().getTypeStoreSize(S.getValueOperand()->getType()));
  }

  /// True if S is executed in every iteration (or run) in which L is.
  bool isExecutedWith(const StoreInst &S, const LoadInst &L) const {
    const Loop *Around = P.LI.getLoopFor(L.getParent());
    if (P.LI.getLoopFor(S.getParent()) != Around)
      return false;
    if (S.getParent() == L.getParent() || DT.dominates(S.getParent(), L.getParent()))
      return true;
    // There is no way from the load to the end of the iteration that leaves the store out.
    SmallPtrSet<const BasicBlock *, 16> Seen;
    SmallVector<const BasicBlock *, 16> Open = {L.getParent()};
    while (!Open.empty()) {
      const BasicBlock *BB = Open.pop_back_val();
      if (succ_empty(BB))
        return false;
      for (const BasicBlock *Next : successors(BB)) {
        if (Around && (Next == Around->getHeader() || !Around->contains(Next)))
          return false;
        if (Next != S.getParent() && Seen.insert(Next).second)
          Open.push_back(Next);
      }
    }
    return true;
  }
};

} // namespace

void planReadsOnGrid(AdjointPlan &P, DominatorTree &DT, ScalarEvolution &SE) { GridReads(P, DT, SE).plan(); }

} // namespace adstencil
