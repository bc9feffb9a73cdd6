// Kernels whose threads do not wait for each other. What runs is
//
//     run(args, launch, begin, end, shared):
//       for each unit in [begin, end)
//         points: row(args..., x of the unit, y, z)
//         blocks: for tz, ty: row(args..., the block's x, ...)
//         parts:  row(args..., unit, units, ...)
//
//     row(args..., begin, end, ...):          the kernel's body inside `for (x = begin; x < end; ++x)`
//
// The row keeps the kernel's parameters and their attributes, so `__restrict__` holds for the whole loop, and stays a
// function of its own because of that. Threads that do not synchronise may not touch what another one writes; so
// iterations of the loop are independent (`parallel_accesses`), except for what they keep in a common local array.
//
// Atomic sums of floating-point numbers cost some twenty times a plain add. A second row with plain adds serves
// launches that the runtime executes alone, on one thread.
//
// The derivatives of grids that are gathered (emit/Gather.h) bring loops of their own. Their rows have none around the
// body, which asks for its part of the work.
//
// Early ends of a thread (`return`) go to the next iteration. Local variables are not initialised in a new thread, so
// one copy serves all.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "device/Threads.h"

#include "llvm/Analysis/CaptureTracking.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include "llvm/Transforms/Utils/Local.h"
#include "llvm/Transforms/Utils/ValueMapper.h"

using namespace llvm;

namespace adstencil {

namespace {
/// The parameters of a row behind those of the kernel.
enum RowParameter { Begin, End, PointY, PointZ, BlockX, BlockY, BlockZ, ThreadY, ThreadZ, Launch, Shared, Sums, Count };

class RowWriter {
public:
  RowWriter(DeviceModule &D, DeviceKernel &K)
      : D(D), K(K), M(D.M), Ctx(M.getContext()), Int(Type::getInt32Ty(Ctx)), Long(Type::getInt64Ty(Ctx)),
        Double(Type::getDoubleTy(Ctx)), Pointer(PointerType::get(Ctx, 0)), First(K.F->arg_size()) {}

  void run() {
    K.Adds = any_of(instructions(*K.F), isSum);
    writeRun();
    writeRow();
    if (K.Adds)
      writeRowAlone();
  }

private:
  DeviceModule &D;
  DeviceKernel &K;
  Module &M;
  LLVMContext &Ctx;
  IntegerType *Int, *Long;
  Type *Double;
  PointerType *Pointer;
  unsigned First; ///< the number of the first parameter that is not the kernel's
  Function *Row = nullptr;
  Function *RowAlone = nullptr;     ///< null if the kernel has no atomic sums
  Value *Callee = nullptr;          ///< in `run`: one of the two
  SmallVector<bool, 4> ShadowKnown; ///< by slot: `run` says where the sum goes

  Argument *argument(RowParameter P) { return Row->getArg(First + P); }
  unsigned slots() const { return K.ReductionBytes.size(); }

  /// True for an atomic sum whose result nobody uses.
  static bool isSum(const Instruction &I) {
    const auto *X = dyn_cast<AtomicRMWInst>(&I);
    return X && X->getOperation() == AtomicRMWInst::FAdd && X->use_empty() && !X->isVolatile();
  }

  /// The row with plain adds. They meet cells of other threads, so they are no part of what makes iterations
  /// independent.
  void writeRowAlone() {
    ValueToValueMapTy Map;
    for (auto [Old, New] : zip(Row->args(), RowAlone->args()))
      Map[&Old] = &New;
    SmallVector<ReturnInst *, 2> Returns;
    CloneFunctionInto(RowAlone, Row, Map, CloneFunctionChangeType::LocalChangesOnly, Returns);
    for (Instruction &I : make_early_inc_range(instructions(*RowAlone))) {
      if (!isSum(I))
        continue;
      auto &X = cast<AtomicRMWInst>(I);
      IRBuilder<> B(&X);
      Value *Old = B.CreateAlignedLoad(X.getValOperand()->getType(), X.getPointerOperand(), X.getAlign());
      B.CreateAlignedStore(B.CreateFAdd(Old, X.getValOperand()), X.getPointerOperand(), X.getAlign());
      X.eraseFromParent();
    }
  }

