// The forward sweep: copies of regions that compute what the reverse sweep needs, execute the stores that needed loads
// see, and record the iterations of taped loops.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emit/Emitter.h"

#include "model/Library.h"

using namespace llvm;

namespace adstencil {

bool Emitter::recordsIn(const Loop *L, const Loop *Scope) const {
  for (; L != Scope; L = L->getParentLoop())
    if (P.isJoint(L))
      return false;
  return true;
}

bool Emitter::canSkip(const Loop *L, const Loop *Scope) const {
  const CountedLoop &C = P.Loops.find(L)->second;
  if (C.Exiting.size() != 1)
    return false;
  bool ParentRecords = recordsIn(L->getParentLoop(), Scope);
  if (ParentRecords && (!P.isJoint(L) || !P.LoopPlans.find(L)->second.Recorded.empty()))
    return false;
  for (const BasicBlock *BB : L->blocks())
    for (const Instruction &I : *BB) {
      if (const auto *St = dyn_cast<StoreInst>(&I); St && P.isExecutedIn(St, Scope))
        return false;
      if (P.isNeededIn(&I, Scope) &&
          any_of(I.users(), [&](const User *U) { return !L->contains(cast<Instruction>(U)); }))
        return false;
    }
  return true;
}

const Loop *Emitter::skippedAround(Pass &Q, const BasicBlock *BB) const {
  const Loop *Found = nullptr;
  for (const Loop *L = loopOf(BB); L != Q.Scope; L = L->getParentLoop()) {
    auto [It, New] = Q.Skipped.try_emplace(L, false);
    if (New)
      It->second = canSkip(L, Q.Scope);
    if (It->second)
      Found = L;
  }
  return Found;
}

void Emitter::emitForward(const Loop *Scope, BasicBlock *Front) {
  Pass Q;
  Q.Scope = Scope;
  Q.Front = Front;
  SmallVector<BasicBlock *, 16> Region;
  for (BasicBlock *BB : Order)
    if ((!Scope || Scope->contains(BB)) && !skippedAround(Q, BB))
      Region.push_back(BB);
  for (BasicBlock *BB : Region)
    Q.Blocks[BB] = newBlock(BB->getName() + (Scope ? ".again" : ".forward"));
  BranchInst::Create(Q.Blocks[Scope ? Scope->getHeader() : FirstBlock], Front);
  SmallVector<std::pair<PHINode *, PHINode *>, 16> Phis;
  for (BasicBlock *BB : Region) {
    copyPhis(Q, BB, Phis);
    copyBody(Q, BB);
    copyTerminator(Q, BB);
  }
  for (auto &[OldPhi, NewPhi] : Phis)
    fillPhi(Q, OldPhi, NewPhi);
}

void Emitter::copyPhis(Pass &Q, BasicBlock *BB, SmallVectorImpl<std::pair<PHINode *, PHINode *>> &Phis) {
  const Loop *L = loopOf(BB);
  bool IsHeader = L && L->getHeader() == BB;
  for (PHINode &Phi : BB->phis()) {
    if (!P.isNeededIn(&Phi, Q.Scope) && !(IsHeader && &Phi == P.Loops.find(L)->second.Counter))
      continue;
    if (IsHeader && L == Q.Scope) {
      IRBuilder<> B(Q.Front->getTerminator());
      Q.Values[&Phi] = lookUpHeaderPhi(B, &Phi, L);
      continue;
    }
    auto *Copy = PHINode::Create(Phi.getType(), Phi.getNumIncomingValues(), Phi.getName(), Q.Blocks[BB]);
    Copy->setDebugLoc(Phi.getDebugLoc());
    remember(Q, &Phi, Copy, L);
    Phis.push_back({&Phi, Copy});
  }
  // A joint loop in this pass: its reverse sweep will want the header phis of every iteration.
  if (IsHeader && L != Q.Scope && P.isJoint(L) && recordsIn(L->getParentLoop(), Q.Scope) &&
      !P.LoopPlans.find(L)->second.Recorded.empty()) {
    LoopState &State = stateOf(L);
    State.Pushes.push_back(Q.Blocks[BB]);
    JointPushes[Q.Blocks[BB]] = {};
    for (PHINode *Phi : P.LoopPlans.find(L)->second.Recorded)
      JointPushes[Q.Blocks[BB]].push_back(Q.Values[Phi]);
  }
}

Value *Emitter::lookUpHeaderPhi(IRBuilder<> &B, PHINode *Phi, const Loop *L) {
  if (Phi == P.Loops.find(L)->second.Counter)
    return B.CreateLoad(Phi->getType(), stateOf(L).Counter);
  return B.CreateLoad(Phi->getType(), variableOf(Phi));
}

void Emitter::remember(Pass &Q, const Instruction *I, Instruction *Copy, const Loop *L) {
  Q.Values[I] = Copy;
  if (recordsIn(L, Q.Scope))
    Recorded[I] = Copy;
}

Value *Emitter::mapped(Pass &Q, Value *V) {
  auto *I = dyn_cast<Instruction>(V);
  if (!I || isa<AllocaInst>(I))
    return V;
  auto Found = Q.Values.find(I);
  if (Found != Q.Values.end())
    return Found->second;
  if (!Q.Scope || Q.Scope->contains(I))
    return fail(V->getType());
  IRBuilder<> B(Q.Front->getTerminator());
  Value *Outer = lookUp(B, V);
  Q.Values[I] = Outer;
  return Outer;
}

void Emitter::copyBody(Pass &Q, BasicBlock *BB) {
  const Loop *L = loopOf(BB);
  BasicBlock *Into = Q.Blocks[BB];
  for (Instruction &I : *BB) {
    if (isa<PHINode>(I) || I.isTerminator() || isa<AllocaInst>(I))
      continue;
    auto *St = dyn_cast<StoreInst>(&I);
    auto *CB = dyn_cast<CallBase>(&I);
    bool Copies = P.isNeededIn(&I, Q.Scope) || (St && P.isExecutedIn(St, Q.Scope)) ||
                  (CB && classify(*CB) == LibraryCall::NoReturn);
    if (!Copies)
      continue;
    Instruction *Copy = I.clone();
    for (Use &U : Copy->operands())
      if (!isa<BasicBlock>(U) && !isa<Function>(U))
        U.set(mapped(Q, U));
    Copy->insertInto(Into, Into->end());
    Copy->setName(I.getName());
    if (St && P.Undo.contains(St) && P.Owner.lookup(St) == Q.Scope)
      saveOldValue(St, cast<StoreInst>(Copy));
    remember(Q, &I, Copy, L);
  }
}

void Emitter::saveOldValue(const StoreInst *St, StoreInst *Copy) {
  IRBuilder<> B(Copy);
  Value *OldValue = B.CreateAlignedLoad(St->getValueOperand()->getType(), Copy->getPointerOperand(), St->getAlign());
  undoStream(St).reserve(mostRecords(loopOf(St->getParent())));
  PendingPushes.push_back({Copy, &undoStream(St), {OldValue}});
}

Stream &Emitter::undoStream(const StoreInst *St) {
  std::unique_ptr<Stream> &Found = UndoStreams[St];
  if (!Found)
    Found = std::make_unique<Stream>(EntryBuilder, ArrayRef<Type *>{St->getValueOperand()->getType()}, "old.values",
                                     P.R.OnGrid);
  return *Found;
}

void Emitter::fillPhi(Pass &Q, PHINode *Old, PHINode *New) {
  for (unsigned I = 0; I != Old->getNumIncomingValues(); ++I) {
    BasicBlock *Pred = Old->getIncomingBlock(I);
    BasicBlock *From = Q.EdgeBlocks.lookup({Pred, Old->getParent()});
    if (!From) {
      const Loop *Skipped = skippedAround(Q, Pred);
      From = Q.Blocks.lookup(Skipped ? Skipped->getLoopPreheader() : Pred);
    }
    New->addIncoming(mapped(Q, Old->getIncomingValue(I)), From);
  }
}

BasicBlock *Emitter::edgeTarget(Pass &Q, BasicBlock *BB, BasicBlock *Succ) {
  BasicBlock *Target = Q.Blocks.lookup(Succ);
  if (const Loop *Skipped = skippedAround(Q, Succ))
    Target = Q.Blocks.lookup(P.Loops.find(Skipped)->second.Exit);
  // The end of an iteration of a taped loop: its record is complete.
  const Loop *L = loopOf(BB);
  if (L != Q.Scope && !P.isJoint(L) && recordsIn(L, Q.Scope) && (Succ == L->getHeader() || !L->contains(Succ))) {
    BasicBlock *&Record = Q.EdgeBlocks[{BB, Succ}];
    if (!Record) {
      Record = newBlock("record");
      BranchInst::Create(Target, Record);
      stateOf(L).Pushes.push_back(Record);
    }
    return Record;
  }
  return Target;
}

void Emitter::copyTerminator(Pass &Q, BasicBlock *BB) {
  BasicBlock *Into = Q.Blocks[BB];
  Instruction *T = BB->getTerminator();
  IRBuilder<> B(Into);
  B.SetCurrentDebugLocation(T->getDebugLoc());
  if (isa<ReturnInst>(T)) {
    B.CreateBr(reverseBlockOf(BB));
    return;
  }
  auto LeavesIteration = [&](const BasicBlock *Succ) {
    return Q.Scope && (Succ == Q.Scope->getHeader() || !Q.Scope->contains(Succ));
  };
  if (succ_size(BB) && all_of(successors(BB), LeavesIteration)) {
    B.CreateBr(reverseBlockOf(BB));
    return;
  }
  if (any_of(successors(BB), LeavesIteration))
    Into = leaveInLastIteration(Q, BB, B);
  Instruction *Copy = T->clone();
  Copy->insertInto(Into, Into->end());
  for (Use &U : Copy->operands())
    if (!isa<BasicBlock>(U))
      U.set(mapped(Q, U));
  BasicBlock *Never = nullptr;
  for (unsigned I = 0; I != T->getNumSuccessors(); ++I) {
    BasicBlock *Succ = T->getSuccessor(I);
    if (!LeavesIteration(Succ)) {
      Copy->setSuccessor(I, edgeTarget(Q, BB, Succ));
      if (Into != Q.Blocks[BB]) // the edge starts in the block for the case of staying
        Q.EdgeBlocks.try_emplace({BB, Succ}, Into);
      continue;
    }
    if (!Never) {
      Never = newBlock("never");
      new UnreachableInst(Ctx, Never);
    }
    Copy->setSuccessor(I, Succ == Q.Scope->getHeader() ? reverseBlockOf(BB) : Never);
  }
}

BasicBlock *Emitter::leaveInLastIteration(Pass &Q, BasicBlock *BB, IRBuilder<> &B) {
  const CountedLoop &C = P.Loops.find(Q.Scope)->second;
  if (!is_contained(C.Exiting, BB))
    return B.GetInsertBlock();
  LoopState &State = stateOf(Q.Scope);
  Value *Leave = B.CreateICmpEQ(B.CreateLoad(B.getInt64Ty(), State.Counter), B.CreateLoad(B.getInt64Ty(), State.Last));
  if (C.Exiting.size() > 1) {
    Value *Index = B.CreateLoad(B.getInt32Ty(), State.ExitIndex);
    Leave = B.CreateAnd(Leave, B.CreateICmpEQ(Index, B.getInt32(exitIndex(Q.Scope, BB))));
  }
  BasicBlock *Stay = newBlock("stay");
  B.CreateCondBr(Leave, reverseBlockOf(BB), Stay);
  return Stay;
}

} // namespace adstencil
