// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analysis/AdjointPlan.h"

#include "analysis/Addresses.h"
#include "analysis/Private.h"
#include "derive/Rules.h"
#include "model/Library.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"

using namespace llvm;

namespace adstencil {

bool AdjointPlan::hasReverse(const Instruction &I) const {
  if (Dropped.contains(&I))
    return false;
  if (const auto *X = asAtomicAdd(&I))
    return Shadow.count(X->getPointerOperand()) && A.isActive(X->getValOperand());
  if (const auto *S = dyn_cast<StoreInst>(&I))
    return Undo.contains(S) ||
           (isDifferentiableType(S->getValueOperand()->getType()) && Shadow.count(S->getPointerOperand()));
  return isDifferentiableType(I.getType()) && A.isActive(&I);
}

ShadowUse AdjointPlan::shadowUse(const Value *Pointer) const {
  ShadowUse Use = ShadowUse::Reverse;
  for (const Value *Root : A.roots(Pointer)) {
    auto Found = Uses.find(Root);
    if (Found != Uses.end())
      Use = std::max(Use, Found->second);
  }
  return Use;
}

bool AdjointPlan::isNeededIn(const Value *V, const Loop *Scope) const {
  return Scope ? NeededInside.find(Scope)->second.contains(V) : Needed.contains(V);
}

bool AdjointPlan::isExecutedIn(const StoreInst *St, const Loop *Scope) const {
  if (!Executed.contains(St))
    return false;
  const Loop *By = Owner.lookup(St);
  return By == Scope || !Scope || (By && Scope->contains(By));
}

bool AdjointPlan::isShared(const Value *Pointer) const {
  return R.OnGrid && any_of(A.roots(Pointer), [&](const Value *Root) {
           auto Strategy = Reads.find(Root);
           return isArrayMarker(Root) && (Strategy == Reads.end() || Strategy->second != ReadStrategy::OwnPoint);
         });
}

namespace {

/// A loop with more iterations than this is no candidate for a tape in local memory.
static constexpr unsigned MostIterationsOnTape = 4096;

/// Makes a plan: a fixed point of "needed values" and "executed stores", then the decisions per loop.
class Planner {
public:
  Planner(AdjointPlan &P, DominatorTree &DT, ScalarEvolution &SE) : P(P), DT(DT), SE(SE) {}

  bool planArrays(PostDominatorTree &PDT, Shadows &S) {
    for (auto &[L, C] : P.Loops)
      if (!C.Last) {
        refuse(P.R.F->getContext(), P.R.Kernel, L->getHeader()->getTerminator(), P.R.Place, "a loop never ends",
               "give it a condition to leave by");
        return false;
      }
    if (!createShadows(S))
      return false;
    findIncrements(P);
    for (auto &[L, C] : P.Loops) {
      unsigned Most = C.MostIterations; // an int counter alone bounds it by 2^31
      P.MaxIterations[L] = Most <= MostIterationsOnTape ? Most : 0;
    }
    if (P.R.OnGrid)
      planReadsOnGrid(P, DT, SE);
    else
      planReads(P, SE);
    if (P.KeepsWritten)
      keepWritten();
    else if (P.R.TheMode == DerivativeMode::Vjp && !planWrittenShadows(P, SE))
      return false;
    return true;
  }

  bool planSweeps() {
    // Undo stores have a reverse of their own, which makes further branches relevant: repeat until nothing is added.
    size_t Before;
    do {
      Before = P.Executed.size() + P.Undo.size();
      traceReverse();
      if (!closeNeeds())
        return false;
      decideLoops();
      decideOwnersAndUndo();
    } while (P.Executed.size() + P.Undo.size() != Before);
    auto Loops = P.LI.getLoopsInPreorder();
    for (const Loop *L : reverse(Loops)) // inner loops first
      if (P.isJoint(L))
        decideRecord(L);
    dropGathers();
    return true;
  }

private:
  AdjointPlan &P;
  DominatorTree &DT;
  ScalarEvolution &SE;
  SmallVector<Value *, 32> Work;
  bool Failed = false;

  void need(Value *V) {
    if (isa<Instruction>(V) && P.Needed.insert(V).second)
      Work.push_back(V);
  }

  using Need = function_ref<void(Value *)>;

