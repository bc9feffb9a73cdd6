// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "model/CarriedLoads.h"

#include "model/Library.h"
#include "model/Normalise.h"
#include "model/Request.h"
#include "model/WideAddresses.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/ScalarEvolutionExpressions.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/Transforms/Scalar/ADCE.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"

using namespace llvm;

namespace adstencil {

namespace {

/// Addresses deeper than this are not computed again.
constexpr unsigned MostLevels = 16;

class Reloader {
public:
  Reloader(Function &F, Loop &L, ScalarEvolution &SE) : F(F), L(L), SE(SE) {}

  /// Replaces one variable of the loop. Returns false if there is none to replace.
  bool run() {
    if (!L.getLoopPreheader() || !L.getLoopLatch())
      return false;
    for (PHINode &Phi : L.getHeader()->phis())
      if (Phi.getType()->isFloatingPointTy() && reload(Phi))
        return true;
    return false;
  }

private:
  Function &F;
  Loop &L;
  ScalarEvolution &SE;
  bool AtFirst = false;
  DenseMap<Value *, Value *> Copies; ///< of the iteration before

  bool reload(PHINode &Phi) {
    BasicBlock *Before = L.getLoopPreheader();
    auto *First = dyn_cast<LoadInst>(Phi.getIncomingValueForBlock(Before));
    auto *Next = dyn_cast<LoadInst>(Phi.getIncomingValueForBlock(L.getLoopLatch()));
    if (!First || !Next || !L.contains(Next) || !isConstant(*First) || !isConstant(*Next))
      return false;
    // What comes into the loop is what an iteration in front of the first one would have loaded.
    IRBuilder<> AtStart(Before->getTerminator());
    Value *Start = copyBefore(AtStart, Next->getPointerOperand(), /*First=*/true);
    if (!Start || !isSame(addressOf(SE, Start), addressOf(SE, First->getPointerOperand())))
      return false;
    IRBuilder<> B(&*L.getHeader()->getFirstInsertionPt());
    Value *Pointer = copyBefore(B, Next->getPointerOperand(), /*First=*/false);
    LoadInst *Again = B.CreateAlignedLoad(Next->getType(), Pointer, Next->getAlign());
    Again->copyMetadata(*Next);
    Again->takeName(&Phi);
    Phi.replaceAllUsesWith(Again);
    Phi.eraseFromParent();
    return true;
  }

  bool isSame(const SCEV *A, const SCEV *B) {
    const SCEV *Distance = SE.getMinusSCEV(A, B);
    return !isa<SCEVCouldNotCompute>(Distance) && multipliedOut(SE, Distance)->isZero();
  }

  /// True if the load finds the same whenever it is made.
  bool isConstant(const LoadInst &Load) const {
    SmallVector<const Value *, 2> Roots;
    rootsOf(Load.getPointerOperand(), Roots);
    if (!Load.isSimple() || Roots.size() != 1 || !isArrayMarker(Roots[0]))
      return false;
    return none_of(instructions(F), [&](const Instruction &I) {
      if (!I.mayWriteToMemory() || isArrayMarker(&I) || isScalarMarker(&I))
        return false;
      if (const auto *CB = dyn_cast<CallBase>(&I); CB && !asAtomicAdd(&I)) {
        LibraryCall Kind = classify(*CB);
        return Kind != LibraryCall::Mathematics && Kind != LibraryCall::Marker && Kind != LibraryCall::Pure;
      }
      const auto *S = dyn_cast<StoreInst>(&I);
      if (!S)
        return true;
      SmallVector<const Value *, 2> Stored;
      rootsOf(S->getPointerOperand(), Stored);
      return !all_of(Stored, [&](const Value *V) { return V != Roots[0] && (isArrayMarker(V) || isa<AllocaInst>(V)); });
    });
  }

  /// What V was in the iteration before. First: before the first one. Null if that cannot be computed.
  Value *copyBefore(IRBuilder<> &B, Value *V, bool First) {
    Copies.clear();
    AtFirst = First;
    return copyOf(B, V, MostLevels);
  }

  Value *copyOf(IRBuilder<> &B, Value *V, unsigned Levels) {
    auto *I = dyn_cast<Instruction>(V);
    if (!I || !L.contains(I))
      return V;
    if (Value *Known = Copies.lookup(V))
      return Known;
    if (Value *Counter = stepBack(B, *I))
      return Copies[V] = Counter;
    if (Levels == 0 || (!isa<GetElementPtrInst>(I) && !isa<CastInst>(I) && !isa<BinaryOperator>(I)))
      return nullptr;
    SmallVector<Value *, 4> Operands;
    for (Value *Operand : I->operands()) {
      Value *Copy = copyOf(B, Operand, Levels - 1);
      if (!Copy)
        return nullptr;
      Operands.push_back(Copy);
    }
    Instruction *Copy = I->clone();
    for (auto [K, Operand] : enumerate(Operands))
      Copy->setOperand(K, Operand);
    return Copies[V] = B.Insert(Copy, I->getName());
  }

  /// What a variable of the loop, in 64 bits, was before: there the difference does not wrap around.
  Value *stepBack(IRBuilder<> &B, Instruction &I) {
    auto *Extension = dyn_cast<SExtInst>(&I);
    auto *Phi = dyn_cast<PHINode>(Extension ? Extension->getOperand(0) : &I);
    if (!Phi || Phi->getParent() != L.getHeader() || (!Extension && !Phi->getType()->isIntegerTy(64)))
      return nullptr;
    auto *Sum = dyn_cast<BinaryOperator>(Phi->getIncomingValueForBlock(L.getLoopLatch()));
    if (!Sum || Sum->getOpcode() != Instruction::Add || (Extension && !Sum->hasNoSignedWrap()))
      return nullptr;
    Value *Step = Sum->getOperand(Sum->getOperand(0) == Phi ? 1 : 0);
    if (!is_contained(Sum->operands(), Phi) || !L.isLoopInvariant(Step))
      return nullptr;
    Value *Now = AtFirst ? Phi->getIncomingValueForBlock(L.getLoopPreheader()) : Phi;
    return B.CreateSub(B.CreateSExt(Now, I.getType()), B.CreateSExt(Step, I.getType()), "", false,
                       /*HasNSW=*/bool(Extension));
  }
};

} // namespace

void reloadCarried(Function &F, FunctionAnalysisManager &FAM) {
  bool Changed = false;
  for (bool Again = true; Again;) {
    Again = false;
    ScalarEvolution &SE = FAM.getResult<ScalarEvolutionAnalysis>(F);
    for (Loop *L : FAM.getResult<LoopAnalysis>(F).getLoopsInPreorder())
      if (Reloader(F, *L, SE).run()) {
        FAM.invalidate(F, PreservedAnalyses::none());
        Changed = Again = true;
        break;
      }
  }
  if (!Changed)
    return;
  FunctionPassManager FPM;
  FPM.addPass(EarlyCSEPass(/*UseMemorySSA=*/true));
  FPM.addPass(ADCEPass());
  FAM.invalidate(F, FPM.run(F, FAM));
}

} // namespace adstencil
