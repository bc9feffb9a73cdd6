// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emit/GridSum.h"

#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"
#include "llvm/Transforms/Utils/Cloning.h"

using namespace llvm;

namespace adstencil {

static constexpr StringLiteral SumPrefix = "adstencil.reduce.";

/// Bytes in front of the partial sums: a counter of finished blocks, padded.
static constexpr uint64_t HeaderBytes = 16;

Function *gridSumFunction(Module &M, Type *T) {
  LLVMContext &Ctx = M.getContext();
  std::string Name = (SumPrefix + (T->isFloatTy() ? "f32" : "f64")).str();
  auto Callee = M.getOrInsertFunction(
      Name, FunctionType::get(Type::getVoidTy(Ctx), {T, PointerType::getUnqual(Ctx), Type::getInt32Ty(Ctx)}, false));
  auto *F = cast<Function>(Callee.getCallee());
  F->setDoesNotThrow();
  F->setConvergent();
  return F;
}

bool hasGridSums(const Request &R) {
  return R.OnGrid && R.TheMode != DerivativeMode::Tangent &&
         any_of(R.Parameters, [](const RequestParameter &P) { return P.Kind == 's' && P.HasShadow; });
}

/// What the device needs, in the words of the device:
///
///     block_sum(v)                    the sum of v over the block, in every thread; tree over the linear thread index
///     put(v, buffer, slot, slots)     writes the block's sum to buffer[slot] of this block
///     is_last(buffer)                 true in all threads of the block that gets here last
///     total(buffer, slot, slots)      the sum over all blocks
static constexpr StringLiteral Library = R"(
@__adstencil_sums = internal addrspace(3) global [1024 x double] poison, align 8
@__adstencil_last = internal addrspace(3) global i32 poison, align 4

declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.tid.y()
declare i32 @llvm.nvvm.read.ptx.sreg.tid.z()
declare i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ntid.y()
declare i32 @llvm.nvvm.read.ptx.sreg.ntid.z()
declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.y()
declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.z()
declare i32 @llvm.nvvm.read.ptx.sreg.nctaid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.nctaid.y()
declare i32 @llvm.nvvm.read.ptx.sreg.nctaid.z()
declare void @llvm.nvvm.barrier.cta.sync.aligned.all(i32)

define internal i32 @__adstencil_thread() nounwind {
  %x = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %y = call i32 @llvm.nvvm.read.ptx.sreg.tid.y()
  %z = call i32 @llvm.nvvm.read.ptx.sreg.tid.z()
  %nx = call i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
  %ny = call i32 @llvm.nvvm.read.ptx.sreg.ntid.y()
  %zy = mul i32 %z, %ny
  %y2 = add i32 %y, %zy
  %y3 = mul i32 %y2, %nx
  %t = add i32 %x, %y3
  ret i32 %t
}

define internal i32 @__adstencil_threads() nounwind {
  %nx = call i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
  %ny = call i32 @llvm.nvvm.read.ptx.sreg.ntid.y()
  %nz = call i32 @llvm.nvvm.read.ptx.sreg.ntid.z()
  %nxy = mul i32 %nx, %ny
  %n = mul i32 %nxy, %nz
  ret i32 %n
}

define internal i64 @__adstencil_block() nounwind {
  %x = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %y = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.y()
  %z = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.z()
  %nx = call i32 @llvm.nvvm.read.ptx.sreg.nctaid.x()
  %ny = call i32 @llvm.nvvm.read.ptx.sreg.nctaid.y()
  %x64 = zext i32 %x to i64
  %y64 = zext i32 %y to i64
  %z64 = zext i32 %z to i64
  %nx64 = zext i32 %nx to i64
  %ny64 = zext i32 %ny to i64
  %zy = mul i64 %z64, %ny64
  %y2 = add i64 %y64, %zy
  %y3 = mul i64 %y2, %nx64
  %b = add i64 %x64, %y3
  ret i64 %b
}

define internal i64 @__adstencil_blocks() nounwind {
  %nx = call i32 @llvm.nvvm.read.ptx.sreg.nctaid.x()
  %ny = call i32 @llvm.nvvm.read.ptx.sreg.nctaid.y()
  %nz = call i32 @llvm.nvvm.read.ptx.sreg.nctaid.z()
  %nx64 = zext i32 %nx to i64
  %ny64 = zext i32 %ny to i64
  %nz64 = zext i32 %nz to i64
  %nxy = mul i64 %nx64, %ny64
  %n = mul i64 %nxy, %nz64
  ret i64 %n
}

define internal double @__adstencil_block_sum(double %v) convergent noinline nounwind {
entry:
  %t = call i32 @__adstencil_thread()
  %n = call i32 @__adstencil_threads()
  %mine = getelementptr [1024 x double], ptr addrspace(3) @__adstencil_sums, i32 0, i32 %t
  store double %v, ptr addrspace(3) %mine
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  br label %level
level:
  %half = phi i32 [ 512, %entry ], [ %next, %done ]
  %other = add i32 %t, %half
  %low = icmp ult i32 %t, %half
  %exists = icmp ult i32 %other, %n
  %adds = and i1 %low, %exists
  br i1 %adds, label %add, label %done
add:
  %theirs = getelementptr [1024 x double], ptr addrspace(3) @__adstencil_sums, i32 0, i32 %other
  %a = load double, ptr addrspace(3) %mine
  %b = load double, ptr addrspace(3) %theirs
  %sum = fadd double %a, %b
  store double %sum, ptr addrspace(3) %mine
  br label %done
done:
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  %next = lshr i32 %half, 1
  %end = icmp eq i32 %next, 0
  br i1 %end, label %exit, label %level
exit:
  %r = load double, ptr addrspace(3) @__adstencil_sums
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  ret double %r
}

define internal void @__adstencil_put(double %v, ptr %buffer, i32 %slot, i32 %slots) convergent noinline nounwind {
entry:
  %sum = call double @__adstencil_block_sum(double %v)
  %t = call i32 @__adstencil_thread()
  %first = icmp eq i32 %t, 0
  br i1 %first, label %write, label %exit
write:
  %b = call i64 @__adstencil_block()
  %slots64 = zext i32 %slots to i64
  %slot64 = zext i32 %slot to i64
  %row = mul i64 %b, %slots64
  %i = add i64 %row, %slot64
  %i2 = add i64 %i, 2
  %p = getelementptr double, ptr %buffer, i64 %i2
  store double %sum, ptr %p
  br label %exit
exit:
  ret void
}

define internal i1 @__adstencil_is_last(ptr %buffer) convergent noinline nounwind {
entry:
  %t = call i32 @__adstencil_thread()
  %first = icmp eq i32 %t, 0
  br i1 %first, label %count, label %wait
count:
  fence syncscope("device") seq_cst
  %old = atomicrmw add ptr %buffer, i64 1 syncscope("device") monotonic
  %blocks = call i64 @__adstencil_blocks()
  %behind = sub i64 %blocks, 1
  %is = icmp eq i64 %old, %behind
  %flag = zext i1 %is to i32
  store i32 %flag, ptr addrspace(3) @__adstencil_last
  br label %wait
wait:
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  %f = load i32, ptr addrspace(3) @__adstencil_last
  fence syncscope("device") seq_cst
  %last = icmp ne i32 %f, 0
  ret i1 %last
}

define internal double @__adstencil_total(ptr %buffer, i32 %slot, i32 %slots) convergent noinline nounwind {
entry:
  %t = call i32 @__adstencil_thread()
  %n = call i32 @__adstencil_threads()
  %blocks = call i64 @__adstencil_blocks()
  %slots64 = zext i32 %slots to i64
  %slot64 = zext i32 %slot to i64
  %t64 = zext i32 %t to i64
  %n64 = zext i32 %n to i64
  br label %test
test:
  %b = phi i64 [ %t64, %entry ], [ %b2, %body ]
  %v = phi double [ 0.0, %entry ], [ %v2, %body ]
  %more = icmp ult i64 %b, %blocks
  br i1 %more, label %body, label %exit
body:
  %row = mul i64 %b, %slots64
  %i = add i64 %row, %slot64
  %i2 = add i64 %i, 2
  %p = getelementptr double, ptr %buffer, i64 %i2
  %x = load volatile double, ptr %p
  %v2 = fadd double %v, %x
  %b2 = add i64 %b, %n64
  br label %test
exit:
  %sum = call double @__adstencil_block_sum(double %v)
  ret double %sum
}
)";

