// Which kind of abi.h a kernel is, and the function of one thread.
//
// A kernel whose threads never wait for each other may run them in any order, in loops. If it also uses thread and
// block indices only as `block index * block size + thread index`, the grid is one box of points and blocks do not
// matter (kind `points`); otherwise the loops are those of a block (`blocks`). A kernel with barriers, shuffles or
// votes, or one that calls functions in which they may hide, is a function of one thread that the runtime runs on
// fibers
// (`threads`).
//
// `blockIdx.x * blockDim.x + threadIdx.x` does not wrap: the runtime refuses launches of more than 2^31 - 1 threads
// along an axis. So the index of a point is the same number as int, unsigned and 64-bit integer.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "device/Threads.h"

#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/IR/ReplaceConstant.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/Alignment.h"
#include "llvm/Transforms/Scalar/ADCE.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Scalar/InstSimplifyPass.h"
#include "llvm/Transforms/Scalar/SROA.h"
#include "llvm/Transforms/Scalar/SimplifyCFG.h"
#include "llvm/Transforms/Utils/Local.h"

using namespace llvm;

namespace adstencil {

// ---- the layout of abi.h ----

static Value *member(IRBuilderBase &B, Value *Record, unsigned Offset, Type *T, const Twine &Name) {
  auto *L = B.CreateLoad(T, B.CreateConstInBoundsGEP1_64(B.getInt8Ty(), Record, Offset), Name);
  L->setMetadata(LLVMContext::MD_invariant_load, MDNode::get(B.getContext(), {}));
  return L;
}

/// A size of at least one.
static Value *sizeMember(IRBuilderBase &B, Value *Record, unsigned Offset, const Twine &Name) {
  auto *L = cast<LoadInst>(member(B, Record, Offset, B.getInt32Ty(), Name));
  L->setMetadata(LLVMContext::MD_range,
                 MDBuilder(B.getContext()).createRange(APInt(32, 1), APInt::getSignedMinValue(32)));
  return L;
}

namespace launch {
Value *gridSize(IRBuilderBase &B, Value *Launch, unsigned Axis) {
  return sizeMember(B, Launch, 4 * Axis, "grid." + Twine("xyz"[Axis]));
}
Value *blockSize(IRBuilderBase &B, Value *Launch, unsigned Axis) {
  return sizeMember(B, Launch, 12 + 4 * Axis, "block." + Twine("xyz"[Axis]));
}
Value *chunk(IRBuilderBase &B, Value *Launch) { return member(B, Launch, 32, B.getInt64Ty(), "chunk"); }
Value *partials(IRBuilderBase &B, Value *Launch) { return member(B, Launch, 40, B.getPtrTy(), "partials"); }
Value *alone(IRBuilderBase &B, Value *Launch) { return member(B, Launch, 56, B.getInt32Ty(), "alone"); }
Value *phase(IRBuilderBase &B, Value *Launch) { return member(B, Launch, 60, B.getInt32Ty(), "phase"); }
Value *shadows(IRBuilderBase &B, Value *Launch) { return member(B, Launch, 48, B.getPtrTy(), "shadows"); }
} // namespace launch

/// An index of the thread that `self` stands for.
static Value *indexOfSelf(IRBuilderBase &B, Value *Self, StringRef Register, unsigned Axis) {
  if (Register == "tid")
    return member(B, Self, 8 + 4 * Axis, B.getInt32Ty(), "thread");
  if (Register == "ctaid")
    return member(B, Self, 20 + 4 * Axis, B.getInt32Ty(), "block");
  Value *Launch = member(B, Self, 0, B.getPtrTy(), "launch");
  return Register == "ntid" ? launch::blockSize(B, Launch, Axis) : launch::gridSize(B, Launch, Axis);
}

static Value *sharedOfSelf(IRBuilderBase &B, Value *Self) { return member(B, Self, 32, B.getPtrTy(), "shared"); }

// ---- arguments ----

bool isReadOnlyRecord(const Argument &A) {
  SmallVector<const Value *, 8> Work = {&A};
  while (!Work.empty())
    for (const Use &U : Work.pop_back_val()->uses()) {
      if (isa<GetElementPtrInst>(U.getUser()))
        Work.push_back(U.getUser());
      else if (isa<MemTransferInst>(U.getUser())
                   ? U.getOperandNo() != 1
                   : !isa<LoadInst>(U.getUser()) || cast<LoadInst>(U.getUser())->isVolatile())
        return false;
    }
  return true;
}

Value *loadArgument(IRBuilderBase &B, Value *Arguments, const Argument &A) {
  Value *Slot = B.CreateConstInBoundsGEP1_64(B.getPtrTy(), Arguments, A.getArgNo());
  Value *Address = B.CreateLoad(B.getPtrTy(), Slot, A.getName() + ".at");
  if (A.hasByValAttr())
    return Address;
  if (A.getType()->isIntegerTy(1))
    return B.CreateTrunc(B.CreateLoad(B.getInt8Ty(), Address), A.getType(), A.getName());
  return B.CreateLoad(A.getType(), Address, A.getName());
}

void moveAllocas(BasicBlock &From, BasicBlock &To) {
  for (Instruction &I : make_early_inc_range(From))
    if (auto *A = dyn_cast<AllocaInst>(&I); A && isa<ConstantInt>(A->getArraySize()))
      A->moveBefore(To, To.getFirstInsertionPt());
}

// ---- indices ----

bool isPoint(const Value *V, unsigned Axis) {
  const auto *Call = dyn_cast<CallInst>(V);
  const Function *F = Call ? Call->getCalledFunction() : nullptr;
  return F && F->getName() == "adstencil.point." + Twine("xyz"[Axis]).str();
}

static Value *readPoint(IRBuilderBase &B, unsigned Axis, Type *T) {
  Module *M = B.GetInsertBlock()->getModule();
  FunctionCallee Callee = M->getOrInsertFunction("adstencil.point." + Twine("xyz"[Axis]).str(), B.getInt32Ty());
  auto *F = cast<Function>(Callee.getCallee());
  F->setDoesNotAccessMemory();
  F->setDoesNotThrow();
  F->addFnAttr(Attribute::WillReturn);
  Value *Point = B.CreateCall(Callee, {}, "point");
  return T->isIntegerTy(32) ? Point : B.CreateZExt(Point, T, "", /*IsNonNeg=*/true);
}

void replaceIndices(Function &F, function_ref<Value *(StringRef, unsigned)> ValueOf) {
  for (Instruction &I : make_early_inc_range(instructions(F)))
    for (unsigned Axis = 0; Axis != 3; ++Axis) {
      Value *New = nullptr;
      for (StringRef Register : {"tid", "ctaid", "ntid", "nctaid"})
        if (isIndex(&I, Register, Axis))
          New = ValueOf(Register, Axis);
      if (isPoint(&I, Axis))
        New = ValueOf("point", Axis);
      if (New) {
        I.replaceAllUsesWith(New);
        I.eraseFromParent();
        break;
      }
    }
}

static Value *stripExtension(Value *V) {
  while (isa<ZExtInst, SExtInst>(V))
    V = cast<CastInst>(V)->getOperand(0);
  return V;
}

/// ctaid * ntid, in any width.
static bool isBlockStart(Value *V, unsigned Axis) {
  auto *Product = dyn_cast<BinaryOperator>(stripExtension(V));
  if (!Product || Product->getOpcode() != Instruction::Mul)
    return false;
  Value *A = stripExtension(Product->getOperand(0)), *B = stripExtension(Product->getOperand(1));
  return (isIndex(A, "ctaid", Axis) && isIndex(B, "ntid", Axis)) ||
         (isIndex(B, "ctaid", Axis) && isIndex(A, "ntid", Axis));
}

static bool isSum(const Value *V) {
  const auto *Sum = dyn_cast<BinaryOperator>(V);
  return Sum && Sum->getOpcode() == Instruction::Add && !Sum->getType()->isVectorTy();
}

/// Collects the terms of a sum, through additions that only serve it.
static void collectTerms(Value *V, bool IsRoot, SmallVectorImpl<Value *> &Terms) {
  if (!isSum(V) || (!IsRoot && !V->hasOneUse()))
    return Terms.push_back(V);
  for (Value *Operand : cast<BinaryOperator>(V)->operands())
    collectTerms(Operand, false, Terms);
}

/// Replaces the sum by one with the index of a point, if it has the terms of one.
static void recogniseSum(BinaryOperator &Sum, unsigned Axis) {
  SmallVector<Value *, 4> Terms;
  collectTerms(&Sum, true, Terms);
  auto Thread = find_if(Terms, [&](Value *V) { return isIndex(stripExtension(V), "tid", Axis); });
  auto Start = find_if(Terms, [&](Value *V) { return isBlockStart(V, Axis); });
  if (Thread == Terms.end() || Start == Terms.end())
    return;
  IRBuilder<> B(&Sum);
  Value *New = readPoint(B, Axis, Sum.getType());
  for (auto It = Terms.begin(); It != Terms.end(); ++It) {
    if (It == Thread || It == Start)
      continue;
    // A point plus one, or minus anything that is not negative, does not wrap as a signed number.
    auto *C = dyn_cast<ConstantInt>(*It);
    bool Small = C && isPoint(stripExtension(New), Axis) && C->getValue().sle(1) && !C->getValue().isMinSignedValue();
    New = B.CreateAdd(New, *It, "", /*HasNUW=*/false, /*HasNSW=*/Small);
  }
  Sum.replaceAllUsesWith(New);
}

/// Finds the indices of points in F.
static void recognisePoints(Function &F) {
  SmallVector<BinaryOperator *, 16> Sums;
  for (Instruction &I : instructions(F))
    if (isSum(&I))
      Sums.push_back(cast<BinaryOperator>(&I));
  for (unsigned Axis = 0; Axis != 3; ++Axis)
    for (BinaryOperator *Sum : Sums) {
      // The innermost sum with both terms keeps what is around it as it is.
      Value *A = Sum->getOperand(0), *B = Sum->getOperand(1);
      bool Direct = (isIndex(stripExtension(A), "tid", Axis) && isBlockStart(B, Axis)) ||
                    (isIndex(stripExtension(B), "tid", Axis) && isBlockStart(A, Axis));
      if (Direct)
        recogniseSum(*Sum, Axis);
    }
  for (unsigned Axis = 0; Axis != 3; ++Axis)
    for (BinaryOperator *Sum : Sums)
      if (!Sum->use_empty() && !(Sum->hasOneUse() && isSum(*Sum->user_begin())))
        recogniseSum(*Sum, Axis);
  bool Changed = true;
  while (Changed) {
    Changed = false;
    for (Instruction &I : make_early_inc_range(instructions(F)))
      if (isInstructionTriviallyDead(&I)) {
        salvageDebugInfo(I);
        I.eraseFromParent();
        Changed = true;
      }
  }
}

/// True if F still needs to know its thread or its block.
static bool usesBlocks(Function &F) {
  return any_of(instructions(F), [](Instruction &I) {
    for (unsigned Axis = 0; Axis != 3; ++Axis)
      if (isIndex(&I, "tid", Axis) || isIndex(&I, "ctaid", Axis))
        return true;
    return false;
  });
}

// ---- shared memory ----

static SmallVector<GlobalVariable *, 8> sharedOf(const DeviceModule &D, Function &F) {
  SmallVector<GlobalVariable *, 8> Used;
  for (GlobalVariable *G : D.Shared) {
    convertUsersOfConstantsToInstructions({G}, &F);
    if (any_of(G->users(), [&](User *U) { return isa<Instruction>(U) && cast<Instruction>(U)->getFunction() == &F; }))
      Used.push_back(G);
  }
  return Used;
}

static uint64_t place(const DataLayout &DL, const GlobalVariable &G, uint64_t &Bytes) {
  Align A = std::max(G.getAlign().valueOrOne(), DL.getABITypeAlign(G.getValueType()));
  uint64_t Offset = alignTo(Bytes, A);
  Bytes = Offset + DL.getTypeAllocSize(G.getValueType());
  return Offset;
}

void placeShared(DeviceModule &D, DeviceKernel *K, Function &F, Value *Base) {
  const DataLayout &DL = D.M.getDataLayout();
  MapVector<GlobalVariable *, uint64_t> Offsets;
  SmallVector<GlobalVariable *, 8> Used = sharedOf(D, F);
  if (K && K->Calls)
    K->StaticShared = D.CommonBytes;
  for (GlobalVariable *G : Used) {
    if (D.Common.count(G))
      Offsets[G] = D.Common[G];
    else if (!G->isDeclaration())
      Offsets[G] = place(DL, *G, K ? K->StaticShared : D.CommonBytes);
    if (!K && !G->isDeclaration())
      D.Common[G] = Offsets[G];
  }
  // Dynamic shared memory begins behind what is static.
  for (GlobalVariable *G : Used)
    if (G->isDeclaration()) {
      if (!K)
        return D.refuse(D.Kernels.front().Name, nullptr,
                        "'" + F.getName() + "' cannot be inlined into it and uses dynamic shared memory");
      Offsets[G] = alignTo(K->StaticShared, 16);
    }
  for (auto &[G, Offset] : Offsets) {
    SmallVector<Use *, 16> Uses;
    for (Use &U : G->uses())
      if (auto *I = dyn_cast<Instruction>(U.getUser()); I && I->getFunction() == &F)
        Uses.push_back(&U);
    IRBuilder<> B(F.getContext());
    if (auto *I = dyn_cast<Instruction>(Base))
      B.SetInsertPoint(I->getParent(), std::next(I->getIterator()));
    else
      B.SetInsertPoint(&F.getEntryBlock(), F.getEntryBlock().getFirstNonPHIOrDbgOrAlloca());
    Value *Place = B.CreateConstInBoundsGEP1_64(B.getInt8Ty(), Base, Offset, G->getName());
    for (Use *U : Uses)
      U->set(Place);
  }
}

// ---- kinds ----

/// SSA form, and no more: guards and indices are to be seen as they were written.
static void normalise(Function &F) {
  PassBuilder PB;
  LoopAnalysisManager LAM;
  FunctionAnalysisManager FAM;
  CGSCCAnalysisManager CAM;
  ModuleAnalysisManager MAM;
  PB.registerModuleAnalyses(MAM);
  PB.registerCGSCCAnalyses(CAM);
  PB.registerFunctionAnalyses(FAM);
  PB.registerLoopAnalyses(LAM);
  PB.crossRegisterProxies(LAM, FAM, CAM, MAM);
  FunctionPassManager FPM;
  FPM.addPass(SROAPass(SROAOptions::ModifyCFG));
  FPM.addPass(EarlyCSEPass(/*UseMemorySSA=*/true));
  FPM.addPass(InstSimplifyPass());
  FPM.addPass(SimplifyCFGPass());
  FPM.addPass(ADCEPass());
  FPM.run(F, FAM);
}

bool isReduction(const Value *V) {
  const auto *Call = dyn_cast<CallInst>(V);
  const Function *F = Call ? Call->getCalledFunction() : nullptr;
  return F && F->getName().starts_with("adstencil.reduce.");
}

bool isPart(const Value *V, StringRef Name) {
  const auto *Call = dyn_cast<CallInst>(V);
  const Function *F = Call ? Call->getCalledFunction() : nullptr;
  return F && F->getName() == Name;
}

static bool readsPart(Function &F, StringRef Name) {
  return any_of(instructions(F), [&](Instruction &I) { return isPart(&I, Name); });
}

static void describe(DeviceModule &D, DeviceKernel &K) {
  const DataLayout &DL = D.M.getDataLayout();
  for (Argument &A : K.F->args()) {
    Type *T = A.hasByValAttr() ? A.getParamByValType() : A.getType();
    K.ParameterBytes.push_back(DL.getTypeStoreSize(T));
  }
  for (Instruction &I : instructions(*K.F))
    if (isReduction(&I)) {
      auto &Call = cast<CallInst>(I);
      auto *Slot = dyn_cast<ConstantInt>(Call.getArgOperand(2));
      if (!Slot)
        continue;
      if (K.ReductionBytes.size() <= Slot->getZExtValue())
        K.ReductionBytes.resize(Slot->getZExtValue() + 1, 8);
      K.ReductionBytes[Slot->getZExtValue()] = DL.getTypeStoreSize(Call.getArgOperand(0)->getType());
    }
}

/// Writes `void thread(void** args, adstencil_thread* self)`.
static void emitThread(DeviceModule &D, DeviceKernel &K) {
  LLVMContext &Ctx = D.M.getContext();
  Function *F = K.F;
  auto *Pointer = PointerType::get(Ctx, 0);
  auto *Type = FunctionType::get(Type::getVoidTy(Ctx), {Pointer, Pointer}, false);
  Function *Body = Function::Create(Type, GlobalValue::InternalLinkage, K.Symbol + ".thread", D.M);
  Body->copyAttributesFrom(F);
  Body->setLinkage(GlobalValue::InternalLinkage);
  Body->setAttributes(AttributeList::get(Ctx, F->getAttributes().getFnAttrs(), {}, {}));
  Body->setSubprogram(F->getSubprogram());
  F->setSubprogram(nullptr);
  Body->getArg(0)->setName("args");
  Value *Self = Body->getArg(1);
  Self->setName("self");

  BasicBlock *First = &F->getEntryBlock();
  Body->splice(Body->end(), F);
  BasicBlock *Entry = BasicBlock::Create(Ctx, "", Body, First);
  IRBuilder<> B(Entry);
  B.CreateBr(First);
  moveAllocas(*First, *Entry);
  B.SetInsertPoint(Entry->getTerminator());
  for (Argument &A : F->args()) {
    Value *V = loadArgument(B, Body->getArg(0), A);
    if (A.hasByValAttr() && !isReadOnlyRecord(A)) {
      auto *Own = B.CreateAlloca(A.getParamByValType(), nullptr, A.getName());
      Own->setAlignment(A.getParamAlign().valueOrOne());
      B.CreateMemCpy(Own, Own->getAlign(), V, A.getParamAlign().valueOrOne(),
                     D.M.getDataLayout().getTypeStoreSize(A.getParamByValType()));
      V = Own;
    }
    A.replaceAllUsesWith(V);
  }
  for (Instruction &I : make_early_inc_range(*First))
    if (auto *Call = dyn_cast<CallInst>(&I);
        Call && Call->getCalledFunction() && Call->getCalledFunction()->getName() == "__adstencil_this_thread") {
      Call->replaceAllUsesWith(Self);
      Call->eraseFromParent();
    }
  B.SetInsertPoint(Entry->getTerminator());
  replaceIndices(*Body, [&](StringRef Register, unsigned Axis) { return indexOfSelf(B, Self, Register, Axis); });
  if (!sharedOf(D, *Body).empty())
    placeShared(D, &K, *Body, sharedOfSelf(B, Self));
  K.Body = Body;
}

void lowerResidual(DeviceModule &D, Function &F) {
  CallInst *Self = nullptr;
  auto Thread = [&] { return Self ? Self : Self = thisThread(F); };
  replaceIndices(F, [&](StringRef Register, unsigned Axis) {
    IRBuilder<> B(Thread()->getNextNode());
    return indexOfSelf(B, Thread(), Register, Axis);
  });
  if (!sharedOf(D, F).empty()) {
    IRBuilder<> B(Thread()->getNextNode());
    placeShared(D, nullptr, F, sharedOfSelf(B, Thread()));
  }
}

void emitThreads(DeviceModule &D, DeviceKernel &K) {
  if (D.Optimised)
    normalise(*K.F);
  describe(D, K);
  if (readsPart(*K.F, "adstencil.phase"))
    K.Phases = 2;
  if (readsPart(*K.F, "adstencil.unit") && !K.Waits && !K.Calls) {
    K.Kind = KernelKind::Parts;
    emitRun(D, K);
  } else if (K.Waits || K.Calls) {
    K.Kind = KernelKind::Threads;
    if (!K.ReductionBytes.empty())
      D.refuse(K.Name, nullptr, "it sums an active scalar over threads that wait for each other");
    emitThread(D, K);
  } else {
    recognisePoints(*K.F);
    K.Kind = usesBlocks(*K.F) || !sharedOf(D, *K.F).empty() ? KernelKind::Blocks : KernelKind::Points;
    emitRun(D, K);
  }
  K.F->eraseFromParent();
  K.F = nullptr;
}

} // namespace adstencil
