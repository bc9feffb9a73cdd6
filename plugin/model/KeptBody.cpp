// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "model/KeptBody.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/Transforms/Utils/Cloning.h"

using namespace llvm;

namespace adstencil {

KeptBody::KeptBody(Function &F) : F(F) {
  // With a subprogram of its own the copy's debug locations would not be those of F.
  DISubprogram *Program = F.getSubprogram();
  F.setSubprogram(nullptr);
  ValueToValueMapTy Map;
  Copy = CloneFunction(&F, Map);
  F.setSubprogram(Program);
  Copy->setLinkage(GlobalValue::InternalLinkage);
  Copy->setComdat(nullptr);
}

KeptBody::~KeptBody() {
  if (Copy)
    Copy->eraseFromParent();
}

void KeptBody::restore(FunctionAnalysisManager &FAM) {
  for (BasicBlock &BB : F)
    BB.dropAllReferences();
  while (!F.empty())
    F.begin()->eraseFromParent();
  F.splice(F.begin(), Copy);
  for (auto [Old, New] : zip(Copy->args(), F.args()))
    Old.replaceAllUsesWith(&New);
  Copy->eraseFromParent();
  Copy = nullptr;
  FAM.invalidate(F, PreservedAnalyses::none());
}

} // namespace adstencil