static Function *libraryFunction(Module &M, StringRef Name) {
  if (Function *F = M.getFunction(Name))
    return F;
  SMDiagnostic Error;
  LLVMContext &Ctx = M.getContext();
  bool Discards = Ctx.shouldDiscardValueNames(); // text is names
  Ctx.setDiscardValueNames(false);
  std::unique_ptr<Module> L = parseAssemblyString(Library, Error, Ctx);
  Ctx.setDiscardValueNames(Discards);
  if (!L)
    report_fatal_error("adstencil: the device library does not parse: " + Twine(Error.getMessage()));
  L->setTargetTriple(M.getTargetTriple());
  L->setDataLayout(M.getDataLayout());
  SmallVector<std::string, 8> Names;
  for (Function &F : *L)
    if (!F.isDeclaration()) {
      F.setLinkage(GlobalValue::ExternalLinkage); // the linker drops internal functions that nothing uses yet
      Names.push_back(F.getName().str());
    }
  Linker::linkModules(M, std::move(L));
  for (const std::string &N : Names)
    M.getFunction(N)->setLinkage(GlobalValue::InternalLinkage);
  return M.getFunction(Name);
}

Function *withParameter(Function *F, Type *Added, const Twine &Name) {
  SmallVector<Type *, 16> Types(F->getFunctionType()->params());
  Types.push_back(Added);
  auto *T = FunctionType::get(F->getReturnType(), Types, false);
  Function *New = Function::Create(T, F->getLinkage(), F->getAddressSpace(), "", F->getParent());
  New->takeName(F);
  New->copyAttributesFrom(F);
  New->setComdat(F->getComdat());
  New->splice(New->begin(), F);
  for (auto [Old, Fresh] : zip(F->args(), New->args())) {
    Old.replaceAllUsesWith(&Fresh);
    Fresh.takeName(&Old);
  }
  New->getArg(F->arg_size())->setName(Name);
  SmallVector<std::pair<unsigned, MDNode *>, 4> Metadata;
  F->getAllMetadata(Metadata);
  for (auto &[Kind, Node] : Metadata)
    New->setMetadata(Kind, Node);
  F->replaceAllUsesWith(New);
  F->eraseFromParent();
  return New;
}

