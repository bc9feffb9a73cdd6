// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "model/Unstride.h"

#include "model/GridIndices.h"
#include "model/Request.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/ScalarEvolutionExpressions.h"
#include "llvm/IR/ConstantRange.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"

using namespace llvm;

namespace adstencil {

namespace {

class StrideLoop {
public:
  StrideLoop(Function &F, Loop &L, const DominatorTree &DT, ScalarEvolution &SE) : F(F), L(L), DT(DT), SE(SE) {}

  /// True if a variable of the loop moves on by the number of threads along some axis.
  bool find() {
    if (!L.getLoopLatch() || !L.getLoopPreheader())
      return false;
    for (PHINode &Phi : L.getHeader()->phis()) {
      auto *Sum = dyn_cast<BinaryOperator>(Phi.getIncomingValueForBlock(L.getLoopLatch()));
      if (!Sum || Sum->getOpcode() != Instruction::Add || !is_contained(Sum->operands(), &Phi))
        continue;
      Value *Step = Sum->getOperand(Sum->getOperand(0) == &Phi ? 1 : 0);
      for (unsigned X : {0u, 1u, 2u})
        if (isThreadCount(Step, X)) {
          Axis = X;
          Counter = &Phi;
          Next = Sum;
          Start = Phi.getIncomingValueForBlock(L.getLoopPreheader());
          return true;
        }
    }
    return false;
  }

  /// Why the loop must stay; empty if it need not.
  std::string whyNot() {
    if (!all_of(L.getHeader()->phis(), [&](PHINode &Phi) { return isIndex(Phi); }))
      return "a grid-stride loop hands values from iteration to iteration";
    if (std::string Reason = whyNotBodyOfPoints(F, L); !Reason.empty())
      return Reason;
    if (!readBound())
      return "a grid-stride loop does not end where its index reaches a bound";
    if (!readStart())
      return "a grid-stride loop starts elsewhere than at blockIdx * blockDim + threadIdx, or its first index may wrap "
             "around";
    if (!servesLoopAlone())
      return "the threads of a grid-stride loop use blockIdx or threadIdx other than for its index";
    return "";
  }

  /// Leaves the first iteration. A counter of 64 bits then starts at a sum of 64 bits, for more points than threads.
  void cut() {
    auto *Branch = cast<BranchInst>(L.getLoopLatch()->getTerminator());
    BasicBlock *Exit = L.getUniqueExitBlock();
    for (PHINode &Phi : make_early_inc_range(L.getHeader()->phis())) {
      Phi.replaceAllUsesWith(Phi.getIncomingValueForBlock(L.getLoopPreheader()));
      Phi.eraseFromParent();
    }
    for (Value *V : Derived)
      if (auto *Cast = dyn_cast<CastInst>(V); Cast && isSum(Cast->getOperand(0))) {
        Cast->replaceAllUsesWith(extend(*Cast->getOperand(0), *Cast));
        Cast->eraseFromParent();
      }
    BranchInst::Create(Exit, Branch->getIterator());
    Branch->eraseFromParent();
  }

  /// The step of the counter.
  const DebugLoc &place() const { return Next->getDebugLoc(); }
  unsigned axis() const { return Axis; }
  /// True if the points are counted in 64 bits.
  bool isWide() const { return Start->getType()->isIntegerTy(64) && !IsNarrow; }

private:
  Function &F;
  Loop &L;
  const DominatorTree &DT;
  ScalarEvolution &SE;
  unsigned Axis = 0;
  PHINode *Counter = nullptr;
  BinaryOperator *Next = nullptr;
  Value *Start = nullptr;
  bool IsNarrow = false; ///< the first index is tested in less bits than the counter has
  /// The loop goes on if `Next + Ahead ⋈ Bound`.
  CmpInst::Predicate Stays = CmpInst::BAD_ICMP_PREDICATE;
  APInt Ahead;
  Value *Bound = nullptr;

