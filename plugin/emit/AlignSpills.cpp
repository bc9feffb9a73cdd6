// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emit/AlignSpills.h"

#include "emit/HideCounters.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/LoopUtils.h"

using namespace llvm;

namespace adstencil {

/// The stack is at multiples of this anyway.
static constexpr unsigned StackBits = 128;

/// A vector that takes a register. Values in memory that are used once are operands of the instruction that does.
static bool takesRegister(const Value *V) {
  return V->getType()->isVectorTy() && V->getType()->getPrimitiveSizeInBits().getKnownMinValue() > StackBits &&
         !isa<Constant>(V) && !(isa<LoadInst>(V) && V->hasOneUse());
}

/// The vectors that are live at once somewhere in a block of the loop, as instructions stand now.
static size_t mostLive(const BasicBlock &BB, const Loop &L) {
  SmallPtrSet<const Value *, 32> Live;
  for (const BasicBlock *Other : L.blocks())
    for (const Instruction &I : *Other)
      for (const Use &U : I.operands()) {
        const auto *Of = dyn_cast<Instruction>(U);
        bool IsFromBefore = !Of || Of->getParent() != &BB;
        if (takesRegister(U) && (IsFromBefore || Other != &BB || isa<PHINode>(I)))
          Live.insert(U);
      }
  size_t Most = Live.size();
  for (const Instruction &I : reverse(BB)) {
    if (isa<PHINode>(I))
      break;
    Live.erase(&I);
    for (const Use &U : I.operands())
      if (takesRegister(U))
        Live.insert(U);
    Most = std::max(Most, size_t(Live.size()));
  }
  return Most;
}

PreservedAnalyses AlignSpillsPass::run(Function &F, FunctionAnalysisManager &FAM) {
  StringRef Features = F.getFnAttribute("target-features").getValueAsString();
  if (!F.getParent()->getTargetTriple().isX86() || !Features.contains("+avx"))
    return PreservedAnalyses::all();
  // Code generation will order instructions anew, and needs some registers in between.
  size_t Registers = Features.contains("+avx512f") ? 28 : 14;
  for (const Loop *L : FAM.getResult<LoopAnalysis>(F).getLoopsInPreorder())
    if (L->isInnermost() && findOptionMDForLoop(L, PlainCounter) &&
        any_of(L->blocks(), [&](const BasicBlock *BB) { return mostLive(*BB, *L) > Registers; })) {
      F.addFnAttr("stackrealign");
      break;
    }
  return PreservedAnalyses::all();
}

} // namespace adstencil
