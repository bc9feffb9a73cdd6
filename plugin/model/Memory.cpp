// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "model/Memory.h"

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

/// The floating-point type that memory behind V holds: from its variable's type, or from the accesses made to the root.
static Type *elementTypeOf(Value *V) {
  SmallVector<const Value *, 2> Roots;
  rootsOf(V, Roots);
  for (const Value *Root : Roots) {
    Type *T = nullptr;
    if (const auto *A = dyn_cast<AllocaInst>(Root))
      T = A->getAllocatedType();
    else if (const auto *G = dyn_cast<GlobalVariable>(Root))
      T = G->getValueType();
    while (T && !T->isSingleValueType())
      T = T->getNumContainedTypes() ? T->getContainedType(0) : nullptr;
    if (T && (T->isFloatTy() || T->isDoubleTy()))
      return T;
  }
  const Function *F = nullptr;
  if (auto *I = dyn_cast<Instruction>(V))
    F = I->getFunction();
  for (const Value *Root : Roots) {
    if (!F)
      break;
    for (const Instruction &I : instructions(*F)) {
      const Value *P = getLoadStorePointerOperand(&I);
      Type *T = P ? getLoadStoreType(const_cast<Instruction *>(&I)) : nullptr;
      if (!T || !(T->isFloatTy() || T->isDoubleTy()))
        continue;
      SmallVector<const Value *, 2> Others;
      rootsOf(P, Others);
      if (is_contained(Others, Root))
        return T;
    }
  }
  return nullptr;
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

/// Lowers one memory intrinsic. Bytes that are not a multiple of the element stay an integer move, byte by byte.
static bool lowerMemoryIntrinsic(Request &R, MemIntrinsic *M) {
  auto *Transfer = dyn_cast<MemTransferInst>(M);
  auto *Set = dyn_cast<MemSetInst>(M);
  const DataLayout &DL = M->getDataLayout();
  Type *T = elementTypeOf(M->getDest());
  if (!T && Transfer)
    T = elementTypeOf(Transfer->getSource());
  auto *Length = dyn_cast<ConstantInt>(M->getLength());
  if (Length && T && Length->getZExtValue() % DL.getTypeStoreSize(T))
    T = nullptr;
  if (!T)
    T = Type::getInt8Ty(M->getContext());
  uint64_t Size = DL.getTypeStoreSize(T);
  Value *Filler = nullptr;
  if (Set) {
    auto *Byte = dyn_cast<ConstantInt>(Set->getValue());
    if (T->isFloatingPointTy() && !(Byte && Byte->isZero())) {
      refuse(M->getContext(), R.Kernel, M, R.Place, "memset gives an array a bit pattern that is not zero",
             "assign the value in a loop");
      return false;
    }
    Filler = T->isFloatingPointTy() ? ConstantFP::get(T, 0.0) : Set->getValue();
  }
  auto Move = [&](IRBuilder<> &B, Value *Index) {
    Value *V = Filler ? Filler : B.CreateAlignedLoad(T, B.CreateGEP(T, Transfer->getSource(), Index), MaybeAlign(Size));
    B.CreateAlignedStore(V, B.CreateGEP(T, M->getDest(), Index), MaybeAlign(Size));
  };
  if (Length && Length->getZExtValue() / Size <= MaxUnrolledElements) {
    IRBuilder<> B(M);
    for (uint64_t I = 0; I != Length->getZExtValue() / Size; ++I)
      Move(B, B.getInt64(I));
  } else {
    IRBuilder<> B(M);
    Value *Count = B.CreateUDiv(M->getLength(), ConstantInt::get(M->getLength()->getType(), Size));
    emitLoop(M, Count, Move);
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
    return {B.CreateUnaryIntrinsic(Intrinsic::sin, X), B.CreateUnaryIntrinsic(Intrinsic::cos, X)};
  Value *Exponent = B.CreateCall(exponentFunction(*B.GetInsertBlock()->getModule(), X->getType()), {X});
  return {B.CreateLdexp(X, B.CreateNeg(Exponent)), Exponent};
}

/// modf(x, &i) is trunc(x) and the rest; sincos(x, &s, &c) is a sine and a cosine; frexp(x, &e) is x 2^-e and e. Clang
/// writes them as calls of libm or as intrinsics that return a pair.
static void lowerPairs(CallInst *C) {
  const Function *F = C->getCalledFunction();
  if (!F || !F->isDeclaration() || C->arg_size() == 0 ||
      !(C->getArgOperand(0)->getType()->isFloatTy() || C->getArgOperand(0)->getType()->isDoubleTy()))
    return;
  StringRef Name =
      StringSwitch<StringRef>(F->isIntrinsic() ? Intrinsic::getBaseName(F->getIntrinsicID()) : F->getName())
          .Cases({"modf", "modff", "llvm.modf"}, "modf")
          .Cases({"sincos", "sincosf", "llvm.sincos"}, "sincos")
          .Cases({"frexp", "frexpf", "llvm.frexp"}, "frexp")
          .Default("");
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
  } else if (Name == "sincos") {
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
