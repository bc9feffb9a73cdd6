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

/// What lies further from 0 is no index. Bounds are moved to here, so that sums of them do not overflow: `i > limit`
/// with the largest `long` for a limit means that no point is inside.
constexpr int64_t Far = int64_t(1) << 61;

class GuardFinder {
public:
  GuardFinder(const AdjointPlan &P, GatherNest &N, DominatorTree &DT, ScalarEvolution &SE)
      : P(P), N(N), DT(DT), SE(SE), Outermost(N.outermost()) {
    Bounded.assign(N.Last.size(), false);
    for (Value *Last : N.Last) {
      Low.push_back(SE.getZero(Last->getType()));
      High.push_back(SE.getSCEV(Last));
    }
  }

  void run() {
    for (BasicBlock *BB : Outermost->blocks())
      if (auto *Branch = dyn_cast<BranchInst>(BB->getTerminator());
          Branch && Branch->isConditional() && !Outermost->isLoopInvariant(Branch->getCondition()) && !isLatch(BB)) {
        bool First = hasWork(BB, Branch->getSuccessor(0)), Second = hasWork(BB, Branch->getSuccessor(1));
        if (First != Second)
          assume(Branch->getCondition(), First);
      }
  }

  SmallVector<const SCEV *, 4> Low, High; ///< by axis: points where all assumptions hold
  SmallVector<bool, 4> Bounded;           ///< by axis: there is an assumption

private:
  const AdjointPlan &P;
  GatherNest &N;
  DominatorTree &DT;
  ScalarEvolution &SE;
  const Loop *Outermost;

  bool isLatch(const BasicBlock *BB) const {
    return any_of(P.LI.getLoopsInPreorder(), [&](const Loop *L) { return L->getLoopLatch() == BB; });
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
    auto *Test = dyn_cast<ICmpInst>(V);
    if (!Test || !Test->getOperand(0)->getType()->isIntegerTy() ||
        Test->getOperand(0)->getType()->getIntegerBitWidth() > 64)
      return false;
    CmpInst::Predicate Pred = Holds ? Test->getPredicate() : Test->getInversePredicate();
    const SCEV *Left = wideIndex(SE, Test->getOperand(0)), *Right = wideIndex(SE, Test->getOperand(1));
    if (isa<SCEVAddRecExpr>(Right)) {
      std::swap(Left, Right);
      Pred = CmpInst::getSwappedPredicate(Pred);
    }
    const auto *Counter = dyn_cast<SCEVAddRecExpr>(Left);
    if (!Counter || !Counter->isAffine() || !SE.isLoopInvariant(Counter->getStart(), Outermost) ||
        !SE.isLoopInvariant(Right, Outermost))
      return false;
    auto Axis = find(N.Axes, Counter->getLoop());
    const auto *Step = dyn_cast<SCEVConstant>(Counter->getStepRecurrence(SE));
    if (Axis == N.Axes.end() || !Step || !(Step->isOne() || Step->isAllOnesValue()))
      return false;
    unsigned D = Axis - N.Axes.begin();
    if (!restrict(D, Step->isOne(), near(Counter->getStart()), Pred, near(Right)))
      return false;
    if (const SCEV *Beyond = SE.getMinusSCEV(Counter->getStart(), near(Counter->getStart())); !Beyond->isZero())
      forbidUnlessZero(D, Beyond);
    return note(V, Holds);
  }

  const SCEV *number(int64_t X) { return SE.getConstant(Type::getInt64Ty(P.R.F->getContext()), X, /*isSigned=*/true); }

  /// The number closest to S that is not beyond Far.
  const SCEV *near(const SCEV *S) {
    ConstantRange Range = SE.getSignedRange(S);
    if (Range.getSignedMin().slt(-Far))
      S = SE.getSMaxExpr(S, number(-Far));
    return Range.getSignedMax().sgt(Far) ? SE.getSMinExpr(S, number(Far)) : S;
  }

  /// No point is an inner one unless S is 0. S is less than 2^63 - 1 away from it.
  void forbidUnlessZero(unsigned Axis, const SCEV *S) {
    const SCEV *IsNot = SE.getSMinExpr(SE.getSMaxExpr(S, SE.getNegativeSCEV(S)), number(1));
    atLeast(Axis, SE.getMulExpr(IsNot, number(Far)));
  }

