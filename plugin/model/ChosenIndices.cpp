// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "model/ChosenIndices.h"

#include "model/Normalise.h"
#include "model/WideAddresses.h"
#include "llvm/Analysis/DomTreeUpdater.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/ScalarEvolutionExpressions.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/PatternMatch.h"
#include "llvm/Transforms/Scalar/ADCE.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Scalar/SimplifyCFG.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

using namespace llvm;
using namespace llvm::PatternMatch;

namespace adstencil {

namespace {

/// Addresses deeper than this are not looked through.
constexpr unsigned MostLevels = 24;
/// One read becomes so many at most: three ways along each of three axes.
constexpr unsigned MostReads = 27;
/// A remainder takes its limit away so many times at most.
constexpr int64_t MostTurns = 8;

/// Operations of addresses that are computed again for each choice.
bool isAddressing(const Instruction &I) {
  if (isa<GetElementPtrInst>(I))
    return true;
  if (!I.getType()->isIntegerTy())
    return false;
  const auto *B = dyn_cast<BinaryOperator>(&I);
  return isa<SExtInst>(I) || isa<ZExtInst>(I) || isa<TruncInst>(I) ||
         (B && (B->getOpcode() == Instruction::Add || B->getOpcode() == Instruction::Sub ||
                B->getOpcode() == Instruction::Mul || B->getOpcode() == Instruction::Shl));
}

bool isOfBool(const Instruction &I) { return isa<SExtInst, ZExtInst>(I) && I.getOperand(0)->getType()->isIntegerTy(1); }

bool isChoice(const Instruction &I) {
  if (!I.getType()->isIntegerTy() && !I.getType()->isPointerTy())
    return false;
  if (isa<SelectInst>(I))
    return !I.getType()->isIntegerTy(1) && I.getOperand(0)->getType()->isIntegerTy(1);
  return isOfBool(I) || isa<MinMaxIntrinsic>(I);
}

/// Operations of conditions.
bool isCondition(const Instruction &I) {
  return isa<ICmpInst>(I) || (I.getType()->isIntegerTy(1) && (isa<SelectInst>(I) || I.isBitwiseLogicOp()));
}

class Splitter {
public:
  Splitter(Request &R, FunctionAnalysisManager &FAM)
      : R(R), F(*R.F), DT(FAM.getResult<DominatorTreeAnalysis>(F)), LI(FAM.getResult<LoopAnalysis>(F)),
        SE(FAM.getResult<ScalarEvolutionAnalysis>(F)) {}

  bool find() {
    for (Instruction &I : instructions(F))
      if (readsShadowed(R, I))
        Loads.push_back(cast<LoadInst>(&I));
    return any_of(Loads, [&](LoadInst *L) { return isChosen(L->getPointerOperand(), MostLevels); });
  }

  bool run() {
    if (!find())
      return false;
    SmallVector<StoreInst *, 16> Stores;
    for (LoadInst *L : Loads)
      writeChoices(L->getPointerOperand(), MostLevels);
    for (Instruction &I : instructions(F)) // `v[(i + n) % n]` is v[i]
      if (auto *S = dyn_cast<StoreInst>(&I))
        Stores.push_back(S);
    for (StoreInst *S : Stores)
      writeChoices(S->getPointerOperand(), MostLevels);
    for (LoadInst *L : Loads)
      split(L);
    return Changed;
  }

private:
  Request &R;
  Function &F;
  DominatorTree &DT;
  LoopInfo &LI;
  ScalarEvolution &SE;
  SmallVector<LoadInst *, 32> Loads;
  bool Changed = false;
  SmallPtrSet<Value *, 32> Seen;
  SmallPtrSet<Instruction *, 8> Left; ///< remainders that stay

  /// True if something chooses in an address.
  bool isChosen(Value *V, unsigned Levels) {
    auto *I = dyn_cast<Instruction>(V);
    if (!I || Levels == 0)
      return false;
    if (isChoice(*I) || I->getOpcode() == Instruction::SRem || I->getOpcode() == Instruction::URem ||
        (isa<PHINode>(I) && !LI.isLoopHeader(I->getParent())))
      return true;
    return isAddressing(*I) && any_of(I->operands(), [&](Value *Operand) { return isChosen(Operand, Levels - 1); });
  }

  // ---- everything that chooses becomes a select ----

