// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emit/SkipPasses.h"

#include "emit/HideCounters.h"
#include "llvm/Transforms/Utils/LoopUtils.h"

using namespace llvm;

namespace adstencil {

static constexpr StringLiteral OnlyGathers = "adstencil-only-gathers";

void markAsGathers(Function &F) { F.addFnAttr(OnlyGathers); }

/// The loop with these properties is an interior (CellEmitter::describeLoop) that has not been vectorised.
static bool isScalarInterior(MDNode *Loop) {
  return findOptionMDForLoopID(Loop, PlainCounter) && findOptionMDForLoopID(Loop, "llvm.loop.interleave.count") &&
         !findOptionMDForLoopID(Loop, "llvm.loop.isvectorized");
}

static bool isVectorised(const Function &F) {
  return none_of(F, [](const BasicBlock &BB) {
    const Instruction *Last = BB.getTerminator();
    MDNode *Loop = Last ? Last->getMetadata(LLVMContext::MD_loop) : nullptr;
    return Loop && isScalarInterior(Loop);
  });
}

void skipPassesInGathers(PassInstrumentationCallbacks &Callbacks) {
  Callbacks.registerShouldRunOptionalPassCallback([](StringRef Pass, Any IR) {
    const auto *F = any_cast<const Function *>(&IR);
    if (!F || !(*F)->hasFnAttribute(OnlyGathers))
      return true;
    return Pass != "LoopLoadEliminationPass" && (Pass != "SLPVectorizerPass" || !isVectorised(**F));
  });
}

} // namespace adstencil
