// A thread often loops itself, over the points it owns:
//
//     for (i = first(x); i < n; i += threads) f(i)               a grid-stride loop
//     for (k = 0; k < nz; ++k) f(x, k)                           a column of points per thread
//
// Run thread by thread, that walks through memory in strides and cannot be vectorised. Threads are independent, so they
// may as well run in step: the thread's loop becomes the outer one, and the loop over x the inner one again, with
// neighbours next to each other:
//
//     for (b = first(0); begin + b < n; b += threads)            for (k = 0; k < nz; ++k)
//       for (x = begin; x < min(end, n - b); ++x) f(x + b)         for (x = begin; x < end; ++x) f(x, k)
//
// Each thread still runs its iterations in their order. What a thread computes before its loop is computed again in
// every iteration, so it must be free of effects, as must be what follows. A loop that carries values from iteration to
// iteration, other than counters, stays as it is; so does one whose iterations are neighbours in memory (each thread
// owns a run of points), and everything that is not a `for` with its test in front.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "device/Threads.h"

#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/IntrinsicInst.h"

using namespace llvm;

namespace adstencil {

namespace {
/// A counter of the thread's loop: Start, Start + Step, ...
struct Counter {
  PHINode *Phi;
  Value *Start;
  BinaryOperator *Next;
  Value *Step; ///< as it is available before the loop
};

/// How far apart in memory two neighbours are.
enum class Stride { None, One, Few, Many };

class Interchange {
public:
  explicit Interchange(RowLoop &L) : L(L), F(*L.Head->getParent()), Long(Type::getInt64Ty(F.getContext())) {}

  bool run() {
    if (!findLoop() || !findCounters() || !findTest() || !isWorthwhile())
      return false;
    rewrite();
    return true;
  }

private:
  RowLoop &L;
  Function &F;
  Type *Long;
  BasicBlock *Before = nullptr;  ///< the last block in front of the thread's loop
  BasicBlock *Header = nullptr;  ///< its header, which holds the test
  BasicBlock *LoopEnd = nullptr; ///< the source of its back edge
  SmallPtrSet<BasicBlock *, 16> Blocks;
  SmallVector<Counter, 4> Counters;
  // The test: Tested Predicate Bound.
  Counter *Tested = nullptr;
  CmpInst::Predicate Predicate = CmpInst::BAD_ICMP_PREDICATE;
  Value *Bound = nullptr;      ///< available before the loop
  std::optional<Affine> First; ///< the start of the tested counter, if it depends on x

  /// The blocks from Header back to Header. False if there is another way out of them.
  bool collectBlocks() {
    for (BasicBlock *P : predecessors(Header))
      if (P != Before) {
        if (LoopEnd)
          return false;
        LoopEnd = P;
      }
    if (!LoopEnd || !isa<BranchInst>(LoopEnd->getTerminator()) ||
        cast<BranchInst>(LoopEnd->getTerminator())->isConditional())
      return false;
    SmallVector<BasicBlock *, 16> Work = {LoopEnd};
    Blocks.insert(Header);
    while (!Work.empty()) {
      BasicBlock *BB = Work.pop_back_val();
      if (BB == L.Head || BB == L.First)
        return false;
      if (!Blocks.insert(BB).second)
        continue;
      append_range(Work, predecessors(BB));
    }
    for (BasicBlock *BB : Blocks)
      if (BB != Header && any_of(successors(BB), [&](BasicBlock *S) { return !Blocks.contains(S); }))
        return false;
    return true;
  }