Function *lowerGridSums(Function *F) {
  F = withParameter(F, PointerType::getUnqual(F->getContext()), "partial.sums");
  Value *Buffer = F->getArg(F->arg_size() - 1);
  SmallVector<CallInst *, 4> Sums;
  for (Instruction &I : instructions(*F))
    if (auto *C = dyn_cast<CallInst>(&I);
        C && C->getCalledFunction() && C->getCalledFunction()->getName().starts_with(SumPrefix))
      Sums.push_back(C);
  if (Sums.empty())
    return F;
  Module &M = *F->getParent();
  // All sums stand in one block, in front of its return.
  Instruction *Return = Sums.front()->getParent()->getTerminator();
  IRBuilder<> B(Return);
  Type *Double = B.getDoubleTy();
  Value *Slots = B.getInt32(Sums.size());
  for (CallInst *C : Sums)
    B.CreateCall(libraryFunction(M, "__adstencil_put"),
                 {B.CreateFPCast(C->getArgOperand(0), Double), Buffer, C->getArgOperand(2), Slots});
  Value *Last = B.CreateCall(libraryFunction(M, "__adstencil_is_last"), {Buffer});
  B.SetInsertPoint(SplitBlockAndInsertIfThen(Last, Return->getIterator(), /*Unreachable=*/false));
  SmallVector<Value *, 4> Totals;
  for (CallInst *C : Sums)
    Totals.push_back(B.CreateCall(libraryFunction(M, "__adstencil_total"), {Buffer, C->getArgOperand(2), Slots}));
  Value *First = B.CreateICmpEQ(B.CreateCall(libraryFunction(M, "__adstencil_thread")), B.getInt32(0));
  B.SetInsertPoint(SplitBlockAndInsertIfThen(First, B.GetInsertPoint(), /*Unreachable=*/false));
  for (auto [C, Total] : zip(Sums, Totals)) {
    Type *T = C->getArgOperand(0)->getType();
    Value *Shadow = C->getArgOperand(1);
    B.CreateStore(B.CreateFAdd(B.CreateLoad(T, Shadow), B.CreateFPCast(Total, T)), Shadow);
  }
  for (CallInst *C : Sums)
    C->eraseFromParent();
  return F;
}

