// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analysis/NestGuards.h"

#include "analysis/Addresses.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/ScalarEvolutionExpressions.h"
#include "llvm/IR/PatternMatch.h"
#include "llvm/Transforms/Utils/ScalarEvolutionExpander.h"

using namespace llvm;
using namespace llvm::PatternMatch;

namespace adstencil {

namespace {

SmallVector<const SCEV *, 4> lastForms(const GatherNest &N, ScalarEvolution &SE) {
  SmallVector<const SCEV *, 4> Forms;
  for (Value *Last : N.Last)
    Forms.push_back(SE.getSCEV(Last));
  return Forms;
}

class GuardFinder : public BoundsFinder {
public:
  GuardFinder(const AdjointPlan &P, GatherNest &N, DominatorTree &DT, ScalarEvolution &SE)
      : BoundsFinder(N.Axes, lastForms(N, SE), P.Grid, P.LI, DT, SE), N(N) {}

  void run() {
    for (BasicBlock *BB : Outermost->blocks())
      if (auto *Branch = dyn_cast<BranchInst>(BB->getTerminator());
          Branch && Branch->isConditional() && !Outermost->isLoopInvariant(Branch->getCondition()) && !isLatch(BB)) {
        bool First = hasWork(BB, Branch->getSuccessor(0)), Second = hasWork(BB, Branch->getSuccessor(1));
        if (First != Second)
          assume(Branch->getCondition(), First);
        else if (First && isRim(Branch->getCondition(), true) != isRim(Branch->getCondition(), false))
          assume(Branch->getCondition(), !isRim(Branch->getCondition(), true));
      }
  }

private:
  GatherNest &N;

  /// True if V is Holds for a few points at the rim of an axis only.
  bool isRim(Value *V, bool Holds) {
    BoundsFinder Side(Axes, Last, Grid, LI, DT, SE);
    Side.confineBy(V, Holds);
    for (unsigned D = 0; D != Last.size(); ++D)
      for (const SCEV *Lower : Side.Bounds.Lowers[D])
        for (const SCEV *Upper : Side.Bounds.Uppers[D])
          if (const auto *Width = dyn_cast<SCEVConstant>(SE.getMinusSCEV(Upper, Lower));
              Width && Width->getAPInt().slt(MostRim))
            return Side.Bounded[D];
    return false;
  }

  /// True if accesses depend on taking this edge.
  bool hasWork(const BasicBlock *From, const BasicBlock *To) const {
    BasicBlockEdge Edge(From, To);
    return any_of(Outermost->blocks(), [&](const BasicBlock *BB) {
      return DT.dominates(Edge, BB) && any_of(*BB, [](const Instruction &I) { return getLoadStorePointerOperand(&I); });
    });
  }

  /// Restricts the inner points to those for which V is known to be Holds. True if that is possible, with V then noted.
  bool assume(Value *V, bool Holds) {
    Value *X, *Y;
    if (match(V, m_Not(m_Value(X))))
      return assume(X, !Holds) && note(V, Holds);
    if (Holds ? match(V, m_LogicalAnd(m_Value(X), m_Value(Y))) : match(V, m_LogicalOr(m_Value(X), m_Value(Y)))) {
      bool Both = assume(X, Holds);
      Both &= assume(Y, Holds);
      return Both && note(V, Holds);
    }
    std::optional<Comparison> C = read(V, Holds);
    if (!C || !restrict(C->Axis, C->Grows, near(C->Start), C->Pred, near(C->Right)))
      return false;
    if (const SCEV *Beyond = SE.getMinusSCEV(C->Start, near(C->Start)); !Beyond->isZero())
      forbidUnlessZero(C->Axis, Beyond);
    return note(V, Holds);
  }

  /// No point is an inner one unless S is 0. S is less than 2^63 - 1 away from it.
  void forbidUnlessZero(unsigned Axis, const SCEV *S) {
    const SCEV *IsNot = SE.getSMinExpr(SE.getSMaxExpr(S, SE.getNegativeSCEV(S)), number(1));
    atLeast(Axis, SE.getMulExpr(IsNot, number(FarthestIndex)));
  }

  bool note(Value *V, bool Holds) {
    N.Assumed.push_back({cast<Instruction>(V), Holds});
    return true;
  }
};

} // namespace

BoundsFinder boundsOf(const AdjointPlan &P, const GatherNest &N, const DominatorTree &DT, ScalarEvolution &SE) {
  return BoundsFinder(N.Axes, lastForms(N, SE), P.Grid, P.LI, DT, SE);
}

/// What threads add to is told apart by the cells of rows. A read that is not executed at the end of a row must not
/// count as one of the next row's first cell.
bool findExecuted(const AdjointPlan &P, GatherNest &N, DominatorTree &DT, ScalarEvolution &SE, SCEVExpander &Expander) {
  Instruction *Place = N.outermost()->getLoopPreheader()->getTerminator();
  Type *Int = Type::getInt64Ty(Place->getContext());
  for (auto &[L, Role] : N.Roles) {
    if (!N.Conditional.contains(L))
      continue;
    BoundsFinder Finder = boundsOf(P, N, DT, SE);
    Finder.confine(L->getParent());
    SmallVector<std::pair<const SCEV *, const SCEV *>, 4> Box;
    for (unsigned D = 0; D != N.Axes.size(); ++D)
      Box.push_back({Finder.low(D), Finder.high(D)});
    bool IsKnown = all_of(Box, [&](auto &Range) {
      return canComputeAt(Range.first, Place, SE, Expander) && canComputeAt(Range.second, Place, SE, Expander);
    });
    if (!IsKnown && isFar(N.Accesses.find(L)->second.At))
      return false;
    N.Bounds[L] = Finder.Bounds;
    for (auto [Low, High] : Box)
      if (IsKnown)
        N.Executed[L].push_back({Expander.expandCodeFor(Low, Int, Place), Expander.expandCodeFor(High, Int, Place)});
  }
  return true;
}

void findNestGuards(const AdjointPlan &P, GatherNest &N, DominatorTree &DT, ScalarEvolution &SE,
                    SCEVExpander &Expander) {
  GuardFinder Finder(P, N, DT, SE);
  Finder.run();
  Instruction *Place = N.outermost()->getLoopPreheader()->getTerminator();
  Type *Int = Type::getInt64Ty(Place->getContext());
  for (unsigned D = 0; D != N.Axes.size(); ++D)
    if (Finder.Bounded[D] &&
        (!canComputeAt(Finder.low(D), Place, SE, Expander) || !canComputeAt(Finder.high(D), Place, SE, Expander))) {
      N.Assumed.clear();
      return;
    }
  N.InnerLow.assign(N.Axes.size(), nullptr);
  N.InnerHigh.assign(N.Axes.size(), nullptr);
  for (unsigned D = 0; D != N.Axes.size(); ++D)
    if (Finder.Bounded[D] && !N.Assumed.empty()) {
      N.InnerLow[D] = Expander.expandCodeFor(Finder.low(D), Int, Place);
      N.InnerHigh[D] = Expander.expandCodeFor(Finder.high(D), Int, Place);
    }
}

} // namespace adstencil
