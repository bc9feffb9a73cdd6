// The frame of the derivative, and its completion: which variables are filled where, what the records hold.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emit/Reverse.h"

#include "emit/Emitter.h"
#include "emit/GridGather.h"
#include "emit/GridSum.h"
#include "llvm/ADT/PostOrderIterator.h"
#include "llvm/IR/InstIterator.h"

using namespace llvm;

namespace adstencil {

/// Bytes of tape that a thread on a GPU may have. Beyond this, spilling to device memory costs more than any kernel
/// that such a tape is for, and a full grid of threads would need gigabytes.
static constexpr uint64_t MostBytesPerThread = 16384;

bool Emitter::emit() {
  SmallVector<BasicBlock *, 16> Old;
  for (BasicBlock &BB : F)
    if (&BB != Entry)
      Old.push_back(&BB);
  FirstBlock = Old.front();
  ReversePostOrderTraversal<BasicBlock *> RPO(FirstBlock);
  Order.assign(RPO.begin(), RPO.end());
  moveAllocas();
  Finish = newBlock("finish");

  BasicBlock *Front = newBlock("forward");
  emitForward(nullptr, Front);
  for (BasicBlock *BB : Order)
    if (P.ReverseTargets.count(BB) && !isOnlyGathered(BB))
      emitReverseBlock(BB, P.ReverseTargets[BB]);
  fillVariables();
  emitPendingTape();
  emitFinish();

  Instruction *Placeholder = Entry->getTerminator();
  BranchInst::Create(Front, Placeholder->getIterator());
  Placeholder->eraseFromParent();
  for (BasicBlock *BB : Old)
    BB->dropAllReferences();
  for (BasicBlock *BB : Old)
    BB->eraseFromParent();
  if (Failed && !Refused)
    refuse(Ctx, P.R.Kernel, nullptr, P.R.Place, "internal error: the plan of the reverse sweep is incomplete",
           "please report this kernel");
  return !Failed;
}

uint64_t Emitter::mostRecords(const Loop *L) {
  uint64_t Count = 1;
  for (const Loop *Around = L; P.R.OnGrid && Around; Around = Around->getParentLoop()) {
    uint64_t Most = P.MaxIterations.lookup(Around);
    Count = Most == 0 || Count * Most > MostBytesPerThread ? 0 : Count * Most;
    if (Count != 0)
      continue;
    if (!Refused)
      refuse(Ctx, P.R.Kernel, L->getHeader()->getTerminator(), P.R.Place,
             "the reverse of this loop needs a record of each iteration, and how many there are is not known when "
             "compiling (or they are too many for a GPU thread)",
             "give the loop a small constant bound, or carry no value from one iteration to the next that the "
             "derivative needs" +
                 P.adviceOnPoints());
    Refused = Failed = true;
    return 0;
  }
  return Count;
}

void Emitter::addTo(IRBuilder<> &B, Value *V, Value *Contribution) {
  if (!P.A.isActive(V))
    return;
  AllocaInst *Bar = cotangentOf(V);
  B.CreateStore(B.CreateFAdd(B.CreateLoad(V->getType(), Bar), Contribution), Bar);
}

void Emitter::moveAllocas() {
  for (Instruction &I : make_early_inc_range(instructions(F)))
    if (auto *A = dyn_cast<AllocaInst>(&I))
      A->moveBefore(Entry->getTerminator()->getIterator());
  EntryBuilder.SetInsertPoint(Entry->getTerminator());
  for (AllocaInst *Shadow : S.locals())
    clearLocalShadow(EntryBuilder, Shadow);
}

Value *Emitter::fail(Type *T) {
  Failed = true;
  return PoisonValue::get(T);
}

void Emitter::fillVariables() {
  for (auto &[I, Variable] : Variables) {
    const Loop *L = loopOf(I->getParent());
    if (L && P.isJoint(L) && is_contained(P.LoopPlans.find(L)->second.Recorded, I))
      continue; // popped
    Instruction *Copy = Recorded.lookup(I);
    if (!Copy) {
      Failed = true;
      continue;
    }
    auto Place = isa<PHINode>(Copy) ? Copy->getParent()->getFirstInsertionPt() : std::next(Copy->getIterator());
    new StoreInst(Copy, Variable, Place);
  }
}

SmallVector<AllocaInst *, 8> Emitter::recordOf(const Loop *L) {
  SmallVector<AllocaInst *, 8> Fields;
  if (P.isJoint(L)) {
    for (PHINode *Phi : P.LoopPlans.find(L)->second.Recorded)
      Fields.push_back(variableOf(Phi));
    return Fields;
  }
  for (auto &[I, Variable] : Variables)
    if (loopOf(I->getParent()) == L)
      Fields.push_back(Variable);
  return Fields;
}

void Emitter::emitPendingTape() {
  for (auto &[L, State] : LoopStates) {
    SmallVector<AllocaInst *, 8> Fields = recordOf(L);
    if (Fields.empty() || (State->Pushes.empty() && State->Pops.empty()))
      continue;
    SmallVector<Type *, 8> Types;
    for (AllocaInst *A : Fields)
      Types.push_back(A->getAllocatedType());
    State->Record = std::make_unique<Stream>(EntryBuilder, Types, "records", P.R.OnGrid);
    for (BasicBlock *BB : State->Pushes) {
      State->Record->reserve(mostRecords(L));
      IRBuilder<> B(BB->getTerminator());
      SmallVector<Value *, 8> Values(JointPushes.lookup(BB));
      if (Values.empty())
        for (AllocaInst *A : Fields)
          Values.push_back(B.CreateLoad(A->getAllocatedType(), A));
      State->Record->push(B, Values);
    }
    for (BasicBlock *BB : State->Pops) {
      IRBuilder<> B(BB->getTerminator());
      SmallVector<Value *, 4> Values = State->Record->pop(B);
      for (auto [V, A] : zip(Values, Fields))
        B.CreateStore(V, A);
    }
    auto Preorder = P.LI.getLoopsInPreorder();
    Stored.push_back(std::to_string(State->Record->recordSize()) + " B per iteration of loop " +
                     std::to_string(find(Preorder, L) - Preorder.begin() + 1));
  }
  for (PendingPush &Push : PendingPushes) {
    IRBuilder<> B(Push.Before);
    Push.TheStream->push(B, Push.Values);
  }
  for (auto &[St, TheStream] : UndoStreams)
    Stored.push_back(std::to_string(TheStream->recordSize()) + " B per store (old values of memory that is written)");
  bool Logs16 = any_of(P.Uses, [](const auto &Use) { return Use.second == ShadowUse::Logged; });
  for (auto &[T, Log] : Logs)
    Stored.push_back((Logs16 ? "" : "0 B, or if cells are written twice: ") + std::to_string(Log->recordSize()) +
                     " B per change of a shadow that must be kept");
}

void Emitter::emitFinish() {
  IRBuilder<> B(Finish);
  for (auto &[T, Log] : Logs) {
    BasicBlock *Test = newBlock("log.test"), *Undo = newBlock("log.undo"), *Done = newBlock("log.done");
    B.CreateBr(Test);
    B.SetInsertPoint(Test);
    B.CreateCondBr(Log->notEmpty(B), Undo, Done);
    B.SetInsertPoint(Undo);
    SmallVector<Value *, 4> Change = Log->pop(B);
    B.CreateStore(Change[1], Change[0]);
    doNotUnroll(B.CreateBr(Test));
    B.SetInsertPoint(Done);
    Log->release(B);
  }
  for (auto &[L, State] : LoopStates)
    if (State->Record)
      State->Record->release(B);
  for (auto &[St, TheStream] : UndoStreams)
    TheStream->release(B);
  emitGridSums(B);
  B.CreateRetVoid();
}

void Emitter::emitGridSums(IRBuilder<> &B) {
  BasicBlock *Last = nullptr;
  const GatherNest *N = P.Grid ? P.Gathers.front().second.get() : nullptr;
  if (!GridSums.empty() && N && N->Carries && !N->clearsAtOnce() && P.R.TheMode == DerivativeMode::Adjoint) {
    // They are complete behind the first phase.
    BasicBlock *First = newBlock("sums");
    Last = newBlock("exit");
    B.CreateCondBr(B.CreateICmpEQ(readPhase(B), B.getInt32(0)), First, Last);
    B.SetInsertPoint(First);
  }
  unsigned Slot = 0;
  for (auto &[Marker, Sum] : GridSums) {
    Value *V = B.CreateLoad(Marker->getType(), Sum.Sum);
    B.CreateCall(gridSumFunction(*F.getParent(), V->getType()), {V, Sum.Shadow, B.getInt32(Slot++)});
  }
  if (Last) {
    B.CreateBr(Last);
    B.SetInsertPoint(Last);
  }
}

bool emitReverse(AdjointPlan &P, const Shadows &S, GatheredNests &Points, std::vector<std::string> &Stored) {
  return Emitter(P, S, Points, Stored).emit();
}

} // namespace adstencil