  void keepWritten() {
    for (Instruction &I : instructions(*P.R.F))
      if (auto *St = dyn_cast<StoreInst>(&I); St && P.Shadow.count(St->getPointerOperand()))
        for (const Value *Root : P.A.roots(St->getPointerOperand()))
          P.Uses[Root] = ShadowUse::Keep;
  }

  /// A nest whose stores later code needs, or that hands values from iteration to iteration, is reversed in order.
  void dropGathers() {
    P.Gathers.remove_if([&](auto &Entry) {
      const Loop *L = Entry.first;
      const StoreInst *Seen = nullptr;
      for (const StoreInst *St : P.Executed)
        if (L->contains(St))
          Seen = St;
      bool Ordered = any_of(P.LoopPlans, [&](const auto &Plan) {
        return L->contains(Plan.first) && (!Plan.second.Joint || !Plan.second.Recorded.empty());
      });
      if (Seen)
        P.NoGathers[L] = {"what it stores enters a derivative later on, so old values have to be brought back in order",
                          Seen};
      else if (Ordered)
        P.NoGathers[L] = {"an iteration needs what the iteration before has computed", L->getHeader()->getTerminator()};
      return Seen || Ordered;
    });
  }

  bool createShadows(Shadows &S) {
    SmallVector<Value *, 32> Pointers;
    for (Instruction &I : instructions(*P.R.F)) {
      Value *Pointer = accessedPointer(&I);
      if (!Pointer || !isDifferentiableType(accessedType(&I)) || !P.A.isActiveMemory(Pointer))
        continue;
      if (isa<LoadInst>(I) && !P.A.isActive(&I))
        continue;
      Pointers.push_back(Pointer);
    }
    for (Value *Pointer : Pointers) {
      Value *Shadow = S.shadowOf(Pointer);
      if (!Shadow)
        return false;
      P.Shadow[Pointer] = Shadow;
    }
    return true;
  }

  // ---- control flow of the reverse sweep ----

  bool blockHasReverse(const BasicBlock &BB) const {
    return any_of(BB, [&](const Instruction &I) { return P.hasReverse(I); });
  }

  /// Collects the blocks between D and BB (both exclusive). Returns true if one of them has something to reverse.
  bool regionHasReverse(BasicBlock *D, BasicBlock *BB) const {
    SmallPtrSet<BasicBlock *, 16> Seen;
    SmallVector<BasicBlock *, 16> Stack(predecessors(BB));
    while (!Stack.empty()) {
      BasicBlock *B = Stack.pop_back_val();
      if (B == D || B == BB || !Seen.insert(B).second)
        continue;
      if (blockHasReverse(*B))
        return true;
      append_range(Stack, predecessors(B));
    }
    return false;
  }

  bool loopHasReverse(const Loop *L) const {
    return any_of(L->blocks(), [&](BasicBlock *B) { return blockHasReverse(*B); });
  }

  /// Where the reverse sweep goes from BB, for a block that is not a loop header: its predecessors, or straight over a
  /// region in which there is nothing to reverse.
  SmallVector<BasicBlock *, 2> targetsOf(BasicBlock *BB) const {
    SmallVector<BasicBlock *, 2> Preds;
    for (BasicBlock *Pred : predecessors(BB))
      if (!is_contained(Preds, Pred))
        Preds.push_back(Pred);
    if (Preds.empty())
      return Preds;
    // Out of a loop in which nothing is to be reversed: to its front.
    const Loop *L = P.LI.getLoopFor(Preds[0]);
    if (L && !L->contains(BB)) {
      if (!loopHasReverse(L))
        return {L->getLoopPreheader()};
      return Preds;
    }
    if (Preds.size() == 1)
      return Preds;
    BasicBlock *D = DT.getNode(BB)->getIDom()->getBlock();
    bool ActivePhi = any_of(BB->phis(), [&](const PHINode &Phi) { return P.hasReverse(Phi); });
    if (!ActivePhi && P.LI.getLoopFor(D) == P.LI.getLoopFor(BB) && !regionHasReverse(D, BB))
      return {D};
    return Preds;
  }

