// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "report/Remarks.h"

#include "clang/Frontend/CompilerInstance.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/DiagnosticHandler.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/LLVMContext.h"

using namespace llvm;

namespace adstencil {

/// The name that -Rpass= is compared with.
static constexpr const char *PassName = "adstencil";

bool remarksWanted(LLVMContext &Ctx) {
  const DiagnosticHandler *Handler = Ctx.getDiagHandlerPtr();
  return Ctx.getLLVMRemarkStreamer() || (Handler && Handler->isAnyRemarkEnabled(PassName));
}

/// A program for both a GPU and the CPU device differentiates every kernel twice. The compilation for the GPU has come
/// first and said it all.
static bool isSaidElsewhere(const Request &R) {
  clang::CompilerInstance *CI = diagnosticTarget();
  return CI && R.OnGrid && !CI->getLangOpts().CUDAIsDevice && !CI->getCodeGenOpts().CudaGpuBinaryFileName.empty();
}

/// True if Loc lies in one of the headers that lead from a request to the kernel, or in a system header.
static bool isBehindTheScenes(const DILocation &Loc) {
  StringRef File = Loc.getFilename();
  return Loc.getLine() == 0 || File.contains("adstencil/derivatives.h") || File.contains("adstencil/launch.h") ||
         File.contains("adstencil/cuda/") || File.contains("/include/c++/") || File.contains("__clang_cuda_") ||
         File.contains("/cuda_wrappers/");
}

/// Where I is in the user's code; for code of a library, where that was called.
static DebugLoc placeOf(const Instruction *I) {
  for (const DILocation *Loc = I ? I->getDebugLoc().get() : nullptr; Loc; Loc = Loc->getInlinedAt())
    if (!isBehindTheScenes(*Loc))
      return DILocation::get(Loc->getContext(), Loc->getLine(), Loc->getColumn(), Loc->getScope());
  return {};
}

/// The line of the kernel. A request of adstencil/derivatives.h does not know it; there it is the outermost function of
/// the user's that anything was inlined from.
static DebugLoc placeOfKernel(const Request &R) {
  DISubprogram *Own = R.F->getSubprogram();
  if (R.Place.Line)
    return Own ? DebugLoc(DILocation::get(R.F->getContext(), R.Place.Line, R.Place.Column, Own)) : DebugLoc();
  for (const Instruction &I : instructions(*R.F)) {
    DISubprogram *Found = nullptr;
    for (const DILocation *Loc = I.getDebugLoc(); Loc; Loc = Loc->getInlinedAt())
      if (!isBehindTheScenes(*Loc))
        Found = Loc->getScope()->getSubprogram();
    if (Found)
      return DILocation::get(R.F->getContext(), Found->getLine(), 0, Found);
  }
  return {};
}

template <class Remark> static void say(const Request &R, const Instruction *I, StringRef Name, StringRef Text) {
  LLVMContext &Ctx = R.F->getContext();
  if (!remarksWanted(Ctx) || isSaidElsewhere(R))
    return;
  DebugLoc Place = placeOf(I);
  if (!Place)
    Place = placeOfKernel(R);
  Remark Diagnostic(PassName, Name, DiagnosticLocation(Place), &R.F->getEntryBlock());
  Diagnostic << Text;
  Ctx.diagnose(Diagnostic);
}

void remarkApplied(const Request &R, const Instruction *I, StringRef Text) {
  say<OptimizationRemark>(R, I, "Plan", Text);
}
void remarkMissed(const Request &R, const Instruction *I, StringRef Text) {
  say<OptimizationRemarkMissed>(R, I, "NoGather", Text);
}

} // namespace adstencil
