// collect requests → normalise → model → analyse → plan → derive and emit → report
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Pipeline.h"

#include "analysis/AdjointPlan.h"
#include "analysis/Demand.h"
#include "analysis/RimPoints.h"
#include "analysis/SettledChoices.h"
#include "device/HostDevice.h"
#include "emit/DeviceLibrary.h"
#include "emit/GridSum.h"
#include "emit/Overlap.h"
#include "emit/Parallel.h"
#include "emit/Reverse.h"
#include "emit/SecondPhase.h"
#include "emit/SkipPasses.h"
#include "emit/Tangent.h"
#include "frontend/Declare.h"
#include "frontend/Options.h"
#include "model/GridNest.h"
#include "model/KeptBody.h"
#include "model/Normalise.h"
#include "model/OpenMP.h"
#include "model/Request.h"
#include "model/Strategy.h"
#include "model/ThreadLoops.h"
#include "report/PlanPrinter.h"
#include "clang/Frontend/CompilerInstance.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/InstIterator.h"
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

namespace {
enum class Outcome { Done, Refused, NoNest };
}

/// Lets __adjoint_ call __vjp_ for what it adds, if there is one nest and nothing beside it has a reverse. What is
/// loaded in front of the nest is added to there. __vjp_ does not add to arrays that the kernel stores to: where other
/// time levels of them are gathered into, it does not do enough.
static void callVjpIfPossible(AdjointPlan &Plan) {
  if (Plan.Grid || !Plan.R.Vjp || Plan.Gathers.size() != 1 || !Plan.NoGathers.empty())
    return;
  auto &[L, N] = Plan.Gathers.front();
  if (N->isOwnPoint() || (N->AddsToOutside && !N->conditions().empty()) || N->ReadsOtherLevels)
    return;
  SmallPtrSet<const Instruction *, 4> InFront;
  for (const Instruction &I : instructions(*Plan.R.F)) {
    if (L->contains(&I) || !Plan.hasReverse(I) || !getLoadStorePointerOperand(&I))
      continue;
    if (!isa<LoadInst>(I) || !N->AddsToOutside ||
        !all_of(I.users(), [&, L = L](const User *U) { return L->contains(cast<Instruction>(U)); }))
      return;
    InFront.insert(&I);
  }
  Plan.Dropped = InFront;
  N->Vjp = Plan.R.Vjp;
}

/// True if the plan of a grid's nest is better than that of one thread: it gathers, around the point or, where threads
/// have many points, without a record of each.
static bool gathersOnGrid(const AdjointPlan &Plan, NoGather &Why) {
  if (!Plan.NoGathers.empty())
    Why = Plan.NoGathers.front().second;
  return Plan.NoGathers.empty() && Plan.Gathers.size() == 1 &&
         (!Plan.Gathers.front().second->isOwnPoint() || Plan.Grid->hasStrided());
}

/// True if two locations are the same place in the text. Each inlining makes locations of its own.
static bool isSamePlace(const DILocation *A, const DILocation *B) {
  for (; A && B; A = A->getInlinedAt(), B = B->getInlinedAt())
    if (A->getLine() != B->getLine() || A->getColumn() != B->getColumn() || A->getFilename() != B->getFilename())
      return false;
  return !A && !B;
}

/// An instruction at the same place in the text, in a function that has been restored.
static const Instruction *samePlace(Function &F, const DebugLoc &Place) {
  for (Instruction &I : instructions(F))
    if (Place && isSamePlace(I.getDebugLoc(), Place))
      return &I;
  return nullptr;
}

/// Reverse mode. Grid: the kernel is a CUDA kernel in the form of a nest; without a gather it is left as it is, and
/// Why says why. Otherwise Why is what a CUDA kernel is no nest for.
static Outcome reverse(Request &R, FunctionAnalysisManager &FAM, const GridNest *Grid, NoGather &Why) {
  if (Grid || !R.OnGrid)
    settleChoices(R, Grid, FAM);
  CountedLoops Loops = countLoops(*R.F, FAM);
  if (!isValid(R, "counting loops"))
    return Outcome::Refused;
  if (Grid || !R.OnGrid)
    splitRimReads(R, Loops, Grid, FAM);
  Activity A(R);
  LoopInfo &LI = FAM.getResult<LoopAnalysis>(*R.F);
  DominatorTree &DT = FAM.getResult<DominatorTreeAnalysis>(*R.F);
  PostDominatorTree &PDT = FAM.getResult<PostDominatorTreeAnalysis>(*R.F);
  ScalarEvolution &SE = FAM.getResult<ScalarEvolutionAnalysis>(*R.F);
  Shadows S(R, A);
  AdjointPlan Plan(R, A, Loops, LI);
  Plan.Grid = Grid;
  Plan.NoPoints = Grid ? "" : Why.Reason;
  Plan.KeepsWritten = Grid && R.TheMode == DerivativeMode::Vjp;
  if (!planArrays(Plan, DT, PDT, SE, S))
    return Outcome::Refused;
  if (!Grid && any_of(Plan.Reads, [](const auto &Read) { return Read.second == ReadStrategy::Scatter; }))
    Plan.NoGrid = {Why.Reason, samePlace(*R.F, Why.Place)}; // otherwise there is nothing to gather
  if ((Grid || !R.OnGrid) && mayGather(R))
    findGathers(Plan, DT, PDT, SE);
  if (Grid && !gathersOnGrid(Plan, Why))
    return Outcome::NoNest;
  callVjpIfPossible(Plan);
  GatheredNests Points;
  auto ErasePoints = [&] {
    for (auto &[L, Functions] : Points)
      Functions->erase(FAM);
  };
  for (auto &[L, Nest] : Plan.Gathers) {
    Points[L] = std::make_unique<PointAdjoints>();
    if (!derivePoints(Plan, *Nest, *Points[L], FAM))
      return Outcome::Refused;
  }
  if (!planSweeps(Plan, DT, SE))
    return Outcome::Refused;
  if (Plan.Gathers.empty() && !Plan.Dropped.empty()) { // the nest turned out to be none
    Plan.Dropped.clear();
    if (!planSweeps(Plan, DT, SE))
      return Outcome::Refused;
  }
  if (Grid && !gathersOnGrid(Plan, Why)) {
    ErasePoints();
    return Outcome::NoNest;
  }
  if (!checkDemand(Plan))
    return Outcome::Refused;
  std::string Text;
  raw_string_ostream OS(Text);
  if (options().PrintPlan)
    Plan.print(OS);
  remarkPlan(Plan, SE);
  std::vector<std::string> Stored;
  bool Done = emitReverse(Plan, S, Points, Stored);
  if (!Plan.Gathers.empty() && Plan.NoGathers.empty())
    markAsGathers(*R.F);
  ErasePoints();
  if (!Done)
    return Outcome::Refused;
  if (!isValid(R, "the reverse sweep"))
    return Outcome::Refused;
  if (options().PrintPlan) {
    printStored(OS, Stored);
    errs() << Text;
  }
  return Outcome::Done;
}