  /// True for the counter, and the counter plus a constant.
  bool isIndex(PHINode &Phi) const {
    if (&Phi == Counter)
      return true;
    if (Phi.getType() != Counter->getType())
      return false;
    auto *Rec = dyn_cast<SCEVAddRecExpr>(SE.getSCEV(&Phi)), *Of = dyn_cast<SCEVAddRecExpr>(SE.getSCEV(Counter));
    return Rec && Of && Rec->getLoop() == &L && Of->getLoop() == &L && isa<SCEVConstant>(SE.getMinusSCEV(Rec, Of));
  }

  /// The test at the end of an iteration: the counter, or the counter plus a constant, is less than a bound.
  bool readBound() {
    auto *Branch = dyn_cast<BranchInst>(L.getLoopLatch()->getTerminator());
    auto *Test = Branch && Branch->isConditional() ? dyn_cast<ICmpInst>(Branch->getCondition()) : nullptr;
    if (!Test)
      return false;
    Stays = L.contains(Branch->getSuccessor(0)) ? Test->getPredicate() : Test->getInversePredicate();
    Value *Index = Test->getOperand(0);
    Bound = Test->getOperand(1);
    if (!L.isLoopInvariant(Bound)) {
      std::swap(Index, Bound);
      Stays = CmpInst::getSwappedPredicate(Stays);
    }
    if (!L.isLoopInvariant(Bound) ||
        !is_contained({CmpInst::ICMP_SLT, CmpInst::ICMP_SLE, CmpInst::ICMP_ULT, CmpInst::ICMP_ULE}, Stays))
      return false;
    Ahead = APInt(Next->getType()->getIntegerBitWidth(), 0);
    if (Index == Next)
      return true;
    auto *Sum = dyn_cast<BinaryOperator>(Index);
    auto *By = Sum && Sum->getOpcode() == Instruction::Add && Sum->getOperand(0) == Next
                   ? dyn_cast<ConstantInt>(Sum->getOperand(1))
                   : nullptr;
    if (!By || !isExact(*Sum))
      return false;
    Ahead = By->getValue();
    return true;
  }

  bool isExact(const BinaryOperator &Sum) const {
    return CmpInst::isSigned(Stays) ? Sum.hasNoSignedWrap() : Sum.hasNoUnsignedWrap();
  }

  static bool isSum(const Value *V) {
    auto *Sum = dyn_cast<BinaryOperator>(V);
    return Sum && Sum->getOpcode() == Instruction::Add;
  }

  /// True if the extension of a sum is the sum of the extensions.
  bool isExact(const BinaryOperator &Sum, const CastInst &Extension) const {
    return isExact(Sum) &&
           (isa<SExtInst>(Extension) ? Sum.hasNoSignedWrap() : isa<ZExtInst>(Extension) && Sum.hasNoUnsignedWrap());
  }

  /// Collects the terms of a sum, in any width. Returns false if one of the additions may wrap around.
  bool collectTerms(Value *V, const CastInst *Extension, SmallVectorImpl<Value *> &Terms) const {
    if (auto *Cast = dyn_cast<CastInst>(V); Cast && !Extension && isSum(Cast->getOperand(0)))
      return collectTerms(Cast->getOperand(0), Cast, Terms);
    if (!isSum(V)) {
      Terms.push_back(V);
      return true;
    }
    auto *Sum = cast<BinaryOperator>(V);
    return (Extension ? isExact(*Sum, *Extension) : isExact(*Sum)) &&
           collectTerms(Sum->getOperand(0), Extension, Terms) && collectTerms(Sum->getOperand(1), Extension, Terms);
  }

  /// The sum of the extended terms, in front of the extension.
  static Value *extend(Value &V, CastInst &Extension) {
    IRBuilder<> B(&Extension);
    if (!isSum(&V))
      return B.CreateCast(Extension.getOpcode(), &V, Extension.getType());
    auto &Sum = cast<BinaryOperator>(V);
    Value *Left = extend(*Sum.getOperand(0), Extension), *Right = extend(*Sum.getOperand(1), Extension);
    return B.CreateAdd(Left, Right, "", Sum.hasNoUnsignedWrap(), /*HasNSW=*/true);
  }