  // ---- run ----

  void declareRow() {
    SmallVector<Type *, 16> Types(K.F->getFunctionType()->params());
    for (unsigned P = 0; P != Count; ++P)
      Types.push_back(P < Launch ? static_cast<Type *>(Int) : Pointer);
    Row = Function::Create(FunctionType::get(Type::getVoidTy(Ctx), Types, false), GlobalValue::InternalLinkage,
                           K.Symbol + ".row", M);
    Row->copyAttributesFrom(K.F);
    Row->setLinkage(GlobalValue::InternalLinkage);
    Row->setDSOLocal(true);
    Row->removeFnAttr(Attribute::Memory);
    // Its callers would turn `__restrict__` into scopes of one row, which the loop would then have to be proved by.
    Row->addFnAttr(Attribute::NoInline);
    for (Argument &A : K.F->args())
      Row->getArg(A.getArgNo())->setName(A.getName());
    static constexpr StringLiteral Names[Count] = {"begin",   "end",      "y",        "z",      "block.x", "block.y",
                                                   "block.z", "thread.y", "thread.z", "launch", "shared",  "sums"};
    for (unsigned P = 0; P != Count; ++P) {
      argument(RowParameter(P))->setName(Names[P]);
      if (P < Launch)
        Row->addParamAttr(First + P, Attribute::get(Ctx, Attribute::Range,
                                                    ConstantRange(APInt(32, 0), APInt::getSignedMinValue(32))));
    }
    for (Argument &A : K.F->args())
      if (A.hasByValAttr()) {
        Row->removeParamAttr(A.getArgNo(), Attribute::ByVal);
        Row->addParamAttr(A.getArgNo(), Attribute::NoAlias);
        Row->addParamAttr(A.getArgNo(), Attribute::ReadOnly);
        Row->addParamAttr(A.getArgNo(), Attribute::getWithDereferenceableBytes(
                                            Ctx, M.getDataLayout().getTypeStoreSize(A.getParamByValType())));
      }
    for (RowParameter P : {Launch, Shared, Sums})
      Row->addParamAttr(First + P, Attribute::NoAlias);
    if (!K.Adds)
      return;
    RowAlone = Function::Create(Row->getFunctionType(), GlobalValue::InternalLinkage, K.Symbol + ".row.alone", M);
    RowAlone->copyAttributesFrom(Row);
    RowAlone->setDSOLocal(true);
  }

  /// Copies the computation of V, from the kernel's arguments, to B. Null if it is more than that.
  Value *copy(Value *V, IRBuilderBase &B, ValueToValueMapTy &Arguments, unsigned Depth = 0) {
    if (isa<Constant>(V))
      return V;
    if (isa<Argument>(V))
      return Arguments[V];
    auto *I = dyn_cast<Instruction>(V);
    if (!I || Depth > 8 || !isa<GetElementPtrInst, CastInst, LoadInst>(I))
      return nullptr;
    if (auto *L = dyn_cast<LoadInst>(I)) {
      auto *A = dyn_cast<Argument>(getUnderlyingObject(L->getPointerOperand()));
      if (!A || !A->hasByValAttr() || !isReadOnlyRecord(*A))
        return nullptr;
    }
    SmallVector<Value *, 4> Operands;
    for (Value *Operand : I->operands()) {
      Operands.push_back(copy(Operand, B, Arguments, Depth + 1));
      if (!Operands.back())
        return nullptr;
    }
    Instruction *New = I->clone();
    for (auto [Index, Operand] : enumerate(Operands))
      New->setOperand(Index, Operand);
    New->setDebugLoc(DebugLoc());
    return B.Insert(New);
  }