  /// Finds the loop that the body leads to, with nothing but computations before and behind it.
  bool findLoop() {
    BasicBlock *BB = L.First;
    for (unsigned Steps = 0; Steps != 16; ++Steps) {
      if (hasEffects(*BB))
        return false;
      for (Instruction &I : *BB)
        if (I.mayReadFromMemory() && !(isa<LoadInst>(I) && isUnchanging(L, cast<LoadInst>(I))) && !isa<AssumeInst>(I) &&
            !isa<LifetimeIntrinsic>(I))
          return false; // computed again, it might be something else
      auto *Branch = dyn_cast<BranchInst>(BB->getTerminator());
      if (!Branch || Branch->isConditional())
        return false;
      BasicBlock *Next = Branch->getSuccessor(0);
      if (Next == L.Latch)
        return false;
      if (!Next->getSinglePredecessor()) {
        Before = BB;
        Header = Next;
        break;
      }
      BB = Next;
    }
    if (!Header || !collectBlocks())
      return false;
    auto *Branch = dyn_cast<BranchInst>(Header->getTerminator());
    if (!Branch || !Branch->isConditional() || hasEffects(*Header))
      return false;
    BasicBlock *Behind = nullptr;
    for (BasicBlock *S : successors(Header))
      if (!Blocks.contains(S))
        Behind = Behind ? nullptr : S;
    if (!Behind || !endsThread(L, *Header, *Behind))
      return false;
    for (BasicBlock *BB : Blocks)
      for (Instruction &I : *BB)
        for (User *U : I.users())
          if (!Blocks.contains(cast<Instruction>(U)->getParent()))
            return false;
    return true;
  }

  bool findCounters() {
    for (PHINode &Phi : Header->phis()) {
      auto *Next = dyn_cast<BinaryOperator>(Phi.getIncomingValueForBlock(LoopEnd));
      if (!Next || Next->getOpcode() != Instruction::Add)
        return false;
      Value *Step = Next->getOperand(0) == &Phi   ? Next->getOperand(1)
                    : Next->getOperand(1) == &Phi ? Next->getOperand(0)
                                                  : nullptr;
      Value *Same = Step ? computeEarly(L, Step) : nullptr;
      if (!Same)
        return false;
      Counters.push_back({&Phi, Phi.getIncomingValueForBlock(Before), Next, Same});
    }
    return true;
  }

  /// True for the numbers of threads that loops step by.
  static bool isPositive(Value *Step) {
    if (auto *C = dyn_cast<ConstantInt>(Step))
      return C->getValue().isStrictlyPositive();
    if (auto *Cast = dyn_cast<CastInst>(Step); Cast && isa<ZExtInst, SExtInst>(Cast))
      return isPositive(Cast->getOperand(0));
    if (auto *Load = dyn_cast<LoadInst>(Step)) // a size of the launch
      return Load->hasMetadata(LLVMContext::MD_range) && Load->hasMetadata(LLVMContext::MD_invariant_load);
    auto *Product = dyn_cast<BinaryOperator>(Step);
    return Product && Product->getOpcode() == Instruction::Mul && isPositive(Product->getOperand(0)) &&
           isPositive(Product->getOperand(1));
  }

  bool findTest() {
    auto *Branch = cast<BranchInst>(Header->getTerminator());
    auto *Compare = dyn_cast<ICmpInst>(Branch->getCondition());
    if (!Compare)
      return false;
    Predicate = Compare->getPredicate();
    Value *Left = Compare->getOperand(0), *Right = Compare->getOperand(1);
    auto IsCounter = [&](Value *V) { return any_of(Counters, [&](Counter &C) { return C.Phi == V; }); };
    if (!IsCounter(Left)) {
      std::swap(Left, Right);
      Predicate = CmpInst::getSwappedPredicate(Predicate);
    }
    if (!Blocks.contains(Branch->getSuccessor(0)))
      Predicate = CmpInst::getInversePredicate(Predicate);
    auto Found = find_if(Counters, [&](Counter &C) { return C.Phi == Left; });
    if (Found == Counters.end() || !Left->getType()->isIntegerTy() || !(Bound = computeEarly(L, Right)))
      return false;
    Tested = Found;
    if (computeEarly(L, Tested->Start))
      return true; // all threads count alike
    bool Below = Predicate == CmpInst::ICMP_SLT || Predicate == CmpInst::ICMP_SLE || Predicate == CmpInst::ICMP_ULT ||
                 Predicate == CmpInst::ICMP_ULE;
    if (!Below || !isPositive(Tested->Step) || Tested->Phi->getType()->getIntegerBitWidth() > 64)
      return false;
    First = affineInX(L, Tested->Start, CmpInst::isSigned(Predicate));
    return First && First->Scale == 1;
  }