  /// Walks the reverse sweep from the return and creates what steers it.
  void traceReverse() {
    P.ReverseTargets.clear();
    SmallVector<BasicBlock *, 16> Stack;
    SmallPtrSet<BasicBlock *, 16> Seen;
    for (BasicBlock &BB : *P.R.F)
      if (isa<ReturnInst>(BB.getTerminator()))
        Stack.push_back(&BB);
    while (!Stack.empty()) {
      BasicBlock *BB = Stack.pop_back_val();
      if (!Seen.insert(BB).second)
        continue;
      const Loop *L = P.LI.getLoopFor(BB);
      SmallVector<BasicBlock *, 2> Targets;
      if (L && L->getHeader() == BB)
        Targets = {L->getLoopPreheader(), L->getLoopLatch()};
      else
        Targets = targetsOf(BB);
      P.ReverseTargets[BB] = Targets;
      bool IsHeader = L && L->getHeader() == BB;
      if (!IsHeader && Targets.size() > 1)
        createPredecessorIndex(BB, Targets);
      append_range(Stack, Targets);
    }
  }

  void createPredecessorIndex(BasicBlock *BB, ArrayRef<BasicBlock *> Preds) {
    PHINode *&Index = P.Predecessor[BB];
    if (Index)
      return;
    Type *T = Preds.size() == 2 ? Type::getInt1Ty(BB->getContext()) : Type::getInt32Ty(BB->getContext());
    Index = PHINode::Create(T, Preds.size(), "came.from", BB->begin());
    for (BasicBlock *Pred : predecessors(BB))
      Index->addIncoming(ConstantInt::get(T, find(Preds, Pred) - Preds.begin()), Pred);
  }

  // ---- needed values ----

  /// The primal values that the reverse of I reads.
  void needForReverse(Instruction &I, Need need) {
    if (const Value *Pointer = getLoadStorePointerOperand(&I))
      if (Value *Flag = P.IsWritten.lookup(Pointer))
        need(Flag);
    if (auto *St = dyn_cast<StoreInst>(&I)) {
      if (P.Undo.contains(St))
        need(St->getPointerOperand());
      if (Value *Shadow = P.Shadow.lookup(St->getPointerOperand());
          Shadow && isDifferentiableType(St->getValueOperand()->getType())) {
        need(Shadow);
        for (const Value *Root : P.A.roots(St->getPointerOperand()))
          if (Value *G = P.Guard.lookup(Root))
            need(G);
      }
      return;
    }
    if (isa<LoadInst>(I) || asAtomicAdd(&I))
      return need(P.Shadow.lookup(accessedPointer(&I)));
    if (auto *Sel = dyn_cast<SelectInst>(&I))
      return need(Sel->getCondition());
    if (auto *CB = dyn_cast<CallBase>(&I)) {
      if (isScalarMarker(CB))
        return need(CB->getArgOperand(1));
      if (const Rule *Rule = findRule(*CB))
        needForRule(*CB, *Rule, need);
      return;
    }
    auto Active = [&](unsigned K) { return P.A.isActive(I.getOperand(K)); };
    switch (I.getOpcode()) {
    case Instruction::FMul:
      if (Active(0))
        need(I.getOperand(1));
      if (Active(1))
        need(I.getOperand(0));
      break;
    case Instruction::FDiv:
      need(I.getOperand(1));
      if (Active(1))
        need(&I);
      break;
    case Instruction::FRem:
      if (Active(1)) {
        need(I.getOperand(0));
        need(I.getOperand(1));
        need(&I);
      }
      break;
    default:
      break;
    }
  }

  void needForRule(CallBase &CB, const Rule &Rule, Need need) {
    for (unsigned K = 0; K != Rule.Arity; ++K) {
      if (!hasPartial(Rule, K) || !P.A.isActive(CB.getArgOperand(K)))
        continue;
      for (unsigned J = 0; J != Rule.Arity; ++J)
        if (partialUsesArgument(Rule, K, J))
          need(CB.getArgOperand(J));
      if (partialUsesResult(Rule, K))
        need(&CB);
    }
  }

  /// Operands of needed values are needed; stores that needed loads may see are executed.
  bool closeNeeds() {
    auto Into = [&](Value *V) { need(V); };
    for (auto &[BB, Targets] : P.ReverseTargets)
      needForReverseOf(*const_cast<BasicBlock *>(BB), Into);
    for (auto &[L, C] : P.Loops)
      need(C.Last);
    for (auto &[L, Nest] : P.Gathers)
      for (Value *V : Nest->Needs)
        need(V);
    for (BasicBlock &BB : *P.R.F)
      needForControl(BB, Into);
    while (!Work.empty() && !Failed) {
      while (!Work.empty() && !Failed)
        closeOver(cast<Instruction>(Work.pop_back_val()));
      executeVisibleStores();
    }
    return !Failed;
  }