  /// Says where sums go, as far as that can be told before any thread runs.
  void storeShadows(IRBuilderBase &B, Value *Launched, ValueToValueMapTy &Arguments) {
    ShadowKnown.assign(slots(), false);
    for (Instruction &I : instructions(*K.F)) {
      if (!isReduction(&I))
        continue;
      unsigned Slot = cast<ConstantInt>(cast<CallInst>(I).getArgOperand(2))->getZExtValue();
      if (ShadowKnown[Slot])
        continue;
      if (Value *Shadow = copy(cast<CallInst>(I).getArgOperand(1), B, Arguments)) {
        storeShadow(B, Launched, Slot, Shadow);
        ShadowKnown[Slot] = true;
      }
    }
  }

  void storeShadow(IRBuilderBase &B, Value *Launched, unsigned Slot, Value *Shadow) {
    Value *Place = B.CreateConstInBoundsGEP1_64(Pointer, launch::shadows(B, Launched), Slot);
    B.CreateAlignedStore(Shadow, Place, Align(8))->setAtomic(AtomicOrdering::Monotonic);
  }

  /// A loop `for (i = From; i < To; ++i)`. B is moved into its body; the loop is closed by closeLoop.
  struct Loop {
    PHINode *Index;
    BasicBlock *Head, *After;
    Value *To;
  };
  Loop openLoop(IRBuilderBase &B, Value *From, Value *To, const Twine &Name) {
    Function *F = B.GetInsertBlock()->getParent();
    BasicBlock *Before = B.GetInsertBlock();
    Loop L{nullptr, BasicBlock::Create(Ctx, Name, F), BasicBlock::Create(Ctx, Name + ".end", F), To};
    B.CreateCondBr(B.CreateICmpULT(From, To), L.Head, L.After);
    B.SetInsertPoint(L.Head);
    L.Index = B.CreatePHI(From->getType(), 2, Name);
    L.Index->addIncoming(From, Before);
    return L;
  }
  void closeLoop(IRBuilderBase &B, Loop &L) {
    Value *Next = B.CreateNUWAdd(L.Index, ConstantInt::get(L.Index->getType(), 1));
    L.Index->addIncoming(Next, B.GetInsertBlock());
    B.CreateCondBr(B.CreateICmpULT(Next, L.To), L.Head, L.After);
    B.SetInsertPoint(L.After);
  }

  void writeRun() {
    declareRow();
    auto *T = FunctionType::get(Type::getVoidTy(Ctx), {Pointer, Pointer, Long, Long, Pointer}, false);
    Function *Run = Function::Create(T, GlobalValue::InternalLinkage, K.Symbol + ".run", M);
    Run->setAttributes(AttributeList::get(Ctx, K.F->getAttributes().getFnAttrs(), {}, {}));
    Run->removeFnAttr(Attribute::Memory);
    K.Run = Run;
    static constexpr StringLiteral Names[] = {"args", "launch", "begin", "end", "shared"};
    for (auto [A, Name] : zip(Run->args(), Names))
      A.setName(Name);
    Value *Launched = Run->getArg(1);

    IRBuilder<> B(BasicBlock::Create(Ctx, "", Run));
    AllocaInst *Sum = slots() ? B.CreateAlloca(Double, B.getInt32(slots()), "sums") : nullptr;
    SmallVector<Value *, 16> Arguments;
    ValueToValueMapTy Loaded;
    for (Argument &A : K.F->args()) {
      Arguments.push_back(loadArgument(B, Run->getArg(0), A));
      Loaded[&A] = Arguments.back();
    }
    if (slots())
      storeShadows(B, Launched, Loaded);
    Arguments.append(Count, ConstantInt::get(Int, 0));
    Arguments[First + Launch] = Launched;
    Arguments[First + Shared] = Run->getArg(4);
    Arguments[First + Sums] = Sum ? static_cast<Value *>(Sum) : ConstantPointerNull::get(Pointer);

    Value *Block[3], *Grid[3], *Size[3];
    for (unsigned Axis = 0; Axis != 3; ++Axis) {
      Block[Axis] = launch::blockSize(B, Launched, Axis);
      Grid[Axis] = launch::gridSize(B, Launched, Axis);
      Size[Axis] = B.CreateZExt(B.CreateMul(Block[Axis], Grid[Axis], "", true, true), Long);
    }
    Callee = Row;
    if (RowAlone)
      Callee = B.CreateSelect(B.CreateIsNotNull(launch::alone(B, Launched)), RowAlone, Row);
    Value *Chunk = K.Kind == KernelKind::Points ? launch::chunk(B, Launched) : nullptr;
    Value *Partials = slots() ? launch::partials(B, Launched) : nullptr;

    Loop Units = openLoop(B, Run->getArg(2), Run->getArg(3), "unit");
    for (unsigned Slot = 0; Slot != slots(); ++Slot)
      B.CreateStore(ConstantFP::get(Double, 0), B.CreateConstInBoundsGEP1_64(Double, Sum, Slot));
    if (K.Kind == KernelKind::Points) {
      callPoints(B, Arguments, Units.Index, Size, Chunk);
    } else if (K.Kind == KernelKind::Parts) {
      Arguments[First + Begin] = narrow(B, Units.Index);
      Arguments[First + End] = narrow(B, launch::chunk(B, Launched));
      B.CreateCall(Row->getFunctionType(), Callee, Arguments);
    } else {
      callBlock(B, Arguments, Units.Index, Grid, Block);
    }
    for (unsigned Slot = 0; Slot != slots(); ++Slot) {
      Value *Place = B.CreateAdd(B.CreateMul(Units.Index, B.getInt64(slots())), B.getInt64(Slot));
      B.CreateStore(B.CreateLoad(Double, B.CreateConstInBoundsGEP1_64(Double, Sum, Slot)),
                    B.CreateInBoundsGEP(Double, Partials, Place));
    }
    closeLoop(B, Units);
    B.CreateRetVoid();
  }

