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
// a taped loop in the same way, with all values popped and no pass. Primal values, cotangents and counters live in
// variables (allocas) that later become SSA values; a value is stored to its variable in the one pass that runs in
// front of the reverse blocks that read it.
//
// The class is one; its parts are in ForwardSweep.cpp, ReverseSweep.cpp and Reverse.cpp (frame and completion).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "analysis/AdjointPlan.h"
#include "derive/Adjoint.h"
#include "emit/PointAdjoint.h"
#include "emit/Tape.h"
#include "llvm/ADT/MapVector.h"

namespace adstencil {

/// The copy of a region (the function, or one iteration of a loop) that computes needed values.
struct Pass {
  const llvm::Loop *Scope = nullptr;
  llvm::BasicBlock *Front = nullptr; ///< branches to the copy of the first block; values from outside are fetched here
  llvm::DenseMap<const llvm::Value *, llvm::Value *> Values;
  llvm::DenseMap<const llvm::BasicBlock *, llvm::BasicBlock *> Blocks;
  llvm::DenseMap<std::pair<const llvm::BasicBlock *, const llvm::BasicBlock *>, llvm::BasicBlock *> EdgeBlocks;
  llvm::DenseMap<const llvm::Loop *, bool> Skipped;
};

/// What the reverse sweep keeps about a loop.
struct LoopState {
  llvm::AllocaInst *Counter = nullptr, *Last = nullptr, *ExitIndex = nullptr;
  llvm::BasicBlock *Entry = nullptr, *Next = nullptr;
  std::unique_ptr<Stream> Record;
  llvm::SmallVector<llvm::BasicBlock *, 4> Pushes, Pops; ///< at the ends of these blocks
};

class Emitter : public AdjointContext {
public:
  Emitter(AdjointPlan &P, const Shadows &S, GatheredNests &Points, std::vector<std::string> &Stored)
      : P(P), F(*P.R.F), Ctx(F.getContext()), Points(Points), Stored(Stored),
        Entry(llvm::BasicBlock::Create(Ctx, "entry", &F, &F.getEntryBlock())),
        EntryBuilder(new llvm::UnreachableInst(Ctx, Entry)), S(S) {}

  /// Replaces the function's body.
  /// Returns false after a report.
  bool emit();

  // AdjointContext
  llvm::Value *primal(llvm::IRBuilder<> &B, llvm::Value *V) override { return lookUp(B, V); }
  bool isActive(const llvm::Value *V) const override { return P.A.isActive(V); }
  void addTo(llvm::IRBuilder<> &B, llvm::Value *V, llvm::Value *Contribution) override;

private:
  AdjointPlan &P;
  llvm::Function &F;
  llvm::LLVMContext &Ctx;
  GatheredNests &Points;
  std::vector<std::string> &Stored;
  llvm::BasicBlock *Entry;
  llvm::IRBuilder<> EntryBuilder;
  const Shadows &S;
  llvm::BasicBlock *FirstBlock = nullptr, *Finish = nullptr;
  std::vector<llvm::BasicBlock *> Order;
  bool Failed = false;
  bool Refused = false; ///< the user has been told why

  llvm::MapVector<const llvm::Instruction *, llvm::AllocaInst *> Variables;
  llvm::DenseMap<const llvm::Value *, llvm::AllocaInst *> Cotangents;
  llvm::DenseMap<const llvm::Instruction *, llvm::Instruction *>
      Recorded; ///< the copy of a value that fills its variable
  llvm::DenseMap<const llvm::BasicBlock *, llvm::BasicBlock *> ReverseBlocks;
  llvm::MapVector<const llvm::Loop *, std::unique_ptr<LoopState>> LoopStates;
  llvm::MapVector<const llvm::StoreInst *, std::unique_ptr<Stream>> UndoStreams;
  llvm::MapVector<llvm::Type *, std::unique_ptr<Stream>> Logs; ///< by element type: address and old value
  struct PendingPush {
    llvm::Instruction *Before;
    Stream *TheStream;
    llvm::SmallVector<llvm::Value *, 2> Values;
  };
  std::vector<PendingPush> PendingPushes;
  struct GridSum {
    llvm::AllocaInst *Sum;
    llvm::Value *Shadow;
  };
  llvm::MapVector<const llvm::Value *, GridSum> GridSums; ///< by scalar marker: what this thread contributes
  llvm::DenseMap<llvm::BasicBlock *, llvm::SmallVector<llvm::Value *, 2>>
      JointPushes; ///< header phis recorded at the end of these blocks