  void needForReverseOf(BasicBlock &BB, Need need) {
    for (Instruction &I : BB)
      if (P.hasReverse(I))
        needForReverse(I, need);
    if (PHINode *Index = P.Predecessor.lookup(&BB))
      need(Index);
  }

  /// What the copy of a block needs to go the same way.
  void needForControl(BasicBlock &BB, Need need) {
    Instruction *T = BB.getTerminator();
    if (auto *Br = dyn_cast<BranchInst>(T); Br && Br->isConditional())
      need(Br->getCondition());
    else if (auto *Sw = dyn_cast<SwitchInst>(T))
      need(Sw->getCondition());
    for (Instruction &I : BB)
      if (auto *CB = dyn_cast<CallBase>(&I); CB && classify(*CB) == LibraryCall::NoReturn)
        for (Use &U : CB->args())
          need(U);
  }

  /// Finds what one iteration of a joint loop computes for its own reverse, and which values it takes over from the
  /// iteration before: those are recorded. A sum that only the code behind the loop needs is not among them.
  void decideRecord(const Loop *L) {
    DenseSet<const Value *> &Inside = P.NeededInside[L];
    SmallVector<Instruction *, 32> Open;
    auto Into = [&](Value *V) {
      auto *I = dyn_cast<Instruction>(V);
      if (I && L->contains(I) && Inside.insert(I).second)
        Open.push_back(I);
    };
    for (BasicBlock *BB : L->blocks()) {
      if (P.ReverseTargets.count(BB))
        needForReverseOf(*BB, Into);
      needForControl(*BB, Into);
      for (Instruction &I : *BB)
        if (auto *St = dyn_cast<StoreInst>(&I); St && P.isExecutedIn(St, L)) {
          Into(St->getValueOperand());
          Into(St->getPointerOperand());
        }
    }
    for (const Loop *Inner : P.LI.getLoopsInPreorder()) {
      if (Inner == L || !L->contains(Inner))
        continue;
      Into(P.Loops.find(Inner)->second.Last);
      for (PHINode *Phi : P.LoopPlans[Inner].Recorded)
        Into(Phi);
    }
    while (!Open.empty()) {
      Instruction *I = Open.pop_back_val();
      if (isa<PHINode>(I) && I->getParent() == L->getHeader())
        continue; // from the iteration before
      for (Use &U : I->operands())
        Into(U);
    }
    LoopPlan &Plan = P.LoopPlans[L];
    Plan.Recorded.clear();
    for (PHINode &Phi : L->getHeader()->phis())
      if (&Phi != P.Loops.find(L)->second.Counter && Inside.contains(&Phi))
        Plan.Recorded.push_back(&Phi);
  }

  void closeOver(Instruction *I) {
    if (auto *CB = dyn_cast<CallBase>(I)) {
      LibraryCall Kind = classify(*CB);
      if (Kind != LibraryCall::Mathematics && Kind != LibraryCall::Marker && Kind != LibraryCall::Pure) {
        refuse(I->getContext(), P.R.Kernel, I, P.R.Place,
               "the result of a call whose body is not in this file steers the kernel or enters a derivative",
               "call it before the kernel and pass the result in");
        Failed = true;
        return;
      }
    }
    if (isa<AllocaInst>(I))
      return;
    for (Use &U : I->operands())
      need(U);
  }

  void executeVisibleStores() {
    DenseMap<const Value *, SmallVector<const LoadInst *, 4>> Readers;
    for (const Value *V : P.Needed)
      if (const auto *L = dyn_cast<LoadInst>(V))
        for (const Value *Root : P.A.roots(L->getPointerOperand()))
          Readers[Root].push_back(L);
    for (Instruction &I : instructions(*P.R.F)) {
      auto *St = dyn_cast<StoreInst>(&I);
      if (!St || P.Executed.contains(St))
        continue;
      auto IsSeen = [&](const Value *Root) {
        return any_of(Readers.lookup(Root),
                      [&](const LoadInst *L) { return reaches(*St, *L, nullptr) && !seesOriginal(P, SE, *L, *St); });
      };
      if (any_of(P.A.roots(St->getPointerOperand()), IsSeen)) {
        P.Executed.insert(St);
        need(St->getValueOperand());
        need(St->getPointerOperand());
      }
    }
  }

