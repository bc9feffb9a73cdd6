// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "device/DeviceCompilation.h"

#include "frontend/Declare.h"
#include "report/Diagnostics.h"
#include "clang/Basic/FileManager.h"
#include "clang/CodeGen/CodeGenAction.h"
#include "clang/Frontend/CompilerInstance.h"
#include "clang/Frontend/FrontendOptions.h"
#include "clang/Lex/PreprocessorOptions.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/raw_ostream.h"

using namespace clang;

namespace adstencil {

namespace {
/// Passes errors and their notes on to the host compilation. Warnings are dropped: the host compilation has said most
/// of them, and said them better.
class ErrorsOnly : public DiagnosticConsumer {
public:
  explicit ErrorsOnly(CompilerInstance &Outer) : Outer(Outer) {}

  void HandleDiagnostic(DiagnosticsEngine::Level Level, const Diagnostic &Info) override {
    DiagnosticConsumer::HandleDiagnostic(Level, Info);
    if (Level == DiagnosticsEngine::Note && !InError)
      return;
    if (Level != DiagnosticsEngine::Note)
      InError = Level >= DiagnosticsEngine::Error;
    if (!InError)
      return;
    llvm::SmallString<256> Text;
    Info.FormatDiagnostic(Text);
    DiagnosticsEngine &Diags = Outer.getDiagnostics();
    bool IsNote = Level == DiagnosticsEngine::Note;
    unsigned ID = IsNote ? Diags.getCustomDiagID(DiagnosticsEngine::Note, "%0")
                         : Diags.getCustomDiagID(DiagnosticsEngine::Error, "%0 (in the device code of this file)");
    Diags.Report(inOuterFile(Info), ID) << Text;
  }

private:
  CompilerInstance &Outer;
  bool InError = false;