/// Brings the function to the form that the analyses know. Returns false after a report.
static bool prepare(Request &R, FunctionAnalysisManager &FAM, bool Wide) {
  if (!normalise(R, FAM, Wide))
    return false;
  if (!isValid(R, "normalisation"))
    return false;
  nameArguments(R);
  Activity A(R);
  return checkRestrictions(R, A);
}

/// Reverse mode of a CUDA kernel as a nest of its points. Without a gather the function must be restored, and Why says
/// why it is none.
static Outcome reverseGrid(Request &R, FunctionAnalysisManager &FAM, NoGather &Why) {
  if (!prepare(R, FAM, /*Wide=*/true))
    return Outcome::Refused;
  if (!mayGather(R))
    return Outcome::NoNest;
  UnstridedAxes Unstrided = unstride(*R.F, FAM);
  spreadThreadLoops(*R.F, Unstrided, FAM);
  // What keeps a grid-stride loop a loop is why its points are not gathered.
  auto Give = [&](NoGather Other) {
    Why = Unstrided.Reason.empty() ? Other : NoGather{Unstrided.Reason, samePlace(*R.F, Unstrided.Place)};
    return Outcome::NoNest;
  };
  GridNest Grid;
  NoNest NotFormed;
  if (!formNest(*R.F, Unstrided, Grid, NotFormed, FAM))
    return Give({NotFormed.Reason, NotFormed.At});
  if (!isValid(R, "the nest of points"))
    return Outcome::Refused;
  if (options().PrintNormalised)
    R.F->print(errs());
  nameArguments(R);
  Outcome Tried = reverse(R, FAM, &Grid, Why);
  return Tried == Outcome::NoNest ? Give(Why) : Tried;
}

static bool differentiate(Request &R, FunctionAnalysisManager &FAM) {
  NoGather Why;
  if (R.OnGrid && R.TheMode != DerivativeMode::Tangent) {
    Request Original = R;
    KeptBody Kept(*R.F);
    Outcome Tried = reverseGrid(R, FAM, Why);
    if (Tried != Outcome::NoNest)
      return Tried == Outcome::Done;
    if (Why.At)
      Why.Place = Why.At->getDebugLoc();
    Kept.restore(FAM);
    R = std::move(Original);
  }
  if (!prepare(R, FAM, /*Wide=*/!R.OnGrid))
    return false;
  if (options().PrintNormalised)
    R.F->print(errs());
  Why.At = nullptr;
  if (R.TheMode != DerivativeMode::Tangent)
    return reverse(R, FAM, nullptr, Why) == Outcome::Done;
  Activity A(R);
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
  DenseMap<const Function *, Function *> Vjps = vjpsOfAdjoints(Calls);
  for (CallBase *Call : Calls) {
    Function *F = Call->getFunction();
    std::optional<Request> R = readRequest(*Call);
    if (R) {
      R->OnCpu = OnCpu && !options().GpuSums;
      R->Vjp = Vjps.lookup(F);
    }
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
      F = lowerGridSums(F);
    }
    if (R->OnGrid && R->TheMode == DerivativeMode::Adjoint && (!OnCpu || options().GpuSums)) {
      FAM.clear(*F, F->getName());
      lowerPhase(F);
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

/// Makes host stubs pass the parameters that derivatives have on a GPU alone.
static void passHiddenParameters(Module &M) {
  auto Check = [&](StringRef Stub, function_ref<bool(Function &)> Pass) {
    if (Function *F = M.getFunction(Stub); F && !F->isDeclaration() && !Pass(*F))
      refuse(M.getContext(), Stub, nullptr, {}, "internal error: the host stub of a derivative is not known",
             "please report this kernel");
  };
  for (auto &[Stub, Most] : gridSumStubs())
    Check(Stub, [&, Most = Most](Function &F) { return passGridSumBuffer(F, Most); });
  for (const std::string &Stub : adjointStubs())
    Check(Stub, passPhase);
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
      passHiddenParameters(M);
    if (options().CpuDevice)
      compileForHostDevice(M, CI, differentiateForCpu, Optimised);
  }
  reportRefusals();
  return PreservedAnalyses::none();
}

} // namespace adstencil