  Value *narrow(IRBuilderBase &B, Value *V) { return B.CreateTrunc(V, Int); }

  void callPoints(IRBuilderBase &B, SmallVectorImpl<Value *> &Arguments, Value *Unit, Value *const Size[3],
                  Value *Chunk) {
    Value *Columns = B.CreateUDiv(B.CreateAdd(Size[0], B.CreateSub(Chunk, B.getInt64(1))), Chunk);
    Value *Rest = B.CreateUDiv(Unit, Columns);
    Value *From = B.CreateMul(B.CreateURem(Unit, Columns), Chunk);
    Value *To = B.CreateBinaryIntrinsic(Intrinsic::umin, B.CreateAdd(From, Chunk), Size[0]);
    Arguments[First + Begin] = narrow(B, From);
    Arguments[First + End] = narrow(B, To);
    Arguments[First + PointY] = narrow(B, B.CreateURem(Rest, Size[1]));
    Arguments[First + PointZ] = narrow(B, B.CreateUDiv(Rest, Size[1]));
    B.CreateCall(Row->getFunctionType(), Callee, Arguments);
  }

  void callBlock(IRBuilderBase &B, SmallVectorImpl<Value *> &Arguments, Value *Unit, Value *const Grid[3],
                 Value *const Block[3]) {
    Value *Rest = Unit, *Index[3];
    for (unsigned Axis = 0; Axis != 2; ++Axis) {
      Value *Extent = B.CreateZExt(Grid[Axis], Long);
      Index[Axis] = narrow(B, B.CreateURem(Rest, Extent));
      Rest = B.CreateUDiv(Rest, Extent);
    }
    Index[2] = narrow(B, Rest);
    Value *Start[3];
    for (unsigned Axis = 0; Axis != 3; ++Axis) {
      Arguments[First + BlockX + Axis] = Index[Axis];
      Start[Axis] = B.CreateMul(Index[Axis], Block[Axis], "", true, true);
    }
    Arguments[First + Begin] = Start[0];
    Arguments[First + End] = B.CreateAdd(Start[0], Block[0], "", true, true);
    Loop Z = openLoop(B, B.getInt32(0), Block[2], "thread.z");
    Loop Y = openLoop(B, B.getInt32(0), Block[1], "thread.y");
    Arguments[First + ThreadY] = Y.Index;
    Arguments[First + ThreadZ] = Z.Index;
    Arguments[First + PointY] = B.CreateAdd(Start[1], Y.Index, "", true, true);
    Arguments[First + PointZ] = B.CreateAdd(Start[2], Z.Index, "", true, true);
    B.CreateCall(Row->getFunctionType(), Callee, Arguments);
    closeLoop(B, Y);
    closeLoop(B, Z);
  }

