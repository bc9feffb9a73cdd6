// The derivative's body, from entry to return:
//
//     entry             variables, all zero
//     forward sweep     the *pass* of the whole function: needed values, executed stores, records of taped loops
//     reverse sweep     one block per kernel block, entered in the opposite order
//     finish            logs taken back, tapes freed
//
// A joint loop is reversed as
//
//     counter = last
//     iterate:  pop what was recorded of this iteration (its needed header phis)
//               the pass of the loop: its forward sweep for this iteration
//               the reverse blocks of its body, from the latch (or an exiting block, in the last iteration)
//               if counter != 0: counter -= 1, iterate
//
// a taped loop in the same way, with all values popped and no pass. Primal values, cotangents and counters live in variables
// (allocas) that later become SSA values; a value is stored to its variable in the one pass that runs in front of the reverse
// blocks that read it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emit/Reverse.h"

#include "derive/Adjoint.h"
#include "emit/Tape.h"
#include "model/Library.h"
#include "llvm/ADT/PostOrderIterator.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"

using namespace llvm;

namespace adstencil {

namespace {

/// The copy of a region (the function, or one iteration of a loop) that computes needed values.
struct Pass {
  const Loop *Scope = nullptr;
  BasicBlock *Front = nullptr; ///< branches to the copy of the first block; values from outside are fetched here
  DenseMap<const Value *, Value *> Values;
  DenseMap<const BasicBlock *, BasicBlock *> Blocks;
  DenseMap<std::pair<const BasicBlock *, const BasicBlock *>, BasicBlock *> EdgeBlocks;
  DenseMap<const Loop *, bool> Skipped;
};

/// What the reverse sweep keeps about a loop.
struct LoopState {
  AllocaInst *Counter = nullptr, *Last = nullptr, *ExitIndex = nullptr;
  BasicBlock *Entry = nullptr, *Next = nullptr;
  std::unique_ptr<Stream> Record;
  SmallVector<BasicBlock *, 4> Pushes, Pops; ///< at the ends of these blocks
};

class Emitter : public AdjointContext {
public:
  Emitter(AdjointPlan &P, const Shadows &S, std::vector<std::string> &Stored)
      : P(P), F(*P.R.F), Ctx(F.getContext()), Stored(Stored), Entry(BasicBlock::Create(Ctx, "entry", &F, &F.getEntryBlock())),
        EntryBuilder(new UnreachableInst(Ctx, Entry)), S(S) {}

  void emit() {
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
      if (P.ReverseTargets.count(BB))
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
    if (Failed)
      refuse(Ctx, P.R.Kernel, nullptr, P.R.Place, "internal error: the plan of the reverse sweep is incomplete",
             "please report this kernel");
  }

  // AdjointContext
  Value *primal(IRBuilder<> &B, Value *V) override { return lookUp(B, V); }
  bool isActive(const Value *V) const override { return P.A.isActive(V); }
  void addTo(IRBuilder<> &B, Value *V, Value *Contribution) override {
    if (!P.A.isActive(V))
      return;
    AllocaInst *Bar = cotangentOf(V);
    B.CreateStore(B.CreateFAdd(B.CreateLoad(V->getType(), Bar), Contribution), Bar);
  }

private:
  AdjointPlan &P;
  Function &F;
  LLVMContext &Ctx;
  std::vector<std::string> &Stored;
  BasicBlock *Entry;
  IRBuilder<> EntryBuilder;
  const Shadows &S;
  BasicBlock *FirstBlock = nullptr, *Finish = nullptr;
  std::vector<BasicBlock *> Order;
  bool Failed = false;

  MapVector<const Instruction *, AllocaInst *> Variables;
  DenseMap<const Value *, AllocaInst *> Cotangents;
  DenseMap<const Instruction *, Instruction *> Recorded; ///< the copy of a value that fills its variable
  DenseMap<const BasicBlock *, BasicBlock *> ReverseBlocks;
  MapVector<const Loop *, std::unique_ptr<LoopState>> LoopStates;
  MapVector<const StoreInst *, std::unique_ptr<Stream>> UndoStreams;
  MapVector<Type *, std::unique_ptr<Stream>> Logs; ///< by element type: address and old value
  struct PendingPush {
    Instruction *Before;
    Stream *TheStream;
    SmallVector<Value *, 2> Values;
  };
  std::vector<PendingPush> PendingPushes;

  BasicBlock *newBlock(const Twine &Name) { return BasicBlock::Create(Ctx, Name, &F); }
  const Loop *loopOf(const BasicBlock *BB) const { return P.LI.getLoopFor(BB); }

