// The shadows of arrays that a kernel writes.
//
// Reversing `A[p] = v` reads the cotangent A_bar[p], hands it to v and clears it. `__vjp_` must leave A_bar as it is.
// For most kernels it may simply not clear: that is exact when no cell is stored twice and when the kernel's loads of A
// see original values only. Three grades of proof:
//
//   - `A[p] += v` hands the cotangent on and keeps it: nothing to prove;
//   - one store (or exclusive stores to one address), whose address is affine in the counters of all enclosing loops:
//   no
//     cell is met twice if, with the strides in order of size, each stride is larger than all the smaller ones can add
//     up to. Constants are checked here; symbolic strides at run time, once per call;
//   - otherwise changes of the shadow are logged and taken back at the end.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analysis/AdjointPlan.h"
#include "analysis/WrittenFlags.h"

#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/ScalarEvolutionExpressions.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/Transforms/Utils/ScalarEvolutionExpander.h"

using namespace llvm;

namespace adstencil {

/// Follows the addends of V to a load from Pointer, through values that nothing else uses.
static LoadInst *findAddedLoad(Value *V, const Value *Pointer, unsigned Depth) {
  auto *I = dyn_cast<Instruction>(V);
  if (!I || Depth == 0 || !I->hasOneUse())
    return nullptr;
  if (auto *L = dyn_cast<LoadInst>(I))
    return L->getPointerOperand() == Pointer ? L : nullptr;
  if (I->getOpcode() == Instruction::FAdd) {
    if (LoadInst *L = findAddedLoad(I->getOperand(0), Pointer, Depth - 1))
      return L;
    return findAddedLoad(I->getOperand(1), Pointer, Depth - 1);
  }
  if (I->getOpcode() == Instruction::FSub)
    return findAddedLoad(I->getOperand(0), Pointer, Depth - 1);
  if (auto *II = dyn_cast<IntrinsicInst>(I);
      II && (II->getIntrinsicID() == Intrinsic::fmuladd || II->getIntrinsicID() == Intrinsic::fma))
    return findAddedLoad(II->getArgOperand(2), Pointer, Depth - 1);
  return nullptr;
}

static bool sameMemory(const AdjointPlan &P, const Value *A, const Value *B) {
  auto RootsA = P.A.roots(A);
  return any_of(P.A.roots(B), [&](const Value *Root) { return is_contained(RootsA, Root); });
}

/// True if nothing between the two instructions of one block touches the same array.
static bool isUndisturbed(const AdjointPlan &P, const LoadInst &L, const StoreInst &S) {
  if (L.getParent() != S.getParent())
    return false;
  for (const Instruction *I = L.getNextNode(); I != &S; I = I->getNextNode())
    if (const Value *Pointer = I ? getLoadStorePointerOperand(I) : nullptr;
        Pointer && sameMemory(P, Pointer, S.getPointerOperand()))
      return false;
  return true;
}

void findIncrements(AdjointPlan &P) {
  for (Instruction &I : instructions(*P.R.F)) {
    auto *S = dyn_cast<StoreInst>(&I);
    if (!S || !P.Shadow.count(S->getPointerOperand()))
      continue;
    LoadInst *L = findAddedLoad(S->getValueOperand(), S->getPointerOperand(), /*Depth=*/8);
    if (L && P.A.isActive(L) && isUndisturbed(P, *L, *S)) {
      P.Increment.insert(S);
      P.IncrementLoad.insert(L);
    }
  }
}

namespace {

/// One loop's part in an address: Stride bytes an iteration.
struct Axis {
  const Loop *L;
  const SCEV *Stride;
};

/// Splits an address into the strides of the loops around it. False if it is not affine in all of their counters.
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

class WrittenArray {
public:
  WrittenArray(AdjointPlan &P, ScalarEvolution &SE, const Value *Root) : P(P), SE(SE), Root(Root) {}

  void decide() {
    collect();
    ShadowUse &Use = P.Uses[Root];
    Use = ShadowUse::Logged;
    if (Mixed)
      return;
    if (OnlyIncrements && Loads.empty()) {
      Use = ShadowUse::Keep;
      return;
    }
    if (!storesAreExclusive() || !loadsSeeOriginals())
      return;
    Value *Proof = proveInjective();
    if (!Proof)
      return;
    if (auto *C = dyn_cast<ConstantInt>(Proof)) {
      Use = C->isOne() ? ShadowUse::Keep : ShadowUse::Logged;
      return;
    }
    Use = ShadowUse::Guarded;
    P.Guard[Root] = Proof;
  }

private:
  AdjointPlan &P;
  ScalarEvolution &SE;
  const Value *Root;
  SmallVector<StoreInst *, 4> Stores;
  SmallVector<LoadInst *, 4> Loads; ///< active loads that are not part of an increment
  bool OnlyIncrements = true;
  bool Mixed = false; ///< some pointer may also lead to other roots

  void collect() {
    for (Instruction &I : instructions(*P.R.F)) {
      Value *Pointer = getLoadStorePointerOperand(&I);
      if (!Pointer || !P.Shadow.count(Pointer))
        continue;
      auto Roots = P.A.roots(Pointer);
      if (!is_contained(Roots, Root))
        continue;
      Mixed |= Roots.size() > 1;
      if (auto *S = dyn_cast<StoreInst>(&I)) {
        Stores.push_back(S);
        OnlyIncrements &= P.Increment.contains(S);
      } else if (auto *L = dyn_cast<LoadInst>(&I); P.A.isActive(L) && !P.IncrementLoad.contains(L)) {
        Loads.push_back(L);
      }
    }
  }

