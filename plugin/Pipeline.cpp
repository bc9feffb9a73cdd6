// collect requests → normalise → model → analyse → plan → derive and emit → report
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Pipeline.h"

#include "analysis/AdjointPlan.h"
#include "analysis/Demand.h"
#include "device/HostDevice.h"
#include "emit/DeviceLibrary.h"
#include "emit/GridSum.h"
#include "emit/Overlap.h"
#include "emit/Parallel.h"
#include "emit/Reverse.h"
#include "emit/Tangent.h"
#include "frontend/Declare.h"
#include "frontend/Options.h"
#include "model/Normalise.h"
#include "model/OpenMP.h"
#include "model/Request.h"
#include "model/Strategy.h"
#include "report/PlanPrinter.h"
#include "clang/Frontend/CompilerInstance.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace adstencil {

/// Refuses the kernel if a stage has left IR that is not valid: an error of ours, which must not become a crash or
/// worse.
static bool isValid(const Request &R, StringRef Stage) {
  std::string Problem;
  raw_string_ostream OS(Problem);
  if (!verifyFunction(*R.F, &OS))
    return true;
  refuse(R.F->getContext(), R.Kernel, nullptr, R.Place,
         "internal error: " + Stage.str() + " made invalid code: " + Problem, "please report this kernel");
  return false;
}

/// Reverse mode. Returns false after a report.
static bool reverse(Request &R, FunctionAnalysisManager &FAM) {
  CountedLoops Loops = countLoops(*R.F, FAM);
  if (!isValid(R, "counting loops"))
    return false;
  Activity A(R);
  LoopInfo &LI = FAM.getResult<LoopAnalysis>(*R.F);
  DominatorTree &DT = FAM.getResult<DominatorTreeAnalysis>(*R.F);
  PostDominatorTree &PDT = FAM.getResult<PostDominatorTreeAnalysis>(*R.F);
  ScalarEvolution &SE = FAM.getResult<ScalarEvolutionAnalysis>(*R.F);
  Shadows S(R, A);
  AdjointPlan Plan(R, A, Loops, LI);
  if (!planArrays(Plan, DT, PDT, SE, S))
    return false;
  if (!R.OnGrid && mayGather(R))
    findGathers(Plan, DT, PDT, SE);
  GatheredNests Points;
  for (auto &[L, Nest] : Plan.Gathers) {
    Points[L] = std::make_unique<PointAdjoints>();
    if (!derivePoints(Plan, *Nest, *Points[L], FAM))
      return false;
  }
  if (!planSweeps(Plan, DT, SE) || !checkDemand(Plan))
    return false;
  std::string Text;
  raw_string_ostream OS(Text);
  if (options().PrintPlan)
    Plan.print(OS);
  remarkPlan(Plan, SE);
  std::vector<std::string> Stored;
  bool Done = emitReverse(Plan, S, Points, Stored);
  for (auto &[L, Functions] : Points)
    Functions->erase(FAM);
  if (!Done)
    return false;
  if (!isValid(R, "the reverse sweep"))
    return false;
  if (options().PrintPlan) {
    printStored(OS, Stored);
    errs() << Text;
  }
  return true;
}

static bool differentiate(Request &R, FunctionAnalysisManager &FAM) {
  if (!normalise(R, FAM))
    return false;
  if (!isValid(R, "normalisation"))
    return false;
  if (options().PrintNormalised)
    R.F->print(errs());
  nameArguments(R);
  Activity A(R);
  if (!checkRestrictions(R, A))
    return false;
  if (R.TheMode != DerivativeMode::Tangent)
    return reverse(R, FAM);
  Shadows S(R, A);
  return emitTangentKernel(R, A, S) && isValid(R, "the tangent");
}

/// Makes loops of a derivative parallel that was just written. Returns the functions that they have become.
static SmallVector<Function *, 2> shareOutLoops(const Request &R) {
  const clang::LangOptions &Language = diagnosticTarget()->getLangOpts();
  if (R.TheMode == DerivativeMode::Tangent)
    markWorkSharedLoops(*R.F);
  forgetWorkSharing(*R.F);
  // The check of overlaps looks at all accesses of the function.
  return lowerParallelLoops(*R.F, Language.OpenMP && !Language.OpenMPSimd && !R.OnGrid && !options().CheckOverlap);
}

/// Cleans up a derivative and makes an ordinary function of it.
static void finish(Request &R, FunctionAnalysisManager &FAM, bool Optimised) {
  Function &F = *R.F;
  cleanUp(F, FAM, /*OptimiserFollows=*/true);
  removeMarkers(F);
  SmallVector<Function *, 2> Functions = shareOutLoops(R);
  Functions.push_back(&F);
  FAM.invalidate(F, PreservedAnalyses::none());
  if (!Optimised || options().CheckOverlap)
    for (Function *G : Functions)
      cleanUp(*G, FAM, /*OptimiserFollows=*/false);
  if (options().CheckOverlap && !R.OnGrid)
    checkOverlap(R);
}

