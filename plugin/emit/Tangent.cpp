// Forward mode needs no plan: blocks are visited so that operands come before their uses, phis get their operands last.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emit/Tangent.h"

#include "derive/Adjoint.h"
#include "derive/Rules.h"
#include "llvm/ADT/PostOrderIterator.h"
#include "llvm/IR/InstIterator.h"

using namespace llvm;

namespace adstencil {

namespace {

class TangentEmitter {
public:
  TangentEmitter(const Request &R, const Activity &A, Shadows &S) : R(R), A(A), S(S) {}

  bool emit() {
    ReversePostOrderTraversal<Function *> RPO(R.F);
    SmallVector<Instruction *, 64> Kernel;
    for (BasicBlock *BB : RPO)
      for (Instruction &I : *BB)
        Kernel.push_back(&I);
    for (Instruction *I : Kernel)
      if (!visit(*I))
        return false;
    for (auto &[Phi, Dot] : Phis)
      for (unsigned K = 0; K != Phi->getNumIncomingValues(); ++K)
        Dot->addIncoming(dotOrZero(Phi->getIncomingValue(K)), Phi->getIncomingBlock(K));
    for (AllocaInst *Shadow : S.locals()) {
      IRBuilder<> B(Shadow->getNextNode());
      clearLocalShadow(B, Shadow);
    }
    return true;
  }

private:
  const Request &R;
  const Activity &A;
  Shadows &S;
  DenseMap<const Value *, Value *> Dots;
  SmallVector<std::pair<PHINode *, PHINode *>, 16> Phis;

  Value *dotOrZero(Value *V) {
    Value *Dot = Dots.lookup(V);
    return Dot ? Dot : ConstantFP::get(V->getType(), 0.0);
  }

  bool visit(Instruction &I) {
    if (auto *St = dyn_cast<StoreInst>(&I)) {
      Value *V = St->getValueOperand();
      if (!isDifferentiableType(V->getType()) || !A.isActiveMemory(St->getPointerOperand()))
        return true;
      Value *Shadow = S.shadowOf(St->getPointerOperand());
      if (!Shadow)
        return false;
      IRBuilder<> B(St);
      B.CreateStore(dotOrZero(V), Shadow);
      return true;
    }
    if (auto *X = asAtomicAdd(&I)) {
      Value *V = X->getValOperand();
      if (!Dots.lookup(V) || !A.isActiveMemory(X->getPointerOperand()))
        return true;
      Value *Shadow = S.shadowOf(X->getPointerOperand());
      if (!Shadow)
        return false;
      IRBuilder<> B(X);
      B.CreateAtomicRMW(AtomicRMWInst::FAdd, Shadow, dotOrZero(V), X->getAlign(), X->getOrdering(),
                        X->getSyncScopeID());
      return true;
    }
    if (!isDifferentiableType(I.getType()) || !A.isVaried(&I))
      return true;
    if (auto *Phi = dyn_cast<PHINode>(&I)) {
      auto *Dot =
          PHINode::Create(Phi->getType(), Phi->getNumIncomingValues(), Phi->getName() + ".dot", Phi->getIterator());
      Phis.push_back({Phi, Dot});
      Dots[Phi] = Dot;
      return true;
    }
    IRBuilder<> B(I.getNextNode());
    if (auto *L = dyn_cast<LoadInst>(&I)) {
      Value *Shadow = S.shadowOf(L->getPointerOperand());
      if (!Shadow)
        return false;
      // In front of the primal load's uses, behind everything the shadow's address needs.
      Dots[L] = B.CreateLoad(L->getType(), Shadow);
      return true;
    }
    if (isScalarMarker(&I)) {
      Dots[&I] = B.CreateLoad(I.getType(), cast<CallInst>(I).getArgOperand(1));
      return true;
    }
    unsigned Count = isa<CallBase>(I) ? cast<CallBase>(I).arg_size() : I.getNumOperands();
    SmallVector<Value *, 3> OperandDots;
    for (unsigned K = 0; K != Count; ++K)
      OperandDots.push_back(Dots.lookup(I.getOperand(K)));
    Value *Dot = emitTangent(B, I, OperandDots);
    if (Dot)
      Dots[&I] = Dot;
    return true;
  }
};

} // namespace

bool emitTangentKernel(const Request &R, const Activity &A, Shadows &S) { return TangentEmitter(R, A, S).emit(); }

} // namespace adstencil