  const Loop *loopOf(const Instruction *I) const { return P.LI.getLoopFor(I->getParent()); }

  /// True if control may run from A to B without starting a new iteration of the loop around them.
  bool mayFollow(const Instruction *A, const Instruction *B) const {
    if (A->getParent() == B->getParent())
      return A->comesBefore(B);
    const Loop *L = loopOf(A);
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

  bool sameAddress(Instruction *A, Instruction *B) const {
    const SCEV *X = SE.getSCEV(getLoadStorePointerOperand(A));
    const SCEV *Y = SE.getSCEV(getLoadStorePointerOperand(B));
    return loopOf(A) == loopOf(B) && X == Y;
  }

  /// All stores go to one address, and at most one of them is executed in an iteration.
  bool storesAreExclusive() const {
    for (StoreInst *A : Stores)
      for (StoreInst *B : Stores)
        if (A != B && (!sameAddress(A, B) || mayFollow(A, B)))
          return false;
    return !Stores.empty();
  }

  /// Loads read the cell that the same iteration stores to later.
  bool loadsSeeOriginals() const {
    for (LoadInst *L : Loads)
      for (StoreInst *S : Stores)
        if (!sameAddress(L, S) || mayFollow(S, L))
          return false;
    for (StoreInst *S : Stores)
      if (P.Increment.contains(S) && Stores.size() > 1)
        return false;
    return true;
  }

  /// Proves from the conditions that guard the loops that no cell is stored twice: constant strides first, then
  /// symbolic ones from the inside out. For a store to `a[i + nx * j]` with 1 <= i < nx - 1 the stride of j exceeds
  /// what i can add up to.
  bool isKnownInjective(ArrayRef<Axis> Axes, const Loop *Innermost, uint64_t Size) {
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

  /// A condition under which no cell is stored twice, computed in front of the outermost loop. Null: not to be had.
  Value *proveInjective() {
    StoreInst *S = Stores[0];
    LLVMContext &Ctx = S->getContext();
    const Loop *Innermost = loopOf(S);
    SmallVector<Axis, 4> Axes;
    if (!splitAddress(SE.getSCEV(S->getPointerOperand()), Innermost, SE, Axes))
      return nullptr;
    if (Axes.empty())
      return ConstantInt::getTrue(Ctx);
    if (Axes.size() > 6)
      return nullptr;
    if (isKnownInjective(Axes, Innermost, S->getDataLayout().getTypeStoreSize(S->getValueOperand()->getType())))
      return ConstantInt::getTrue(Ctx);
    const Loop *Outermost = Innermost->getOutermostLoop();
    Instruction *Place = Outermost->getLoopPreheader()->getTerminator();
    SCEVExpander Expander(SE, "proof");
    Expander.disableCanonicalMode();
    IRBuilder<> B(Place);
    struct Extent {
      Value *Stride, *Last;
    };
    SmallVector<Extent, 4> Extents;
    for (const Axis &X : Axes) {
      const CountedLoop &C = P.Loops.find(X.L)->second;
      if (!C.KnownBefore)
        return nullptr;
      const SCEV *Last = SE.getSCEV(C.Last);
      if (!SE.isLoopInvariant(Last, Outermost) || !Expander.isSafeToExpandAt(Last, Place) ||
          !Expander.isSafeToExpandAt(X.Stride, Place))
        return nullptr;
      Value *Stride = B.CreateSExtOrTrunc(Expander.expandCodeFor(X.Stride, nullptr, Place), B.getInt64Ty());
      Value *LastValue = Expander.expandCodeFor(Last, B.getInt64Ty(), Place);
      B.SetInsertPoint(Place);
      if (auto *C = dyn_cast<ConstantInt>(Stride))
        Stride = B.getInt64(C->getValue().abs().getZExtValue());
      else
        Stride = B.CreateBinaryIntrinsic(Intrinsic::abs, Stride, B.getFalse());
      Extents.push_back({Stride, LastValue});
    }
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
    uint64_t Size = S->getDataLayout().getTypeStoreSize(S->getValueOperand()->getType());
    Value *Span = B.getInt64(Size), *Proof = B.getTrue();
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
};

} // namespace

void planWrittenShadows(AdjointPlan &P, ScalarEvolution &SE) {
  SmallVector<const Value *, 8> Written;
  for (Instruction &I : instructions(*P.R.F))
    if (auto *S = dyn_cast<StoreInst>(&I); S && P.Shadow.count(S->getPointerOperand()))
      for (const Value *Root : P.A.roots(S->getPointerOperand()))
        if (isArrayMarker(Root) && !is_contained(Written, Root))
          Written.push_back(Root);
  for (const Value *Root : Written)
    WrittenArray(P, SE, Root).decide();
  WrittenFlags Flags(P.A, Written);
  SmallVector<Value *, 16> Pointers;
  for (Instruction &I : instructions(*P.R.F))
    if (Value *Pointer = getLoadStorePointerOperand(&I); Pointer && P.Shadow.count(Pointer))
      Pointers.push_back(Pointer);
  for (Value *Pointer : Pointers)
    if (Value *Flag = Flags.flagOf(Pointer); !isa<ConstantInt>(Flag))
      P.IsWritten[Pointer] = Flag;
}

} // namespace adstencil