  /// The index of the thread plus something else, which servesLoopAlone shows to be the same for all threads along the
  /// axis.
  bool readStart() {
    SmallVector<Value *, 4> Terms;
    unsigned Threads = 0, Blocks = 0;
    if (!collectTerms(Start, nullptr, Terms))
      return false;
    Least = APInt(Start->getType()->getIntegerBitWidth(), 0);
    for (Value *V : Terms)
      if (isGridRegister(V, "tid", Axis))
        ++Threads;
      else if (isBlockStart(V, Axis))
        ++Blocks;
      else if (Derived.contains(V))
        return false;
      else if (auto *C = dyn_cast<ConstantInt>(V); C && Least)
        *Least += C->getValue().sextOrTrunc(Least->getBitWidth());
      else
        Least.reset();
    return Threads == 1 && Blocks == 1;
  }
  std::optional<APInt> Least; ///< of the first indices of all threads, if it is a constant

  // ---- what the index of the thread is used for ----

  /// What is computed from blockIdx and threadIdx along the axis, up to tests.
  SmallSetVector<Value *, 16> Derived;

  bool servesLoopAlone() {
    for (Instruction &I : instructions(F))
      if (isa<CallInst>(I) && (isGridRegister(&I, "tid", Axis) || isGridRegister(&I, "ctaid", Axis)))
        Derived.insert(&I);
    SmallSetVector<ICmpInst *, 4> Tests;
    for (size_t I = 0; I != Derived.size(); ++I)
      for (User *U : Derived[I]->users()) {
        if (auto *Test = dyn_cast<ICmpInst>(U))
          Tests.insert(Test);
        else if (isa<BinaryOperator>(U))
          Derived.insert(U);
        else if (auto *Cast = dyn_cast<CastInst>(U)) {
          SmallVector<Value *, 4> Terms;
          if (!collectTerms(Cast, nullptr, Terms)) // see extend
            return false;
          Derived.insert(U);
        } else if (!isa<PHINode>(U) || cast<PHINode>(U)->getParent() != L.getHeader())
          return false;
      }
    // Something that is derived in another way than by the sum would be a second use of the index.
    if (!readStart() || Derived.contains(Bound))
      return false;
    const SCEV *First = SE.getAddExpr(SE.getSCEV(Start), SE.getConstant(Ahead));
    bool IsGuarded = false;
    return all_of(Tests, [&](ICmpInst *Test) { return isEntry(*Test, First, IsGuarded); }) && IsGuarded;
  }