  SourceLocation inOuterFile(const Diagnostic &Info) const {
    if (!Info.hasSourceManager() || Info.getLocation().isInvalid() || !Outer.hasSourceManager())
      return {};
    const SourceManager &Inner = Info.getSourceManager();
    SourceLocation Place = Inner.getExpansionLoc(Info.getLocation());
    OptionalFileEntryRef File = Inner.getFileEntryRefForID(Inner.getFileID(Place));
    if (!File)
      return {};
    SourceManager &SM = Outer.getSourceManager();
    OptionalFileEntryRef Entry = SM.getFileManager().getOptionalFileRef(File->getName());
    if (!Entry)
      return {};
    return SM.translateFileLineCol(&Entry->getFileEntry(), Inner.getSpellingLineNumber(Place),
                                   Inner.getSpellingColumnNumber(Place));
  }
};
} // namespace

/// The sanitizers that are code of clang's, without those that need what device code does not have.
static SanitizerMask checksInCode() {
  return (SanitizerKind::Undefined | SanitizerKind::FloatDivideByZero | SanitizerKind::Integer |
          SanitizerKind::Nullability | SanitizerKind::LocalBounds) &
         ~(SanitizerKind::Vptr | SanitizerKind::Function);
}

bool wantsChecks(const CompilerInstance &CI) { return CI.getLangOpts().Sanitize.hasOneOf(checksInCode()); }

/// What a device compilation of the same command would be invoked with, as far as it matters without code generation.
static std::shared_ptr<CompilerInvocation> deviceInvocation(CompilerInstance &CI, bool Checks) {
  auto Invocation = std::make_shared<CompilerInvocation>(CI.getInvocation());
  TargetOptions &Target = Invocation->getTargetOpts();
  Target.HostTriple = CI.getTargetOpts().Triple;
  Target.Triple = "nvptx64-nvidia-cuda";
  Target.CPU = "sm_90"; // decides __CUDA_ARCH__ only: everything the CPU device supports is declared there
  Target.TuneCPU.clear();
  Target.FPMath.clear();
  Target.ABI.clear();
  Target.CodeModel.clear();
  Target.FeatureMap.clear();
  Target.Features.clear();
  Target.FeaturesAsWritten = {"+ptx80"};

  LangOptions &Language = Invocation->getLangOpts();
  Language.CUDAIsDevice = true;
  Language.ThreadsafeStatics = false;
  Language.MathErrno = false;
  Language.OpenMP = 0; // its runtime for GPUs is not ours
  // The driver says "on" for the host and leaves a GPU its default; "off" is the user's word.
  if (Language.getDefaultFPContractMode() == LangOptions::FPM_On)
    Language.setDefaultFPContractMode(LangOptions::FPM_Fast);
  // Checks that clang writes as code run on the CPU device as they do on the host. What works by attributes is given
  // to the finished kernels (Retarget.cpp).
  SanitizerSet &Sanitize = Language.Sanitize;
  Sanitize.Mask &= Checks ? checksInCode() : SanitizerMask();

  CodeGenOptions &CodeGen = Invocation->getCodeGenOpts();
  CodeGen.PassBuilderCallbacks.clear(); // the plugin's action registers itself again
  CodeGen.DisableLLVMPasses = true;
  CodeGen.LinkBitcodeFiles.clear();
  CodeGen.CudaGpuBinaryFileName.clear();
  CodeGen.OffloadObjects.clear();
  CodeGen.OptRecordFile.clear();
  CodeGen.SplitDwarfFile.clear();
  CodeGen.SplitDwarfOutput.clear();
  CodeGen.ProfileInstrumentUsePath.clear();
  CodeGen.SampleProfileFile.clear();
  CodeGen.setProfileInstr(llvm::driver::ProfileInstrKind::ProfileNone);
  CodeGen.setProfileUse(llvm::driver::ProfileInstrKind::ProfileNone);
  CodeGen.CoverageMapping = false;
  CodeGen.PrepareForLTO = false;
  CodeGen.PrepareForThinLTO = false;
  CodeGen.ClearASTBeforeBackend = false;
  // A kernel that cannot run here is refused with its place.
  if (CodeGen.getDebugInfo() == llvm::codegenoptions::NoDebugInfo)
    CodeGen.setDebugInfo(llvm::codegenoptions::LocTrackingOnly);

  FrontendOptions &Frontend = Invocation->getFrontendOpts();
  Frontend.AuxTriple = CI.getTargetOpts().Triple;
  Frontend.DisableFree = false;
  Frontend.OutputFile.clear();
  Frontend.StatsFile.clear();
  Invocation->getDependencyOutputOpts() = DependencyOutputOptions();
  Invocation->getDiagnosticOpts().VerifyDiagnostics = false;
  Invocation->getDiagnosticOpts().DiagnosticSerializationFile.clear();
  Invocation->getDiagnosticOpts().DiagnosticLogFile.clear();
  // A precompiled header is that of the host.
  Invocation->getPreprocessorOpts().ImplicitPCHInclude.clear();
  return Invocation;
}

std::unique_ptr<llvm::Module> compileForDevice(CompilerInstance &CI, llvm::LLVMContext &Ctx, bool Checks) {
  CompilerInstance Device(deviceInvocation(CI, Checks), CI.getPCHContainerOperations());
  Device.setVirtualFileSystem(CI.getVirtualFileSystemPtr());
  Device.setVerboseOutputStream(std::make_unique<llvm::raw_null_ostream>()); // no "1 error generated" of its own
  Device.createDiagnostics(new ErrorsOnly(CI));
  Device.getDiagnostics().setIgnoreAllWarnings(true);

  EmitLLVMOnlyAction Action(&Ctx);
  bool Done = Device.ExecuteAction(Action);
  std::unique_ptr<llvm::Module> Module = Action.takeModule();

  // The second instance has left its traces in what both share.
  Ctx.setDefaultTargetCPU(CI.getTargetOpts().CPU);
  Ctx.setDefaultTargetFeatures(llvm::join(CI.getTargetOpts().Features, ","));
  setDiagnosticTarget(&CI);
  Declarer::instance().reset();

  if (!Done || Device.getDiagnostics().hasErrorOccurred() || !Module) {
    DiagnosticsEngine &Diags = CI.getDiagnostics();
    if (!Diags.hasErrorOccurred())
      Diags.Report(Diags.getCustomDiagID(DiagnosticsEngine::Error, "the file cannot be compiled for the CPU device"));
    return nullptr;
  }
  return Module;
}

} // namespace adstencil