  void moveAllocas() {
    for (Instruction &I : make_early_inc_range(instructions(F)))
      if (auto *A = dyn_cast<AllocaInst>(&I))
        A->moveBefore(Entry->getTerminator()->getIterator());
    EntryBuilder.SetInsertPoint(Entry->getTerminator());
    for (AllocaInst *Shadow : S.locals())
      clearLocalShadow(EntryBuilder, Shadow);
  }

  Value *fail(Type *T) {
    Failed = true;
    return PoisonValue::get(T);
  }

  // ---- values in the reverse sweep ----

  AllocaInst *cotangentOf(const Value *V) {
    AllocaInst *&A = Cotangents[V];
    if (!A)
      A = createVariable(EntryBuilder, V->getType(), V->getName() + ".bar");
    return A;
  }

  /// Reads V's cotangent and clears it, so that the next iteration starts from zero.
  Value *takeCotangent(IRBuilder<> &B, const Value *V) {
    AllocaInst *A = cotangentOf(V);
    Value *Bar = B.CreateLoad(V->getType(), A);
    B.CreateStore(ConstantFP::get(V->getType(), 0.0), A);
    return Bar;
  }

  AllocaInst *variableOf(const Instruction *I) {
    AllocaInst *&A = Variables[I];
    if (!A)
      A = createVariable(EntryBuilder, I->getType(), I->getName() + ".value");
    return A;
  }

