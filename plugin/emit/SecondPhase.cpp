// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emit/SecondPhase.h"

#include "emit/GridSum.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

using namespace llvm;

namespace adstencil {

/// Bytes of the parameter of a kernel with a second phase.
static constexpr uint64_t TwoPhases = 8;

Function *lowerPhase(Function *F) {
  LLVMContext &Ctx = F->getContext();
  SmallVector<CallInst *, 4> Reads;
  for (Instruction &I : instructions(*F))
    if (auto *C = dyn_cast<CallInst>(&I);
        C && C->getCalledFunction() && C->getCalledFunction()->getName() == "adstencil.phase")
      Reads.push_back(C);
  Type *T = Reads.empty() ? Type::getInt32Ty(Ctx) : Type::getInt64Ty(Ctx);
  F = withParameter(F, T, "phase");
  for (CallInst *C : Reads) {
    IRBuilder<> B(C);
    C->replaceAllUsesWith(B.CreateTrunc(F->getArg(F->arg_size() - 1), C->getType()));
    C->eraseFromParent();
  }
  return F;
}

bool passPhase(Function &Stub) {
  CallInst *Launch = launchOf(Stub);
  std::optional<uint64_t> Known = Launch ? launchedArguments(*Launch) : std::nullopt;
  if (!Known)
    return false;
  uint64_t Count = *Known;
  Module &M = *Stub.getParent();
  IRBuilder<> Entry(&Stub.getEntryBlock(), Stub.getEntryBlock().getFirstInsertionPt());
  Type *Pointer = Entry.getPtrTy(), *Int = Entry.getInt32Ty(), *Long = Entry.getInt64Ty();
  AllocaInst *All = Entry.CreateAlloca(Pointer, Entry.getInt64(Count + 1), "arguments");
  AllocaInst *Phase = Entry.CreateAlloca(Long, nullptr, "phase"), *Offset = Entry.CreateAlloca(Long),
             *Size = Entry.CreateAlloca(Long);
  IRBuilder<> B(Launch);
  B.CreateMemCpy(All, Align(8), Launch->getArgOperand(5), Align(8), Count * 8);
  B.CreateStore(Phase, B.CreateGEP(Pointer, All, B.getInt64(Count)));
  B.CreateStore(B.getInt64(0), Phase);
  B.CreateStore(B.getInt64(0), Size);
  Launch->setArgOperand(5, All);

  // Before the first launch: no launch may stand between the last one and the user's question for its error.
  FunctionCallee Ask =
      M.getOrInsertFunction("cudaFuncGetParamInfo", FunctionType::get(Int, {Pointer, Long, Pointer, Pointer}, false));
  Value *Asked = B.CreateCall(Ask, {Launch->getArgOperand(0), B.getInt64(Count), Offset, Size});
  Value *Two = B.CreateAnd(B.CreateICmpEQ(Asked, B.getInt32(0)),
                           B.CreateICmpEQ(B.CreateLoad(Long, Size), B.getInt64(TwoPhases)));
  B.SetInsertPoint(Launch->getNextNode());
  Value *Again = B.CreateAnd(Two, B.CreateICmpEQ(Launch, B.getInt32(0)));
  Instruction *Behind = Launch->getNextNode();
  while (Behind != Again)
    Behind = Behind->getNextNode();
  Behind = Behind->getNextNode();
  SmallVector<Use *, 4> Uses; // of the launch's result, but for the question above
  for (Use &U : Launch->uses())
    if (!cast<Instruction>(U.getUser())->comesBefore(Behind) ||
        cast<Instruction>(U.getUser())->getParent() != Behind->getParent())
      Uses.push_back(&U);
  BasicBlock *Head = Launch->getParent();
  Instruction *Then = SplitBlockAndInsertIfThen(Again, Behind->getIterator(), /*Unreachable=*/false);
  B.SetInsertPoint(Then);
  B.CreateStore(B.getInt64(1), Phase);
  auto *Second = cast<CallInst>(B.Insert(Launch->clone()));
  PHINode *Result = PHINode::Create(Int, 2, "launched", Behind->getParent()->begin());
  Result->addIncoming(Launch, Head);
  Result->addIncoming(Second, Then->getParent());
  for (Use *U : Uses)
    U->set(Result);
  return true;
}

} // namespace adstencil
