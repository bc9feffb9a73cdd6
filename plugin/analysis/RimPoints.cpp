// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analysis/RimPoints.h"

#include "analysis/PointBounds.h"
#include "model/Normalise.h"
#include "model/WideAddresses.h"
#include "llvm/Analysis/DomTreeUpdater.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/ScalarEvolutionExpressions.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

using namespace llvm;

namespace adstencil {

namespace {

class RimSplitter {
public:
  RimSplitter(Request &R, const CountedLoops &Loops, const GridNest *Grid, FunctionAnalysisManager &FAM)
      : R(R), F(*R.F), Loops(Loops), Grid(Grid), LI(FAM.getResult<LoopAnalysis>(F)),
        DT(FAM.getResult<DominatorTreeAnalysis>(F)), SE(FAM.getResult<ScalarEvolutionAnalysis>(F)),
        Expander(SE, "rim") {
    Expander.disableCanonicalMode();
  }

  bool run() {
    for (Loop *Outermost : LI)
      collect(Outermost);
    for (const Rim &X : Found)
      split(X);
    return !Found.empty();
  }

private:
  Request &R;
  Function &F;
  const CountedLoops &Loops;
  const GridNest *Grid;
  LoopInfo &LI;
  DominatorTree &DT;
  ScalarEvolution &SE;
  SCEVExpander Expander;

  /// A read by the points First, …, First + Steps of an axis.
  struct Rim {
    LoadInst *Load;
    PHINode *Counter;
    Value *First;
    int64_t Steps;
  };
  std::vector<Rim> Found;

  void collect(const Loop *Outermost) {
    SmallVector<const Loop *, 4> Axes;
    SmallVector<const SCEV *, 4> Last;
    for (const Loop *L = Outermost; L && (!Grid || Axes.size() != Grid->Axes.size());
         L = L->getSubLoops().size() == 1 ? L->getSubLoops()[0] : nullptr) {
      const CountedLoop &C = Loops.find(L)->second;
      if (!C.KnownBefore || !C.Last || !C.Last->getType()->isIntegerTy(64) || !C.Counter->getType()->isIntegerTy(64) ||
          !SE.isLoopInvariant(SE.getSCEV(C.Last), Outermost))
        break;
      Axes.push_back(L);
      Last.push_back(SE.getSCEV(C.Last));
    }
    if (Axes.empty() || (Grid && Axes.size() != Grid->Axes.size()) || !Outermost->getLoopPreheader())
      return;
    for (BasicBlock *BB : Outermost->blocks())
      for (Instruction &I : *BB)
        if (LI.getLoopFor(BB) == Axes.back() && readsShadowed(R, I))
          find(cast<LoadInst>(I), Axes, Last);
  }

  void find(LoadInst &L, ArrayRef<const Loop *> Axes, ArrayRef<const SCEV *> Last) {
    const SCEV *Address = addressOf(SE, L.getPointerOperand());
    bool IsLookedUp = SCEVExprContains(Address, [&](const SCEV *S) {
      const auto *Unknown = dyn_cast<SCEVUnknown>(S);
      auto *I = Unknown ? dyn_cast<Instruction>(Unknown->getValue()) : nullptr;
      return I && Axes.front()->contains(I);
    });
    if (IsLookedUp) // at no constant distance from any point
      return;
    BoundsFinder Finder(Axes, Last, Grid, LI, DT, SE);
    Finder.confine(L.getParent());
    Instruction *Place = Axes.front()->getLoopPreheader()->getTerminator();
    for (auto [D, Axis] : enumerate(Axes)) {
      if (!Finder.Bounded[D] || SE.hasComputableLoopEvolution(Address, Axis))
        continue;
      const SCEV *Start = nullptr;
      int64_t Steps = MostRim;
      for (const SCEV *Lower : Finder.Bounds.Lowers[D])
        for (const SCEV *Upper : Finder.Bounds.Uppers[D])
          if (const auto *C = dyn_cast<SCEVConstant>(SE.getMinusSCEV(Upper, Lower));
              C && C->getAPInt().sge(0) && C->getAPInt().slt(Steps) && canComputeAt(Lower, Place, SE, Expander)) {
            Start = Lower;
            Steps = C->getAPInt().getSExtValue();
          }
      if (!Start || Steps == 0)
        continue;
      Value *First = Expander.expandCodeFor(Start, Type::getInt64Ty(F.getContext()), Place);
      Found.push_back({&L, Loops.find(Axis)->second.Counter, First, Steps});
      return;
    }
  }

  void split(const Rim &X) {
    LoadInst *L = X.Load;
    for (int64_t Step = 0; Step != X.Steps; ++Step) {
      IRBuilder<> B(L);
      Value *IsThis = B.CreateICmpSLE(X.Counter, B.CreateNSWAdd(X.First, B.getInt64(Step)));
      Instruction *Then, *Else;
      DomTreeUpdater Updater(DT, DomTreeUpdater::UpdateStrategy::Eager);
      SplitBlockAndInsertIfThenElse(IsThis, L->getIterator(), &Then, &Else, nullptr, &Updater, &LI);
      PHINode *Either = PHINode::Create(L->getType(), 2, L->getName(), L->getIterator());
      auto *This = cast<LoadInst>(L->clone());
      This->insertBefore(Then->getIterator());
      for (Instruction *I : {Then, Else, cast<Instruction>(Either)})
        I->setDebugLoc(L->getDebugLoc());
      L->replaceAllUsesWith(Either);
      Either->addIncoming(This, Then->getParent());
      Either->addIncoming(L, Else->getParent());
      L->moveBefore(Else->getIterator());
    }
  }
};

} // namespace

void splitRimReads(Request &R, const CountedLoops &Loops, const GridNest *Grid, FunctionAnalysisManager &FAM) {
  // A read may be at the rim of each axis.
  for (unsigned Axis = 0; Axis != 3 && RimSplitter(R, Loops, Grid, FAM).run(); ++Axis) {
    PreservedAnalyses Kept;
    Kept.preserve<LoopAnalysis>();
    Kept.preserve<DominatorTreeAnalysis>();
    FAM.invalidate(*R.F, Kept);
  }
}

} // namespace adstencil
