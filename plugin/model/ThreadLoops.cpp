// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "model/ThreadLoops.h"

#include "model/GridIndices.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/ScalarEvolutionExpressions.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/Transforms/Utils/ScalarEvolutionExpander.h"

using namespace llvm;

namespace adstencil {

namespace {

class ThreadLoop {
public:
  ThreadLoop(Function &F, Loop &L, ScalarEvolution &SE) : F(F), L(L), SE(SE), Expander(SE, "axis") {}

  /// True if the iterations may be points of an axis.
  bool isAxis() {
    if (!L.getLoopPreheader() || !L.getLoopLatch() || !whyNotBodyOfPoints(F, L).empty())
      return false;
    BasicBlock *Exit = L.getUniqueExitBlock();
    Last = SE.getBackedgeTakenCount(&L);
    return Exit->phis().empty() && isNumber(Last) && all_of(L.getHeader()->phis(), [&](PHINode &Phi) {
             auto *Rec = SE.isSCEVable(Phi.getType()) ? dyn_cast<SCEVAddRecExpr>(SE.getSCEV(&Phi)) : nullptr;
             return Rec && Rec->getLoop() == &L && Rec->isAffine() && isNumber(Rec->getStepRecurrence(SE));
           });
  }

  /// Leaves the iteration that has the thread's index along Axis, if there is one.
  void spread(unsigned Axis) {
    BasicBlock *Exit = L.getUniqueExitBlock(), *Before = L.getLoopPreheader();
    auto *Enter = cast<BranchInst>(Before->getTerminator());
    auto *Leave = cast<BranchInst>(L.getLoopLatch()->getTerminator());
    IRBuilder<> B(Enter);
    B.SetCurrentDebugLocation(Leave->getDebugLoc());
    Value *Index = threadIndex(B, Axis);
    Value *Most = Expander.expandCodeFor(wideLast(), B.getInt64Ty(), Enter);
    SmallVector<std::pair<PHINode *, Value *>, 4> Points; // none is replaced before all are understood
    for (PHINode &Phi : L.getHeader()->phis()) {
      auto *Rec = cast<SCEVAddRecExpr>(SE.getSCEV(&Phi));
      Points.push_back({&Phi, pointOf(B, Phi.getIncomingValueForBlock(Before), stepOf(Phi, *Rec, Enter), Index, *Rec)});
    }
    for (auto [Phi, Point] : Points) {
      Point->takeName(Phi);
      Phi->replaceAllUsesWith(Point);
      Phi->eraseFromParent();
    }
    CmpInst::Predicate AtMost = isWide() ? CmpInst::ICMP_ULE : CmpInst::ICMP_SLE; // both are right for 32 bits
    B.CreateCondBr(B.CreateICmp(AtMost, Index, Most), L.getHeader(), Exit);
    Enter->eraseFromParent();
    BranchInst::Create(Exit, Leave->getIterator());
    Leave->eraseFromParent();
  }

  /// True if the iterations are counted in 64 bits.
  bool isWide() const { return Last->getType()->isIntegerTy(64); }

private:
  Function &F;
  Loop &L;
  ScalarEvolution &SE;
  SCEVExpander Expander;
  const SCEV *Last = nullptr;

  /// The last index in 64 bits: term by term where that is the same, so that `ny - 3` meets `ny` in a stride.
  const SCEV *wideLast() {
    Type *Int = Type::getInt64Ty(F.getContext());
    const auto *Sum = dyn_cast<SCEVAddExpr>(Last);
    if (Sum && !isWide()) {
      SmallVector<const SCEV *, 4> Terms;
      for (const SCEV *Term : Sum->operands())
        Terms.push_back(SE.getSignExtendExpr(Term, Int));
      // Both are the same modulo 2^bits.
      const SCEV *Wide = SE.getAddExpr(Terms), *Limit = SE.getConstant(APInt::getOneBitSet(64, bitsOf(Last)));
      const SCEV *Inside = SE.applyLoopGuards(Wide, &L);
      if (SE.isKnownNonNegative(Inside) && SE.isKnownPredicate(CmpInst::ICMP_SLT, Inside, Limit))
        return Wide;
    }
    return SE.getNoopOrZeroExtend(Last, Int);
  }

  unsigned bitsOf(const SCEV *S) const { return unsigned(SE.getTypeSizeInBits(S->getType())); }

