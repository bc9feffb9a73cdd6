// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emit/Parallel.h"

#include "model/OpenMP.h"
#include "llvm/Analysis/AssumptionCache.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"
#include "llvm/Transforms/Utils/CodeExtractor.h"

using namespace llvm;

namespace adstencil {

static constexpr StringLiteral MarkerName = "adstencil.parallel", CountName = "adstencil.threads";

/// libomp passes at most so many arguments on where it has no assembly for the machine; more go through memory.
static constexpr unsigned MostByValue = 13;

/// Iterations that are done by one call where the loop itself may be vectorised. Vectorised code and what handles the
/// last iterations behind it may round differently (arithmetic of cotangents may be reassociated), and where memory is
/// accessed with gaps some are left over whatever the number of iterations. Which ones are the last must not depend on
/// the threads. The number is large enough for what a call has to prepare; less will do where an iteration has loops.
static constexpr unsigned VectorisedTogether = 512, UnrolledTogether = 128;

/// The optimiser does not unroll loops with more iterations than that.
static constexpr unsigned MostUnrolled = 128;

/// Values of kmp.h.
static constexpr unsigned StaticSchedule = 34, IdentKmpc = 0x2, IdentLoop = 0x200;

CallInst *createParallelMarker(IRBuilderBase &B, Value *Ok) {
  Module &M = *B.GetInsertBlock()->getModule();
  auto Callee = M.getOrInsertFunction(MarkerName, FunctionType::get(B.getVoidTy(), {B.getInt1Ty()}, false));
  auto *F = cast<Function>(Callee.getCallee());
  F->setDoesNotThrow();
  F->setWillReturn();
  F->setOnlyAccessesInaccessibleMemory();
  F->addFnAttr(Attribute::NoDuplicate);
  return B.CreateCall(Callee, {Ok});
}

CallInst *createThreadCount(IRBuilderBase &B) {
  Module &M = *B.GetInsertBlock()->getModule();
  auto Callee = M.getOrInsertFunction(CountName, FunctionType::get(B.getInt64Ty(), {}, false));
  auto *F = cast<Function>(Callee.getCallee());
  F->setDoesNotThrow();
  F->setWillReturn();
  F->setOnlyAccessesInaccessibleMemory();
  return B.CreateCall(Callee, {});
}

/// Replaces the calls of createThreadCount in F.
static void lowerThreadCounts(Function &F, bool WithOpenMP) {
  Function *Declaration = F.getParent()->getFunction(CountName);
  if (!Declaration)
    return;
  for (User *U : make_early_inc_range(Declaration->users())) {
    auto *Call = cast<CallInst>(U);
    if (Call->getFunction() != &F)
      continue;
    IRBuilder<> B(Call);
    Value *Count = B.getInt64(1);
    if (WithOpenMP)
      Count = B.CreateZExt(
          B.CreateCall(F.getParent()->getOrInsertFunction("omp_get_max_threads", B.getInt32Ty()), {}, "threads"),
          B.getInt64Ty(), "", /*IsNonNeg=*/true);
    Call->replaceAllUsesWith(Count);
    Call->eraseFromParent();
  }
  if (Declaration->use_empty())
    Declaration->eraseFromParent();
}

static bool isMarker(const Instruction &I) {
  const auto *C = dyn_cast<CallInst>(&I);
  return C && C->getCalledFunction() && C->getCalledFunction()->getName() == MarkerName;
}

void markWorkSharedLoops(Function &F) {
  DominatorTree DT(F);
  LoopInfo LI(DT);
  for (Loop *L : LI.getLoopsInPreorder())
    if (BasicBlock *Preheader = L->getLoopPreheader(); Preheader && isWorkShared(*L)) {
      IRBuilder<> B(Preheader->getTerminator());
      B.SetCurrentDebugLocation(L->getStartLoc());
      createParallelMarker(B, B.getTrue());
    }
}

namespace {

/// A loop of the promised form: First, First + 1, ..., while Counter or Next compares so with Last.
struct MarkedLoop {
  PHINode *Counter = nullptr;
  Value *First = nullptr, *Last = nullptr; ///< the counters are those from First up to and without Last
  ICmpInst *Test = nullptr;
  CmpInst::Predicate Enter = CmpInst::ICMP_NE; ///< First Enter Last: there is an iteration
};

/// What a loop becomes.
struct Outlined {
  Function *Body;
  CallInst *Call;
  Value *First, *Last; ///< arguments of the call
  CmpInst::Predicate Enter;
  unsigned Together; ///< so many iterations are done by one call
};

} // namespace

/// True if each thread may have its own copy of a variable that the loop uses, or all may read the one there is.
static bool isSafeForThreads(const AllocaInst &A, const Loop &L) {
  SmallVector<const Value *, 8> Stack = {&A};
  bool WrittenInside = false, UsedOutside = false;
  while (!Stack.empty()) {
    const Value *V = Stack.pop_back_val();
    for (const User *U : V->users()) {
      const auto *I = cast<Instruction>(U);
      if (isa<GetElementPtrInst>(I) && L.contains(I)) {
        Stack.push_back(I);
        continue;
      }
      if (const auto *II = dyn_cast<IntrinsicInst>(I); II && II->isLifetimeStartOrEnd())
        continue;
      bool Inside = L.contains(I);
      WrittenInside |= Inside && !isa<LoadInst>(I);
      UsedOutside |= !Inside;
    }
  }
  return !WrittenInside || (!UsedOutside && isa<ConstantInt>(A.getArraySize()));
}

/// Checks that nothing but memory leaves the loop and that threads do not meet in local variables.
static bool isClosed(const Loop &L) {
  for (BasicBlock *BB : L.blocks())
    for (Instruction &I : *BB) {
      if (any_of(I.users(), [&](const User *U) { return !L.contains(cast<Instruction>(U)); }))
        return false;
      for (Value *Operand : I.operands()) {
        if (!Operand->getType()->isPointerTy())
          continue;
        SmallVector<const Value *, 4> Objects;
        getUnderlyingObjects(Operand, Objects, nullptr, /*MaxLookup=*/0);
        for (const Value *Object : Objects)
          if (const auto *A = dyn_cast<AllocaInst>(Object); A && (L.contains(A) || !isSafeForThreads(*A, L)))
            return false;
      }
    }
  return true;
}

/// Reads the test that ends the loop. It stays in the loop and compares with Last afterwards.
static bool readTest(const Loop &L, MarkedLoop &M, Value *Next) {
  BasicBlock *Exiting = L.getExitingBlock();
  auto *Branch = Exiting ? dyn_cast<BranchInst>(Exiting->getTerminator()) : nullptr;
  M.Test = Branch && Branch->isConditional() ? dyn_cast<ICmpInst>(Branch->getCondition()) : nullptr;
  bool AtEnd = Exiting == L.getLoopLatch();
  if (!M.Test || !M.Test->hasOneUse() || (!AtEnd && Exiting != L.getHeader()))
    return false;
  if (M.Test->getOperand(1) == M.Counter || M.Test->getOperand(1) == Next)
    M.Test->swapOperands();
  Value *Compared = M.Test->getOperand(0);
  M.Last = M.Test->getOperand(1);
  if (!L.isLoopInvariant(M.Last))
    return false;
  CmpInst::Predicate Stay =
      L.contains(Branch->getSuccessor(0)) ? M.Test->getPredicate() : M.Test->getInversePredicate();
  // In the header the counter is compared, at the end the next one. A test of the counter at the end is a step off.
  bool IsOff = AtEnd && Compared == M.Counter;
  if (!IsOff && Compared != (AtEnd ? Next : M.Counter))
    return false;
  bool Inclusive = Stay == CmpInst::ICMP_SLE || Stay == CmpInst::ICMP_ULE;
  if (Stay != CmpInst::ICMP_NE && Stay != CmpInst::ICMP_SLT && Stay != CmpInst::ICMP_ULT && !Inclusive)
    return false;
  if (Inclusive && IsOff)
    return false;
  M.Enter = Inclusive ? (Stay == CmpInst::ICMP_SLE ? CmpInst::ICMP_SLT : CmpInst::ICMP_ULT) : Stay;
  IRBuilder<> B(L.getLoopPreheader()->getTerminator());
  if (IsOff || Inclusive) // counter != last: the last one is done, too; next <= last: the same
    M.Last = B.CreateAdd(M.Last, B.getInt64(1));
  M.Test->setOperand(0, AtEnd ? Next : M.Counter);
  M.Test->setOperand(1, M.Last);
  if (Inclusive)
    M.Test->setPredicate(L.contains(Branch->getSuccessor(0)) ? M.Enter : CmpInst::getInversePredicate(M.Enter));
  return true;
}

/// Recognises a loop of the promised form.
static std::optional<MarkedLoop> recognise(const Loop &L) {
  BasicBlock *Header = L.getHeader(), *Preheader = L.getLoopPreheader(), *Latch = L.getLoopLatch();
  MarkedLoop M;
  if (!Preheader || !Latch || !L.getUniqueExitBlock() || !isClosed(L))
    return std::nullopt;
  DeleteDeadPHIs(Header);
  for (PHINode &Phi : Header->phis()) {
    if (M.Counter || !Phi.getType()->isIntegerTy(64))
      return std::nullopt;
    M.Counter = &Phi;
  }
  auto *Next = M.Counter ? dyn_cast<BinaryOperator>(M.Counter->getIncomingValueForBlock(Latch)) : nullptr;
  auto *Step = Next && Next->getOpcode() == Instruction::Add ? dyn_cast<ConstantInt>(Next->getOperand(1)) : nullptr;
  if (!Step || !Step->isOne() || Next->getOperand(0) != M.Counter || !readTest(L, M, Next))
    return std::nullopt;
  M.First = M.Counter->getIncomingValueForBlock(Preheader);
  return M;
}

/// Gives the body a variable that only it uses.
static void sinkVariables(Outlined &O) {
  for (unsigned I = 0; I != O.Call->arg_size(); ++I) {
    auto *A = dyn_cast<AllocaInst>(O.Call->getArgOperand(I));
    if (!A || any_of(A->users(), [&](const User *U) {
          const auto *II = dyn_cast<IntrinsicInst>(U);
          return U != O.Call && !(II && II->isLifetimeStartOrEnd());
        }))
      continue;
    Instruction *Own = A->clone();
    Own->insertBefore(O.Body->getEntryBlock().begin());
    Own->setDebugLoc({});
    O.Body->getArg(I)->replaceAllUsesWith(Own);
    for (User *U : make_early_inc_range(A->users()))
      if (U != O.Call)
        cast<Instruction>(U)->eraseFromParent();
    O.Call->setArgOperand(I, ConstantPointerNull::get(cast<PointerType>(A->getType())));
    A->eraseFromParent();
  }
}

/// What F promises about its parameters holds for those of the body that are the same and lead where no other does.
static void keepNoAlias(const Outlined &O) {
  for (unsigned I = 0; I != O.Call->arg_size(); ++I) {
    const auto *A = dyn_cast<Argument>(O.Call->getArgOperand(I));
    if (!A || !A->hasNoAliasAttr())
      continue;
    unsigned Leading = count_if(O.Call->args(), [&](const Use &U) {
      SmallVector<const Value *, 4> Objects;
      if (U->getType()->isPointerTy())
        getUnderlyingObjects(U, Objects, nullptr, /*MaxLookup=*/0);
      return is_contained(Objects, A);
    });
    if (Leading == 1)
      O.Body->addParamAttr(I, Attribute::NoAlias);
  }
}

/// Lets the body be called for blocks of iterations, counted from the first one that the caller is to do.
static void callInBlocks(Outlined &O) {
  Function *Blocks = Function::Create(O.Body->getFunctionType(), GlobalValue::InternalLinkage,
                                      O.Body->getName() + ".blocks", O.Body->getParent());
  Blocks->setAttributes(O.Body->getAttributes());
  LLVMContext &Ctx = Blocks->getContext();
  BasicBlock *Entry = BasicBlock::Create(Ctx, "entry", Blocks), *Loop = BasicBlock::Create(Ctx, "loop", Blocks),
             *Done = BasicBlock::Create(Ctx, "done", Blocks);
  BranchInst::Create(Loop, Entry);
  IRBuilder<> B(Loop);
  unsigned FirstAt = 0, LastAt = 0;
  for (auto [I, V] : enumerate(O.Call->args())) {
    FirstAt = V == O.First ? I : FirstAt;
    LastAt = V == O.Last ? I : LastAt;
  }
  Value *Last = Blocks->getArg(LastAt), *Together = B.getInt64(O.Together);
  PHINode *From = B.CreatePHI(B.getInt64Ty(), 2);
  Value *GoesOn =
      B.CreateLogicalAnd(B.CreateICmp(O.Enter, From, Last), B.CreateICmpUGT(B.CreateSub(Last, From), Together));
  Value *To = B.CreateSelect(GoesOn, B.CreateAdd(From, Together), Last);
  SmallVector<Value *, 16> Arguments(make_pointer_range(Blocks->args()));
  Arguments[FirstAt] = From;
  Arguments[LastAt] = To;
  B.CreateCall(O.Body, Arguments);
  B.CreateCondBr(GoesOn, Loop, Done);
  From->addIncoming(Blocks->getArg(FirstAt), Entry);
  From->addIncoming(To, Loop);
  ReturnInst::Create(Ctx, Done);
  O.Call->setCalledFunction(Blocks);
}

/// Moves the loop into a function of its own, with the range of its counter as parameters.
static std::optional<Outlined> outline(Loop &L, const MarkedLoop &M, unsigned Together) {
  Function &F = *L.getHeader()->getParent();
  BasicBlock *Preheader = L.getLoopPreheader();
  // Values that stand for the ends of the range, so that they become parameters even if they are constants.
  Instruction *Here = Preheader->getTerminator();
  auto *First = CastInst::Create(Instruction::BitCast, M.First, M.First->getType(), "first", Here->getIterator());
  auto *Last = CastInst::Create(Instruction::BitCast, M.Last, M.Last->getType(), "last", Here->getIterator());
  M.Counter->setIncomingValueForBlock(Preheader, First);
  M.Test->setOperand(1, Last);
  CodeExtractorAnalysisCache Cache(F);
  CodeExtractor Extractor(L.getBlocks(), nullptr, /*AggregateArgs=*/false, nullptr, nullptr, nullptr,
                          /*AllowVarArgs=*/false, /*AllowAlloca=*/false, nullptr, "parallel.body");
  Function *Body = Extractor.isEligible() ? Extractor.extractCodeRegion(Cache) : nullptr;
  if (!Body || !Body->hasOneUse()) {
    First->replaceAllUsesWith(M.First);
    Last->replaceAllUsesWith(M.Last);
    return std::nullopt;
  }
  Body->setLinkage(GlobalValue::InternalLinkage);
  Body->setComdat(nullptr);
  // One piece of machine code for all threads, and for the calling one where it works alone.
  Body->removeFnAttr(Attribute::AlwaysInline);
  Body->addFnAttr(Attribute::NoInline);
  Outlined O{Body, cast<CallInst>(Body->user_back()), First, Last, M.Enter, Together};
  sinkVariables(O);
  keepNoAlias(O);
  if (Together != 1)
    callInBlocks(O);
  return O;
}

static Constant *identOf(Module &M, unsigned Flags) {
  std::string Name = ("adstencil.ident." + Twine(Flags)).str();
  if (GlobalVariable *G = M.getGlobalVariable(Name, /*AllowInternal=*/true))
    return G;
  LLVMContext &Ctx = M.getContext();
  Type *Int = Type::getInt32Ty(Ctx);
  Constant *Text = ConstantDataArray::getString(Ctx, ";unknown;unknown;0;0;;");
  auto *Place = new GlobalVariable(M, Text->getType(), true, GlobalValue::PrivateLinkage, Text, "adstencil.place");
  auto *T = StructType::get(Ctx, {Int, Int, Int, Int, Place->getType()});
  Constant *Ident = ConstantStruct::get(T, {ConstantInt::get(Int, 0), ConstantInt::get(Int, Flags),
                                            ConstantInt::get(Int, 0), ConstantInt::get(Int, 22), Place});
  auto *G = new GlobalVariable(M, T, true, GlobalValue::PrivateLinkage, Ident, Name);
  G->setAlignment(Align(8));
  return G;
}

/// A value as one that a fork can pass on: a pointer or 64 bits. Null if it is neither.
static Value *asWord(IRBuilder<> &B, Value *V) {
  Type *T = V->getType();
  if (T->isPointerTy() && T->getPointerAddressSpace() == 0)
    return V;
  if (T->isFloatTy() || T->isDoubleTy())
    V = B.CreateBitCast(V, B.getIntNTy(T->getScalarSizeInBits()));
  if (!V->getType()->isIntegerTy() || V->getType()->getIntegerBitWidth() > 64)
    return nullptr;
  return B.CreateZExt(V, B.getInt64Ty());
}

/// The value of type T that asWord has made a word of.
static Value *fromWord(IRBuilder<> &B, Value *Word, Type *T) {
  if (T->isPointerTy())
    return Word;
  Word = B.CreateTrunc(Word, B.getIntNTy(T->getScalarSizeInBits()));
  return T->isIntegerTy() ? Word : B.CreateBitCast(Word, T);
}

namespace {

/// Writes the function that each thread executes, and the fork.
class Fork {
public:
  explicit Fork(const Outlined &O) : O(O), M(*O.Body->getParent()), Ctx(M.getContext()) {}