  // ---- row ----

  void writeRow() {
    Row->setSubprogram(K.F->getSubprogram());
    K.F->setSubprogram(nullptr);
    BasicBlock *Body = &K.F->getEntryBlock();
    Row->splice(Row->end(), K.F);
    if (K.Kind == KernelKind::Parts)
      return writePart(Body);
    BasicBlock *Entry = BasicBlock::Create(Ctx, "", Row, Body);
    BasicBlock *Head = BasicBlock::Create(Ctx, "x", Row, Body);
    BasicBlock *Latch = BasicBlock::Create(Ctx, "x.next", Row);
    BasicBlock *Done = BasicBlock::Create(Ctx, "x.end", Row);
    IRBuilder<> B(Entry);
    B.CreateUnreachable(); // until the bounds are known
    moveAllocas(*Body, *Entry);
    B.SetInsertPoint(Entry->getTerminator());
    SmallPtrSet<Value *, 8> Unchanging = {argument(Launch)};
    for (Argument &A : K.F->args())
      A.replaceAllUsesWith(takeArgument(B, A, Body, Unchanging));
    for (BasicBlock &BB : *Row)
      if (auto *Return = dyn_cast_or_null<ReturnInst>(BB.getTerminator())) {
        BranchInst::Create(Latch, Return->getIterator())->setDebugLoc(Return->getDebugLoc());
        Return->eraseFromParent();
      }

    IRBuilder<> InHead(Head);
    PHINode *X = InHead.CreatePHI(Int, 2, "x");
    InHead.CreateBr(Body);
    replaceIndices(B, InHead, X, Head);
    if (K.Kind == KernelKind::Blocks)
      placeShared(D, &K, *Row, argument(Shared));

    IRBuilder<>(Done).CreateRetVoid();
    RowLoop L;
    L.Entry = Entry;
    L.Head = Head;
    L.First = Body;
    L.Latch = Latch;
    L.Exit = Done;
    L.X = X;
    L.Begin = argument(Begin);
    L.End = argument(End);
    L.Unchanging = Unchanging;
    L.Outside.insert(Entry);
    if (D.Optimised) {
      hoistGuards(L);
      while (!hasLocals(*Entry) && interchange(L))
        hoistGuards(L);
    }
    BranchInst *Back = closeLoop(L);
    sumReductions(Entry, Done);
    removeUnreachableBlocks(*Row);
    if (D.Optimised)
      markParallel(Back);
  }

  /// The row of a kernel that knows how to do a part of the work.
  void writePart(BasicBlock *Body) {
    BasicBlock *Entry = BasicBlock::Create(Ctx, "", Row, Body);
    BasicBlock *Done = BasicBlock::Create(Ctx, "part.end", Row);
    IRBuilder<> B(Entry);
    B.CreateBr(Body);
    moveAllocas(*Body, *Entry);
    B.SetInsertPoint(Entry->getTerminator());
    SmallPtrSet<Value *, 8> Unchanging;
    for (Argument &A : K.F->args())
      A.replaceAllUsesWith(takeArgument(B, A, Body, Unchanging));
    for (BasicBlock &BB : *Row)
      if (auto *Return = dyn_cast_or_null<ReturnInst>(BB.getTerminator())) {
        BranchInst::Create(Done, Return->getIterator());
        Return->eraseFromParent();
      }
    IRBuilder<>(Done).CreateRetVoid();
    Value *Unit = B.CreateZExt(argument(Begin), Long), *Units = B.CreateZExt(argument(End), Long);
    Value *Phase = launch::phase(B, argument(Launch));
    for (Instruction &I : make_early_inc_range(instructions(*Row))) {
      Value *New = isPart(&I, "adstencil.unit")    ? Unit
                   : isPart(&I, "adstencil.units") ? Units
                   : isPart(&I, "adstencil.phase") ? Phase
                                                   : nullptr;
      if (!New)
        continue;
      I.replaceAllUsesWith(New);
      I.eraseFromParent();
    }
    adstencil::replaceIndices(*Row, [&](StringRef Register, unsigned Axis) {
      return Register == "ntid" ? launch::blockSize(B, argument(Launch), Axis)
                                : launch::gridSize(B, argument(Launch), Axis);
    });
    sumReductions(Entry, Done);
    removeUnreachableBlocks(*Row);
  }