  /// True for what can be computed in front of the loop, and is no wider than an index.
  bool isNumber(const SCEV *S) {
    return !isa<SCEVCouldNotCompute>(S) && S->getType()->isIntegerTy() && bitsOf(S) <= 64 &&
           SE.isLoopInvariant(S, &L) && Expander.isSafeToExpandAt(S, L.getLoopPreheader()->getTerminator());
  }

  /// The kernel's own value where there is one: expanding it again would take its no-wrap flags away.
  Value *stepOf(const PHINode &Phi, const SCEVAddRecExpr &Rec, Instruction *Place) {
    if (auto *Next = dyn_cast<BinaryOperator>(Phi.getIncomingValueForBlock(L.getLoopLatch()));
        Next && Next->getOpcode() == Instruction::Add)
      for (unsigned K : {0u, 1u})
        if (Next->getOperand(K) == &Phi && L.isLoopInvariant(Next->getOperand(1 - K)))
          return Next->getOperand(1 - K);
    return Expander.expandCodeFor(Rec.getStepRecurrence(SE), nullptr, Place);
  }

  static Value *threadIndex(IRBuilder<> &B, unsigned Axis) {
    auto Read = [&](StringRef Register) {
      return B.CreateZExt(readGridRegister(B, Register, Axis), B.getInt64Ty(), "", /*IsNonNeg=*/true);
    };
    Value *Start = B.CreateMul(Read("ctaid"), Read("ntid"), "", /*HasNUW=*/true, /*HasNSW=*/true);
    return B.CreateAdd(Start, Read("tid"), "", /*HasNUW=*/true, /*HasNSW=*/true);
  }

  /// Start + Step · Index: in 64 bits where the loop does not wrap around, so that addresses are linear in the index.
  static Value *pointOf(IRBuilder<> &B, Value *Start, Value *Step, Value *Index, const SCEVAddRecExpr &Rec) {
    Type *Int = B.getInt64Ty(), *T = Start->getType();
    if (T->isPointerTy())
      return B.CreatePtrAdd(Start, B.CreateMul(Index, B.CreateSExtOrTrunc(Step, Int)));
    bool Signed = Rec.hasNoSignedWrap(), Unsigned = !Signed && Rec.hasNoUnsignedWrap();
    if (T == Int || !(Signed || Unsigned)) {
      Value *Distance = B.CreateMul(B.CreateTrunc(Index, T), Step);
      return B.CreateAdd(Start, Distance, "", Unsigned, Signed);
    }
    auto Extend = [&](Value *V) { return Signed ? B.CreateSExt(V, Int) : B.CreateZExt(V, Int); };
    Value *Distance = B.CreateMul(Index, Extend(Step), "", Unsigned, /*HasNSW=*/true);
    Value *Point = B.CreateAdd(Distance, Extend(Start), "", Unsigned, /*HasNSW=*/true);
    return B.CreateTrunc(Point, T, "", /*IsNUW=*/Unsigned, /*IsNSW=*/Signed);
  }
};

/// The outermost axis of the launch that no thread asks for its index.
std::optional<unsigned> freeAxis(const Function &F) {
  bool Used[3] = {};
  for (const Instruction &I : instructions(F))
    for (unsigned Axis : {0u, 1u, 2u})
      Used[Axis] |= isa<CallInst>(I) && (isGridRegister(&I, "tid", Axis) || isGridRegister(&I, "ctaid", Axis));
  for (unsigned Axis : {2u, 1u, 0u})
    if (!Used[Axis] && (Used[0] || Used[1] || Used[2]))
      return Axis;
  return std::nullopt;
}

} // namespace

void spreadThreadLoops(Function &F, UnstridedAxes &Axes, FunctionAnalysisManager &FAM) {
  for (bool Again = true; Again;) {
    Again = false;
    std::optional<unsigned> Axis = freeAxis(F);
    if (!Axis)
      return;
    ScalarEvolution &SE = FAM.getResult<ScalarEvolutionAnalysis>(F);
    for (Loop *L : FAM.getResult<LoopAnalysis>(F).getLoopsInPreorder()) { // outer loops first
      ThreadLoop Found(F, *L, SE);
      if (!Found.isAxis())
        continue;
      Axes.Strided[*Axis] = true;
      Axes.Wide[*Axis] = Found.isWide();
      Found.spread(*Axis);
      FAM.invalidate(F, PreservedAnalyses::none());
      Again = true;
      break;
    }
  }
}

} // namespace adstencil