  void writeChoices(Value *V, unsigned Levels) {
    auto *I = dyn_cast<Instruction>(V);
    if (!I || Levels == 0 || !Seen.insert(I).second)
      return;
    if (auto *Phi = dyn_cast<PHINode>(I)) {
      Value *Select = selectOf(*Phi);
      if (!Select)
        return;
      Phi->replaceAllUsesWith(Select);
      Seen.erase(Phi);
      Phi->eraseFromParent();
      Changed = true;
      return writeChoices(Select, Levels);
    }
    if (I->getOpcode() == Instruction::SRem || I->getOpcode() == Instruction::URem) {
      if (Value *Turns = Left.contains(I) ? nullptr : writeRemainder(*I))
        writeChoices(Turns, Levels - 1);
      return;
    }
    if (isAddressing(*I) || isChoice(*I) || isCondition(*I))
      for (unsigned K = 0; K != I->getNumOperands(); ++K) // they may change
        writeChoices(I->getOperand(K), Levels - 1);
  }

  /// A variable that gets one of several numbers, by conditions alone. Null if it is something else: a loop's counter.
  Value *selectOf(PHINode &Phi) {
    if (Phi.getType()->isFloatingPointTy() || Phi.getNumIncomingValues() < 2 || LI.isLoopHeader(Phi.getParent()))
      return nullptr;
    BasicBlock *Top = DT.getNode(Phi.getParent())->getIDom()->getBlock();
    if (LI.getLoopFor(Top) != LI.getLoopFor(Phi.getParent()))
      return nullptr;
    SmallVector<Instruction *, 16> Moved;
    if (!canSelect(Top, Top, Phi, Moved, MostLevels))
      return nullptr;
    for (Instruction *I : Moved) {
      I->moveBefore(Top->getTerminator()->getIterator());
      I->updateLocationAfterHoist();
    }
    return select(Top, Phi);
  }

  /// True if all ways from BB lead to Phi, and what it gets can be computed at Top. Moved: what has to go there, in
  /// order.
  bool canSelect(BasicBlock *BB, BasicBlock *Top, PHINode &Phi, SmallVectorImpl<Instruction *> &Moved,
                 unsigned Levels) {
    auto *Branch = dyn_cast<BranchInst>(BB->getTerminator());
    if (!Branch || Levels == 0 || (BB != Top && !BB->getSinglePredecessor()))
      return false;
    if (Branch->isConditional() &&
        (Branch->getSuccessor(0) == Branch->getSuccessor(1) || !canMove(Branch->getCondition(), Top, Moved, Levels)))
      return false;
    return all_of(successors(BB), [&](BasicBlock *Next) {
      if (Next == Phi.getParent())
        return canMove(Phi.getIncomingValueForBlock(BB), Top, Moved, Levels);
      return canSelect(Next, Top, Phi, Moved, Levels - 1);
    });
  }

  bool canMove(Value *V, BasicBlock *Top, SmallVectorImpl<Instruction *> &Moved, unsigned Levels) {
    auto *I = dyn_cast<Instruction>(V);
    if (!I || DT.dominates(I, Top->getTerminator()) || is_contained(Moved, I))
      return true;
    if (Levels == 0 || I->mayReadOrWriteMemory() || isa<PHINode>(I) || I->getType()->isFPOrFPVectorTy() ||
        !isSafeToSpeculativelyExecute(I))
      return false;
    for (Value *Operand : I->operands())
      if (!canMove(Operand, Top, Moved, Levels - 1))
        return false;
    Moved.push_back(I);
    return true;
  }

  Value *select(BasicBlock *BB, PHINode &Phi) {
    auto *Branch = cast<BranchInst>(BB->getTerminator());
    auto Along = [&](BasicBlock *Next) {
      return Next == Phi.getParent() ? Phi.getIncomingValueForBlock(BB) : select(Next, Phi);
    };
    if (Branch->isUnconditional())
      return Along(Branch->getSuccessor(0));
    Value *IfTrue = Along(Branch->getSuccessor(0)), *IfFalse = Along(Branch->getSuccessor(1));
    BasicBlock *Top = DT.getNode(Phi.getParent())->getIDom()->getBlock();
    IRBuilder<> B(Top->getTerminator());
    B.SetCurrentDebugLocation(Phi.getDebugLoc());
    return IfTrue == IfFalse ? IfTrue : B.CreateSelect(Branch->getCondition(), IfTrue, IfFalse);
  }