  /// Forks at B. The parameters of the thread's function are first counter, number of iterations, and what the body
  /// needs.
  void emit(IRBuilder<> &B, Value *Count) {
    SmallVector<Value *, 16> Words = {O.First, Count};
    bool Fits = true;
    for (Value *V : captured()) {
      Value *Word = asWord(B, V);
      Fits &= Word != nullptr;
      Words.push_back(Word);
    }
    if (!Fits || Words.size() > MostByValue) {
      Words.truncate(2);
      Words.push_back(store(B));
    }
    SmallVector<Type *, 16> Types = {B.getPtrTy(), B.getPtrTy()};
    for (Value *V : Words)
      Types.push_back(V->getType());
    Function *Thread = Function::Create(FunctionType::get(B.getVoidTy(), Types, false), GlobalValue::InternalLinkage,
                                        O.Body->getName() + ".thread", M);
    for (StringRef Kind : {"target-cpu", "target-features", "tune-cpu", "frame-pointer"})
      if (O.Body->hasFnAttribute(Kind))
        Thread->addFnAttr(O.Body->getFnAttribute(Kind));
    Thread->setDoesNotThrow();
    Thread->addParamAttr(0, Attribute::NoAlias);
    Thread->addParamAttr(1, Attribute::NoAlias);
    emitThread(*Thread, /*InMemory=*/Packed != nullptr);
    SmallVector<Value *, 20> Arguments = {identOf(M, IdentKmpc), B.getInt32(Words.size()), Thread};
    Arguments.append(Words.begin(), Words.end());
    B.CreateCall(runtime("__kmpc_fork_call", {B.getPtrTy(), B.getInt32Ty(), B.getPtrTy()}, true), Arguments);
  }

private:
  const Outlined &O;
  Module &M;
  LLVMContext &Ctx;
  StructType *Packed = nullptr; ///< what the body needs, if it goes through memory

