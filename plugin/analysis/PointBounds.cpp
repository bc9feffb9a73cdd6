// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analysis/PointBounds.h"

#include "model/GridNest.h"
#include "model/WideAddresses.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/ScalarEvolutionExpressions.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/PatternMatch.h"

using namespace llvm;
using namespace llvm::PatternMatch;

namespace adstencil {

BoundsFinder::BoundsFinder(ArrayRef<const Loop *> Axes, ArrayRef<const SCEV *> Last, const GridNest *Grid,
                           const LoopInfo &LI, const DominatorTree &DT, ScalarEvolution &SE)
    : Axes(Axes), Last(Last), Grid(Grid), LI(LI), DT(DT), SE(SE), Outermost(Axes.front()) {
  Bounded.assign(Last.size(), false);
  for (const SCEV *Steps : Last) {
    Bounds.Lowers.push_back({SE.getZero(Steps->getType())});
    Bounds.Uppers.push_back({Steps});
  }
  Ends.append(Last.begin(), Last.end());
  if (!Grid)
    return;
  for (auto [D, Axis] : enumerate(Grid->Axes))
    for (const WeakTrackingVH &Upper : Axis.Uppers)
      if (Upper && Axis.Low) {
        addLimit(SE.getSCEV(Upper));
        Bounds.Uppers[D].push_back(SE.getAddExpr(SE.getMinusSCEV(SE.getSCEV(Upper), SE.getSCEV(Axis.Low)), number(-1)));
        Ends.push_back(Bounds.Uppers[D].back());
      }
}

void BoundsFinder::addLimit(const SCEV *Bound) {
  const SCEV *Plain = Bound;
  while (const auto *Cut = dyn_cast<SCEVMinMaxExpr>(Plain)) {
    const auto *At = dyn_cast<SCEVConstant>(Cut->getOperand(0));
    if (!At || Cut->getNumOperands() != 2 || At->getAPInt().abs() != APInt(64, MostIndex))
      return;
    Plain = Cut->getOperand(1);
  }
  if (const auto *Limit = dyn_cast<SCEVUnknown>(Plain); Limit && Plain != Bound)
    Limits.push_back({Limit->getValue(), Bound});
}

const SCEV *BoundsFinder::cutOff(const SCEV *S) const {
  ValueToSCEVMapTy Map;
  for (auto [Limit, Cut] : Limits)
    Map[Limit] = Cut;
  return Map.empty() ? S : SCEVParameterRewriter::rewrite(S, SE, Map);
}

const SCEV *BoundsFinder::low(unsigned Axis) {
  SmallVector<const SCEV *, 4> All(Bounds.Lowers[Axis]);
  return SE.getSMaxExpr(All);
}

const SCEV *BoundsFinder::high(unsigned Axis) {
  SmallVector<const SCEV *, 4> All(Bounds.Uppers[Axis]);
  return SE.getSMinExpr(All);
}

void BoundsFinder::confine(const BasicBlock *BB) {
  for (BasicBlock *From : Outermost->blocks())
    if (auto *Branch = dyn_cast<BranchInst>(From->getTerminator()); Branch && Branch->isConditional() && !isLatch(From))
      for (unsigned I : {0, 1})
        if (DT.dominates(BasicBlockEdge(From, Branch->getSuccessor(I)), BB))
          confineBy(Branch->getCondition(), I == 0);
}

bool BoundsFinder::isLatch(const BasicBlock *BB) const {
  return any_of(LI.getLoopsInPreorder(), [&](const Loop *L) { return L->getLoopLatch() == BB; });
}

std::optional<BoundsFinder::Comparison> BoundsFinder::read(Value *V, bool Holds) {
  auto *Test = dyn_cast<ICmpInst>(V);
  if (!Test || !Test->getOperand(0)->getType()->isIntegerTy() ||
      Test->getOperand(0)->getType()->getIntegerBitWidth() > 64)
    return std::nullopt;
  CmpInst::Predicate Pred = Holds ? Test->getPredicate() : Test->getInversePredicate();
  Value *Index = Test->getOperand(0), *Limit = Test->getOperand(1);
  if (isa<SCEVAddRecExpr>(wideIndex(SE, Limit))) {
    std::swap(Index, Limit);
    Pred = CmpInst::getSwappedPredicate(Pred);
  }
  const SCEV *Left = wideIndex(SE, Index), *Right = wideIndex(SE, Limit);
  // The optimiser extends `n - 1` without a sign where it is compared with a counter. No counter of 32 bits is equal to
  // what a negative number becomes, with or without a sign.
  if (auto *Extended = dyn_cast<ZExtInst>(Limit); Extended && ICmpInst::isEquality(Pred)) {
    ConstantRange Range = SE.getSignedRange(Left);
    unsigned Bits = Extended->getSrcTy()->getIntegerBitWidth();
    if (Range.getSignedMin().isNonNegative() && Range.getSignedMax().isSignedIntN(Bits))
      Right = wideIndex(SE, Extended->getOperand(0));
  }
  const auto *Counter = dyn_cast<SCEVAddRecExpr>(Left);
  if (!Counter || !Counter->isAffine() || !SE.isLoopInvariant(Counter->getStart(), Outermost) ||
      !SE.isLoopInvariant(Right, Outermost))
    return std::nullopt;
  auto Axis = find(Axes, Counter->getLoop());
  const auto *Step = dyn_cast<SCEVConstant>(Counter->getStepRecurrence(SE));
  if (Axis == Axes.end() || !Step || !(Step->isOne() || Step->isAllOnesValue()))
    return std::nullopt;
  return Comparison{unsigned(Axis - Axes.begin()), Step->isOne(), cutOff(Counter->getStart()), Pred, cutOff(Right)};
}

/// Restricts the bounds to what follows from V being Holds.
void BoundsFinder::confineBy(Value *V, bool Holds) {
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
  if (ICmpInst::isUnsigned(C->Pred)) {
    if (!isPlain(*C))
      return;
    C->Pred = ICmpInst::getSignedPredicate(C->Pred);
  }
  if (C->Pred == CmpInst::ICMP_NE) { // not the first point, or not the last one
    const SCEV *One = SE.getOne(C->Start->getType());
    const SCEV *Equal = C->Grows ? SE.getMinusSCEV(C->Right, C->Start) : SE.getMinusSCEV(C->Start, C->Right);
    if (is_contained(Bounds.Lowers[C->Axis], Equal))
      atLeast(C->Axis, SE.getAddExpr(Equal, One));
    else if (is_contained(Bounds.Uppers[C->Axis], Equal))
      atMost(C->Axis, SE.getMinusSCEV(Equal, One));
  } else if (C->Pred == CmpInst::ICMP_EQ) {
    for (CmpInst::Predicate Pred : {CmpInst::ICMP_SGE, CmpInst::ICMP_SLE})
      restrict(C->Axis, C->Grows, C->Start, Pred, near(C->Right));
  } else { // the bounds are necessary as well as sufficient
    restrict(C->Axis, C->Grows, C->Start, C->Pred, near(C->Right));
  }
}

/// True if both sides of a comparison without signs are plain numbers that are not negative.
bool BoundsFinder::isPlain(const Comparison &C) {
  const SCEV *Zero = SE.getZero(C.Start->getType());
  const SCEV *Steps = Last[C.Axis];
  const SCEV *First = C.Start, *End = C.Grows ? SE.getAddExpr(First, Steps) : SE.getMinusSCEV(First, Steps);
  auto IsAtLeastZero = [&](const SCEV *S) { return near(S) == S && SE.isKnownPredicate(CmpInst::ICMP_SGE, S, Zero); };
  const SCEV *Least = C.Grows ? First : End;
  bool LeftIs = IsAtLeastZero(Least) || isCount(Least);
  bool Greater = C.Pred == CmpInst::ICMP_UGT || C.Pred == CmpInst::ICMP_UGE;
  return LeftIs && (Greater || isCount(C.Right) || IsAtLeastZero(C.Right)); // what is less than a number is one
}

/// True for the last values of counters, and numbers close to them that are not less.
bool BoundsFinder::isCount(const SCEV *S) {
  return any_of(Ends, [&](const SCEV *End) {
    const auto *Beyond = dyn_cast<SCEVConstant>(SE.getMinusSCEV(S, End));
    return Beyond && Beyond->getAPInt().sge(0) && Beyond->getAPInt().sle(MostRim);
  });
}

const SCEV *BoundsFinder::number(int64_t X) {
  return SE.getConstant(Type::getInt64Ty(SE.getContext()), X, /*isSigned=*/true);
}

/// The number closest to S that is not beyond FarthestIndex.
const SCEV *BoundsFinder::near(const SCEV *S) {
  if (isCount(S))
    return S;
  ConstantRange Range = SE.getSignedRange(S);
  if (Range.getSignedMin().slt(-FarthestIndex))
    S = SE.getSMaxExpr(S, number(-FarthestIndex));
  return Range.getSignedMax().sgt(FarthestIndex) ? SE.getSMinExpr(S, number(FarthestIndex)) : S;
}

void BoundsFinder::atLeast(unsigned Axis, const SCEV *Bound) {
  Bounds.Lowers[Axis].push_back(Bound);
  Bounded[Axis] = true;
}
void BoundsFinder::atMost(unsigned Axis, const SCEV *Bound) {
  Bounds.Uppers[Axis].push_back(Bound);
  Bounded[Axis] = true;
}

/// Start + counter (Grows) or Start - counter, compared with Right, as bounds of the counter that are sufficient.
bool BoundsFinder::restrict(unsigned Axis, bool Grows, const SCEV *Start, CmpInst::Predicate Pred, const SCEV *Right) {
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
    const SCEV *End = Last[Axis];
    const SCEV *Inside = SE.getSMaxExpr(SE.getZero(One->getType()), SE.getSMinExpr(Equal, SE.getMinusSCEV(End, Equal)));
    atLeast(Axis, SE.getSMinExpr(SE.getAddExpr(Equal, One), One));
    atMost(Axis, SE.getSMaxExpr(SE.getMinusSCEV(Equal, One), SE.getMinusSCEV(End, One)));
    atLeast(Axis, SE.getMulExpr(Inside, SE.getAddExpr(End, One)));
    return true;
  }
  default:
    return false;
  }
}

} // namespace adstencil
