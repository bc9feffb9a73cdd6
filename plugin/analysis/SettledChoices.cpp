// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analysis/SettledChoices.h"

#include "analysis/PointBounds.h"
#include "model/WideAddresses.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/ScalarEvolutionExpressions.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/Transforms/Scalar/ADCE.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Scalar/SimplifyCFG.h"

using namespace llvm;

namespace adstencil {

namespace {

class Settler {
public:
  Settler(Function &F, const GridNest *Grid, FunctionAnalysisManager &FAM)
      : Grid(Grid), LI(FAM.getResult<LoopAnalysis>(F)), DT(FAM.getResult<DominatorTreeAnalysis>(F)),
        SE(FAM.getResult<ScalarEvolutionAnalysis>(F)), Int(Type::getInt64Ty(F.getContext())) {}

  bool run() {
    for (const Loop *Outermost : LI)
      for (BasicBlock *BB : Outermost->blocks())
        if (findAxes(Outermost, BB))
          settle(*BB);
    return Changed;
  }

private:
  const GridNest *Grid;
  LoopInfo &LI;
  DominatorTree &DT;
  ScalarEvolution &SE;
  Type *Int;
  SmallVector<const Loop *, 4> Axes;
  SmallVector<const SCEV *, 4> Last;
  bool Changed = false;

  /// Those loops of a nest that have points where control comes to BB: it is inside of them.
  bool findAxes(const Loop *Outermost, const BasicBlock *BB) {
    Axes.clear();
    Last.clear();
    for (const Loop *L = Outermost; L && L->contains(BB) && (!Grid || Axes.size() != Grid->Axes.size());
         L = L->getSubLoops().size() == 1 ? L->getSubLoops()[0] : nullptr) {
      const SCEV *Steps = SE.getBackedgeTakenCount(L);
      if (isa<SCEVCouldNotCompute>(Steps) || Steps->getType() != Int || !SE.isLoopInvariant(Steps, Outermost))
        break;
      Axes.push_back(L);
      Last.push_back(Steps);
    }
    return !Axes.empty() && (!Grid || Axes.size() == Grid->Axes.size());
  }

  /// True if no point fulfils the bounds.
  bool isEmpty(const PointBounds &Bounds) const {
    for (auto [Lowers, Uppers] : zip(Bounds.Lowers, Bounds.Uppers))
      for (const SCEV *Lower : Lowers)
        for (const SCEV *Upper : Uppers)
          if (const auto *Steps = dyn_cast<SCEVConstant>(SE.getMinusSCEV(Upper, Lower));
              Steps && Steps->getAPInt().isNegative())
            return true;
    return false;
  }

  /// True if a number is not negative where the axes have points.
  bool isNotNegative(const SCEV *Number) const {
    auto IsNot = [&](const SCEV *S) {
      const auto *C = dyn_cast<SCEVConstant>(S);
      return C && !C->getAPInt().isNegative();
    };
    return IsNot(Number) || any_of(Last, [&](const SCEV *Steps) { return IsNot(SE.getMinusSCEV(Number, Steps)); });
  }

  /// The value of a comparison of numbers that are the same for all points: 0 <= n - 1.
  std::optional<bool> valueOfTest(const ICmpInst &Test) {
    if (!Test.isSigned() || !Test.getOperand(0)->getType()->isIntegerTy())
      return std::nullopt;
    CmpInst::Predicate Pred = Test.getPredicate();
    const SCEV *Left = wideIndex(SE, Test.getOperand(0)), *Right = wideIndex(SE, Test.getOperand(1));
    if (!SE.isLoopInvariant(Left, Axes.front()) || !SE.isLoopInvariant(Right, Axes.front()))
      return std::nullopt;
    if (ICmpInst::isLT(Pred) || ICmpInst::isLE(Pred)) {
      std::swap(Left, Right);
      Pred = ICmpInst::getSwappedPredicate(Pred);
    }
    const SCEV *One = SE.getOne(Left->getType());
    const SCEV *Less = SE.getMinusSCEV(Left, Pred == CmpInst::ICMP_SGT ? SE.getAddExpr(Right, One) : Right);
    if (isNotNegative(Less)) // Left > Right, or Left >= Right
      return true;
    if (isNotNegative(SE.getMinusSCEV(SE.getNegativeSCEV(Less), One)))
      return false;
    return std::nullopt;
  }

  /// What a condition is at all points that come to BB, if that is known.
  std::optional<bool> valueOf(Value *Condition, const BasicBlock &BB) {
    if (auto *Test = dyn_cast<ICmpInst>(Condition))
      if (std::optional<bool> Known = valueOfTest(*Test))
        return Known;
    BoundsFinder Here(Axes, Last, Grid, LI, DT, SE);
    Here.confine(&BB);
    for (bool Value : {true, false}) {
      BoundsFinder Other = Here;
      Other.confineBy(Condition, !Value);
      if (isEmpty(Other.Bounds))
        return Value;
    }
    return std::nullopt;
  }

  /// True if a maximum or minimum of X and Y is X at all points that come to it.
  bool isBeyond(MinMaxIntrinsic &M, Value *X, Value *Y) {
    auto *Test = cast<Instruction>(
        IRBuilder<>(&M).Insert(new ICmpInst(ICmpInst::getNonStrictPredicate(M.getPredicate()), X, Y)));
    bool Is = valueOf(Test, *M.getParent()).value_or(false);
    Test->eraseFromParent();
    return Is;
  }

  void settle(BasicBlock &BB) {
    for (Instruction &I : make_early_inc_range(BB)) {
      Value *Chosen = nullptr;
      if (auto *M = dyn_cast<MinMaxIntrinsic>(&I); M && M->getType()->isIntegerTy()) {
        Value *X = M->getLHS(), *Y = M->getRHS();
        Chosen = isBeyond(*M, X, Y) ? X : isBeyond(*M, Y, X) ? Y : nullptr;
      } else if (auto *S = dyn_cast<SelectInst>(&I); S && S->getCondition()->getType()->isIntegerTy(1)) {
        if (std::optional<bool> Known = valueOf(S->getCondition(), BB))
          Chosen = *Known ? S->getTrueValue() : S->getFalseValue();
      }
      if (!Chosen)
        continue;
      I.replaceAllUsesWith(Chosen);
      I.eraseFromParent();
      Changed = true;
    }
    auto *Branch = dyn_cast<BranchInst>(BB.getTerminator());
    bool IsLatch = any_of(LI.getLoopsInPreorder(), [&](const Loop *L) { return L->getLoopLatch() == &BB; });
    if (!Branch || !Branch->isConditional() || IsLatch || isa<Constant>(Branch->getCondition()))
      return;
    if (std::optional<bool> Known = valueOf(Branch->getCondition(), BB)) {
      Branch->setCondition(ConstantInt::getBool(BB.getContext(), *Known));
      Changed = true;
    }
  }
};

} // namespace

void settleChoices(Request &R, const GridNest *Grid, FunctionAnalysisManager &FAM) {
  if (!Settler(*R.F, Grid, FAM).run())
    return;
  FAM.invalidate(*R.F, PreservedAnalyses::none());
  FunctionPassManager FPM;
  FPM.addPass(EarlyCSEPass(/*UseMemorySSA=*/false));
  FPM.addPass(SimplifyCFGPass(SimplifyCFGOptions().speculateBlocks(false)));
  FPM.addPass(ADCEPass());
  FAM.invalidate(*R.F, FPM.run(*R.F, FAM));
}

} // namespace adstencil