  FunctionCallee runtime(StringRef Name, ArrayRef<Type *> Types, bool IsVarArg = false) {
    FunctionCallee Callee = M.getOrInsertFunction(Name, FunctionType::get(Type::getVoidTy(Ctx), Types, IsVarArg));
    if (auto *F = dyn_cast<Function>(Callee.getCallee()))
      F->setDoesNotThrow();
    return Callee;
  }

  bool isRange(const Value *V) const { return V == O.First || V == O.Last; }

  SmallVector<Value *, 16> captured() const {
    SmallVector<Value *, 16> Values;
    for (Value *V : O.Call->args())
      if (!isRange(V))
        Values.push_back(V);
    return Values;
  }

  AllocaInst *store(IRBuilder<> &B) {
    SmallVector<Type *, 16> Types;
    for (Value *V : captured())
      Types.push_back(V->getType());
    Packed = StructType::get(Ctx, Types);
    BasicBlock &Entry = O.Call->getFunction()->getEntryBlock();
    AllocaInst *Block =
        IRBuilder<>(&Entry, Entry.getFirstInsertionPt()).CreateAlloca(Packed, nullptr, "parallel.captured");
    for (auto [I, V] : enumerate(captured()))
      B.CreateStore(V, B.CreateStructGEP(Packed, Block, I));
    return Block;
  }