  // ---- is it worth it? ----

  Stride stride(Value *V, Value *Of, DenseMap<Value *, Stride> &Known) {
    if (V == Of)
      return Stride::One;
    auto *I = dyn_cast<Instruction>(V);
    if (!I || isa<LoadInst>(I))
      return Stride::None;
    auto [It, New] = Known.insert({V, Stride::None}); // a cycle adds nothing
    if (!New)
      return It->second;
    Stride Result = Stride::None;
    if (I->getOpcode() == Instruction::Mul || I->getOpcode() == Instruction::Shl) {
      for (unsigned Index : {0u, 1u})
        if (stride(I->getOperand(Index), Of, Known) != Stride::None) {
          auto *Factor = dyn_cast<ConstantInt>(I->getOperand(1 - Index));
          uint64_t By = !Factor                              ? 64
                        : I->getOpcode() == Instruction::Shl ? uint64_t(1) << Factor->getLimitedValue(8)
                                                             : Factor->getLimitedValue(64);
          Result = std::max(Result, By < 16 ? Stride::Few : Stride::Many);
        }
    } else {
      for (Value *Operand : I->operands())
        Result = std::max(Result, stride(Operand, Of, Known));
    }
    return Known[V] = Result;
  }

  /// Neighbours in x should be neighbours in memory, and iterations of the thread should not.
  bool isWorthwhile() {
    if (First)
      return true;
    DenseMap<Value *, Stride> InX, InLoop;
    int For = 0;
    for (BasicBlock *BB : Blocks)
      for (Instruction &I : *BB) {
        Value *Address = getLoadStorePointerOperand(&I);
        if (!Address)
          continue;
        Stride X = stride(Address, L.X, InX), Own = stride(Address, Tested->Phi, InLoop);
        For += Own == Stride::Many && X == Stride::One;
        For -= Own == Stride::One || Own == Stride::Few;
      }
    return For > 0;
  }

  // ---- the new loops ----

