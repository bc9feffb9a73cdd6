// Entry of libadstencil.so: hooks into clang's front end and into the start of its optimisation pipeline.
//
// One `-fplugin=` is enough. The plugin action runs before the main action of its own accord, declares derivatives as
// the file is parsed, and registers the IR passes through the code generation options of the same compiler instance.
// A module without a request is left untouched.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Pipeline.h"
#include "device/HostDevice.h"
#include "emit/AlignSpills.h"
#include "emit/HideCounters.h"
#include "emit/Prefetch.h"
#include "emit/SkipPasses.h"
#include "frontend/Declare.h"
#include "frontend/Options.h"
#include "report/Diagnostics.h"

#include "clang/Frontend/CompilerInstance.h"
#include "clang/Frontend/FrontendPluginRegistry.h"
#include "clang/Lex/Preprocessor.h"
#include "clang/Sema/SemaConsumer.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/raw_ostream.h"

using namespace clang;

namespace adstencil {

Options &options() {
  static Options TheOptions;
  return TheOptions;
}

llvm::StringRef helpText() {
  return "adstencil: derivatives of annotated stencil kernels\n"
         "  -fplugin-arg-adstencil-print-plan          print the AdjointPlan of every derivative to stderr\n"
         "  -fplugin-arg-adstencil-check-overlap       derivatives test at run time that arrays do not overlap\n"
         "  -fplugin-arg-adstencil-strict-cotangents   keep cotangent arithmetic in source order (no reassociation)\n"
         "  -fplugin-arg-adstencil-device=cpu|cuda|auto   where CUDA kernels run: on CPU cores (with "
         "--cuda-host-only), on a GPU\n"
         "                                             (the default), or on what ADSTENCIL_DEVICE says at start-up\n"
         "  -fplugin-arg-adstencil-print-normalised    print kernels as the analyses see them (for developers)\n"
         "  -fplugin-arg-adstencil-help                this text\n";
}

static void registerPasses(llvm::PassBuilder &PB) {
  if (llvm::PassInstrumentationCallbacks *Callbacks = PB.getPassInstrumentationCallbacks())
    skipPassesInGathers(*Callbacks);
  PB.registerPipelineStartEPCallback([](llvm::ModulePassManager &MPM, llvm::OptimizationLevel Level) {
    MPM.addPass(DifferentiatePass(Level != llvm::OptimizationLevel::O0));
  });
  PB.registerOptimizerLastEPCallback(
      [](llvm::ModulePassManager &MPM, llvm::OptimizationLevel Level, llvm::ThinOrFullLTOPhase) {
        if (Level == llvm::OptimizationLevel::O0)
          return;
        llvm::FunctionPassManager FPM;
        FPM.addPass(AlignSpillsPass());
        FPM.addPass(PrefetchPass());
        FPM.addPass(HideCountersPass());
        MPM.addPass(llvm::createModuleToFunctionPassAdaptor(std::move(FPM)));
      });
}

namespace {

class Consumer : public SemaConsumer {
public:
  explicit Consumer(CompilerInstance &CI) : CI(CI) {}
  bool HandleTopLevelDecl(DeclGroupRef) override {
    if (!Busy) { // defining hands new declarations to all consumers, this one included
      Busy = true;
      Declarer::instance().defineCompleted(CI, /*AtEnd=*/false);
      Busy = false;
    }
    return true;
  }
  void HandleTranslationUnit(ASTContext &) override {
    Busy = true;
    Declarer::instance().defineCompleted(CI, /*AtEnd=*/true);
    Busy = false;
  }

private:
  CompilerInstance &CI;
  bool Busy = false;
};

static std::unique_ptr<ASTConsumer> refuse(CompilerInstance &CI, llvm::StringRef Reason, llvm::StringRef Advice) {
  DiagnosticsEngine &Diags = CI.getDiagnostics();
  Diags.Report(Diags.getCustomDiagID(DiagnosticsEngine::Error, "%0")) << Reason;
  Diags.Report(Diags.getCustomDiagID(DiagnosticsEngine::Note, "%0")) << Advice;
  return std::make_unique<ASTConsumer>();
}

class Action : public PluginASTAction {
public:
  std::unique_ptr<ASTConsumer> CreateASTConsumer(CompilerInstance &CI, llvm::StringRef) override {
    if (options().CpuDevice && CI.getLangOpts().GPURelocatableDeviceCode)
      return refuse(CI, "adstencil: the CPU device does not link device code of several files (-fgpu-rdc)",
                    "compile without -fgpu-rdc and define device functions in the files that use them");
    // The plugin's own compilation for the CPU device runs no passes; this one is for a GPU.
    if (!options().GpuDevice && CI.getLangOpts().CUDAIsDevice && !CI.getCodeGenOpts().DisableLLVMPasses)
      return refuse(CI, "adstencil: device=cpu makes no code for GPUs, but clang is about to",
                    "add --cuda-host-only, or use device=auto for a program with both");
    setDiagnosticTarget(&CI);
    Declarer::instance().reset();
    Preprocessor &PP = CI.getPreprocessor();
    PP.setPredefines(PP.getPredefines() + "#define __ADSTENCIL__ " ADSTENCIL_VERSION_NUMBER "\n");
    provideCudaHeaders(CI);
    if (CI.getLangOpts().CUDA)
      // The attributes of a declaration are processed in the order of the text, __global__ behind ours. All of them are
      // there when the next token is read.
      PP.setTokenWatcher([](const Token &) { Declarer::instance().settle(); });
    CI.getCodeGenOpts().PassBuilderCallbacks.push_back(registerPasses);
    return std::make_unique<Consumer>(CI);
  }

  bool ParseArgs(const CompilerInstance &CI, const std::vector<std::string> &Arguments) override {
    for (const std::string &A : Arguments) {
      if (A == "print-plan") {
        options().PrintPlan = true;
      } else if (A == "check-overlap") {
        options().CheckOverlap = true;
      } else if (A == "strict-cotangents") {
        options().StrictCotangents = true;
      } else if (A == "print-normalised") {
        options().PrintNormalised = true;
      } else if (A == "device=cpu" || A == "device=cuda" || A == "device=auto") {
        options().CpuDevice = A != "device=cuda";
        options().GpuDevice = A != "device=cpu";
      } else if (A == "gpu-sums") {
        options().GpuSums = true;
      } else if (A == "tile=always" || A == "tile=never") {
        options().Tiles = A == "tile=always" ? Choice::Always : Choice::Never;
      } else if (A == "merge=always" || A == "merge=never") {
        options().Merges = A == "merge=always" ? Choice::Always : Choice::Never;
      } else if (A == "keep=always" || A == "keep=never") {
        options().Keeps = A == "keep=always" ? Choice::Always : Choice::Never;
      } else if (A.size() == 8 && A.starts_with("planes=") && A.back() >= '1' && A.back() <= '9') {
        options().Planes = A.back() - '0';
      } else if (A == "help") {
        llvm::outs() << helpText();
      } else {
        DiagnosticsEngine &Diags = CI.getDiagnostics();
        Diags.Report(Diags.getCustomDiagID(DiagnosticsEngine::Error,
                                           "adstencil: unknown option '%0' (-fplugin-arg-adstencil-help lists them)"))
            << A;
        return false;
      }
    }
    return true;
  }

  ActionType getActionType() override { return AddBeforeMainAction; }
};

} // namespace

static FrontendPluginRegistry::Add<Action> Register("adstencil", "derivatives of annotated stencil kernels");

} // namespace adstencil