  /// True if the test is that of the bound, or its opposite, for the first iteration. IsGuarded becomes true if the
  /// loop is entered under this condition only.
  bool isEntry(ICmpInst &Test, const SCEV *First, bool &IsGuarded) {
    CmpInst::Predicate Is = Test.getPredicate();
    Value *Index = Test.getOperand(0), *Other = Test.getOperand(1);
    if (!Derived.contains(Index)) {
      std::swap(Index, Other);
      Is = CmpInst::getSwappedPredicate(Is);
    }
    if (!Derived.contains(Index) || Derived.contains(Other) ||
        SE.getTypeSizeInBits(Index->getType()) > SE.getTypeSizeInBits(First->getType()))
      return false;
    // A test of extended numbers may have become one of the numbers.
    IsNarrow |= Index->getType() != First->getType();
    auto InType = [&](Value *V) {
      const SCEV *S = SE.getSCEV(V);
      return CmpInst::isSigned(Is) ? SE.getNoopOrSignExtend(S, First->getType())
                                   : SE.getNoopOrZeroExtend(S, First->getType());
    };
    const SCEV *Tested = InType(Index);
    auto Enters = [&](CmpInst::Predicate P) {
      IsGuarded |= SE.isLoopEntryGuardedByCond(&L, P, SE.getSCEV(Index), SE.getSCEV(Other)) ||
                   any_of(Test.users(), [&](const User *U) { // which does not see through `<=` always
                     auto *Branch = dyn_cast<BranchInst>(U);
                     return Branch && DT.dominates(BasicBlockEdge(Branch->getParent(), Branch->getSuccessor(Is != P)),
                                                   L.getHeader());
                   });
      return true;
    };
    if (Tested == First && InType(Other) == SE.getSCEV(Bound))
      return (Is == Stays || Is == CmpInst::getInversePredicate(Stays)) && Enters(Stays);
    auto *Distance = dyn_cast<SCEVConstant>(SE.getMinusSCEV(Tested, First));
    if (!Distance || Index->getType() != First->getType())
      return false;
    // `thread + 1 <= bound` as `thread < bound`.
    if (CmpInst::isNonStrictPredicate(Stays) && Distance->getAPInt().isAllOnes() && Ahead.isZero() && Least &&
        Least->isStrictlyPositive() && SE.getSCEV(Other) == SE.getSCEV(Bound)) {
      CmpInst::Predicate Strict = CmpInst::getStrictPredicate(Stays);
      return (Is == Strict || Is == CmpInst::getInversePredicate(Strict)) && Enters(Strict);
    }
    // With constants there are many ways to say it.
    auto *Limit = dyn_cast<ConstantInt>(Other), *Last = dyn_cast<ConstantInt>(Bound);
    if (!Limit || !Last)
      return false;
    unsigned Bits = Ahead.getBitWidth();
    ConstantRange All = ConstantRange::getFull(Bits);
    if (Least && Least->isNonNegative() && (*Least + Ahead).isNonNegative())
      All = ConstantRange(*Least + Ahead, APInt::getSignedMinValue(Bits));
    auto RegionOf = [&](CmpInst::Predicate P, const APInt &C) { return ConstantRange::makeExactICmpRegion(P, C); };
    ConstantRange Points = RegionOf(Stays, Last->getValue()).intersectWith(All);
    for (CmpInst::Predicate P : {Is, CmpInst::getInversePredicate(Is)})
      if (RegionOf(P, Limit->getValue()).subtract(Distance->getAPInt()).intersectWith(All) == Points)
        return Enters(P);
    return false;
  }
};

} // namespace

std::string whyNotBodyOfPoints(const Function &F, const Loop &L) {
  if (L.getExitingBlock() != L.getLoopLatch() || !L.getUniqueExitBlock())
    return "a grid-stride loop is left in the middle";
  for (const BasicBlock *BB : L.blocks())
    for (const Instruction &I : *BB)
      if (any_of(I.users(), [&](const User *U) { return !L.contains(cast<Instruction>(U)); }))
        return "a value of a grid-stride loop is used behind it";
  bool HasEffectsOutside = any_of(instructions(F), [&](const Instruction &I) {
    return I.mayHaveSideEffects() && !L.contains(&I) && !isArrayMarker(&I) && !isScalarMarker(&I);
  });
  return HasEffectsOutside ? "a kernel with a grid-stride loop stores, or calls, outside of it" : "";
}

UnstridedAxes unstride(Function &F, FunctionAnalysisManager &FAM) {
  UnstridedAxes Axes;
  for (bool Again = true; Again;) {
    Again = false;
    LoopInfo &LI = FAM.getResult<LoopAnalysis>(F);
    const DominatorTree &DT = FAM.getResult<DominatorTreeAnalysis>(F);
    ScalarEvolution &SE = FAM.getResult<ScalarEvolutionAnalysis>(F);
    SmallVector<Loop *, 4> Order = LI.getLoopsInPreorder();
    for (Loop *L : reverse(Order)) { // inner loops first
      StrideLoop Found(F, *L, DT, SE);
      if (!Found.find())
        continue;
      std::string Reason = Found.whyNot();
      if (!Reason.empty()) {
        if (Axes.Reason.empty()) {
          Axes.Reason = Reason;
          Axes.Place = Found.place();
        }
        continue;
      }
      Axes.Strided[Found.axis()] = true;
      Axes.Wide[Found.axis()] = Found.isWide();
      Found.cut();
      FAM.invalidate(F, PreservedAnalyses::none());
      Again = true;
      break;
    }
  }
  return Axes;
}

} // namespace adstencil
