// What the reverse sweep adds to the shadows of arrays that are only read.
//
//   own-point   one place is read, and it moves with every loop around it: one add a cell
//   reduction   one place is read, and some loop around it does not move it: many points add to one cell
//   scatter     several places, or places that depend on data
//
// Serial code is the same for all three; the distinction is what parallel code will be decided by.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analysis/Addresses.h"

#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/ScalarEvolutionExpressions.h"
#include "llvm/IR/InstIterator.h"

using namespace llvm;

namespace adstencil {

static ReadStrategy strategyOf(const SCEV *Address, const Loop *Innermost, ScalarEvolution &SE) {
  SmallPtrSet<const Loop *, 4> Moving;
  const SCEV *Rest = Address;
  while (const auto *Rec = dyn_cast<SCEVAddRecExpr>(Rest)) {
    if (!Rec->isAffine())
      return ReadStrategy::Scatter;
    Moving.insert(Rec->getLoop());
    Rest = Rec->getStart();
  }
  if (Innermost && !SE.isLoopInvariant(Rest, Innermost->getOutermostLoop()))
    return ReadStrategy::Scatter;
  for (const Loop *L = Innermost; L; L = L->getParentLoop())
    if (!Moving.contains(L))
      return ReadStrategy::Reduction;
  return ReadStrategy::OwnPoint;
}

void planReads(AdjointPlan &P, ScalarEvolution &SE) {
  DenseMap<const Value *, const SCEV *> Addresses;
  for (Instruction &I : instructions(*P.R.F)) {
    auto *L = dyn_cast<LoadInst>(&I);
    if (!L || !P.A.isActive(L) || P.IncrementLoad.contains(L))
      continue;
    const SCEV *Address = addressOf(SE, L->getPointerOperand());
    for (const Value *Root : P.A.roots(L->getPointerOperand())) {
      auto [Found, New] = Addresses.try_emplace(Root, Address);
      if (New)
        P.Reads[Root] = strategyOf(Address, P.LI.getLoopFor(L->getParent()), SE);
      else if (Found->second != Address)
        P.Reads[Root] = ReadStrategy::Scatter;
    }
  }
}

} // namespace adstencil