  /// Writes what is missing of `for (x = Begin; x < End; ++x)`; returns the branch back.
  BranchInst *closeLoop(RowLoop &L) {
    IRBuilder<> B(L.Entry->getTerminator());
    Value *Runs = B.CreateICmpSLT(L.Begin, L.End);
    if (L.Any)
      Runs = B.CreateAnd(Runs, L.Any);
    B.CreateCondBr(Runs, L.Head, L.Exit);
    L.Entry->getTerminator()->eraseFromParent();
    L.X->addIncoming(L.Begin, L.Entry);
    B.SetInsertPoint(L.Latch);
    Value *Next = B.CreateAdd(L.X, B.getInt32(1), "", true, true);
    L.X->addIncoming(Next, L.Latch);
    return B.CreateCondBr(B.CreateICmpSLT(Next, L.End), L.Head, L.Exit);
  }

  /// True if threads keep something in memory of their own: then a thread runs to its end before the next one begins.
  static bool hasLocals(BasicBlock &Entry) {
    return any_of(Entry, [](Instruction &I) { return isa<AllocaInst>(I) && !isInstructionTriviallyDead(&I); });
  }

  /// What stands for the kernel's parameter A in the row.
  Value *takeArgument(IRBuilderBase &B, Argument &A, BasicBlock *Body, SmallPtrSetImpl<Value *> &Unchanging) {
    Argument *Given = Row->getArg(A.getArgNo());
    if (!A.hasByValAttr())
      return Given;
    if (isReadOnlyRecord(A)) {
      Unchanging.insert(Given);
      return Given;
    }
    // Every thread has its own copy.
    auto *Own = B.CreateAlloca(A.getParamByValType(), nullptr, A.getName());
    Align Alignment = A.getParamAlign().valueOrOne();
    Own->setAlignment(Alignment);
    IRBuilder<> InBody(Body, Body->begin());
    InBody.CreateMemCpy(Own, Alignment, Given, Alignment, M.getDataLayout().getTypeStoreSize(A.getParamByValType()));
    return Own;
  }

  void replaceIndices(IRBuilder<> &B, IRBuilder<> &InHead, PHINode *X, BasicBlock *Head) {
    DenseMap<std::pair<StringRef, unsigned>, Value *> Known;
    Value *Launched = argument(Launch);
    auto ValueOf = [&](StringRef Register, unsigned Axis) -> Value * {
      if (Register == "point")
        return Axis == 0 ? X : static_cast<Value *>(argument(Axis == 1 ? PointY : PointZ));
      if (Register == "ctaid")
        return argument(RowParameter(BlockX + Axis));
      if (Register == "tid" && Axis != 0)
        return argument(Axis == 1 ? ThreadY : ThreadZ);
      Value *&V = Known[{Register, Axis}];
      if (V)
        return V;
      if (Register == "tid") {
        Value *Start = B.CreateMul(argument(BlockX), launch::blockSize(B, Launched, 0), "", true, true);
        InHead.SetInsertPoint(Head->getTerminator());
        return V = InHead.CreateSub(X, Start, "thread.x", true, true);
      }
      return V = Register == "ntid" ? launch::blockSize(B, Launched, Axis) : launch::gridSize(B, Launched, Axis);
    };
    adstencil::replaceIndices(*Row, ValueOf);
  }

