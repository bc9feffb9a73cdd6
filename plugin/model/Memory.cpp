// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "model/Memory.h"

#include "derive/Rules.h"

#include "model/Leaves.h"
#include "model/Normalise.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"
#include "llvm/Transforms/Utils/LowerMemIntrinsics.h"

using namespace llvm;

namespace adstencil {

/// Moves longer than this become loops instead of one load and store an element.
static constexpr uint64_t MaxUnrolledElements = 32;

/// The one floating-point type of the variable that V leads into, or of the accesses made to it. Null if there is none;
/// Mixed is set if there are two.
static Type *elementTypeOf(Value *V, bool &Mixed) {
  Type *Found = nullptr;
  auto Add = [&](Type *T) {
    if (!T || !(T->isFloatTy() || T->isDoubleTy()))
      return;
    Mixed |= Found && Found != T;
    Found = T;
  };
  SmallVector<const Value *, 2> Roots;
  rootsOf(V, Roots);
  const Function *F = nullptr;
  if (auto *I = dyn_cast<Instruction>(V))
    F = I->getFunction();
  for (const Value *Root : Roots) {
    Type *Whole = nullptr;
    if (const auto *A = dyn_cast<AllocaInst>(Root))
      Whole = A->getAllocatedType();
    else if (const auto *G = dyn_cast<GlobalVariable>(Root))
      Whole = G->getValueType();
    while (Whole && Whole->isArrayTy())
      Whole = Whole->getArrayElementType();
    if (Whole && F) {
      SmallVector<Leaf, 8> Leaves;
      collectLeaves(Whole, F->getDataLayout(), 0, Leaves);
      for (const Leaf &L : Leaves)
        Add(L.T);
    }
    if (!F || Whole)
      continue;
    for (const Instruction &I : instructions(*F)) {
      const Value *P = getLoadStorePointerOperand(&I);
      if (!P)
        continue;
      SmallVector<const Value *, 2> Others;
      rootsOf(P, Others);
      if (is_contained(Others, Root))
        Add(getLoadStoreType(const_cast<Instruction *>(&I)));
    }
  }
  return Found;
}

/// The scalars in the Length bytes behind Pointer, where the IR says so: a variable, or an element of an array of
/// structs.
static bool leavesBehind(Value *Pointer, uint64_t Length, const DataLayout &DL, SmallVectorImpl<Leaf> &Leaves) {
  if (auto *G = dyn_cast<GEPOperator>(Pointer))
    if (Type *T = G->getResultElementType(); !T->isIntegerTy(8) && DL.getTypeAllocSize(T) == Length) {
      collectLeaves(T, DL, 0, Leaves);
      return true;
    }
  APInt Offset(64, 0);
  auto *A = dyn_cast<AllocaInst>(Pointer->stripAndAccumulateConstantOffsets(DL, Offset, true));
  if (!A || Offset.isNegative())
    return false;
  SmallVector<Leaf, 8> All;
  collectLeaves(A->getAllocatedType(), DL, 0, All);
  uint64_t First = Offset.getZExtValue();
  for (const Leaf &L : All)
    if (L.Offset >= First && L.Offset + DL.getTypeStoreSize(L.T) <= First + Length)
      Leaves.push_back({L.Offset - First, L.T});
  return !Leaves.empty();
}

/// Copies the scalars of one object, each with its own type: all loads in front of all stores, so that the places may
/// overlap.
static void copyLeaves(MemTransferInst *M, ArrayRef<Leaf> Leaves) {
  IRBuilder<> B(M);
  SmallVector<Value *, 8> Values;
  for (const Leaf &L : Leaves)
    Values.push_back(B.CreateAlignedLoad(L.T, B.CreatePtrAdd(M->getSource(), B.getInt64(L.Offset)), Align(1)));
  for (auto [V, L] : zip(Values, Leaves))
    B.CreateAlignedStore(V, B.CreatePtrAdd(M->getDest(), B.getInt64(L.Offset)), Align(1));
}

/// Emits `for (i = 0; i != Count; ++i) Body(i)` in front of I.
static void emitLoop(Instruction *I, Value *Count, function_ref<void(IRBuilder<> &, Value *)> Body) {
  BasicBlock *Before = I->getParent();
  BasicBlock *After = SplitBlock(Before, I);
  LLVMContext &Ctx = I->getContext();
  BasicBlock *Loop = BasicBlock::Create(Ctx, "move", Before->getParent(), After);
  IRBuilder<> B(Before->getTerminator());
  B.SetCurrentDebugLocation(I->getDebugLoc());
  Value *Empty = B.CreateICmpEQ(Count, ConstantInt::get(Count->getType(), 0));
  B.CreateCondBr(Empty, After, Loop);
  Before->getTerminator()->eraseFromParent();
  B.SetInsertPoint(Loop);
  PHINode *Index = B.CreatePHI(Count->getType(), 2);
  Index->addIncoming(ConstantInt::get(Count->getType(), 0), Before);
  Body(B, Index);
  Value *Next = B.CreateNUWAdd(Index, ConstantInt::get(Count->getType(), 1));
  Index->addIncoming(Next, B.GetInsertBlock());
  B.CreateCondBr(B.CreateICmpEQ(Next, Count), After, Loop);
}

/// Lowers a block move whose elements all have type T: short ones unrolled, long ones as a loop. memmove runs backwards
/// where the destination lies behind the source.
static void copyElements(MemTransferInst *M, Type *T, Value *Length) {
  uint64_t Size = M->getDataLayout().getTypeStoreSize(T);
  auto *Constant = dyn_cast<ConstantInt>(Length);
  if (Constant && Constant->getZExtValue() / Size <= MaxUnrolledElements) {
    SmallVector<Leaf, 8> Leaves;
    for (uint64_t I = 0; I != Constant->getZExtValue() / Size; ++I)
      Leaves.push_back({I * Size, T});
    copyLeaves(M, Leaves);
    return;
  }
  IRBuilder<> Before(M);
  Value *Count = Before.CreateUDiv(Length, ConstantInt::get(Length->getType(), Size));
  Value *Backwards = isa<MemMoveInst>(M) ? Before.CreateICmpUGT(M->getDest(), M->getSource()) : Before.getFalse();
  Value *Last = Before.CreateSub(Count, ConstantInt::get(Count->getType(), 1));
  emitLoop(M, Count, [&](IRBuilder<> &B, Value *Index) {
    Value *Place = B.CreateSelect(Backwards, B.CreateSub(Last, Index), Index);
    Value *V = B.CreateAlignedLoad(T, B.CreateGEP(T, M->getSource(), Place), Align(1));
    B.CreateAlignedStore(V, B.CreateGEP(T, M->getDest(), Place), Align(1));
  });
}

static void fillElements(MemSetInst *M, Type *T, Value *Filler) {
  uint64_t Size = M->getDataLayout().getTypeStoreSize(T);
  auto *Length = dyn_cast<ConstantInt>(M->getLength());
  auto Fill = [&](IRBuilder<> &B, Value *Index) {
    B.CreateAlignedStore(Filler, B.CreateGEP(T, M->getDest(), Index), Align(1));
  };
  IRBuilder<> B(M);
  if (Length && Length->getZExtValue() / Size <= MaxUnrolledElements) {
    for (uint64_t I = 0; I != Length->getZExtValue() / Size; ++I)
      Fill(B, B.getInt64(I));
    return;
  }
  emitLoop(M, B.CreateUDiv(M->getLength(), ConstantInt::get(M->getLength()->getType(), Size)), Fill);
}

/// Lowers one memory intrinsic. Memory that holds no floating-point numbers is moved byte by byte.
static bool lowerMemoryIntrinsic(Request &R, MemIntrinsic *M) {
  auto Refuse = [&](StringRef Reason, StringRef Advice) {
    refuse(M->getContext(), R.Kernel, M, R.Place, Reason, Advice);
    return false;
  };
  auto *Transfer = dyn_cast<MemTransferInst>(M);
  auto *Set = dyn_cast<MemSetInst>(M);
  const DataLayout &DL = M->getDataLayout();
  auto *Length = dyn_cast<ConstantInt>(M->getLength());
  SmallVector<Leaf, 8> Leaves;
  if (Transfer && Length && Length->getZExtValue() <= 8 * MaxUnrolledElements &&
      (leavesBehind(M->getDest(), Length->getZExtValue(), DL, Leaves) ||
       leavesBehind(Transfer->getSource(), Length->getZExtValue(), DL, Leaves))) {
    copyLeaves(Transfer, Leaves);
    M->eraseFromParent();
    return true;
  }
  bool Mixed = false;
  Type *T = elementTypeOf(M->getDest(), Mixed);
  if (!T && Transfer)
    T = elementTypeOf(Transfer->getSource(), Mixed);
  if (T && Transfer && Mixed)
    return Refuse("a block of memory that holds both float and double is copied", "copy the members one by one");
  if (T && Length && Length->getZExtValue() % DL.getTypeStoreSize(T))
    return Refuse("a block of memory is filled or copied that ends inside a floating-point number",
                  "fill or copy whole elements");
  if (Set) {
    auto *Byte = dyn_cast<ConstantInt>(Set->getValue());
    if (T && !(Byte && Byte->isZero()))
      return Refuse("memset gives an array a bit pattern that is not zero", "assign the value in a loop");
    fillElements(Set, T ? T : Set->getValue()->getType(), T ? ConstantFP::get(T, 0.0) : Set->getValue());
  } else {
    copyElements(Transfer, T ? T : Type::getInt8Ty(M->getContext()), M->getLength());
  }
  M->eraseFromParent();
  return true;
}

/// int adstencil.exponent(x): the exponent that frexp gives. Integers have no derivative, so it needs no rule.
static Function *exponentFunction(Module &M, Type *T) {
  std::string Name = T->isFloatTy() ? "adstencil.exponent.f32" : "adstencil.exponent.f64";
  if (Function *F = M.getFunction(Name))
    return F;
  Type *Int = Type::getInt32Ty(M.getContext());
  auto *F = Function::Create(FunctionType::get(Int, {T}, false), GlobalValue::InternalLinkage, Name, M);
  F->setDoesNotAccessMemory();
  F->setDoesNotThrow();
  F->addFnAttr(Attribute::WillReturn);
  IRBuilder<> B(BasicBlock::Create(M.getContext(), "entry", F));
  Value *Parts = B.CreateIntrinsic(Intrinsic::frexp, {T, Int}, {F->getArg(0)});
  B.CreateRet(B.CreateExtractValue(Parts, 1));
  return F;
}

namespace {
/// A function with two results, and how they are computed one by one.
struct TwoResults {
  Value *First, *Second;
};
} // namespace

static TwoResults splitFunction(IRBuilder<> &B, StringRef Name, Value *X) {
  if (Name == "modf") {
    Value *Whole = B.CreateUnaryIntrinsic(Intrinsic::trunc, X);
    return {B.CreateFSub(X, Whole), Whole};
  }
  if (Name == "sincos")
    return {emitFunction(B, "sin", {X}), emitFunction(B, "cos", {X})};
  if (Name == "sincospi")
    return {emitFunction(B, "sinpi", {X}), emitFunction(B, "cospi", {X})};
  Value *Exponent = B.CreateCall(exponentFunction(*B.GetInsertBlock()->getModule(), X->getType()), {X});
  return {B.CreateLdexp(X, B.CreateNeg(Exponent)), Exponent};
}

/// The kind of pair that a function computes; empty if it computes none.
static StringRef pairOf(const Function &F) {
  StringRef Name = F.isIntrinsic() ? Intrinsic::getBaseName(F.getIntrinsicID()) : F.getName();
  if (!Name.consume_front("__nv_") && !F.isDeclaration())
    return "";
  Name.consume_front("fast_");
  return StringSwitch<StringRef>(Name)
      .Cases({"modf", "modff", "llvm.modf"}, "modf")
      .Cases({"sincos", "sincosf", "llvm.sincos"}, "sincos")
      .Cases({"sincospi", "sincospif"}, "sincospi")
      .Cases({"frexp", "frexpf", "llvm.frexp"}, "frexp")
      .Default("");
}

bool splitsIntoRules(const Function &F) { return F.getName().starts_with("__nv_") && !pairOf(F).empty(); }

/// modf(x, &i) is trunc(x) and the rest; sincos(x, &s, &c) is a sine and a cosine; frexp(x, &e) is x 2^-e and e. Clang
/// writes them as calls of libm or as intrinsics that return a pair.
static void lowerPairs(CallInst *C) {
  const Function *F = C->getCalledFunction();
  if (!F || C->arg_size() == 0 ||
      !(C->getArgOperand(0)->getType()->isFloatTy() || C->getArgOperand(0)->getType()->isDoubleTy()))
    return;
  StringRef Name = pairOf(*F);
  if (Name.empty())
    return;
  IRBuilder<> B(C);
  TwoResults R = splitFunction(B, Name, C->getArgOperand(0));
  if (F->isIntrinsic()) {
    for (User *U : make_early_inc_range(C->users()))
      if (auto *E = dyn_cast<ExtractValueInst>(U)) {
        E->replaceAllUsesWith(E->getIndices()[0] == 0 ? R.First : R.Second);
        E->eraseFromParent();
      }
    if (!C->use_empty())
      return;
  } else if (Name.starts_with("sincos")) {
    B.CreateStore(R.First, C->getArgOperand(1));
    B.CreateStore(R.Second, C->getArgOperand(2));
  } else {
    B.CreateStore(R.Second, C->getArgOperand(1));
    C->replaceAllUsesWith(R.First);
  }
  C->eraseFromParent();
}

bool lowerMemoryCalls(Request &R) {
  SmallVector<MemIntrinsic *, 8> Moves;
  SmallVector<CallInst *, 8> Calls;
  for (Instruction &I : instructions(*R.F)) {
    if (auto *M = dyn_cast<MemIntrinsic>(&I))
      Moves.push_back(M);
    else if (auto *C = dyn_cast<CallInst>(&I))
      Calls.push_back(C);
  }
  for (CallInst *C : Calls)
    lowerPairs(C);
  for (MemIntrinsic *M : Moves)
    if (!lowerMemoryIntrinsic(R, M))
      return false;
  return true;
}

/// True if something may change what Root's memory holds.
static bool isWritten(const Function &F, const Value *Root) {
  for (const Instruction &I : instructions(F)) {
    const auto *S = dyn_cast<StoreInst>(&I);
    if (!S)
      continue;
    SmallVector<const Value *, 2> Roots;
    rootsOf(S->getPointerOperand(), Roots);
    if (is_contained(Roots, Root))
      return true;
  }
  return false;
}

void exposeNestedPointers(Request &R) {
  const DataLayout &DL = R.F->getDataLayout();
  bool Changed = true;
  while (Changed) { // a struct may lead to further structs
    Changed = false;
    std::map<std::pair<Value *, int64_t>, CallInst *> Known;
    for (Instruction &I : make_early_inc_range(instructions(*R.F))) {
      auto *L = dyn_cast<LoadInst>(&I);
      if (!L || L->isVolatile() || L->isAtomic())
        continue;
      APInt Offset(DL.getIndexTypeSizeInBits(L->getPointerOperandType()), 0);
      Value *Base = L->getPointerOperand()->stripAndAccumulateConstantOffsets(DL, Offset, true);
      if (!isArrayMarker(Base) || isWritten(*R.F, Base))
        continue;
      if (L->getType()->isIntegerTy())
        L->setMetadata(LLVMContext::MD_invariant_load, MDNode::get(L->getContext(), {}));
      if (!L->getType()->isPointerTy() || any_of(L->users(), [](const User *U) { return isArrayMarker(U); }))
        continue;
      CallInst *&Nested = Known[{Base, Offset.getSExtValue()}];
      if (!Nested) {
        auto *Outer = cast<CallInst>(Base);
        IRBuilder<> B(Outer->getNextNode());
        unsigned Number = markerNumber(Outer);
        bool HasShadow = R.Roots[Number].HasShadow;
        std::string Name = R.Roots[Number].Name + "->" + std::to_string(Offset.getSExtValue());
        Value *Distance = B.getInt64(Offset.getSExtValue());
        Value *Primal = B.CreateLoad(B.getPtrTy(), B.CreatePtrAdd(Outer, Distance));
        Value *Shadow = Primal;
        if (HasShadow)
          Shadow = B.CreateLoad(B.getPtrTy(), B.CreatePtrAdd(Outer->getArgOperand(1), Distance));
        R.Roots.push_back({Name, HasShadow});
        Nested = createArrayMarker(B, Primal, Shadow, R.Roots.size() - 1);
        Changed = true;
      }
      if (L != Nested->getArgOperand(0)) {
        L->replaceAllUsesWith(Nested);
        L->eraseFromParent();
      }
    }
  }
}

void markDisjointRoots(Request &R) {
  MDBuilder MD(R.F->getContext());
  MDNode *Domain = MD.createAnonymousAliasScopeDomain("adstencil");
  MapVector<const Value *, MDNode *> Scopes;
  for (Instruction &I : instructions(*R.F))
    if (isArrayMarker(&I))
      Scopes[&I] = MD.createAnonymousAliasScope(Domain, R.Roots[markerNumber(&I)].Name);
  for (Instruction &I : instructions(*R.F)) {
    const Value *P = getLoadStorePointerOperand(&I);
    if (!P)
      continue;
    SmallVector<const Value *, 2> Roots;
    rootsOf(P, Roots);
    SmallVector<Metadata *, 4> Own, Others;
    bool Known = all_of(Roots, [&](const Value *V) { return Scopes.count(V); });
    if (!Known)
      continue;
    for (auto &[Root, Scope] : Scopes)
      (is_contained(Roots, Root) ? Own : Others).push_back(Scope);
    I.setMetadata(LLVMContext::MD_alias_scope, MDNode::get(I.getContext(), Own));
    I.setMetadata(LLVMContext::MD_noalias, MDNode::get(I.getContext(), Others));
  }
}

} // namespace adstencil