/// Removes clang's record of the markers of parameters. Unoptimised, it would keep parameters of kernels in memory.
static void dropParameterMarkers(Module &M) {
  for (Function &F : M) {
    if (F.getIntrinsicID() != Intrinsic::var_annotation)
      continue;
    for (User *U : make_early_inc_range(F.users())) {
      auto *Call = dyn_cast<CallInst>(U);
      auto *Text = Call ? dyn_cast<GlobalVariable>(Call->getArgOperand(1)->stripPointerCasts()) : nullptr;
      auto *Data = Text && Text->hasInitializer() ? dyn_cast<ConstantDataSequential>(Text->getInitializer()) : nullptr;
      if (Data && Data->isCString() && Data->getAsCString().starts_with("adstencil."))
        Call->eraseFromParent();
    }
  }
}

/// Differentiates every request of a module. Returns false after a report. OnCpu: kernels of the module will run on the
/// CPU device, which lowers sums over the grid itself.
static bool differentiateModule(Module &M, FunctionAnalysisManager &FAM, bool Optimised, bool OnCpu) {
  dropParameterMarkers(M);
  takeAnnotations(M);
  Function *Marker = requestMarker(M);
  if (!Marker) {
    dropStrategies(M);
    return true;
  }
  bool AllDone = true;
  SmallVector<CallBase *, 16> Calls;
  for (User *U : Marker->users())
    if (auto *CB = dyn_cast<CallBase>(U))
      Calls.push_back(CB);
  for (CallBase *Call : Calls) {
    Function *F = Call->getFunction();
    std::optional<Request> R = readRequest(*Call);
    bool Done = R && differentiate(*R, FAM);
    FAM.invalidate(*F, PreservedAnalyses::none());
    if (!Done) {
      AllDone = false;
      // An error has been reported. What is left of the body must still be valid IR for the passes that follow.
      F->deleteBody();
      F->setLinkage(GlobalValue::ExternalLinkage);
      F->setComdat(nullptr);
      continue;
    }
    finish(*R, FAM, Optimised);
    if (hasGridSums(*R) && (!OnCpu || options().GpuSums)) {
      FAM.clear(*F, F->getName());
      lowerGridSums(F);
    }
  }
  dropStrategies(M);
  if (Marker->use_empty())
    Marker->eraseFromParent();
  if (M.getTargetTriple().isNVPTX() && !OnCpu)
    linkDeviceLibrary(M);
  return AllDone;
}

/// The same for the module of the CPU device, which no pass manager has seen.
static bool differentiateForCpu(Module &M, bool Optimised) {
  LoopAnalysisManager LAM;
  FunctionAnalysisManager FAM;
  CGSCCAnalysisManager CGAM;
  ModuleAnalysisManager MAM;
  PassBuilder PB;
  PB.registerModuleAnalyses(MAM);
  PB.registerCGSCCAnalyses(CGAM);
  PB.registerFunctionAnalyses(FAM);
  PB.registerLoopAnalyses(LAM);
  PB.crossRegisterProxies(LAM, FAM, CGAM, MAM);
  return differentiateModule(M, FAM, Optimised, /*OnCpu=*/true);
}

PreservedAnalyses DifferentiatePass::run(Module &M, ModuleAnalysisManager &MAM) {
  clang::CompilerInstance &CI = *diagnosticTarget();
  bool HasKernels = CI.getLangOpts().CUDA && !CI.getLangOpts().CUDAIsDevice;
  if (!requestMarker(M) && !HasKernels && !CI.getLangOpts().CUDAIsDevice) {
    takeAnnotations(M);
    dropStrategies(M);
    return PreservedAnalyses::all();
  }
  FunctionAnalysisManager &FAM = MAM.getResult<FunctionAnalysisManagerModuleProxy>(M).getManager();
  differentiateModule(M, FAM, Optimised, /*OnCpu=*/false);
  if (HasKernels) {
    if (options().GpuDevice || options().GpuSums)
      for (auto &[Stub, Most] : gridSumStubs())
        if (Function *F = M.getFunction(Stub); F && !F->isDeclaration() && !passGridSumBuffer(*F, Most))
          refuse(M.getContext(), Stub, nullptr, {}, "internal error: the host stub of a sum over the grid is not known",
                 "please report this kernel");
    if (options().CpuDevice)
      compileForHostDevice(M, CI, differentiateForCpu, Optimised);
  }
  reportRefusals();
  return PreservedAnalyses::none();
}

} // namespace adstencil
