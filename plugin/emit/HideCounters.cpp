// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emit/HideCounters.h"

#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/LoopUtils.h"

using namespace llvm;

namespace adstencil {

/// Hides a header phi from all uses but those that count and compare.
static bool hide(PHINode &Counter, const Loop &L) {
  auto *Next = dyn_cast<BinaryOperator>(Counter.getIncomingValueForBlock(L.getLoopLatch()));
  if (!Counter.getType()->isIntegerTy() || !Next || Next->getOpcode() != Instruction::Add ||
      !is_contained(Next->operands(), &Counter))
    return false;
  auto IsHidden = [&](const Use &U) { return U.getUser() != Next && !isa<ICmpInst>(U.getUser()); };
  if (none_of(Counter.uses(), IsHidden))
    return false;
  IRBuilder<> B(L.getHeader(), L.getHeader()->getFirstInsertionPt());
  Constant *Nothing = ConstantPointerNull::get(B.getPtrTy());
  CallInst *Note = B.CreateIntrinsic(Intrinsic::annotation, {Counter.getType(), B.getPtrTy()},
                                     {&Counter, Nothing, Nothing, B.getInt32(0)});
  // Scalar evolution looks through the note alone.
  Value *Hidden = B.CreateFreeze(Note);
  Counter.replaceUsesWithIf(Hidden, [&](Use &U) { return U.getUser() != Note && IsHidden(U); });
  return true;
}

PreservedAnalyses HideCountersPass::run(Function &F, FunctionAnalysisManager &FAM) {
  bool Changed = false;
  if (F.getParent()->getTargetTriple().isNVPTX())
    return PreservedAnalyses::all();
  for (const Loop *L : FAM.getResult<LoopAnalysis>(F).getLoopsInPreorder())
    if (L->isInnermost() && L->getLoopLatch() && findOptionMDForLoop(L, PlainCounter))
      for (PHINode &Phi : L->getHeader()->phis())
        Changed |= hide(Phi, *L);
  if (!Changed)
    return PreservedAnalyses::all();
  PreservedAnalyses PA;
  PA.preserveSet<CFGAnalyses>();
  return PA;
}

} // namespace adstencil
