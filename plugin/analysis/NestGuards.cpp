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

  /// Low and High become bounds that all points fulfil which come to BB.
  void confine(const BasicBlock *BB) {
    for (BasicBlock *From : Outermost->blocks())
      if (auto *Branch = dyn_cast<BranchInst>(From->getTerminator());
          Branch && Branch->isConditional() && !isLatch(From))
        for (unsigned I : {0, 1})
          if (DT.dominates(BasicBlockEdge(From, Branch->getSuccessor(I)), BB))
            confineBy(Branch->getCondition(), I == 0);
  }

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
    std::optional<Comparison> C = read(V, Holds);
    if (!C || !restrict(C->Axis, C->Grows, near(C->Start), C->Pred, near(C->Right)))
      return false;
    if (const SCEV *Beyond = SE.getMinusSCEV(C->Start, near(C->Start)); !Beyond->isZero())
      forbidUnlessZero(C->Axis, Beyond);
    return note(V, Holds);
  }

  /// Start + counter (Grows) or Start - counter, compared with Right.
  struct Comparison {
    unsigned Axis;
    bool Grows;
    const SCEV *Start;
    CmpInst::Predicate Pred;
    const SCEV *Right;
  };

  std::optional<Comparison> read(Value *V, bool Holds) {
    auto *Test = dyn_cast<ICmpInst>(V);
    if (!Test || !Test->getOperand(0)->getType()->isIntegerTy() ||
        Test->getOperand(0)->getType()->getIntegerBitWidth() > 64)
      return std::nullopt;
    CmpInst::Predicate Pred = Holds ? Test->getPredicate() : Test->getInversePredicate();
    const SCEV *Left = wideIndex(SE, Test->getOperand(0)), *Right = wideIndex(SE, Test->getOperand(1));
    if (isa<SCEVAddRecExpr>(Right)) {
      std::swap(Left, Right);
      Pred = CmpInst::getSwappedPredicate(Pred);
    }
    const auto *Counter = dyn_cast<SCEVAddRecExpr>(Left);
    if (!Counter || !Counter->isAffine() || !SE.isLoopInvariant(Counter->getStart(), Outermost) ||
        !SE.isLoopInvariant(Right, Outermost))
      return std::nullopt;
    auto Axis = find(N.Axes, Counter->getLoop());
    const auto *Step = dyn_cast<SCEVConstant>(Counter->getStepRecurrence(SE));
    if (Axis == N.Axes.end() || !Step || !(Step->isOne() || Step->isAllOnesValue()))
      return std::nullopt;
    return Comparison{unsigned(Axis - N.Axes.begin()), Step->isOne(), Counter->getStart(), Pred, Right};
  }

  /// Restricts Low and High to what follows from V being Holds.
  void confineBy(Value *V, bool Holds) {
    Value *X, *Y;
    if (match(V, m_Not(m_Value(X))))
      return confineBy(X, !Holds);
    if (Holds ? match(V, m_LogicalAnd(m_Value(X), m_Value(Y))) : match(V, m_LogicalOr(m_Value(X), m_Value(Y)))) {
      confineBy(X, Holds);
      return confineBy(Y, Holds);
    }
    std::optional<Comparison> C = read(V, Holds);
    if (!C || near(C->Start) != C->Start)
      return;
    if (C->Pred == CmpInst::ICMP_NE) { // not the first point, or not the last one
      const SCEV *One = SE.getOne(C->Start->getType()), *Last = SE.getSCEV(N.Last[C->Axis]);
      const SCEV *Equal = C->Grows ? SE.getMinusSCEV(C->Right, C->Start) : SE.getMinusSCEV(C->Start, C->Right);
      if (Equal->isZero())
        atLeast(C->Axis, One);
      else if (Equal == Last)
        atMost(C->Axis, SE.getMinusSCEV(Last, One));
    } else if (ICmpInst::isSigned(C->Pred)) { // the bounds are necessary as well as sufficient
      restrict(C->Axis, C->Grows, C->Start, C->Pred, near(C->Right));
    }
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

/// What threads that share a loop add to is told apart by the cells of rows. A read that is not executed at the end of
/// a row must not count as one of the next row's first cell.
static void findExecuted(const AdjointPlan &P, GatherNest &N, DominatorTree &DT, ScalarEvolution &SE,
                         SCEVExpander &Expander) {
  Instruction *Place = N.outermost()->getLoopPreheader()->getTerminator();
  Type *Int = Type::getInt64Ty(Place->getContext());
  for (const LoadInst *L : N.Conditional) {
    GuardFinder Finder(P, N, DT, SE);
    Finder.confine(L->getParent());
    auto CanCompute = [&](const SCEV *S) { return canComputeAt(S, Place, SE, Expander); };
    if (!all_of(Finder.Low, CanCompute) || !all_of(Finder.High, CanCompute))
      continue;
    for (auto [Low, High] : zip(Finder.Low, Finder.High))
      N.Executed[L].push_back({Expander.expandCodeFor(Low, Int, Place), Expander.expandCodeFor(High, Int, Place)});
  }
}

void findNestGuards(const AdjointPlan &P, GatherNest &N, DominatorTree &DT, ScalarEvolution &SE,
                    SCEVExpander &Expander) {
  if (N.WorkShared)
    findExecuted(P, N, DT, SE, Expander);
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
