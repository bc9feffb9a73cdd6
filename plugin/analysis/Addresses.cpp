// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analysis/Addresses.h"

#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/ScalarEvolutionExpressions.h"

using namespace llvm;

namespace adstencil {

bool splitAddress(const SCEV *Address, const Loop *Innermost, ScalarEvolution &SE, SmallVectorImpl<Axis> &Axes) {
  DenseMap<const Loop *, const SCEV *> Strides;
  const SCEV *Rest = Address;
  while (const auto *Rec = dyn_cast<SCEVAddRecExpr>(Rest)) {
    if (!Rec->isAffine())
      return false;
    Strides[Rec->getLoop()] = Rec->getStepRecurrence(SE);
    Rest = Rec->getStart();
  }
  const Loop *Outermost = Innermost ? Innermost->getOutermostLoop() : nullptr;
  for (const Loop *L = Innermost; L; L = L->getParentLoop()) {
    const SCEV *Stride = Strides.lookup(L);
    if (!Stride || !SE.isLoopInvariant(Stride, Outermost))
      return false;
    Axes.push_back({L, Stride});
    Strides.erase(L);
  }
  return Strides.empty() && (!Outermost || SE.isLoopInvariant(Rest, Outermost));
}

namespace {
/// Rewrites zext(a + b) as sext(a) + sext(b) where the sum is known not to be negative and does not overflow, so that
/// `nx - 1` in a trip count meets `nx` in a stride.
class ExtensionSplitter : public SCEVRewriteVisitor<ExtensionSplitter> {
public:
  explicit ExtensionSplitter(ScalarEvolution &SE) : SCEVRewriteVisitor(SE) {}
  const SCEV *visitZeroExtendExpr(const SCEVZeroExtendExpr *E) {
    const auto *Sum = dyn_cast<SCEVAddExpr>(E->getOperand());
    if (!Sum || !Sum->hasNoSignedWrap() || !SE.isKnownNonNegative(Sum))
      return E;
    SmallVector<const SCEV *, 4> Terms;
    for (const SCEV *T : Sum->operands())
      Terms.push_back(SE.getSignExtendExpr(T, E->getType()));
    return SE.getAddExpr(Terms);
  }
};
} // namespace

bool isKnownInjective(const AdjointPlan &P, ScalarEvolution &SE, ArrayRef<Axis> Axes, const Loop *Innermost,
                      uint64_t Size) {
  SmallVector<Axis, 4> Order;
  for (const Axis &X : Axes)
    if (isa<SCEVConstant>(X.Stride))
      Order.push_back(X);
  sort(Order, [](const Axis &X, const Axis &Y) {
    return cast<SCEVConstant>(X.Stride)->getAPInt().abs().ult(cast<SCEVConstant>(Y.Stride)->getAPInt().abs());
  });
  for (const Axis &X : Axes) // innermost first
    if (!isa<SCEVConstant>(X.Stride))
      Order.push_back(X);
  Type *Int = Type::getInt64Ty(P.R.F->getContext());
  const SCEV *Span = SE.getConstant(Int, Size);
  for (const Axis &X : Order) {
    const SCEV *Stride = SE.applyLoopGuards(X.Stride, Innermost);
    if (auto *C = dyn_cast<SCEVConstant>(Stride))
      Stride = SE.getConstant(C->getAPInt().abs());
    const SCEV *Last = SE.applyLoopGuards(SE.getSCEV(P.Loops.find(X.L)->second.Last), Innermost);
    Last = ExtensionSplitter(SE).visit(Last);
    if (Stride->getType() != Int || Last->getType() != Int || !SE.isKnownPositive(Stride) ||
        !SE.isKnownNonNegative(SE.getMinusSCEV(Stride, Span)))
      return false;
    Span = SE.getAddExpr(Span, SE.getMulExpr(Stride, Last));
  }
  return true;
}

Value *emitInjective(IRBuilder<> &B, Value *Size, SmallVectorImpl<Extent> &Extents) {
  for (Extent &X : Extents)
    if (auto *C = dyn_cast<ConstantInt>(X.Stride))
      X.Stride = B.getInt64(C->getValue().abs().getZExtValue());
    else
      X.Stride = B.CreateBinaryIntrinsic(Intrinsic::abs, X.Stride, B.getFalse());
  // Bubble sort by stride, in IR: constant strides fold away.
  for (size_t N = Extents.size(); N > 1; --N)
    for (size_t I = 0; I + 1 < N; ++I) {
      Extent &X = Extents[I], &Y = Extents[I + 1];
      Value *Swap = B.CreateICmpUGT(X.Stride, Y.Stride);
      Extent Low = {B.CreateSelect(Swap, Y.Stride, X.Stride), B.CreateSelect(Swap, Y.Last, X.Last)};
      Extent High = {B.CreateSelect(Swap, X.Stride, Y.Stride), B.CreateSelect(Swap, X.Last, Y.Last)};
      X = Low;
      Y = High;
    }
  Value *Span = Size, *Proof = B.getTrue();
  for (const Extent &X : Extents) {
    // A loop of one iteration cannot meet a cell twice, whatever its stride.
    Value *Wide = B.CreateICmpUGE(X.Stride, Span);
    if (auto *C = dyn_cast<ConstantInt>(Wide); !C || C->isZero()) {
      Value *Single = B.CreateICmpEQ(X.Last, B.getInt64(0));
      Proof = B.CreateAnd(Proof, B.CreateOr(Single, Wide));
    }
    Span = B.CreateAdd(Span, B.CreateMul(X.Stride, X.Last));
  }
  return Proof;
}

bool mayFollow(const AdjointPlan &P, const Instruction *A, const Instruction *B) {
  if (A->getParent() == B->getParent())
    return A->comesBefore(B);
  const Loop *L = P.LI.getLoopFor(A->getParent());
  SmallPtrSet<const BasicBlock *, 16> Seen;
  SmallVector<const BasicBlock *, 16> Stack(successors(A->getParent()));
  while (!Stack.empty()) {
    const BasicBlock *BB = Stack.pop_back_val();
    if ((L && (BB == L->getHeader() || !L->contains(BB))) || !Seen.insert(BB).second)
      continue;
    if (BB == B->getParent())
      return true;
    append_range(Stack, successors(BB));
  }
  return false;
}

bool seesOriginal(const AdjointPlan &P, ScalarEvolution &SE, const LoadInst &L, const StoreInst &S) {
  if (P.Grid) { // other threads store to cells of their own, which this one does not read
    if (mayFollow(P, &S, &L))
      return false;
    for (const Loop *Around = P.LI.getLoopFor(L.getParent()); Around && Around->getLoopDepth() > P.Grid->Axes.size();
         Around = Around->getParentLoop())
      if (Around->contains(&S)) // an iteration of the point's own loop sees what the one before has stored
        return false;
    if (!P.Grid->hasStrided())
      return true;
    const auto *Distance = dyn_cast<SCEVConstant>(
        SE.getMinusSCEV(addressOf(SE, L.getPointerOperand()), addressOf(SE, S.getPointerOperand())));
    const DataLayout &DL = L.getDataLayout();
    uint64_t Size = std::max(DL.getTypeStoreSize(L.getType()), DL.getTypeStoreSize(S.getValueOperand()->getType()));
    return Distance && Distance->getAPInt().abs().getActiveBits() < 63 &&
           gridPointsApart(P, SE, S, Distance->getAPInt().abs().getZExtValue() + Size);
  }
  const Loop *Innermost = P.LI.getLoopFor(L.getParent());
  if (!Innermost || P.LI.getLoopFor(S.getParent()) != Innermost || mayFollow(P, &S, &L))
    return false;
  const SCEV *Address = addressOf(SE, L.getPointerOperand());
  if (Address != addressOf(SE, S.getPointerOperand()))
    return false;
  SmallVector<Axis, 4> Axes;
  uint64_t Size = L.getDataLayout().getTypeStoreSize(L.getType());
  return L.getType() == S.getValueOperand()->getType() && splitAddress(Address, Innermost, SE, Axes) &&
         isKnownInjective(P, SE, Axes, Innermost, Size);
}

} // namespace adstencil
