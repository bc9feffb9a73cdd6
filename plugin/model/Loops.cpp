// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "model/Loops.h"

#include "model/GridIndices.h"

#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/ScalarEvolutionExpressions.h"
#include "llvm/Analysis/SimplifyQuery.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/Transforms/Scalar/SimplifyCFG.h"
#include "llvm/Transforms/Utils/LoopSimplify.h"
#include "llvm/Transforms/Utils/LoopUtils.h"
#include "llvm/Transforms/Utils/LowerSwitch.h"
#include "llvm/Transforms/Utils/ScalarEvolutionExpander.h"
#include "llvm/Transforms/Utils/UnifyLoopExits.h"

using namespace llvm;

namespace adstencil {

static void addCounter(const Loop &L, CountedLoop &C) {
  BasicBlock *Header = L.getHeader();
  IRBuilder<> B(Header, Header->begin());
  C.Counter = B.CreatePHI(B.getInt64Ty(), 2, "counter");
  B.SetInsertPoint(L.getLoopLatch()->getTerminator());
  Value *Next = B.CreateNUWAdd(C.Counter, B.getInt64(1), "counter.next");
  C.Counter->addIncoming(B.getInt64(0), L.getLoopPreheader());
  C.Counter->addIncoming(Next, L.getLoopLatch());
}

/// True for products of positive numbers. That a product of grid dimensions does not wrap is model/GridIndices.h's
/// business; ScalarEvolution forgets it where the product was hoisted.
static bool isPositiveProduct(const SCEV *S, ScalarEvolution &SE) {
  if (const auto *Product = dyn_cast<SCEVMulExpr>(S))
    return all_of(Product->operands(), [&](const SCEV *Factor) { return isPositiveProduct(Factor, SE); });
  return SE.isKnownPositive(S) || SE.isKnownNonZero(S);
}

bool canComputeAt(const SCEV *Count, Instruction *Place, ScalarEvolution &SE, SCEVExpander &Expander) {
  if (Expander.isSafeToExpandAt(Count, Place))
    return true;
  if (Place->getFunction()->getCallingConv() != CallingConv::PTX_Kernel || !SE.dominates(Count, Place->getParent()))
    return false;
  return !SCEVExprContains(Count, [&](const SCEV *S) {
    const auto *Division = dyn_cast<SCEVUDivExpr>(S);
    return Division && !isPositiveProduct(Division->getRHS(), SE);
  });
}

/// Computes the trip count in front of the loop where it can be.
static void findLast(const Loop &L, CountedLoop &C, ScalarEvolution &SE, SCEVExpander &Expander) {
  if (C.Exiting.size() != 1)
    return;
  auto *Branch = dyn_cast<BranchInst>(C.Exiting[0]->getTerminator());
  if (!Branch || !Branch->isConditional())
    return;
  const SCEV *Count = SE.getExitCount(&L, C.Exiting[0]);
  Instruction *Place = L.getLoopPreheader()->getTerminator();
  if (isa<SCEVCouldNotCompute>(Count) || !canComputeAt(Count, Place, SE, Expander))
    return;
  if (SE.getTypeSizeInBits(Count->getType()) > 64)
    return;
  Count = SE.getNoopOrZeroExtend(Count, Type::getInt64Ty(Place->getContext()));
  C.Last = Expander.expandCodeFor(Count, Count->getType(), Place);
  C.KnownBefore = true;
}

/// The loop leaves when its counter says so.
static void endByCounter(const Loop &L, const CountedLoop &C) {
  auto *Branch = cast<BranchInst>(C.Exiting[0]->getTerminator());
  bool ExitIfTrue = !L.contains(Branch->getSuccessor(0));
  IRBuilder<> B(Branch);
  Branch->setCondition(ExitIfTrue ? B.CreateICmpEQ(C.Counter, C.Last) : B.CreateICmpNE(C.Counter, C.Last));
}

/// Where the count is only known afterwards, it is the counter's value at the exit.
static void readLastAtExit(CountedLoop &C) {
  IRBuilder<> B(C.Exit, C.Exit->begin());
  auto *Last = B.CreatePHI(B.getInt64Ty(), C.Exiting.size(), "last");
  for (BasicBlock *P : predecessors(C.Exit))
    Last->addIncoming(C.Counter, P);
  C.Last = Last;
}

namespace {
/// An induction variable: Phi = (its value on entry) + Counter * Step. The step may itself be an induction variable of
/// an outer loop, which is replaced first: the handle follows it.
struct Induction {
  PHINode *Phi;
  PHINode *Counter;
  BasicBlock *Preheader;
  WeakTrackingVH Step;
  bool NSW, NUW;
};
} // namespace

static void collectInductions(const Loop &L, const CountedLoop &C, ScalarEvolution &SE, SCEVExpander &Expander,
                              SmallVectorImpl<Induction> &Found) {
  Instruction *Place = L.getLoopPreheader()->getTerminator();
  for (PHINode &Phi : L.getHeader()->phis()) {
    if (&Phi == C.Counter || !SE.isSCEVable(Phi.getType()))
      continue;
    const auto *Rec = dyn_cast<SCEVAddRecExpr>(SE.getSCEV(&Phi));
    if (!Rec || Rec->getLoop() != &L || !Rec->isAffine() ||
        !Expander.isSafeToExpandAt(Rec->getStepRecurrence(SE), Place))
      continue;
    Value *Step = Expander.expandCodeFor(Rec->getStepRecurrence(SE), nullptr, Place);
    // ScalarEvolution takes over the flags of `i + step` only where an overflow is sure to be undefined behaviour; here
    // the variable is what would be poison, so its new form may be, too.
    auto *Next = dyn_cast<BinaryOperator>(Phi.getIncomingValueForBlock(L.getLoopLatch()));
    bool Adds = Next && Next->getOpcode() == Instruction::Add && is_contained(Next->operands(), &Phi);
    Found.push_back({&Phi, C.Counter, L.getLoopPreheader(), Step,
                     Rec->hasNoSignedWrap() || (Adds && Next->hasNoSignedWrap()),
                     Rec->hasNoUnsignedWrap() || (Adds && Next->hasNoUnsignedWrap())});
  }
}

static void rewrite(const Induction &I) {
  BasicBlock *Header = I.Phi->getParent();
  IRBuilder<> B(Header, Header->getFirstNonPHIIt());
  Value *Start = I.Phi->getIncomingValueForBlock(I.Preheader), *Step = I.Step;
  Type *StepType = Step->getType();
  // Starts at zero or above and only grows?
  SimplifyQuery Query(Header->getDataLayout());
  bool Grows = !I.Phi->getType()->isPointerTy() && isKnownNonNegative(Step, Query) && isKnownNonNegative(Start, Query);
  // With step 1, and where the variable only grows from zero on, counts and distances are among the values that it
  // passes through, so its flags are theirs.
  auto *One = dyn_cast<ConstantInt>(Step);
  bool IsOne = One && One->isOne();
  bool NSW = I.NSW && (IsOne || Grows), NUW = I.NUW && (IsOne || Grows);
  Value *Count = I.Counter;
  if (StepType != Count->getType())
    Count = StepType->getIntegerBitWidth() > 64 ? B.CreateZExt(Count, StepType)
                                                : B.CreateTrunc(Count, StepType, "", NUW && Grows, NSW && Grows);
  Value *Distance = IsOne ? Count : B.CreateMul(Count, Step, "", NUW && Grows, NSW && Grows);
  Value *New;
  if (I.Phi->getType()->isPointerTy())
    New = B.CreatePtrAdd(Start, Distance);
  else if (auto *Zero = dyn_cast<ConstantInt>(Start); Zero && Zero->isZero())
    New = Distance;
  else
    New = B.CreateAdd(Start, Distance, "", NUW, NSW);
  if (New != I.Counter)
    New->takeName(I.Phi);
  I.Phi->replaceAllUsesWith(New);
  I.Phi->eraseFromParent();
}

/// A constant bound on the iterations of a loop, 0 if there is none. `for (i = k + 1; i < 5; ++i)` inside
/// `for (k = 0; k < 5; ++k)` has 4 - k iterations where it has any; that it is not entered with k = 4 is in its guard,
/// which is not looked at: a count that would be negative is left out.
static unsigned mostIterations(const Loop &L, ScalarEvolution &SE) {
  if (unsigned Most = SE.getSmallConstantMaxTripCount(&L); Most != 0 && Most < 1u << 30)
    return Most;
  const SCEV *Count = SE.getBackedgeTakenCount(&L);
  if (isa<SCEVCouldNotCompute>(Count))
    return 0;
  APInt Most = SE.getSignedRangeMax(Count);
  return Most.isNonNegative() && Most.ult(1u << 30) ? Most.getZExtValue() + 1 : 0;
}

CountedLoops countLoops(Function &F, FunctionAnalysisManager &FAM) {
  FunctionPassManager FPM;
  FPM.addPass(LowerSwitchPass()); // a loop that is left by a switch cannot be given one exit
  FPM.addPass(LoopSimplifyPass());
  FPM.addPass(UnifyLoopExitsPass());
  FPM.addPass(LoopSimplifyPass());
  PreservedAnalyses PA = FPM.run(F, FAM);
  FAM.invalidate(F, PA);

  LoopInfo &LI = FAM.getResult<LoopAnalysis>(F);
  ScalarEvolution &SE = FAM.getResult<ScalarEvolutionAnalysis>(F);
  CountedLoops Loops;
  SCEVExpander Expander(SE, "trip");
  Expander.disableCanonicalMode();
  SmallVector<Loop *, 4> Order = LI.getLoopsInPreorder();
  for (Loop *L : Order) {
    CountedLoop &C = Loops[L];
    C.Exit = L->getUniqueExitBlock();
    L->getExitingBlocks(C.Exiting);
    C.MostIterations = mostIterations(*L, SE);
    if (C.Exit)
      findLast(*L, C, SE, Expander);
  }
  SmallVector<Induction, 8> Inductions;
  for (Loop *L : Order) {
    CountedLoop &C = Loops[L];
    addCounter(*L, C);
    collectInductions(*L, C, SE, Expander, Inductions);
  }
  Expander.clear();
  if (F.getCallingConv() == CallingConv::PTX_Kernel)
    annotateGridIndices(F); // the expander takes flags away from what it uses again
  for (const Induction &I : Inductions)
    rewrite(I);
  for (Loop *L : Order) {
    CountedLoop &C = Loops[L];
    if (C.KnownBefore)
      endByCounter(*L, C);
    else if (C.Exit)
      readLastAtExit(C);
  }
  SE.forgetAllLoops();
  if (F.getCallingConv() == CallingConv::PTX_Kernel)
    annotateGridIndices(F);
  // What a loop hands on leaves through phis at its exit: the value that the reverse sweep behind the loop sees is the
  // last one, and it belongs to the level outside.
  DominatorTree &DT = FAM.getResult<DominatorTreeAnalysis>(F);
  for (Loop *L : LI)
    formLCSSARecursively(*L, DT, &LI, &SE);
  return Loops;
}

} // namespace adstencil
