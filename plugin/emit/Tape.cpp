// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emit/Tape.h"

#include "emit/HideCounters.h"

#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

using namespace llvm;

namespace adstencil {

/// Records of the first block of memory. Small kernels never grow it, large ones double it some twenty times.
static constexpr uint64_t FirstCapacity = 1024;

AllocaInst *createVariable(IRBuilder<> &EntryBuilder, Type *T, const Twine &Name) {
  AllocaInst *A = EntryBuilder.CreateAlloca(T, nullptr, Name);
  EntryBuilder.CreateStore(Constant::getNullValue(T), A);
  return A;
}

void doNotUnroll(BranchInst *BackEdge) {
  LLVMContext &Ctx = BackEdge->getContext();
  Metadata *Option = MDNode::get(Ctx, MDString::get(Ctx, "llvm.loop.unroll.runtime.disable"));
  Metadata *Counter = MDNode::get(Ctx, MDString::get(Ctx, PlainCounter));
  MDNode *Properties = MDNode::getDistinct(Ctx, {nullptr, Option, Counter});
  Properties->replaceOperandWith(0, Properties);
  BackEdge->setMetadata(LLVMContext::MD_loop, Properties);
}

/// ptr __adstencil_grow(ptr data, i64 bytes): realloc that stops the program when there is no memory left.
Function *growFunction(Module &M) {
  if (Function *F = M.getFunction("__adstencil_grow"))
    return F;
  LLVMContext &Ctx = M.getContext();
  Type *Pointer = PointerType::getUnqual(Ctx);
  Type *Int = Type::getInt64Ty(Ctx);
  FunctionType *T = FunctionType::get(Pointer, {Pointer, Int}, false);
  auto *F = Function::Create(T, GlobalValue::InternalLinkage, "__adstencil_grow", M);
  F->addFnAttr(Attribute::Cold);
  F->addFnAttr(Attribute::NoInline);
  F->addFnAttr(Attribute::NoUnwind);
  IRBuilder<> B(BasicBlock::Create(Ctx, "entry", F));
  Value *New = B.CreateCall(M.getOrInsertFunction("realloc", T), {F->getArg(0), F->getArg(1)});
  BasicBlock *Fail = BasicBlock::Create(Ctx, "out.of.memory", F);
  BasicBlock *Good = BasicBlock::Create(Ctx, "good", F);
  B.CreateCondBr(B.CreateIsNull(New), Fail, Good);
  B.SetInsertPoint(Fail);
  B.CreateIntrinsic(B.getVoidTy(), Intrinsic::trap, {});
  B.CreateUnreachable();
  B.SetInsertPoint(Good);
  B.CreateRet(New);
  return F;
}

Stream::Stream(IRBuilder<> &EntryBuilder, ArrayRef<Type *> Fields, StringRef Name, bool Fixed) {
  Record = StructType::get(EntryBuilder.getContext(), Fields);
  Data = createVariable(EntryBuilder, EntryBuilder.getPtrTy(), Name + ".data");
  Size = createVariable(EntryBuilder, EntryBuilder.getInt64Ty(), Name + ".size");
  Capacity = createVariable(EntryBuilder, EntryBuilder.getInt64Ty(), Name + ".capacity");
  if (!Fixed)
    return;
  Array = EntryBuilder.CreateAlloca(Record, EntryBuilder.getInt64(0), Name + ".records");
  EntryBuilder.CreateStore(Array, Data);
  Limit = EntryBuilder.CreateStore(EntryBuilder.getInt64(0), Capacity);
}

void Stream::reserve(uint64_t Records) {
  if (!Array)
    return;
  Reserved += Records;
  Constant *Size = ConstantInt::get(Array->getArraySize()->getType(), Reserved);
  Array->setOperand(0, Size);
  Limit->setOperand(0, Size);
}

uint64_t Stream::recordSize() const { return Data->getDataLayout().getTypeAllocSize(Record); }

void Stream::push(IRBuilder<> &B, ArrayRef<Value *> Values) {
  Type *Int = B.getInt64Ty();
  Value *N = B.CreateLoad(Int, Size);
  Value *C = B.CreateLoad(Int, Capacity);
  if (Array) {
    Instruction *Next = &*B.GetInsertPoint();
    B.SetInsertPoint(SplitBlockAndInsertIfThen(B.CreateICmpEQ(N, C), Next->getIterator(), /*Unreachable=*/true));
    B.CreateIntrinsic(B.getVoidTy(), Intrinsic::trap, {});
    B.SetInsertPoint(Next);
    return write(B, N, Values);
  }
  Value *Full = B.CreateICmpEQ(N, C);
  // The builder stands in front of an instruction: code after the growth goes in front of it, too.
  Instruction *Next = &*B.GetInsertPoint();
  Instruction *Grow = SplitBlockAndInsertIfThen(Full, Next->getIterator(), /*Unreachable=*/false);
  B.SetInsertPoint(Grow);
  Value *Twice = B.CreateShl(C, 1);
  Value *NewCapacity = B.CreateSelect(B.CreateICmpEQ(C, B.getInt64(0)), B.getInt64(FirstCapacity), Twice);
  Value *Bytes = B.CreateMul(NewCapacity, B.getInt64(recordSize()));
  Module &M = *Next->getModule();
  B.CreateStore(B.CreateCall(growFunction(M), {B.CreateLoad(B.getPtrTy(), Data), Bytes}), Data);
  B.CreateStore(NewCapacity, Capacity);
  B.SetInsertPoint(Next);
  write(B, N, Values);
}

void Stream::write(IRBuilder<> &B, Value *N, ArrayRef<Value *> Values) {
  Value *Place = B.CreateGEP(Record, B.CreateLoad(B.getPtrTy(), Data), N);
  for (auto [I, V] : enumerate(Values))
    B.CreateStore(V, B.CreateStructGEP(Record, Place, I));
  B.CreateStore(B.CreateAdd(N, B.getInt64(1)), Size);
}

SmallVector<Value *, 4> Stream::pop(IRBuilder<> &B) {
  Value *N = B.CreateSub(B.CreateLoad(B.getInt64Ty(), Size), B.getInt64(1));
  B.CreateStore(N, Size);
  Value *Place = B.CreateGEP(Record, B.CreateLoad(B.getPtrTy(), Data), N);
  SmallVector<Value *, 4> Values;
  for (auto [I, T] : enumerate(Record->elements()))
    Values.push_back(B.CreateLoad(T, B.CreateStructGEP(Record, Place, I)));
  return Values;
}

Value *Stream::notEmpty(IRBuilder<> &B) { return B.CreateICmpNE(B.CreateLoad(B.getInt64Ty(), Size), B.getInt64(0)); }

void Stream::release(IRBuilder<> &B) {
  if (Array)
    return;
  Module &M = *Data->getModule();
  FunctionCallee Free = M.getOrInsertFunction("free", FunctionType::get(B.getVoidTy(), {B.getPtrTy()}, false));
  B.CreateCall(Free, {B.CreateLoad(B.getPtrTy(), Data)});
}

} // namespace adstencil