  llvm::BasicBlock *newBlock(const llvm::Twine &Name) { return llvm::BasicBlock::Create(Ctx, Name, &F); }
  const llvm::Loop *loopOf(const llvm::BasicBlock *BB) const { return P.LI.getLoopFor(BB); }

  /// Local variables of the kernel, and their shadows, belong to the derivative now.
  void moveAllocas();

  /// Notes that the plan has a gap; the derivative is refused in the end.
  llvm::Value *fail(llvm::Type *T);

  // ---- values in the reverse sweep ----

  llvm::AllocaInst *cotangentOf(const llvm::Value *V);

  /// Reads V's cotangent and clears it, so that the next iteration starts from zero.
  llvm::Value *takeCotangent(llvm::IRBuilder<> &B, const llvm::Value *V);

  llvm::AllocaInst *variableOf(const llvm::Instruction *I);

  /// True for cheap integer and pointer arithmetic on values that the reverse sweep of the taped loop L has anyway.
  bool isRecomputable(const llvm::Value *V, const llvm::Loop *L, unsigned Depth = 8) const;

  /// The primal value of V, at a place in the reverse sweep.
  llvm::Value *lookUp(llvm::IRBuilder<> &B, llvm::Value *V);

  // ---- forward sweep ----

  /// True if values of loop L are stored to their variables in the pass of Scope.
  bool recordsIn(const llvm::Loop *L, const llvm::Loop *Scope) const;

  /// True if the pass can leave out loop L altogether.
  bool canSkip(const llvm::Loop *L, const llvm::Loop *Scope) const;

  /// The outermost loop around BB, inside the pass, that is left out; null if BB is copied.
  const llvm::Loop *skippedAround(Pass &Q, const llvm::BasicBlock *BB) const;

  void emitForward(const llvm::Loop *Scope, llvm::BasicBlock *Front);

  void copyPhis(Pass &Q, llvm::BasicBlock *BB,
                llvm::SmallVectorImpl<std::pair<llvm::PHINode *, llvm::PHINode *>> &Phis);

  /// Header phis of a joint loop in its own pass: the counter, and what was popped.
  llvm::Value *lookUpHeaderPhi(llvm::IRBuilder<> &B, llvm::PHINode *Phi, const llvm::Loop *L);

  void remember(Pass &Q, const llvm::Instruction *I, llvm::Instruction *Copy, const llvm::Loop *L);

  /// The value that stands for V in the pass.
  llvm::Value *mapped(Pass &Q, llvm::Value *V);

  void copyBody(Pass &Q, llvm::BasicBlock *BB);

  void saveOldValue(const llvm::StoreInst *St, llvm::StoreInst *Copy);

  Stream &undoStream(const llvm::StoreInst *St);

  void fillPhi(Pass &Q, llvm::PHINode *Old, llvm::PHINode *New);

  /// Where the copy of the edge BB → Succ leads.
  llvm::BasicBlock *edgeTarget(Pass &Q, llvm::BasicBlock *BB, llvm::BasicBlock *Succ);

  void copyTerminator(Pass &Q, llvm::BasicBlock *BB);