  // ---- remainders ----

  /// Calls Use for all numbers that are known to be less than Limit where control comes to BB, with or without signs.
  void forAllBelow(const BasicBlock *BB, const SCEV *Limit, function_ref<void(Value *, bool)> Use) {
    for (auto *Node = DT.getNode(BB); Node->getIDom(); Node = Node->getIDom()) {
      BasicBlock *Above = Node->getIDom()->getBlock();
      auto *Branch = dyn_cast<BranchInst>(Above->getTerminator());
      if (!Branch || !Branch->isConditional())
        continue;
      for (unsigned Way : {0, 1})
        if (DT.dominates(BasicBlockEdge(Above, Branch->getSuccessor(Way)), BB))
          readCondition(Branch->getCondition(), Way == 0, Limit, Use);
    }
  }

  void readCondition(Value *V, bool Holds, const SCEV *Limit, function_ref<void(Value *, bool)> Use) {
    Value *X, *Y;
    if (match(V, m_Not(m_Value(X))))
      return readCondition(X, !Holds, Limit, Use);
    if (Holds ? match(V, m_LogicalAnd(m_Value(X), m_Value(Y))) : match(V, m_LogicalOr(m_Value(X), m_Value(Y)))) {
      readCondition(X, Holds, Limit, Use);
      return readCondition(Y, Holds, Limit, Use);
    }
    auto *Test = dyn_cast<ICmpInst>(V);
    if (!Test || !Test->getOperand(0)->getType()->isIntegerTy())
      return;
    CmpInst::Predicate Pred = Holds ? Test->getPredicate() : Test->getInversePredicate();
    if (Pred == CmpInst::ICMP_SLT || Pred == CmpInst::ICMP_ULT) {
      if (wideIndex(SE, Test->getOperand(1)) == Limit)
        Use(Test->getOperand(0), Pred == CmpInst::ICMP_SLT);
    } else if (Pred == CmpInst::ICMP_SGT || Pred == CmpInst::ICMP_UGT) {
      if (wideIndex(SE, Test->getOperand(0)) == Limit)
        Use(Test->getOperand(1), Pred == CmpInst::ICMP_SGT);
    }
  }

  /// How a remainder's left side is made up: Constant + Turns · limit + a number that is at least 0 and less than the
  /// limit.
  struct Turning {
    int64_t Constant, Turns;
  };

  std::optional<Turning> turningOf(const Instruction &I) {
    const SCEV *Left = wideIndex(SE, I.getOperand(0)), *Limit = wideIndex(SE, I.getOperand(1));
    std::optional<Turning> Found;
    bool IsSigned = I.getOpcode() == Instruction::SRem;
    forAllBelow(I.getParent(), Limit, [&](Value *X, bool Signed) {
      const SCEV *Index = wideIndex(SE, X);
      if (IsSigned && !Signed) // the limit may be negative
        return;
      if (Signed && !SE.isKnownNonNegative(Index) &&
          !isKnownNonNegative(X, SimplifyQuery(I.getDataLayout(), &DT, nullptr, &I)))
        return;
      const SCEV *Rest = SE.getMinusSCEV(Left, Index);
      for (int64_t Turns = 0; !Found && Turns <= MostTurns; ++Turns) {
        if (const auto *C = dyn_cast<SCEVConstant>(Rest); C && C->getAPInt().getSignificantBits() < 8)
          Found = Turning{C->getAPInt().getSExtValue(), Turns};
        Rest = SE.getMinusSCEV(Rest, Limit);
      }
    });
    return Found;
  }

  /// How often a limit has to be taken away, at least and at most; where it is not known, for all from 1 on.
  static std::pair<int64_t, int64_t> turnsBack(const Turning &T, const SCEV *Limit) {
    const auto *C = dyn_cast<SCEVConstant>(Limit);
    if (!C || C->getAPInt().getSignificantBits() > 32 || !C->getAPInt().isStrictlyPositive())
      return {T.Turns + std::min<int64_t>(T.Constant, 0), T.Turns + std::max<int64_t>(T.Constant, 0)};
    int64_t N = C->getAPInt().getSExtValue(), Least = T.Constant + T.Turns * N;
    return {Least < 0 ? -1 : Least / N, (Least + N - 1) / N};
  }

