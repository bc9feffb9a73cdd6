// A kernel with everything it calls is one function, also at -O0: then barriers, shared memory and the use of thread
// indices are seen in one place. What calls itself, or is called through a pointer, stays a function and finds the
// thread it runs for through the runtime.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "device/Kernels.h"

#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/IntrinsicsNVPTX.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include "llvm/Transforms/Utils/Local.h"

using namespace llvm;

namespace adstencil {

namespace {
struct Site {
  CallBase *Call;
  int Parent; ///< the function it was inlined from, as an index into the chain; -1: the kernel itself
};
struct ChainLink {
  Function *F;
  int Parent;
};
} // namespace

static Function *calleeOf(CallBase &Call) {
  return dyn_cast<Function>(Call.getCalledOperand()->stripPointerCastsAndAliases());
}

static void inlineCalls(Function &Kernel) {
  std::vector<ChainLink> Chain;
  SmallVector<Site, 16> Work;
  for (Instruction &I : instructions(Kernel))
    if (auto *Call = dyn_cast<CallBase>(&I))
      Work.push_back({Call, -1});
  while (!Work.empty()) {
    Site S = Work.pop_back_val();
    Function *F = calleeOf(*S.Call);
    if (!F || F->isDeclaration() || F == &Kernel)
      continue;
    bool Recursive = false;
    for (int C = S.Parent; C != -1; C = Chain[C].Parent)
      Recursive |= Chain[C].F == F;
    if (Recursive || S.Call->getFunctionType() != F->getFunctionType())
      continue;
    if (S.Call->getCalledFunction() != F)
      S.Call->setCalledFunction(F);
    Chain.push_back({F, S.Parent});
    int Link = Chain.size() - 1;
    InlineFunctionInfo Info;
    if (!InlineFunction(*S.Call, Info).isSuccess())
      continue;
    for (CallBase *New : Info.InlinedCallSites)
      Work.push_back({New, Link});
  }
}

/// A thread that exits returns from the kernel, wherever it is.
static void lowerExit(Function &Kernel) {
  SmallVector<IntrinsicInst *, 4> Exits;
  for (Instruction &I : instructions(Kernel))
    if (auto *II = dyn_cast<IntrinsicInst>(&I); II && II->getIntrinsicID() == Intrinsic::nvvm_exit)
      Exits.push_back(II);
  for (IntrinsicInst *II : Exits) {
    BasicBlock *BB = II->getParent();
    SplitBlock(BB, II);
    II->eraseFromParent();
    BB->getTerminator()->eraseFromParent();
    ReturnInst::Create(BB->getContext(), BB);
  }
}

void inlineIntoKernels(DeviceModule &D) {
  for (DeviceKernel &K : D.Kernels) {
    inlineCalls(*K.F);
    lowerExit(*K.F);
    removeUnreachableBlocks(*K.F);
  }
  // Whatever else a kernel still reaches, directly or through its address.
  SmallVector<Constant *, 16> Work;
  SmallPtrSet<Constant *, 32> Seen;
  auto Visit = [&](Function &F) {
    for (Instruction &I : instructions(F))
      for (Value *Operand : I.operands())
        if (auto *C = dyn_cast<Constant>(Operand))
          Work.push_back(C);
  };
  for (DeviceKernel &K : D.Kernels)
    Visit(*K.F);
  while (!Work.empty()) {
    Constant *C = Work.pop_back_val();
    if (!Seen.insert(C).second)
      continue;
    if (auto *F = dyn_cast<Function>(C)) {
      if (!F->isDeclaration() && D.Residual.insert(F))
        Visit(*F);
      continue;
    }
    for (Value *Operand : C->operands())
      if (auto *Inner = dyn_cast<Constant>(Operand))
        Work.push_back(Inner);
  }
  for (DeviceKernel &K : D.Kernels)
    for (Instruction &I : instructions(*K.F))
      if (auto *Call = dyn_cast<CallBase>(&I); Call && !Call->isInlineAsm()) {
        Function *F = calleeOf(*Call);
        K.Calls |= !F || !F->isDeclaration();
        if (F && F == K.F)
          D.refuse(K.Name, Call, "it calls itself");
      }
  dropUnneeded(D.M);
}

} // namespace adstencil