  bool note(Value *V, bool Holds) {
    N.Assumed.push_back({cast<Instruction>(V), Holds});
    return true;
  }

  void atLeast(unsigned Axis, const SCEV *Bound) {
    Low[Axis] = SE.getSMaxExpr(Low[Axis], Bound);
    Bounded[Axis] = true;
  }
  void atMost(unsigned Axis, const SCEV *Bound) {
    High[Axis] = SE.getSMinExpr(High[Axis], Bound);
    Bounded[Axis] = true;
  }

  /// Start + counter (Grows) or Start - counter, compared with Right, as bounds of the counter that are sufficient.
  bool restrict(unsigned Axis, bool Grows, const SCEV *Start, CmpInst::Predicate Pred, const SCEV *Right) {
    const SCEV *One = SE.getOne(Start->getType());
    // The counter at which both sides are equal.
    const SCEV *Equal = Grows ? SE.getMinusSCEV(Right, Start) : SE.getMinusSCEV(Start, Right);
    switch (Pred) {
    case CmpInst::ICMP_ULT: // 0 <= left < right
    case CmpInst::ICMP_ULE:
      Grows ? atLeast(Axis, SE.getNegativeSCEV(Start)) : atMost(Axis, Start);
      [[fallthrough]];
    case CmpInst::ICMP_SLT:
    case CmpInst::ICMP_SLE: {
      bool Strict = Pred == CmpInst::ICMP_ULT || Pred == CmpInst::ICMP_SLT;
      const SCEV *Distance = Strict ? One : SE.getZero(One->getType());
      Grows ? atMost(Axis, SE.getMinusSCEV(Equal, Distance)) : atLeast(Axis, SE.getAddExpr(Equal, Distance));
      return true;
    }
    case CmpInst::ICMP_SGT:
    case CmpInst::ICMP_SGE: {
      const SCEV *Distance = Pred == CmpInst::ICMP_SGT ? One : SE.getZero(One->getType());
      Grows ? atLeast(Axis, SE.getAddExpr(Equal, Distance)) : atMost(Axis, SE.getMinusSCEV(Equal, Distance));
      return true;
    }
    case CmpInst::ICMP_NE: { // mostly the first or the last point; with one in the middle there are no inner points
      const SCEV *Last = SE.getSCEV(N.Last[Axis]);
      const SCEV *Inside =
          SE.getSMaxExpr(SE.getZero(One->getType()), SE.getSMinExpr(Equal, SE.getMinusSCEV(Last, Equal)));
      atLeast(Axis, SE.getSMinExpr(SE.getAddExpr(Equal, One), One));
      atMost(Axis, SE.getSMaxExpr(SE.getMinusSCEV(Equal, One), SE.getMinusSCEV(Last, One)));
      atLeast(Axis, SE.getMulExpr(Inside, SE.getAddExpr(Last, One)));
      return true;
    }
    default:
      return false;
    }
  }
};

} // namespace

void findNestGuards(const AdjointPlan &P, GatherNest &N, DominatorTree &DT, ScalarEvolution &SE,
                    SCEVExpander &Expander) {
  GuardFinder Finder(P, N, DT, SE);
  Finder.run();
  Instruction *Place = N.outermost()->getLoopPreheader()->getTerminator();
  Type *Int = Type::getInt64Ty(Place->getContext());
  for (unsigned D = 0; D != N.Axes.size(); ++D)
    if (Finder.Bounded[D] &&
        (!canComputeAt(Finder.Low[D], Place, SE, Expander) || !canComputeAt(Finder.High[D], Place, SE, Expander))) {
      N.Assumed.clear();
      return;
    }
  N.InnerLow.assign(N.Axes.size(), nullptr);
  N.InnerHigh.assign(N.Axes.size(), nullptr);
  for (unsigned D = 0; D != N.Axes.size(); ++D)
    if (Finder.Bounded[D] && !N.Assumed.empty()) {
      N.InnerLow[D] = Expander.expandCodeFor(Finder.Low[D], Int, Place);
      N.InnerHigh[D] = Expander.expandCodeFor(Finder.High[D], Int, Place);
    }
}

} // namespace adstencil