  // ---- loops ----

  bool mayMeet(const Value *PointerA, const Value *PointerB) const {
    auto RootsA = P.A.roots(PointerA);
    return any_of(P.A.roots(PointerB), [&](const Value *Root) { return is_contained(RootsA, Root); });
  }

  /// True if the memory behind Pointer is new in each iteration of L.
  bool isPrivate(const Value *Pointer, const Loop *L) {
    return all_of(P.A.roots(Pointer), [&](const Value *Root) {
      const auto *A = dyn_cast<AllocaInst>(Root);
      if (!A)
        return false;
      auto [Found, New] = PrivateRoots.try_emplace({A, L}, false);
      if (New)
        Found->second = isNewInEachIteration(*A, *L, P.Loops, DT, SE);
      return Found->second;
    });
  }
  DenseMap<std::pair<const AllocaInst *, const Loop *>, bool> PrivateRoots;

  /// A loop is joint unless a needed load in it may see a store in it.
  void decideLoops() {
    for (auto &[L, C] : P.Loops) {
      LoopPlan &Plan = P.LoopPlans[L];
      Plan.Joint = !seesOwnStores(L);
    }
  }

  bool seesOwnStores(const Loop *L) {
    for (const StoreInst *St : P.Executed) {
      if (!L->contains(St) || isPrivate(St->getPointerOperand(), L))
        continue;
      for (const Value *V : P.Needed)
        if (const auto *Load = dyn_cast<LoadInst>(V);
            Load && L->contains(Load) && mayMeet(Load->getPointerOperand(), St->getPointerOperand()))
          return true;
    }
    return false;
  }

  void decideOwnersAndUndo() {
    P.Owner.clear();
    for (const StoreInst *St : P.Executed) {
      const Loop *Owner = nullptr;
      for (const Loop *L = P.LI.getLoopFor(St->getParent()); L; L = L->getParentLoop())
        if (P.isJoint(L) && isPrivate(St->getPointerOperand(), L)) {
          Owner = L;
          break;
        }
      P.Owner[St] = Owner;
      if (needsUndo(*St, Owner))
        P.Undo.insert(St);
    }
  }

  /// Old values are saved if the memory is the user's (it is left as it was found), or if a joint loop inside the owner
  /// reads the memory again in the reverse sweep and the store may come after that read.
  bool needsUndo(const StoreInst &St, const Loop *Owner) const {
    if (!all_of(P.A.roots(St.getPointerOperand()), [](const Value *V) { return isa<AllocaInst>(V); }))
      return true;
    for (const Value *V : P.Needed) {
      const auto *Load = dyn_cast<LoadInst>(V);
      if (!Load || !mayMeet(Load->getPointerOperand(), St.getPointerOperand()) || !isReadAgain(*Load, Owner))
        continue;
      if (reaches(*Load, St, Owner))
        return true;
    }
    return false;
  }

  /// True if some joint loop strictly inside Owner contains the load.
  bool isReadAgain(const LoadInst &Load, const Loop *Owner) const {
    for (const Loop *L = P.LI.getLoopFor(Load.getParent()); L && L != Owner; L = L->getParentLoop())
      if (P.isJoint(L))
        return true;
    return false;
  }

  /// True if control may run from A to B within one iteration of Scope.
  bool reaches(const Instruction &A, const Instruction &B, const Loop *Scope) const {
    if (A.getParent() == B.getParent() && A.comesBefore(&B))
      return true;
    SmallPtrSet<const BasicBlock *, 16> Seen;
    SmallVector<const BasicBlock *, 16> Stack(successors(A.getParent()));
    while (!Stack.empty()) {
      const BasicBlock *BB = Stack.pop_back_val();
      if (Scope && (BB == Scope->getHeader() || !Scope->contains(BB)))
        continue;
      if (!Seen.insert(BB).second)
        continue;
      if (BB == B.getParent())
        return true;
      append_range(Stack, successors(BB));
    }
    return false;
  }
};

} // namespace

bool planArrays(AdjointPlan &P, DominatorTree &DT, PostDominatorTree &PDT, ScalarEvolution &SE, Shadows &S) {
  return Planner(P, DT, SE).planArrays(PDT, S);
}

bool planSweeps(AdjointPlan &P, DominatorTree &DT, ScalarEvolution &SE) { return Planner(P, DT, SE).planSweeps(); }

} // namespace adstencil
