// Places in the IR become places in the source: line and column of the debug location, looked up in clang's
// SourceManager. Files compiled without -g carry locations too, because the plugin asks clang to track them (Plugin.cpp).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "report/Diagnostics.h"

#include "clang/Basic/Diagnostic.h"
#include "clang/Basic/FileManager.h"
#include "clang/Basic/SourceManager.h"
#include "clang/Frontend/CompilerInstance.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/Instruction.h"
#include "llvm/IR/LLVMContext.h"

using namespace llvm;

namespace adstencil {

static clang::CompilerInstance *Target = nullptr;

void setDiagnosticTarget(clang::CompilerInstance *CI) { Target = CI; }

/// Finds the innermost place of I that lies in the user's file rather than in a system header.
static SourcePlace placeOf(const Instruction *I, const SourcePlace &Fallback) {
  if (!I)
    return Fallback;
  for (const DILocation *Loc = I->getDebugLoc(); Loc; Loc = Loc->getInlinedAt()) {
    if (Loc->getLine() == 0)
      continue;
    StringRef File = Loc->getFilename();
    // A message that points into libstdc++ helps nobody: go out to the call in the user's own code.
    if (File.contains("/include/c++/") && Loc->getInlinedAt())
      continue;
    return {File.str(), Loc->getLine(), Loc->getColumn()};
  }
  return Fallback;
}

static clang::SourceLocation locate(const SourcePlace &Place) {
  if (Place.Line == 0 || !Target->hasSourceManager())
    return {};
  clang::SourceManager &SM = Target->getSourceManager();
  auto Entry = SM.getFileManager().getOptionalFileRef(Place.File);
  if (!Entry)
    return {};
  return SM.translateFileLineCol(&Entry->getFileEntry(), Place.Line, Place.Column ? Place.Column : 1);
}

void refuse(LLVMContext &Ctx, StringRef Kernel, const Instruction *I, const SourcePlace &Fallback, StringRef Reason,
            StringRef Advice) {
  if (!Target) {
    Ctx.emitError("cannot differentiate '" + Kernel + "': " + Reason + " (" + Advice + ")");
    return;
  }
  clang::DiagnosticsEngine &Diags = Target->getDiagnostics();
  clang::SourceLocation Loc = locate(placeOf(I, Fallback));
  if (Loc.isInvalid())
    Loc = locate(Fallback);
  unsigned Error = Diags.getCustomDiagID(clang::DiagnosticsEngine::Error, "cannot differentiate '%0': %1");
  Diags.Report(Loc, Error) << Kernel << Reason;
  unsigned Note = Diags.getCustomDiagID(clang::DiagnosticsEngine::Note, "%0");
  Diags.Report(Loc, Note) << Advice;
}

} // namespace adstencil
