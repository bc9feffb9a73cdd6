// The reverse sweep: primal values and cotangents at any place in it, the reverse of blocks and loops, and what is done
// to shadows.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emit/Emitter.h"

#include "emit/Gather.h"
#include "emit/GridGather.h"
#include "emit/GridTile.h"
#include "emit/Tile.h"

using namespace llvm;

namespace adstencil {

AllocaInst *Emitter::cotangentOf(const Value *V) {
  AllocaInst *&A = Cotangents[V];
  if (!A)
    A = createVariable(EntryBuilder, V->getType(), V->getName() + ".bar");
  return A;
}

Value *Emitter::takeCotangent(IRBuilder<> &B, const Value *V) {
  AllocaInst *A = cotangentOf(V);
  Value *Bar = B.CreateLoad(V->getType(), A);
  B.CreateStore(ConstantFP::get(V->getType(), 0.0), A);
  return Bar;
}

AllocaInst *Emitter::variableOf(const Instruction *I) {
  AllocaInst *&A = Variables[I];
  if (!A)
    A = createVariable(EntryBuilder, I->getType(), I->getName() + ".value");
  return A;
}

bool Emitter::isRecomputable(const Value *V, const Loop *L, unsigned Depth) const {
  const auto *I = dyn_cast<Instruction>(V);
  if (!I || isa<AllocaInst>(I))
    return true;
  if (loopOf(I->getParent()) != L)
    return true;
  if (I == P.Loops.find(L)->second.Counter)
    return true;
  if (Depth == 0 || I->getType()->isFPOrFPVectorTy())
    return false;
  if (isa<LoadInst>(I) && I->hasMetadata(LLVMContext::MD_invariant_load))
    return isRecomputable(cast<LoadInst>(I)->getPointerOperand(), L, Depth);
  if (!(I->isBinaryOp() && !I->isIntDivRem()) && !isa<CastInst>(I) && !isa<GetElementPtrInst>(I) && !isa<ICmpInst>(I))
    return false;
  return all_of(I->operands(), [&](const Use &U) { return isRecomputable(U, L, Depth - 1); });
}

Value *Emitter::lookUp(IRBuilder<> &B, Value *V) {
  auto *I = dyn_cast<Instruction>(V);
  if (!I || isa<AllocaInst>(I))
    return V;
  const Loop *L = loopOf(I->getParent());
  if (L && I == P.Loops.find(L)->second.Counter)
    return B.CreateLoad(I->getType(), stateOf(L).Counter);
  if (L && !P.isJoint(L) && isRecomputable(I, L)) {
    Instruction *Copy = I->clone();
    for (Use &U : Copy->operands())
      U.set(lookUp(B, U));
    B.Insert(Copy, I->getName());
    return Copy;
  }
  return B.CreateLoad(I->getType(), variableOf(I));
}

BasicBlock *Emitter::reverseBlockOf(const BasicBlock *BB) {
  BasicBlock *&R = ReverseBlocks[BB];
  if (!R) {
    R = newBlock(BB->getName() + ".reverse");
    // A block from which the reverse sweep does not start and that it never visits cannot be left to it either.
    if (!P.ReverseTargets.count(BB))
      new UnreachableInst(Ctx, R);
  }
  return R;
}

unsigned Emitter::exitIndex(const Loop *L, const BasicBlock *Exiting) const {
  const auto &Targets = P.ReverseTargets.find(P.Loops.find(L)->second.Exit)->second;
  return find(Targets, Exiting) - Targets.begin();
}

LoopState &Emitter::stateOf(const Loop *L) {
  std::unique_ptr<LoopState> &State = LoopStates[L];
  if (!State) {
    State = std::make_unique<LoopState>();
    Type *Int = EntryBuilder.getInt64Ty();
    State->Counter = createVariable(EntryBuilder, Int, "counter");
    State->Last = createVariable(EntryBuilder, Int, "last");
    State->ExitIndex = createVariable(EntryBuilder, EntryBuilder.getInt32Ty(), "exit.index");
  }
  return *State;
}

BasicBlock *Emitter::entryOf(const Loop *L) {
  LoopState &State = stateOf(L);
  if (State.Entry)
    return State.Entry;
  BasicBlock *Start = State.Entry = newBlock("loop.reverse"); // State may move when further loops are met
  auto Nest = P.Gathers.find(L);
  if (Nest != P.Gathers.end())
    emitNest(L, *Nest->second);
  else
    emitLoop(L, Start);
  return Start;
}

bool Emitter::isOnlyGathered(const BasicBlock *BB) const {
  return any_of(P.Gathers,
                [&](const auto &Entry) { return Entry.second->conditions().empty() && Entry.first->contains(BB); });
}

void Emitter::emitNest(const Loop *L, const GatherNest &Nest) {
  BasicBlock *Start = stateOf(L).Entry;
  if (auto Conditions = Nest.conditions(); !Conditions.empty()) {
    IRBuilder<> B(Start);
    Value *Holds = B.getTrue();
    for (Value *V : Conditions)
      Holds = B.CreateAnd(Holds, lookUp(B, V));
    Start = newBlock("gather");
    BasicBlock *InOrder = newBlock("in.order");
    B.CreateCondBr(Holds, Start, InOrder);
    emitLoop(L, InOrder);
  }
  if (!Nest.Fits.empty()) { // stop rather than be wrong
    IRBuilder<> B(Start);
    BasicBlock *Trap = newBlock("trap"), *Counted = newBlock("counted");
    Value *Fits = B.getTrue();
    for (Value *V : Nest.Fits)
      Fits = B.CreateAnd(Fits, lookUp(B, V));
    B.CreateCondBr(Fits, Counted, Trap);
    B.SetInsertPoint(Trap);
    B.CreateIntrinsic(B.getVoidTy(), Intrinsic::trap, {});
    B.CreateUnreachable();
    Start = Counted;
  }
  auto LookUp = [&](IRBuilder<> &B, Value *V) { return lookUp(B, V); };
  BasicBlock *Next = reverseBlockOf(L->getLoopPreheader());
  ScalarAdder Add = [&](IRBuilder<> &B, const CallInst &Marker, Value *Sum) { addToScalar(B, Marker, Sum); };
  if (P.Grid && !P.R.OnCpu)
    return (Nest.Tiled ? emitGridTile : emitGridGather)(Nest, *P.Grid, *Points.find(L)->second, Start, Next, LookUp,
                                                        Add);
  if (Nest.Tiled)
    return emitTile(Nest, *Points.find(L)->second, Start, Next, LookUp);
  emitGather(Nest, *Points.find(L)->second, Start, Next, LookUp, P.Grid ? &Add : nullptr);
}

void Emitter::emitLoop(const Loop *L, BasicBlock *Start) {
  const CountedLoop &C = P.Loops.find(L)->second;
  LoopState &State = stateOf(L);
  State.Next = newBlock("loop.next");
  BasicBlock *NextBlock = State.Next;
  IRBuilder<> B(Start);
  Value *Last = lookUp(B, C.Last);
  B.CreateStore(Last, State.Counter);
  B.CreateStore(Last, State.Last);
  if (P.isJoint(L)) {
    BasicBlock *Iterate = newBlock("iterate");
    B.CreateBr(Iterate);
    doNotUnroll(BranchInst::Create(Iterate, NextBlock));
    if (!P.LoopPlans.find(L)->second.Recorded.empty()) {
      State.Pops.push_back(newBlock("pop"));
      BasicBlock *Pop = State.Pops.back();
      BranchInst::Create(Pop, Iterate);
      BasicBlock *Front = newBlock("front");
      BranchInst::Create(Front, Pop);
      emitForward(L, Front);
    } else {
      emitForward(L, Iterate);
    }
    return;
  }
  State.Pops.push_back(newBlock("pop"));
  B.CreateBr(State.Pops.back());
  IRBuilder<> D(State.Pops.back());
  if (C.Exiting.size() == 1) {
    D.CreateBr(reverseBlockOf(C.Exiting[0]));
  } else {
    Value *Index = D.CreateLoad(D.getInt32Ty(), State.ExitIndex);
    SwitchInst *Switch = D.CreateSwitch(Index, reverseBlockOf(C.Exiting[0]), C.Exiting.size());
    for (BasicBlock *X : C.Exiting)
      Switch->addCase(D.getInt32(exitIndex(L, X)), reverseBlockOf(X));
  }
  LoopStates[L]->Pops.push_back(newBlock("pop"));
  BranchInst::Create(LoopStates[L]->Pops.back(), NextBlock);
  BranchInst::Create(reverseBlockOf(L->getLoopLatch()), LoopStates[L]->Pops.back());
}

void Emitter::goTo(IRBuilder<> &B, const BasicBlock *From, BasicBlock *To) {
  const Loop *L = loopOf(To);
  if (!L || L->contains(From)) {
    B.CreateBr(reverseBlockOf(To));
    return;
  }
  if (P.Loops.find(L)->second.Exiting.size() > 1)
    B.CreateStore(B.getInt32(exitIndex(L, To)), stateOf(L).ExitIndex);
  B.CreateBr(entryOf(L));
}

void Emitter::emitReverseBlock(BasicBlock *BB, ArrayRef<BasicBlock *> Targets) {
  IRBuilder<> B(reverseBlockOf(BB));
  for (Instruction &I : reverse(*BB))
    if (!isa<PHINode>(I) && P.hasReverse(I)) {
      B.SetCurrentDebugLocation(I.getDebugLoc());
      reverseInstruction(B, I);
    }
  SmallVector<std::pair<PHINode *, Value *>, 4> Phis;
  for (PHINode &Phi : BB->phis())
    if (P.hasReverse(Phi))
      Phis.push_back({&Phi, nullptr});
  for (auto &[Phi, Bar] : Phis)
    Bar = takeCotangent(B, Phi);
  auto AddAlong = [&](IRBuilder<> &Edge, BasicBlock *Pred) {
    IRBuilder<>::FastMathFlagGuard Guard(Edge);
    Edge.setFastMathFlags(cotangentFlags());
    for (auto &[Phi, Bar] : Phis)
      addTo(Edge, Phi->getIncomingValueForBlock(Pred), Bar);
  };
  if (Targets.empty()) {
    B.CreateBr(Finish);
    return;
  }
  const Loop *L = loopOf(BB);
  if (L && L->getHeader() == BB) {
    reverseHeader(B, L, AddAlong);
    return;
  }
  if (Targets.size() == 1) {
    AddAlong(B, Targets[0]);
    goTo(B, BB, Targets[0]);
    return;
  }
  Value *Index = lookUp(B, P.Predecessor.lookup(BB));
  SmallVector<BasicBlock *, 4> Edges;
  for (BasicBlock *Target : Targets) {
    Edges.push_back(newBlock("edge"));
    IRBuilder<> Edge(Edges.back());
    AddAlong(Edge, Target);
    goTo(Edge, BB, Target);
  }
  SwitchInst *Switch = B.CreateSwitch(Index, Edges[0], Edges.size());
  for (unsigned K = 1; K != Edges.size(); ++K)
    Switch->addCase(cast<ConstantInt>(ConstantInt::get(Index->getType(), K)), Edges[K]);
}

void Emitter::reverseHeader(IRBuilder<> &B, const Loop *L, function_ref<void(IRBuilder<> &, BasicBlock *)> AddAlong) {
  entryOf(L);
  LoopState &State = stateOf(L);
  Value *Count = B.CreateLoad(B.getInt64Ty(), State.Counter);
  BasicBlock *First = newBlock("first"), *Again = newBlock("again");
  B.CreateCondBr(B.CreateICmpEQ(Count, B.getInt64(0)), First, Again);
  IRBuilder<> Out(First);
  AddAlong(Out, L->getLoopPreheader());
  Out.CreateBr(reverseBlockOf(L->getLoopPreheader()));
  IRBuilder<> Back(Again);
  AddAlong(Back, L->getLoopLatch());
  Back.CreateStore(Back.CreateSub(Count, Back.getInt64(1)), State.Counter);
  Back.CreateBr(State.Next);
}

void Emitter::reverseInstruction(IRBuilder<> &B, Instruction &I) {
  if (auto *St = dyn_cast<StoreInst>(&I))
    return reverseStore(B, *St);
  if (auto *L = dyn_cast<LoadInst>(&I))
    return reverseLoad(B, *L);
  if (auto *X = asAtomicAdd(&I)) { // everybody's sum keeps its cotangent
    Value *Shadow = lookUp(B, P.Shadow.lookup(X->getPointerOperand()));
    IRBuilder<>::FastMathFlagGuard Guard(B);
    B.setFastMathFlags(cotangentFlags());
    addTo(B, X->getValOperand(), B.CreateLoad(X->getValOperand()->getType(), Shadow));
    return;
  }
  Value *Bar = takeCotangent(B, &I);
  if (isScalarMarker(&I)) {
    addToScalar(B, cast<CallInst>(I), Bar);
    return;
  }
  if (!emitAdjoint(B, I, Bar, *this))
    Failed = true;
}

void Emitter::addToScalar(IRBuilder<> &B, const CallInst &Marker, Value *Bar) {
  if (!P.R.OnGrid || P.IsPoint)
    return addToShadow(B, lookUp(B, Marker.getArgOperand(1)), Bar);
  GridSum &Sum = GridSums[&Marker];
  if (!Sum.Sum)
    Sum = {createVariable(EntryBuilder, Bar->getType(), "grid.sum"), copyAtEntry(Marker.getArgOperand(1))};
  addToShadow(B, Sum.Sum, Bar);
}

Value *Emitter::copyAtEntry(Value *V) {
  auto *I = dyn_cast<Instruction>(V);
  if (!I || I->getParent() == Entry)
    return V;
  if (!isa<LoadInst>(I) && !isa<GetElementPtrInst>(I) && !isa<CastInst>(I) && !isa<BinaryOperator>(I))
    return fail(V->getType());
  Instruction *Copy = I->clone();
  Copy->dropUnknownNonDebugMetadata();
  for (Use &U : Copy->operands())
    U.set(copyAtEntry(U));
  EntryBuilder.Insert(Copy);
  return Copy;
}

void Emitter::addAtomically(IRBuilder<> &B, Value *Shadow, Value *Bar) {
  B.CreateAtomicRMW(AtomicRMWInst::FAdd, Shadow, Bar, MaybeAlign(), AtomicOrdering::Monotonic,
                    Ctx.getOrInsertSyncScopeID("device"));
}

void Emitter::addToShadow(IRBuilder<> &B, Value *Shadow, Value *Bar) {
  IRBuilder<>::FastMathFlagGuard Guard(B);
  B.setFastMathFlags(cotangentFlags());
  B.CreateStore(B.CreateFAdd(B.CreateLoad(Bar->getType(), Shadow), Bar), Shadow);
}

Stream &Emitter::logOf(Type *T) {
  std::unique_ptr<Stream> &Log = Logs[T];
  if (!Log)
    Log =
        std::make_unique<Stream>(EntryBuilder, ArrayRef<Type *>{EntryBuilder.getPtrTy(), T}, "shadow.log", P.R.OnGrid);
  return *Log;
}

void Emitter::changeShadow(IRBuilder<> &B, const Instruction &Access, Value *Shadow, Type *T,
                           function_ref<Value *(Value *)> New) {
  const Value *Pointer = getLoadStorePointerOperand(&Access);
  ShadowUse Use = P.shadowUse(Pointer);
  if (Use == ShadowUse::Keep)
    return;
  BasicBlock *Done = nullptr;
  if (Use == ShadowUse::Guarded) {
    Value *Proof = nullptr;
    for (const Value *Root : P.A.roots(Pointer))
      if (Value *G = P.Guard.lookup(Root))
        Proof = lookUp(B, G);
    BasicBlock *Log = newBlock("log");
    Done = newBlock("kept");
    B.CreateCondBr(Proof, Done, Log);
    B.SetInsertPoint(Log);
    if (P.R.OnGrid) { // nothing could be restored: stop rather than be wrong
      B.CreateIntrinsic(B.getVoidTy(), Intrinsic::trap, {});
      B.CreateUnreachable();
      B.SetInsertPoint(Done);
      return;
    }
  }
  Value *OldValue = B.CreateLoad(T, Shadow);
  Value *NewValue = New(OldValue);
  if (P.R.OnGrid && Use == ShadowUse::Logged)
    logOf(T).reserve(mostRecords(loopOf(Access.getParent())));
  if (Value *Flag = P.IsWritten.lookup(Pointer); Flag && Use != ShadowUse::Reverse) {
    // Only a shadow that is to be kept is logged; the pointer may lead to an input as well.
    BasicBlock *Log = newBlock("log.written"), *Change = newBlock("change");
    B.CreateCondBr(lookUp(B, Flag), Log, Change);
    B.SetInsertPoint(Log);
    PendingPushes.push_back({B.CreateBr(Change), &logOf(T), {Shadow, OldValue}});
    B.SetInsertPoint(Change);
    B.CreateStore(NewValue, Shadow);
  } else {
    StoreInst *Change = B.CreateStore(NewValue, Shadow);
    if (Use != ShadowUse::Reverse)
      PendingPushes.push_back({Change, &logOf(T), {Shadow, OldValue}});
  }
  if (Done) {
    B.CreateBr(Done);
    B.SetInsertPoint(Done);
  }
}

void Emitter::reverseStore(IRBuilder<> &B, StoreInst &St) {
  Type *T = St.getValueOperand()->getType();
  if (P.Undo.contains(&St)) {
    Value *OldValue = undoStream(&St).pop(B)[0];
    B.CreateAlignedStore(OldValue, lookUp(B, St.getPointerOperand()), St.getAlign());
  }
  Value *ShadowPointer = P.Shadow.lookup(St.getPointerOperand());
  if (!ShadowPointer || !isDifferentiableType(T))
    return;
  Value *Shadow = lookUp(B, ShadowPointer);
  if (P.A.isActive(St.getValueOperand())) {
    IRBuilder<>::FastMathFlagGuard Guard(B);
    B.setFastMathFlags(cotangentFlags());
    addTo(B, St.getValueOperand(), B.CreateLoad(T, Shadow));
  }
  if (!P.Increment.contains(&St))
    changeShadow(B, St, Shadow, T, [&](Value *) { return ConstantFP::get(T, 0.0); });
}

void Emitter::reverseLoad(IRBuilder<> &B, LoadInst &L) {
  Value *Bar = takeCotangent(B, &L);
  if (Value *Touched = P.Touched.lookup(&L))
    B.CreateStore(B.getTrue(), Touched);
  if (P.IncrementLoad.contains(&L))
    return;
  Value *Shadow = lookUp(B, P.Shadow.lookup(L.getPointerOperand()));
  if (P.isShared(L.getPointerOperand())) {
    if (P.shadowUse(L.getPointerOperand()) == ShadowUse::Reverse)
      addAtomically(B, Shadow, Bar);
    return;
  }
  changeShadow(B, L, Shadow, L.getType(), [&](Value *OldValue) {
    IRBuilder<>::FastMathFlagGuard Guard(B);
    B.setFastMathFlags(cotangentFlags());
    return B.CreateFAdd(OldValue, Bar);
  });
}

} // namespace adstencil