  /// Sums of active scalars: a local sum over the row, added to that of the unit at the end.
  void sumReductions(BasicBlock *Entry, BasicBlock *Done) {
    SmallVector<AllocaInst *, 4> Local;
    IRBuilder<> B(Entry, Entry->getFirstInsertionPt());
    for (unsigned Slot = 0; Slot != slots(); ++Slot) {
      Local.push_back(B.CreateAlloca(Double, nullptr, "sum"));
      B.CreateStore(ConstantFP::get(Double, 0), Local.back());
    }
    for (Instruction &I : make_early_inc_range(instructions(*Row))) {
      if (!isReduction(&I))
        continue;
      auto &Call = cast<CallInst>(I);
      unsigned Slot = cast<ConstantInt>(Call.getArgOperand(2))->getZExtValue();
      B.SetInsertPoint(&Call);
      // One order for one binary is what is promised; the vectoriser may choose which.
      FastMathFlags Flags;
      Flags.setAllowReassoc();
      Flags.setNoSignedZeros();
      auto *Sum = cast<Instruction>(
          B.CreateFAdd(B.CreateLoad(Double, Local[Slot]), B.CreateFPExt(Call.getArgOperand(0), Double)));
      Sum->setFastMathFlags(Flags);
      B.CreateStore(Sum, Local[Slot]);
      if (!ShadowKnown[Slot])
        storeShadow(B, argument(Launch), Slot, Call.getArgOperand(1));
      Call.eraseFromParent();
    }
    B.SetInsertPoint(Done->getTerminator());
    for (unsigned Slot = 0; Slot != slots(); ++Slot) {
      Value *Place = B.CreateConstInBoundsGEP1_64(Double, argument(Sums), Slot);
      B.CreateStore(B.CreateFAdd(B.CreateLoad(Double, Place), B.CreateLoad(Double, Local[Slot])), Place);
    }
  }

  /// True if the pointer cannot lead to one of the row's local variables.
  static bool isOutside(const Value *Address, bool LocalsEscape) {
    SmallVector<const Value *, 4> Objects;
    getUnderlyingObjects(Address, Objects);
    return all_of(Objects, [&](const Value *Object) {
      return isa<Argument, GlobalValue>(Object) || (!isa<AllocaInst>(Object) && !LocalsEscape);
    });
  }

  /// Tells the vectoriser that iterations are independent.
  void markParallel(BranchInst *Back) {
    bool LocalsEscape = false;
    for (Instruction &I : Row->getEntryBlock())
      if (auto *A = dyn_cast<AllocaInst>(&I))
        LocalsEscape |= PointerMayBeCaptured(A, /*ReturnCaptures=*/true);
    MDNode *Group = MDNode::getDistinct(Ctx, {});
    for (BasicBlock &BB : *Row) {
      if (&BB == &Row->getEntryBlock())
        continue;
      for (Instruction &I : BB) {
        bool Outside = false;
        if (auto *Load = dyn_cast<LoadInst>(&I))
          Outside = !Load->isVolatile() && isOutside(Load->getPointerOperand(), LocalsEscape);
        else if (auto *Store = dyn_cast<StoreInst>(&I))
          Outside = !Store->isVolatile() && isOutside(Store->getPointerOperand(), LocalsEscape);
        else if (auto *Transfer = dyn_cast<MemTransferInst>(&I))
          Outside = isOutside(Transfer->getDest(), LocalsEscape) && isOutside(Transfer->getSource(), LocalsEscape);
        else if (auto *Set = dyn_cast<MemSetInst>(&I))
          Outside = isOutside(Set->getDest(), LocalsEscape);
        if (Outside && !I.isAtomic())
          I.setMetadata(LLVMContext::MD_access_group, Group);
      }
    }
    MDNode *Parallel = MDNode::get(Ctx, {MDString::get(Ctx, "llvm.loop.parallel_accesses"), Group});
    MDNode *Properties = MDNode::getDistinct(Ctx, {nullptr, Parallel});
    Properties->replaceOperandWith(0, Properties);
    Back->setMetadata(LLVMContext::MD_loop, Properties);
  }
};
} // namespace

void emitRun(DeviceModule &D, DeviceKernel &K) { RowWriter(D, K).run(); }

} // namespace adstencil