  /// True for cheap integer and pointer arithmetic on values that the reverse sweep of the taped loop L has anyway.
  bool isRecomputable(const Value *V, const Loop *L, unsigned Depth = 8) const {
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

  /// The primal value of V, at a place in the reverse sweep.
  Value *lookUp(IRBuilder<> &B, Value *V) {
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

  // ---- forward sweep ----

  /// True if values of loop L are stored to their variables in the pass of Scope.
  bool recordsIn(const Loop *L, const Loop *Scope) const {
    for (; L != Scope; L = L->getParentLoop())
      if (P.isJoint(L))
        return false;
    return true;
  }

  bool isExecutedIn(const StoreInst *St, const Loop *Scope) const {
    if (!P.Executed.contains(St))
      return false;
    const Loop *Owner = P.Owner.lookup(St);
    return Owner == Scope || !Scope || (Owner && Scope->contains(Owner));
  }

  /// True if the pass can leave out loop L altogether.
  bool canSkip(const Loop *L, const Loop *Scope) const {
    const CountedLoop &C = P.Loops.find(L)->second;
    if (C.Exiting.size() != 1)
      return false;
    bool ParentRecords = recordsIn(L->getParentLoop(), Scope);
    if (ParentRecords && (!P.isJoint(L) || !P.LoopPlans.find(L)->second.Recorded.empty()))
      return false;
    for (const BasicBlock *BB : L->blocks())
      for (const Instruction &I : *BB) {
        if (const auto *St = dyn_cast<StoreInst>(&I); St && isExecutedIn(St, Scope))
          return false;
        if (P.Needed.contains(&I) && any_of(I.users(), [&](const User *U) { return !L->contains(cast<Instruction>(U)); }))
          return false;
      }
    return true;
  }

  /// The outermost loop around BB, inside the pass, that is left out; null if BB is copied.
  const Loop *skippedAround(Pass &Q, const BasicBlock *BB) const {
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

  void emitForward(const Loop *Scope, BasicBlock *Front) {
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

  void copyPhis(Pass &Q, BasicBlock *BB, SmallVectorImpl<std::pair<PHINode *, PHINode *>> &Phis) {
    const Loop *L = loopOf(BB);
    bool IsHeader = L && L->getHeader() == BB;
    for (PHINode &Phi : BB->phis()) {
      if (!P.Needed.contains(&Phi) && !(IsHeader && &Phi == P.Loops.find(L)->second.Counter))
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
  DenseMap<BasicBlock *, SmallVector<Value *, 2>> JointPushes;

  /// Header phis of a joint loop in its own pass: the counter, and what was popped.
  Value *lookUpHeaderPhi(IRBuilder<> &B, PHINode *Phi, const Loop *L) {
    if (Phi == P.Loops.find(L)->second.Counter)
      return B.CreateLoad(Phi->getType(), stateOf(L).Counter);
    return B.CreateLoad(Phi->getType(), variableOf(Phi));
  }

  void remember(Pass &Q, const Instruction *I, Instruction *Copy, const Loop *L) {
    Q.Values[I] = Copy;
    if (recordsIn(L, Q.Scope))
      Recorded[I] = Copy;
  }

  /// The value that stands for V in the pass.
  Value *mapped(Pass &Q, Value *V) {
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

  void copyBody(Pass &Q, BasicBlock *BB) {
    const Loop *L = loopOf(BB);
    BasicBlock *Into = Q.Blocks[BB];
    for (Instruction &I : *BB) {
      if (isa<PHINode>(I) || I.isTerminator() || isa<AllocaInst>(I))
        continue;
      auto *St = dyn_cast<StoreInst>(&I);
      auto *CB = dyn_cast<CallBase>(&I);
      bool Copies = P.Needed.contains(&I) || (St && isExecutedIn(St, Q.Scope)) ||
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

  void saveOldValue(const StoreInst *St, StoreInst *Copy) {
    IRBuilder<> B(Copy);
    Value *OldValue = B.CreateAlignedLoad(St->getValueOperand()->getType(), Copy->getPointerOperand(), St->getAlign());
    PendingPushes.push_back({Copy, &undoStream(St), {OldValue}});
  }

  Stream &undoStream(const StoreInst *St) {
    std::unique_ptr<Stream> &Found = UndoStreams[St];
    if (!Found)
      Found = std::make_unique<Stream>(EntryBuilder, ArrayRef<Type *>{St->getValueOperand()->getType()}, "old.values");
    return *Found;
  }

  void fillPhi(Pass &Q, PHINode *Old, PHINode *New) {
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

  /// Where the copy of the edge BB → Succ leads.
  BasicBlock *edgeTarget(Pass &Q, BasicBlock *BB, BasicBlock *Succ) {
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

  void copyTerminator(Pass &Q, BasicBlock *BB) {
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
        continue;
      }
      if (!Never) {
        Never = newBlock("never");
        new UnreachableInst(Ctx, Never);
      }
      Copy->setSuccessor(I, Succ == Q.Scope->getHeader() ? reverseBlockOf(BB) : Never);
    }
  }

  /// The pass of a joint loop leaves through BB in the last iteration if the forward sweep did, and in no other: the exit
  /// condition is not computed again. Returns the block for the case of staying.
  BasicBlock *leaveInLastIteration(Pass &Q, BasicBlock *BB, IRBuilder<> &B) {
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

  // ---- reverse sweep ----

  BasicBlock *reverseBlockOf(const BasicBlock *BB) {
    BasicBlock *&R = ReverseBlocks[BB];
    if (!R) {
      R = newBlock(BB->getName() + ".reverse");
      // A block from which the reverse sweep does not start and that it never visits cannot be left to it either.
      if (!P.ReverseTargets.count(BB))
        new UnreachableInst(Ctx, R);
    }
    return R;
  }

  unsigned exitIndex(const Loop *L, const BasicBlock *Exiting) const {
    const auto &Targets = P.ReverseTargets.find(P.Loops.find(L)->second.Exit)->second;
    return find(Targets, Exiting) - Targets.begin();
  }

  LoopState &stateOf(const Loop *L) {
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

  /// The block that starts reversing L. Written when the reverse sweep first gets there.
  BasicBlock *entryOf(const Loop *L) {
    LoopState &State = stateOf(L);
    if (State.Entry)
      return State.Entry;
    const CountedLoop &C = P.Loops.find(L)->second;
    State.Entry = newBlock("loop.reverse");
    State.Next = newBlock("loop.next");
    BasicBlock *NextBlock = State.Next; // State may move when further loops are met
    IRBuilder<> B(State.Entry);
    Value *Last = lookUp(B, C.Last);
    B.CreateStore(Last, State.Counter);
    B.CreateStore(Last, State.Last);
    if (P.isJoint(L)) {
      BasicBlock *Iterate = newBlock("iterate");
      B.CreateBr(Iterate);
      BranchInst::Create(Iterate, NextBlock);
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
      return LoopStates[L]->Entry;
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
    return LoopStates[L]->Entry;
  }

  /// Continues the reverse sweep from block From in block To: directly, or through the start of a reversed loop.
  void goTo(IRBuilder<> &B, const BasicBlock *From, BasicBlock *To) {
    const Loop *L = loopOf(To);
    if (!L || L->contains(From)) {
      B.CreateBr(reverseBlockOf(To));
      return;
    }
    if (P.Loops.find(L)->second.Exiting.size() > 1)
      B.CreateStore(B.getInt32(exitIndex(L, To)), stateOf(L).ExitIndex);
    B.CreateBr(entryOf(L));
  }

  void emitReverseBlock(BasicBlock *BB, ArrayRef<BasicBlock *> Targets) {
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

  /// The start of an iteration is undone: either the loop is, or the iteration before is next.
  void reverseHeader(IRBuilder<> &B, const Loop *L, function_ref<void(IRBuilder<> &, BasicBlock *)> AddAlong) {
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

  void reverseInstruction(IRBuilder<> &B, Instruction &I) {
    if (auto *St = dyn_cast<StoreInst>(&I))
      return reverseStore(B, *St);
    if (auto *L = dyn_cast<LoadInst>(&I))
      return reverseLoad(B, *L);
    Value *Bar = takeCotangent(B, &I);
    if (isScalarMarker(&I)) {
      Value *Shadow = lookUp(B, cast<CallInst>(I).getArgOperand(1));
      addToShadow(B, Shadow, Bar);
      return;
    }
    if (!emitAdjoint(B, I, Bar, *this))
      Failed = true;
  }

  void addToShadow(IRBuilder<> &B, Value *Shadow, Value *Bar) {
    IRBuilder<>::FastMathFlagGuard Guard(B);
    B.setFastMathFlags(cotangentFlags());
    B.CreateStore(B.CreateFAdd(B.CreateLoad(Bar->getType(), Shadow), Bar), Shadow);
  }

  Stream &logOf(Type *T) {
    std::unique_ptr<Stream> &Log = Logs[T];
    if (!Log)
      Log = std::make_unique<Stream>(EntryBuilder, ArrayRef<Type *>{EntryBuilder.getPtrTy(), T}, "shadow.log");
    return *Log;
  }

  /// Changes a shadow cell by New(old value) as the plan allows: freely, under a log, or only where the proof failed.
  void changeShadow(IRBuilder<> &B, const Value *Pointer, Value *Shadow, Type *T, function_ref<Value *(Value *)> New) {
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
    }
    Value *OldValue = B.CreateLoad(T, Shadow);
    StoreInst *Change = B.CreateStore(New(OldValue), Shadow);
    if (Use != ShadowUse::Reverse)
      PendingPushes.push_back({Change, &logOf(T), {Shadow, OldValue}});
    if (Done) {
      B.CreateBr(Done);
      B.SetInsertPoint(Done);
    }
  }

  void reverseStore(IRBuilder<> &B, StoreInst &St) {
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
      changeShadow(B, St.getPointerOperand(), Shadow, T, [&](Value *) { return ConstantFP::get(T, 0.0); });
  }

  void reverseLoad(IRBuilder<> &B, LoadInst &L) {
    Value *Bar = takeCotangent(B, &L);
    if (P.IncrementLoad.contains(&L))
      return;
    Value *Shadow = lookUp(B, P.Shadow.lookup(L.getPointerOperand()));
    changeShadow(B, L.getPointerOperand(), Shadow, L.getType(), [&](Value *OldValue) {
      IRBuilder<>::FastMathFlagGuard Guard(B);
      B.setFastMathFlags(cotangentFlags());
      return B.CreateFAdd(OldValue, Bar);
    });
  }

  // ---- completion ----

  /// Stores each value that the reverse sweep asked for to its variable, right behind its copy.
  void fillVariables() {
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

  /// The variables that a record of the loop holds.
  SmallVector<AllocaInst *, 8> recordOf(const Loop *L) {
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

  void emitPendingTape() {
    for (auto &[L, State] : LoopStates) {
      SmallVector<AllocaInst *, 8> Fields = recordOf(L);
      if (Fields.empty() || (State->Pushes.empty() && State->Pops.empty()))
        continue;
      SmallVector<Type *, 8> Types;
      for (AllocaInst *A : Fields)
        Types.push_back(A->getAllocatedType());
      State->Record = std::make_unique<Stream>(EntryBuilder, Types, "records");
      for (BasicBlock *BB : State->Pushes) {
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

  /// Takes back logged changes of shadows, newest first, and frees the tapes.
  void emitFinish() {
    IRBuilder<> B(Finish);
    for (auto &[T, Log] : Logs) {
      BasicBlock *Test = newBlock("log.test"), *Undo = newBlock("log.undo"), *Done = newBlock("log.done");
      B.CreateBr(Test);
      B.SetInsertPoint(Test);
      B.CreateCondBr(Log->notEmpty(B), Undo, Done);
      B.SetInsertPoint(Undo);
      SmallVector<Value *, 4> Change = Log->pop(B);
      B.CreateStore(Change[1], Change[0]);
      B.CreateBr(Test);
      B.SetInsertPoint(Done);
      Log->release(B);
    }
    for (auto &[L, State] : LoopStates)
      if (State->Record)
        State->Record->release(B);
    for (auto &[St, TheStream] : UndoStreams)
      TheStream->release(B);
    B.CreateRetVoid();
  }
};

} // namespace

void emitReverse(AdjointPlan &P, const Shadows &S, std::vector<std::string> &Stored) { Emitter(P, S, Stored).emit(); }

} // namespace adstencil
