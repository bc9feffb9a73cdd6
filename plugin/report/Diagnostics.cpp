// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "report/Diagnostics.h"

#include "clang/Basic/Diagnostic.h"
#include "clang/Basic/FileManager.h"
#include "clang/Basic/SourceManager.h"
#include "clang/Frontend/CompilerInstance.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/Instruction.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace adstencil {

static clang::CompilerInstance *Target = nullptr;
static std::vector<Refusal> Waiting;
std::vector<Refusal> *RefusalCollector = nullptr;

void setDiagnosticTarget(clang::CompilerInstance *CI) { Target = CI; }
clang::CompilerInstance *diagnosticTarget() { return Target; }

/// Finds the innermost place of I that lies in the user's file rather than in a system header.
static SourcePlace placeOf(const Instruction *I) {
  if (!I)
    return {};
  for (const DILocation *Loc = I->getDebugLoc(); Loc; Loc = Loc->getInlinedAt()) {
    if (Loc->getLine() == 0)
      continue;
    StringRef File = Loc->getFilename();
    // A message that points into libstdc++ helps nobody: go out to the call in the user's own code.
    if ((File.contains("/include/c++/") || File.contains("__clang_cuda_") || File.contains("/cuda_wrappers/") ||
         File.contains("adstencil/cuda/")) &&
        Loc->getInlinedAt())
      continue;
    // Clang splits paths where they part from the working directory.
    SmallString<128> Path(File);
    if (sys::path::is_relative(Path)) {
      Path = Loc->getDirectory();
      sys::path::append(Path, File);
    }
    return {Path.str().str(), Loc->getLine(), Loc->getColumn()};
  }
  return {};
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

static void report(const Refusal &R) {
  clang::DiagnosticsEngine &Diags = Target->getDiagnostics();
  clang::SourceLocation Loc = locate(R.Place);
  if (Loc.isInvalid())
    Loc = locate(R.Fallback);
  unsigned Error = Diags.getCustomDiagID(clang::DiagnosticsEngine::Error, "cannot differentiate '%0': %1");
  Diags.Report(Loc, Error) << R.Kernel << R.Reason;
  unsigned Note = Diags.getCustomDiagID(clang::DiagnosticsEngine::Note, "%0");
  Diags.Report(Loc, Note) << R.Advice;
}

void refuse(LLVMContext &Ctx, StringRef Kernel, const Instruction *I, const SourcePlace &Fallback, StringRef Reason,
            StringRef Advice) {
  Refusal R{Kernel.str(), Reason.str(), Advice.str(), placeOf(I), Fallback};
  if (RefusalCollector)
    RefusalCollector->push_back(R);
  else if (!Target)
    Ctx.emitError("cannot differentiate '" + Kernel + "': " + Reason + " (" + Advice + ")");
  else
    Waiting.push_back(R);
}

void reportRefusals() {
  if (RefusalCollector || Waiting.empty())
    return;
  std::vector<Refusal> Refusals = std::move(Waiting);
  Waiting.clear();
  if (any_of(Refusals, [](const Refusal &R) { return R.Place.Line == 0; })) {
    // Both compilations find the same refusals in the same order, unless the file has changed in between.
    std::vector<Refusal> Located = refusalsWithPlaces(*Target);
    for (size_t I = 0; I != Refusals.size() && I != Located.size(); ++I)
      if (Refusals[I].Kernel == Located[I].Kernel && Refusals[I].Reason == Located[I].Reason)
        Refusals[I].Place = Located[I].Place;
  }
  // The three derivatives of a kernel are refused for the same reason: once is enough.
  for (size_t I = 0; I != Refusals.size(); ++I) {
    bool Said = any_of(ArrayRef(Refusals).take_front(I), [&](const Refusal &R) {
      return R.Kernel == Refusals[I].Kernel && R.Reason == Refusals[I].Reason &&
             R.Place.Line == Refusals[I].Place.Line && R.Place.File == Refusals[I].Place.File &&
             R.Fallback.Line == Refusals[I].Fallback.Line;
    });
    if (!Said)
      report(Refusals[I]);
  }
}

} // namespace adstencil