CallInst *launchOf(Function &Stub) {
  CallInst *Launch = nullptr;
  for (Instruction &I : instructions(Stub))
    if (auto *C = dyn_cast<CallInst>(&I);
        C && C->getCalledFunction() && C->getCalledFunction()->getName().starts_with("cudaLaunchKernel"))
      Launch = C;
  return Launch;
}

std::optional<uint64_t> launchedArguments(const CallInst &Launch) {
  auto *Array = dyn_cast<AllocaInst>(Launch.getArgOperand(5)->stripPointerCasts());
  if (!Array || !isa<ConstantInt>(Array->getArraySize()))
    return std::nullopt;
  return Launch.getDataLayout().getTypeAllocSize(Array->getAllocatedType()).getFixedValue() / 8 *
         cast<ConstantInt>(Array->getArraySize())->getZExtValue();
}

bool passGridSumBuffer(Function &Stub, unsigned Most) {
  CallInst *Launch = launchOf(Stub);
  std::optional<uint64_t> Known = Launch ? launchedArguments(*Launch) : std::nullopt;
  if (!Known)
    return false;
  uint64_t Count = *Known;
  Module &M = *Stub.getParent();
  // cudaLaunchKernel(handle, dim3 grid, dim3 block, void** args, size_t shared, stream): each dim3 is two registers.
  Value *Args = Launch->getArgOperand(5), *Stream = Launch->getArgOperand(7);
  IRBuilder<> Entry(&Stub.getEntryBlock(), Stub.getEntryBlock().getFirstInsertionPt());
  Type *Pointer = Entry.getPtrTy(), *Int = Entry.getInt32Ty(), *Long = Entry.getInt64Ty();
  AllocaInst *All = Entry.CreateAlloca(Pointer, Entry.getInt64(Count + 1), "arguments");
  AllocaInst *Buffer = Entry.CreateAlloca(Pointer, nullptr, "partial.sums");
  IRBuilder<> B(Launch);
  B.CreateMemCpy(All, Align(8), Args, Align(8), Count * 8);
  B.CreateStore(Buffer, B.CreateGEP(Pointer, All, B.getInt64(Count)));
  Value *Grid = Launch->getArgOperand(1);
  Value *Blocks = B.CreateMul(B.CreateAnd(Grid, B.getInt64(0xffffffff)), B.CreateLShr(Grid, B.getInt64(32)));
  Blocks = B.CreateMul(Blocks, B.CreateZExt(Launch->getArgOperand(2), Long));
  Value *Bytes = B.CreateAdd(B.CreateMul(Blocks, B.getInt64(8 * Most)), B.getInt64(HeaderBytes));
  FunctionCallee Malloc =
      M.getOrInsertFunction("cudaMallocAsync", FunctionType::get(Int, {Pointer, Long, Pointer}, false));
  FunctionCallee Memset =
      M.getOrInsertFunction("cudaMemsetAsync", FunctionType::get(Int, {Pointer, Int, Long, Pointer}, false));
  FunctionCallee Free = M.getOrInsertFunction("cudaFreeAsync", FunctionType::get(Int, {Pointer, Pointer}, false));
  B.CreateStore(ConstantPointerNull::get(B.getPtrTy()), Buffer);
  Value *Failed = B.CreateICmpNE(B.CreateCall(Malloc, {Buffer, Bytes, Stream}), B.getInt32(0));
  // Without a buffer the kernel is not launched; cudaGetLastError() tells why, as after any launch.
  BasicBlock *Head = Launch->getParent();
  Instruction *Then = SplitBlockAndInsertIfThen(B.CreateNot(Failed), Launch->getIterator(), /*Unreachable=*/false);
  BasicBlock *Tail = Launch->getParent();
  Launch->moveBefore(Then->getIterator());
  B.SetInsertPoint(Launch);
  Value *Memory = B.CreateLoad(Pointer, Buffer);
  B.CreateCall(Memset, {Memory, B.getInt32(0), B.getInt64(HeaderBytes), Stream});
  Launch->setArgOperand(5, All);
  B.SetInsertPoint(Then);
  B.CreateCall(Free, {Memory, Stream});
  if (!Launch->use_empty()) {
    PHINode *Result = PHINode::Create(Int, 2, "launched", Tail->begin());
    Launch->replaceAllUsesWith(Result);
    Result->addIncoming(B.getInt32(2), Head); // cudaErrorMemoryAllocation
    Result->addIncoming(Launch, Then->getParent());
  }
  return true;
}

} // namespace adstencil