  /// Calls the body for this thread's part of the range.
  void emitThread(Function &Thread, bool InMemory) {
    BasicBlock *Entry = BasicBlock::Create(Ctx, "entry", &Thread);
    BasicBlock *Work = BasicBlock::Create(Ctx, "work", &Thread), *Done = BasicBlock::Create(Ctx, "done", &Thread);
    IRBuilder<> B(Entry);
    Type *Int = B.getInt32Ty(), *Long = B.getInt64Ty(), *Pointer = B.getPtrTy();
    AllocaInst *IsLast = B.CreateAlloca(Int), *Lower = B.CreateAlloca(Long), *Upper = B.CreateAlloca(Long),
               *Stride = B.CreateAlloca(Long);
    Value *First = Thread.getArg(2), *Count = Thread.getArg(3), *One = B.getInt64(1);
    // Blocks of iterations are shared out. Whoever has the last one does what is left over, too.
    Value *Together = B.getInt64(O.Together), *Blocks = B.CreateUDiv(Count, Together);
    Value *Limit = B.CreateSelect(B.CreateICmpEQ(Blocks, B.getInt64(0)), B.getInt64(0), B.CreateSub(Blocks, One));
    B.CreateStore(B.getInt32(0), IsLast);
    B.CreateStore(B.getInt64(0), Lower);
    B.CreateStore(Limit, Upper);
    B.CreateStore(B.getInt64(1), Stride);
    Value *Number = B.CreateLoad(Int, Thread.getArg(0)), *Ident = identOf(M, IdentKmpc | IdentLoop);
    B.CreateCall(
        runtime("__kmpc_for_static_init_8u", {Pointer, Int, Int, Pointer, Pointer, Pointer, Pointer, Long, Long}),
        {Ident, Number, B.getInt32(StaticSchedule), IsLast, Lower, Upper, Stride, B.getInt64(1), B.getInt64(1)});
    Value *From = B.CreateLoad(Long, Lower), *To = B.CreateLoad(Long, Upper);
    To = B.CreateSelect(B.CreateICmpULT(To, Limit), To, Limit);
    B.CreateCondBr(B.CreateICmpULE(From, To), Work, Done);
    B.SetInsertPoint(Work);
    Value *End = B.CreateSelect(B.CreateICmpEQ(To, Limit), Count, B.CreateMul(B.CreateAdd(To, One), Together));
    From = B.CreateAdd(First, B.CreateMul(From, Together));
    To = B.CreateAdd(First, End);
    SmallVector<Value *, 16> Arguments;
    unsigned Next = 0;
    for (Value *V : O.Call->args()) {
      if (isRange(V)) {
        Arguments.push_back(V == O.First ? From : To);
        continue;
      }
      Type *T = V->getType();
      Arguments.push_back(InMemory ? B.CreateLoad(T, B.CreateStructGEP(Packed, Thread.getArg(4), Next))
                                   : fromWord(B, Thread.getArg(4 + Next), T));
      ++Next;
    }
    B.CreateCall(O.Call->getCalledFunction(), Arguments);
    B.CreateBr(Done);
    B.SetInsertPoint(Done);
    B.CreateCall(runtime("__kmpc_for_static_fini", {Pointer, Int}), {Ident, Number});
    B.CreateRetVoid();
  }
};

} // namespace

/// How many iterations of the loop one call has to do. More than one if the optimiser may vectorise the loop itself,
/// which it may where there is no loop in it that it cannot unroll.
static unsigned iterationsTogether(Loop &L, DominatorTree &DT, LoopInfo &LI) {
  if (L.isInnermost())
    return VectorisedTogether;
  Function &F = *L.getHeader()->getParent();
  TargetLibraryInfoImpl Library(F.getParent()->getTargetTriple());
  TargetLibraryInfo TLI(Library, &F);
  AssumptionCache AC(F);
  ScalarEvolution SE(F, TLI, AC, DT, LI);
  bool MayVectorise = all_of(drop_begin(L.getLoopsInPreorder()), [&](Loop *Inner) {
    unsigned Most = SE.getSmallConstantMaxTripCount(Inner);
    return Most && Most <= MostUnrolled;
  });
  return MayVectorise ? UnrolledTogether : 1;
}

/// Turns the loop behind a marker into a parallel one if it has the promised form. Returns the function that the loop
/// has become, or null.
static Function *lower(CallInst &Marker, Loop &L, DominatorTree &DT, LoopInfo &LI) {
  Value *Ok = Marker.getArgOperand(0);
  for (BasicBlock *BB : L.blocks())
    for (Instruction &I : make_early_inc_range(*BB))
      if (isMarker(I))
        I.eraseFromParent(); // threads do not fork again
  std::optional<MarkedLoop> Found = recognise(L);
  if (!Found)
    return nullptr;
  DebugLoc Loc = Marker.getDebugLoc();
  std::optional<Outlined> O = outline(L, *Found, iterationsTogether(L, DT, LI));
  if (!O)
    return nullptr;
  if (!O->Call->getDebugLoc())
    O->Call->setDebugLoc(Loc);
  IRBuilder<> B(O->Call);
  Value *Parallel = B.CreateLogicalAnd(Ok, B.CreateICmp(Found->Enter, O->First, O->Last));
  Instruction *Then, *Else;
  SplitBlockAndInsertIfThenElse(Parallel, O->Call->getIterator(), &Then, &Else);
  O->Call->moveBefore(Else->getIterator());
  B.SetInsertPoint(Then);
  B.SetCurrentDebugLocation(O->Call->getDebugLoc());
  Fork(*O).emit(B, B.CreateSub(O->Last, O->First));
  return O->Body;
}

SmallVector<Function *, 2> lowerParallelLoops(Function &F, bool WithOpenMP) {
  SmallVector<Function *, 2> Bodies;
  lowerThreadCounts(F, WithOpenMP);
  Function *Declaration = F.getParent()->getFunction(MarkerName);
  if (!Declaration)
    return Bodies;
  for (;;) {
    CallInst *Marker = nullptr;
    for (Instruction &I : instructions(F))
      if (isMarker(I)) {
        Marker = cast<CallInst>(&I);
        break;
      }
    if (!Marker)
      break;
    DominatorTree DT(F);
    LoopInfo LI(DT);
    auto Loops = LI.getLoopsInPreorder();
    auto *At = find_if(Loops, [&](Loop *L) { return L->getLoopPreheader() == Marker->getParent(); });
    if (WithOpenMP && At != Loops.end())
      if (Function *Body = lower(*Marker, **At, DT, LI))
        Bodies.push_back(Body);
    Marker->eraseFromParent();
  }
  if (Declaration->use_empty() && Declaration->isDeclaration())
    Declaration->eraseFromParent();
  return Bodies;
}

} // namespace adstencil