  void rewrite() {
    LLVMContext &Ctx = F.getContext();
    BasicBlock *Outer = BasicBlock::Create(Ctx, "step", &F, L.Head);
    BasicBlock *Inner = BasicBlock::Create(Ctx, "step.row", &F, L.Head);
    BasicBlock *Advance = BasicBlock::Create(Ctx, "step.next", &F);
    auto *Branch = cast<BranchInst>(Header->getTerminator());
    BasicBlock *Body = Branch->getSuccessor(!Blocks.contains(Branch->getSuccessor(0)));
    BasicBlock *Behind = Branch->getSuccessor(Blocks.contains(Branch->getSuccessor(0)));

    IRBuilder<> B(L.Entry->getTerminator());
    SmallVector<PHINode *, 4> Offsets;
    for (Counter &C : Counters) {
      Value *Start = &C == Tested && First ? First->Offset : computeEarly(L, C.Start);
      Type *T = &C == Tested && First ? Long : C.Phi->getType();
      PHINode *Offset = PHINode::Create(T, 2, "offset", Outer);
      // A start that differs between threads is added to the offset in the body.
      Offset->addIncoming(Start ? Start : Constant::getNullValue(T), L.Entry);
      Offsets.push_back(Offset);
    }
    Value *Limit = nullptr;
    if (First) {
      bool Signed = CmpInst::isSigned(Predicate);
      if (Bound->getType()->getIntegerBitWidth() < 64) {
        Limit = Signed ? B.CreateSExt(Bound, Long) : B.CreateZExt(Bound, Long);
      } else { // counters of 2^62 are never reached
        Limit =
            B.CreateBinaryIntrinsic(Signed ? Intrinsic::smin : Intrinsic::umin, Bound, B.getInt64(int64_t(1) << 62));
        if (Signed)
          Limit = B.CreateBinaryIntrinsic(Intrinsic::smax, Limit, B.getInt64(-(int64_t(1) << 62)));
      }
      if (!CmpInst::isStrictPredicate(Predicate))
        Limit = B.CreateAdd(Limit, B.getInt64(1));
    }
    Value *Runs = B.CreateICmpSLT(L.Begin, L.End);
    if (L.Any)
      Runs = B.CreateAnd(Runs, L.Any);
    B.CreateCondBr(Runs, Outer, L.Exit);
    L.Entry->getTerminator()->eraseFromParent();

    B.SetInsertPoint(Outer);
    PHINode *TestedOffset = Offsets[Tested - Counters.begin()];
    Value *Continues = First ? B.CreateICmpSLT(B.CreateAdd(B.CreateSExt(L.Begin, Long), TestedOffset), Limit)
                             : B.CreateICmp(Predicate, TestedOffset, Bound);
    B.CreateCondBr(Continues, Inner, L.Exit);
    B.SetInsertPoint(Inner);
    if (First) {
      Value *End =
          B.CreateBinaryIntrinsic(Intrinsic::smin, B.CreateSExt(L.End, Long), B.CreateSub(Limit, TestedOffset));
      L.End = B.CreateTrunc(End, B.getInt32Ty(), "end");
    }
    B.CreateUnreachable();
    B.SetInsertPoint(Advance);
    for (auto [C, Offset] : zip(Counters, Offsets)) {
      Value *Step = C.Step;
      bool Wide = &C == Tested && First;
      if (Wide)
        Step = B.CreateZExtOrTrunc(Step, Long);
      bool Same = Wide || computeEarly(L, C.Start);
      Value *Next = B.CreateAdd(Offset, Step, "", Same && C.Next->hasNoUnsignedWrap() && !Wide,
                                Wide || (Same && C.Next->hasNoSignedWrap()));
      Offset->addIncoming(Next, Advance);
    }
    B.CreateBr(Outer);
    replaceCounters(Offsets);

    // The body is now one iteration.
    LoopEnd->getTerminator()->setSuccessor(0, L.Latch);
    Behind->removePredecessor(Header);
    B.SetInsertPoint(Branch);
    B.CreateBr(Body);
    Branch->eraseFromParent();
    L.Entry = Inner;
    L.Exit = Advance;
    L.Any = nullptr;
    L.Outside.insert({Outer, Inner, Advance});
  }

  void replaceCounters(ArrayRef<PHINode *> Offsets) {
    IRBuilder<> B(Header, Header->getFirstInsertionPt());
    for (auto [C, Offset] : zip(Counters, Offsets)) {
      Value *V = Offset;
      Type *T = C.Phi->getType();
      if (&C == Tested && First) {
        // Below the bound, so it has not wrapped in the way that the comparison reads it.
        bool Signed = CmpInst::isSigned(Predicate);
        V = T->isIntegerTy(32)
                ? B.CreateAdd(L.X, B.CreateTrunc(Offset, T), "", !Signed, Signed)
                : B.CreateZExtOrTrunc(B.CreateAdd(B.CreateZExt(L.X, Long, "", true), Offset, "", false, true), T);
      } else if (!computeEarly(L, C.Start)) {
        V = B.CreateAdd(C.Start, Offset);
      }
      C.Phi->replaceAllUsesWith(V);
    }
    for (Counter &C : Counters)
      C.Phi->eraseFromParent();
  }
};
} // namespace

bool interchange(RowLoop &L) { return Interchange(L).run(); }

} // namespace adstencil