  /// x % n as x less a number of limits, or as the choice of two such numbers; x is not negative. Further neighbours
  /// have more choices, since n may be less than their distance: what it is then is left as it stands, and a loop nest
  /// is reversed in order then (GatherNest::Never). A grid has no order.
  Value *writeRemainder(Instruction &I) {
    if (I.getOpcode() == Instruction::URem && !I.getType()->isIntegerTy(64)) // its left side may well wrap around
      return nullptr;
    std::optional<Turning> Known = turningOf(I);
    if (!Known)
      return nullptr;
    // So many turns back at least and at most.
    auto [First, Last] = turnsBack(*Known, wideIndex(SE, I.getOperand(1)));
    bool IsSigned = I.getOpcode() == Instruction::SRem, IsShort = Last - First <= 1 && First >= 0;
    // What is less than 0 without signs is a large number; so may be twice the limit, but what is left then is below
    // it.
    if (Last > MostTurns || (!IsSigned && Known->Turns > 1) || (!IsShort && (R.OnGrid || !IsSigned)) ||
        (!IsShort && Known->Constant < 0 && Known->Turns == 0))
      return nullptr;
    IRBuilder<> B(&I);
    Value *Limit = I.getOperand(1);
    auto Less = [&](int64_t Turns) {
      Value *Number = I.getOperand(0);
      for (int64_t Turn = 0; Turn != Turns; ++Turn)
        Number = B.CreateSub(Number, Limit, "", /*HasNUW=*/!IsSigned, /*HasNSW=*/IsSigned);
      return Number;
    };
    Value *Result = nullptr;
    if (IsShort) {
      Result = Less(Last);
      CmpInst::Predicate IsLess = IsSigned ? CmpInst::ICMP_SLT : CmpInst::ICMP_ULT;
      if (First != Last)
        Result = B.CreateSelect(compare(IsLess, Less(First), Limit, B), Less(First), Result);
    } else {
      // The neighbour itself, that around the end, anything else.
      bool IsAhead = Known->Constant > 0;
      Value *Near = Less(Known->Turns), *Around = Less(Known->Turns + (IsAhead ? 1 : -1));
      auto IsRight = [&](Value *Number) {
        return IsAhead ? compare(CmpInst::ICMP_SLT, Number, Limit, B)
                       : compare(CmpInst::ICMP_SGE, Number, ConstantInt::get(I.getType(), 0), B);
      };
      Instruction *AsIs = B.Insert(I.clone());
      Left.insert(AsIs);
      Result = B.CreateSelect(IsRight(Near), Near, B.CreateSelect(IsRight(Around), Around, AsIs));
    }
    I.replaceAllUsesWith(Result);
    Changed = true;
    return Result;
  }

  // ---- one read a choice ----

  /// A choice in an address whose condition does not depend on another one. Of choices that are made one after the
  /// other, the first: what the next one asks need not make sense where it is not made.
  Instruction *findChoice(Value *V, unsigned Levels) {
    auto *I = dyn_cast<Instruction>(V);
    if (!I || Levels == 0 || (!isAddressing(*I) && !isChoice(*I) && !isCondition(*I)))
      return nullptr;
    bool IsSelect = isa<SelectInst>(I) && isChoice(*I);
    for (Value *Operand : I->operands())
      if (!IsSelect || Operand == cast<SelectInst>(I)->getCondition())
        if (Instruction *Inner = findChoice(Operand, Levels - 1))
          return Inner;
    return isChoice(*I) ? I : nullptr;
  }

  struct Choice {
    Value *Condition, *IfTrue, *IfFalse;
  };

  /// The same comparison in 64 bits, where the optimiser cannot forget that indices do not wrap around.
  static Value *compare(CmpInst::Predicate Pred, Value *X, Value *Y, IRBuilder<> &B) {
    if (!CmpInst::isUnsigned(Pred) && X->getType()->isIntegerTy() && X->getType()->getIntegerBitWidth() < 64) {
      X = B.CreateSExt(X, B.getInt64Ty());
      Y = B.CreateSExt(Y, B.getInt64Ty());
    }
    return B.CreateICmp(Pred, X, Y);
  }

