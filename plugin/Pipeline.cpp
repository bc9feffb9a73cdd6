// collect requests → normalise → model → analyse → plan → derive and emit → report
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Pipeline.h"

#include "analysis/AdjointPlan.h"
#include "emit/Overlap.h"
#include "emit/Reverse.h"
#include "emit/Tangent.h"
#include "frontend/Options.h"
#include "model/Normalise.h"
#include "model/Request.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
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
  ScalarEvolution &SE = FAM.getResult<ScalarEvolutionAnalysis>(*R.F);
  Shadows S(R, A);
  AdjointPlan Plan(R, A, Loops, LI);
  if (!makePlan(Plan, DT, SE, S))
    return false;
  std::string Text;
  raw_string_ostream OS(Text);
  if (options().PrintPlan)
    Plan.print(OS);
  std::vector<std::string> Stored;
  emitReverse(Plan, S, Stored);
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

PreservedAnalyses DifferentiatePass::run(Module &M, ModuleAnalysisManager &MAM) {
  Function *Marker = requestMarker(M);
  if (!Marker)
    return PreservedAnalyses::all();
  FunctionAnalysisManager &FAM = MAM.getResult<FunctionAnalysisManagerModuleProxy>(M).getManager();
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
      // An error has been reported. What is left of the body must still be valid IR for the passes that follow.
      F->deleteBody();
      F->setLinkage(GlobalValue::ExternalLinkage);
      F->setComdat(nullptr);
      continue;
    }
    cleanUp(*F, FAM, Optimised && !options().CheckOverlap);
    removeMarkers(*F);
    if (options().CheckOverlap)
      checkOverlap(*R);
  }
  if (Marker->use_empty())
    Marker->eraseFromParent();
  reportRefusals();
  return PreservedAnalyses::none();
}

} // namespace adstencil