  /// The pass of a joint loop leaves through BB in the last iteration if the forward sweep did, and in no other: the
  /// exit condition is not computed again. Returns the block for the case of staying.
  llvm::BasicBlock *leaveInLastIteration(Pass &Q, llvm::BasicBlock *BB, llvm::IRBuilder<> &B);

  // ---- reverse sweep ----

  llvm::BasicBlock *reverseBlockOf(const llvm::BasicBlock *BB);

  unsigned exitIndex(const llvm::Loop *L, const llvm::BasicBlock *Exiting) const;

  LoopState &stateOf(const llvm::Loop *L);

  /// The block that starts reversing L. Written when the reverse sweep first gets there.
  llvm::BasicBlock *entryOf(const llvm::Loop *L);

  /// True if the block belongs to a nest that is never reversed in order.
  bool isOnlyGathered(const llvm::BasicBlock *BB) const;

  /// Writes the reverse of a nest as a gather, and in order for the case that the conditions of the gather do not hold.
  void emitNest(const llvm::Loop *L, const GatherNest &Nest);

  /// Writes the reverse of a loop, in order: iteration by iteration.
  void emitLoop(const llvm::Loop *L, llvm::BasicBlock *Start);

  /// Continues the reverse sweep from block From in block To: directly, or through the start of a reversed loop.
  void goTo(llvm::IRBuilder<> &B, const llvm::BasicBlock *From, llvm::BasicBlock *To);

  void emitReverseBlock(llvm::BasicBlock *BB, llvm::ArrayRef<llvm::BasicBlock *> Targets);

  /// The start of an iteration is undone: either the loop is, or the iteration before is next.
  void reverseHeader(llvm::IRBuilder<> &B, const llvm::Loop *L,
                     llvm::function_ref<void(llvm::IRBuilder<> &, llvm::BasicBlock *)> AddAlong);

  void reverseInstruction(llvm::IRBuilder<> &B, llvm::Instruction &I);

  /// Adds to the shadow of an active scalar: at once, or on a grid at the end of the thread.
  void addToScalar(llvm::IRBuilder<> &B, const llvm::CallInst &Marker, llvm::Value *Bar);

  /// Copies the computation of a value that is made of parameters alone to the entry: every thread has it, also one
  /// that a guard sends home. Normalisation may have moved it behind the guard.
  llvm::Value *copyAtEntry(llvm::Value *V);

  /// Emits an atomic add that the whole device sees.
  void addAtomically(llvm::IRBuilder<> &B, llvm::Value *Shadow, llvm::Value *Bar);

  /// Most records that a loop (null: the function) may push in one run of the derivative; refuses the kernel if a GPU
  /// would need memory of unknown size for them.
  uint64_t mostRecords(const llvm::Loop *L);

  void addToShadow(llvm::IRBuilder<> &B, llvm::Value *Shadow, llvm::Value *Bar);

  Stream &logOf(llvm::Type *T);

  /// Changes a shadow cell by New(old value) as the plan allows: freely, under a log, or only where the proof failed.
  void changeShadow(llvm::IRBuilder<> &B, const llvm::Instruction &Access, llvm::Value *Shadow, llvm::Type *T,
                    llvm::function_ref<llvm::Value *(llvm::Value *)> New);

  void reverseStore(llvm::IRBuilder<> &B, llvm::StoreInst &St);

  void reverseLoad(llvm::IRBuilder<> &B, llvm::LoadInst &L);

  // ---- completion ----

  /// Stores each value that the reverse sweep asked for to its variable, right behind its copy.
  void fillVariables();

  /// The variables that a record of the loop holds.
  llvm::SmallVector<llvm::AllocaInst *, 8> recordOf(const llvm::Loop *L);

  void emitPendingTape();

  /// Hands the contributions of this thread to active scalars to the sum over the grid.
  void emitGridSums(llvm::IRBuilder<> &B);

  /// Takes back logged changes of shadows, newest first, and frees the tapes.
  void emitFinish();
};

} // namespace adstencil