  static Choice read(Instruction &I, IRBuilder<> &B) {
    if (auto *S = dyn_cast<SelectInst>(&I)) {
      Value *Condition = S->getCondition();
      if (auto *Test = dyn_cast<ICmpInst>(Condition))
        Condition = compare(Test->getPredicate(), Test->getOperand(0), Test->getOperand(1), B);
      return {Condition, S->getTrueValue(), S->getFalseValue()};
    }
    if (auto *M = dyn_cast<MinMaxIntrinsic>(&I))
      return {compare(ICmpInst::getNonStrictPredicate(M->getPredicate()), M->getLHS(), M->getRHS(), B), M->getLHS(),
              M->getRHS()};
    Constant *Zero = Constant::getNullValue(I.getType());
    return {I.getOperand(0),
            isa<SExtInst>(I) ? Constant::getAllOnesValue(I.getType()) : ConstantInt::get(I.getType(), 1), Zero};
  }

  /// V with another number for a choice, computed in front of Place.
  Value *withChoice(Value *V, Instruction *Of, Value *Number, Instruction *Place, DenseMap<Value *, Value *> &Known,
                    unsigned Levels) {
    if (V == Of)
      return Number;
    auto *I = dyn_cast<Instruction>(V);
    if (!I || Levels == 0 || (!isAddressing(*I) && !isChoice(*I) && !isCondition(*I)))
      return V;
    if (Value *Found = Known.lookup(V))
      return Found;
    SmallVector<Value *, 4> Operands;
    for (Value *Operand : I->operands())
      Operands.push_back(withChoice(Operand, Of, Number, Place, Known, Levels - 1));
    if (equal(Operands, I->operands()))
      return Known[V] = V;
    Instruction *Copy = I->clone();
    for (auto [K, Operand] : enumerate(Operands))
      Copy->setOperand(K, Operand);
    Copy->insertBefore(Place->getIterator());
    return Known[V] = Copy;
  }

  void split(LoadInst *Load) {
    SmallVector<LoadInst *, 8> Open = {Load};
    unsigned Reads = 1;
    while (!Open.empty()) {
      LoadInst *L = Open.pop_back_val();
      Instruction *Chosen = findChoice(L->getPointerOperand(), MostLevels);
      if (!Chosen || Reads == MostReads)
        continue;
      IRBuilder<> B(L);
      Choice C = read(*Chosen, B);
      Changed = true;
      auto Write = [&](Value *Number, Instruction *Place) {
        DenseMap<Value *, Value *> Known;
        auto *New = cast<LoadInst>(L->clone());
        New->setOperand(0, withChoice(L->getPointerOperand(), Chosen, Number, Place, Known, MostLevels));
        New->insertBefore(Place->getIterator());
        Open.push_back(New);
        return New;
      };
      if (std::optional<bool> Always = isImpliedByDomCondition(C.Condition, L, L->getDataLayout())) {
        L->replaceAllUsesWith(Write(*Always ? C.IfTrue : C.IfFalse, L));
        L->eraseFromParent();
        continue;
      }
      Instruction *Then, *Else;
      DomTreeUpdater Updater(DT, DomTreeUpdater::UpdateStrategy::Eager);
      SplitBlockAndInsertIfThenElse(C.Condition, L->getIterator(), &Then, &Else, nullptr, &Updater, &LI);
      Then->setDebugLoc(L->getDebugLoc());
      Else->setDebugLoc(L->getDebugLoc());
      PHINode *Either = PHINode::Create(L->getType(), 2, L->getName(), L->getIterator());
      Either->setDebugLoc(L->getDebugLoc());
      Either->addIncoming(Write(C.IfTrue, Then), Then->getParent());
      Either->addIncoming(Write(C.IfFalse, Else), Else->getParent());
      L->replaceAllUsesWith(Either);
      L->eraseFromParent();
      ++Reads;
    }
  }
};

} // namespace

bool hasChosenReads(Request &R, FunctionAnalysisManager &FAM) {
  FAM.invalidate(*R.F, PreservedAnalyses::none());
  return Splitter(R, FAM).find();
}

void splitChosenReads(Request &R, FunctionAnalysisManager &FAM) {
  FAM.invalidate(*R.F, PreservedAnalyses::none());
  if (!Splitter(R, FAM).run())
    return;
  FAM.invalidate(*R.F, PreservedAnalyses::none());
  FunctionPassManager FPM;
  FPM.addPass(EarlyCSEPass(/*UseMemorySSA=*/false));
  FPM.addPass(ADCEPass());
  FPM.addPass(SimplifyCFGPass(SimplifyCFGOptions().speculateBlocks(false)));
  FAM.invalidate(*R.F, FPM.run(*R.F, FAM));
}

} // namespace adstencil
