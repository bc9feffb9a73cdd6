// The plugin's own short pipeline. Three choices differ from what -O2 would do:
//
//   - SimplifyCFG does not speculate: `c ? a/b : 0` keeps its branch, so the adjoint of the side not taken is never
//     computed and 0 * inf cannot turn a cotangent into NaN.
//   - GVN without PRE: carrying u[i] over to the next iteration as u[i-1] saves a load in the kernel and costs its
//     adjoint a tape.
//   - Loops of a few iterations are unrolled fully, so that small local arrays dissolve into SSA values.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "model/Normalise.h"

#include "derive/Rules.h"
#include "model/CarriedLoads.h"
#include "model/ChosenIndices.h"
#include "model/GridIndices.h"
#include "model/Inline.h"
#include "model/Library.h"
#include "model/Memory.h"
#include "model/OpenMP.h"
#include "model/WideIndices.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/Transforms/InstCombine/InstCombine.h"
#include "llvm/Transforms/Scalar/ADCE.h"
#include "llvm/Transforms/Scalar/DeadStoreElimination.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Scalar/GVN.h"
#include "llvm/Transforms/Scalar/IndVarSimplify.h"
#include "llvm/Transforms/Scalar/LICM.h"
#include "llvm/Transforms/Scalar/LoopDeletion.h"
#include "llvm/Transforms/Scalar/LoopPassManager.h"
#include "llvm/Transforms/Scalar/LoopRotation.h"
#include "llvm/Transforms/Scalar/LoopUnrollPass.h"
#include "llvm/Transforms/Scalar/SROA.h"
#include "llvm/Transforms/Scalar/Scalarizer.h"
#include "llvm/Transforms/Scalar/SimplifyCFG.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"
#include "llvm/Transforms/Utils/LCSSA.h"
#include "llvm/Transforms/Utils/Local.h"
#include "llvm/Transforms/Utils/LoopSimplify.h"
#include "llvm/Transforms/Utils/LoopUtils.h"
#include "llvm/Transforms/Utils/Mem2Reg.h"

using namespace llvm;

namespace adstencil {

void rootsOf(const Value *Pointer, SmallVectorImpl<const Value *> &Roots) {
  SmallVector<const Value *, 4> Objects;
  getUnderlyingObjects(Pointer, Objects, nullptr, /*MaxLookup=*/0);
  for (const Value *O : Objects)
    if (!is_contained(Roots, O))
      Roots.push_back(O);
}

bool readsShadowed(const Request &R, const Instruction &I) {
  const auto *L = dyn_cast<LoadInst>(&I);
  if (!L || !L->isSimple() || !L->getType()->isFloatingPointTy())
    return false;
  SmallVector<const Value *, 2> Roots;
  rootsOf(L->getPointerOperand(), Roots);
  return Roots.size() == 1 && isArrayMarker(Roots[0]) && R.Roots[markerNumber(Roots[0])].HasShadow;
}

/// Function pointers handed down through more levels than this are taken for recursion.
static constexpr unsigned MaxInliningRounds = 16;

static SimplifyCFGPass simplifyCFG() {
  return SimplifyCFGPass(SimplifyCFGOptions().speculateBlocks(false).setSimplifyCondBranch(true));
}

template <class Pass> static void run(Pass FPM, Function &F, FunctionAnalysisManager &FAM) {
  FAM.invalidate(F, PreservedAnalyses::none());
  PreservedAnalyses PA = FPM.run(F, FAM);
  FAM.invalidate(F, PA);
}

/// Variables become SSA values and trivial code goes, so that calls through function pointers become direct.
static void simplify(Function &F, FunctionAnalysisManager &FAM) {
  FunctionPassManager FPM;
  FPM.addPass(SROAPass(SROAOptions::ModifyCFG));
  FPM.addPass(EarlyCSEPass(/*UseMemorySSA=*/false));
  FPM.addPass(simplifyCFG());
  run(std::move(FPM), F, FAM);
}

/// CUDA programs load and store two or four numbers at once (double2, float4). The back end of a GPU finds such
/// accesses again.
static void splitVectors(Function &F, FunctionAnalysisManager &FAM) {
  ScalarizerPassOptions Options;
  Options.ScalarizeLoadStore = true;
  FunctionPassManager FPM;
  FPM.addPass(ScalarizerPass(Options));
  FPM.addPass(EarlyCSEPass(/*UseMemorySSA=*/false));
  run(std::move(FPM), F, FAM);
}

/// Loops of a few iterations are unrolled fully. No peeling: a nest whose first iteration stands apart is no nest any
/// more.
static LoopUnrollPass fullUnroll() {
  return LoopUnrollPass(LoopUnrollOptions(/*OptLevel=*/2)
                            .setPartial(false)
                            .setPeeling(false)
                            .setProfileBasedPeeling(0)
                            .setRuntime(false));
}

/// Indices that are functions of such loops' counters get constants, and keep all that the language says about them.
/// Before it is simplified an iteration looks longer than it is.
static void unrollEarly(Function &F, FunctionAnalysisManager &FAM) {
  constexpr unsigned MostIterations = 16;
  constexpr size_t MostInstructions = 8192;
  run(LoopSimplifyPass(), F, FAM);
  ScalarEvolution &SE = FAM.getResult<ScalarEvolutionAnalysis>(F);
  for (Loop *L : FAM.getResult<LoopAnalysis>(F).getLoopsInPreorder()) {
    unsigned Count = SE.getSmallConstantTripCount(L);
    size_t Instructions = 0;
    for (const BasicBlock *BB : L->blocks())
      Instructions += BB->size();
    if (L->isInnermost() && Count > 1 && Count <= MostIterations && Count * Instructions <= MostInstructions)
      addStringMetadataToLoop(L, "llvm.loop.unroll.full");
  }
  FunctionPassManager FPM;
  FPM.addPass(fullUnroll());
  FPM.addPass(SROAPass(SROAOptions::ModifyCFG));
  FPM.addPass(EarlyCSEPass(/*UseMemorySSA=*/false));
  FPM.addPass(simplifyCFG());
  run(std::move(FPM), F, FAM);
}

/// WidenCounters: loop counters may become wider than what the user wrote.
static void shapeLoops(Function &F, FunctionAnalysisManager &FAM, bool WidenCounters) {
  FunctionPassManager FPM;
  FPM.addPass(InstCombinePass());
  FPM.addPass(simplifyCFG());
  LoopPassManager Rotate;
  Rotate.addPass(LoopRotatePass(/*EnableHeaderDuplication=*/true));
  Rotate.addPass(LICMPass(LICMOptions()));
  FPM.addPass(createFunctionToLoopPassAdaptor(std::move(Rotate), /*UseMemorySSA=*/true));
  FPM.addPass(simplifyCFG());
  LoopPassManager Shape;
  Shape.addPass(IndVarSimplifyPass(WidenCounters));
  Shape.addPass(LoopDeletionPass());
  FPM.addPass(createFunctionToLoopPassAdaptor(std::move(Shape)));
  FPM.addPass(fullUnroll());
  FPM.addPass(SROAPass(SROAOptions::ModifyCFG));
  FPM.addPass(EarlyCSEPass(/*UseMemorySSA=*/true));
  FPM.addPass(
      GVNPass(GVNOptions().setPRE(false).setLoadPRE(false).setLoadInLoopPRE(false).setLoadPRESplitBackedge(false)));
  FPM.addPass(DSEPass());
  FPM.addPass(InstCombinePass());
  LoopPassManager Hoist;
  Hoist.addPass(LICMPass(LICMOptions()));
  FPM.addPass(createFunctionToLoopPassAdaptor(std::move(Hoist), /*UseMemorySSA=*/true));
  FPM.addPass(ADCEPass());
  FPM.addPass(simplifyCFG());
  FPM.addPass(LoopSimplifyPass());
  run(std::move(FPM), F, FAM);
}

/// One of variables of a loop that are always the same is enough.
static void joinCounters(Function &F, FunctionAnalysisManager &FAM) {
  FunctionPassManager FPM;
  FPM.addPass(EarlyCSEPass(/*UseMemorySSA=*/false));
  FPM.addPass(simplifyCFG());
  FPM.addPass(LoopSimplifyPass());
  run(std::move(FPM), F, FAM);
}

void cleanUp(Function &F, FunctionAnalysisManager &FAM, bool OptimiserFollows) {
  FunctionPassManager FPM;
  FPM.addPass(SROAPass(SROAOptions::ModifyCFG));
  if (OptimiserFollows) {
    run(std::move(FPM), F, FAM);
    return;
  }
  FPM.addPass(EarlyCSEPass(/*UseMemorySSA=*/true));
  FPM.addPass(InstCombinePass());
  FPM.addPass(SimplifyCFGPass(SimplifyCFGOptions().speculateBlocks(false)));
  FPM.addPass(ADCEPass());
  LoopPassManager Loops;
  Loops.addPass(IndVarSimplifyPass());
  Loops.addPass(LoopDeletionPass());
  FPM.addPass(createFunctionToLoopPassAdaptor(std::move(Loops)));
  FPM.addPass(EarlyCSEPass(/*UseMemorySSA=*/true));
  FPM.addPass(InstCombinePass());
  FPM.addPass(SimplifyCFGPass(SimplifyCFGOptions().speculateBlocks(false)));
  run(std::move(FPM), F, FAM);
}

/// Mathematics that has a rule is free of side effects here: errno of a derivative is nobody's business.
static void purifyMathematics(Function &F) {
  for (Instruction &I : instructions(F))
    if (auto *C = dyn_cast<CallInst>(&I); C && classify(*C) == LibraryCall::Mathematics) {
      C->setDoesNotAccessMemory();
      C->setDoesNotThrow();
      C->addFnAttr(Attribute::WillReturn);
      C->removeFnAttr(Attribute::StrictFP);
    }
}

/// CUDA's min and max of integers are calls where libdevice is not at hand.
static void replaceIntegerExtremes(Function &F) {
  for (Instruction &I : make_early_inc_range(instructions(F))) {
    auto *C = dyn_cast<CallInst>(&I);
    const Function *Called = C ? C->getCalledFunction() : nullptr;
    if (!Called || !C->getType()->isIntegerTy() || C->arg_size() != 2)
      continue;
    auto Extreme = StringSwitch<Intrinsic::ID>(Called->getName())
                       .Cases({"__nv_min", "__nv_llmin"}, Intrinsic::smin)
                       .Cases({"__nv_max", "__nv_llmax"}, Intrinsic::smax)
                       .Cases({"__nv_umin", "__nv_ullmin"}, Intrinsic::umin)
                       .Cases({"__nv_umax", "__nv_ullmax"}, Intrinsic::umax)
                       .Default(Intrinsic::not_intrinsic);
    if (Extreme == Intrinsic::not_intrinsic)
      continue;
    IRBuilder<> B(C);
    C->replaceAllUsesWith(B.CreateBinaryIntrinsic(Extreme, C->getArgOperand(0), C->getArgOperand(1)));
    C->eraseFromParent();
  }
}

/// Ends a block at every call that does not return, and leaves one return.
static void dropUnreachable(Function &F) {
  for (Instruction &I : make_early_inc_range(instructions(F)))
    if (auto *C = dyn_cast<CallInst>(&I);
        C && classify(*C) == LibraryCall::NoReturn && !isa<UnreachableInst>(C->getNextNode()))
      changeToUnreachable(C->getNextNode());
  removeUnreachableBlocks(F);
  SmallVector<ReturnInst *, 4> Returns;
  for (BasicBlock &BB : F)
    if (auto *R = dyn_cast<ReturnInst>(BB.getTerminator()))
      Returns.push_back(R);
  if (Returns.size() < 2)
    return;
  BasicBlock *Exit = BasicBlock::Create(F.getContext(), "exit", &F);
  ReturnInst::Create(F.getContext(), Exit);
  for (ReturnInst *R : Returns) {
    BranchInst::Create(Exit, R->getIterator());
    R->eraseFromParent();
  }
}

/// Removes clang's record of the parameter markers: the request has said everything about them.
static void dropAnnotations(Function &F) {
  for (Instruction &I : make_early_inc_range(instructions(F)))
    if (auto *II = dyn_cast<IntrinsicInst>(&I); II && II->getIntrinsicID() == Intrinsic::var_annotation)
      II->eraseFromParent();
}

/// Removes freezes of pointers, which would hide where a pointer leads. A poisoned pointer must not be used anyway.
static void thawPointers(Function &F) {
  for (Instruction &I : make_early_inc_range(instructions(F)))
    if (isa<FreezeInst>(I) && I.getType()->isPointerTy()) {
      I.replaceAllUsesWith(I.getOperand(0));
      I.eraseFromParent();
    }
}

/// Forgets what clang says about unrolling: at -O1 it forbids it for every loop, and the form of a kernel is the same
/// at all levels here.
static void forgetUnrolling(Function &F) {
  for (BasicBlock &BB : F)
    if (Instruction *T = BB.getTerminator(); T && T->hasMetadata(LLVMContext::MD_loop))
      T->setMetadata(LLVMContext::MD_loop,
                     makePostTransformationMetadata(F.getContext(), T->getMetadata(LLVMContext::MD_loop),
                                                    {"llvm.loop.unroll.disable"}, {}));
}

bool normalise(Request &R, FunctionAnalysisManager &FAM, bool Wide) {
  Function &F = *R.F;
  F.removeFnAttr(Attribute::OptimizeNone);
  F.removeFnAttr(Attribute::NoInline);
  // Each round resolves function pointers that the inlining of the round before has exposed.
  unsigned Rounds = 0;
  for (Inlined Done = Inlined::Something; Done == Inlined::Something;) {
    if (++Rounds > MaxInliningRounds) {
      refuse(F.getContext(), R.Kernel, nullptr, R.Place, "its calls through pointers never end (recursion)",
             "write the recursion as a loop");
      return false;
    }
    Done = inlineCalls(R);
    if (Done == Inlined::Refused)
      return false;
    Serialised Regions = serialiseOpenMP(R);
    if (Regions == Serialised::Refused)
      return false;
    if (Regions == Serialised::Something)
      Done = Inlined::Something;
    purifyMathematics(F);
    replaceIntegerExtremes(F);
    dropAnnotations(F);
    if (Done == Inlined::Something)
      simplify(F, FAM);
  }
  exposeNestedPointers(R);
  if (!lowerMemoryCalls(R))
    return false;
  simplify(F, FAM);
  restoreNests(F, FAM);
  if (R.OnGrid) {
    splitVectors(F, FAM);
    annotateGridIndices(F);
  }
  forgetUnrolling(F);
  if (Wide) {
    if (R.TheMode != DerivativeMode::Tangent && hasChosenReads(R, FAM)) {
      unrollEarly(F, FAM);
      splitChosenReads(R, FAM);
    }
    widenIndices(F);
  }
  markDisjointRoots(R);
  dropUnreachable(F);
  // The counters of grid-stride loops stay what model/Unstride.h knows, for hosts as for GPUs.
  shapeLoops(F, FAM, /*WidenCounters=*/!(R.OnGrid && Wide));
  dropUnreachable(F);
  if (Wide)
    signExtendIndices(F);
  if (Wide && !R.OnGrid) {
    // Counters that were widened start at `sext(n - 1)`, others at `sext(n) - 1`: one and the same.
    widenIndices(F);
    joinCounters(F, FAM);
  }
  thawPointers(F);
  FAM.invalidate(F, PreservedAnalyses::none());
  if (Wide) {
    if (R.TheMode != DerivativeMode::Tangent)
      splitChosenReads(R, FAM);
    reloadCarried(F, FAM);
  }
  return true;
}

} // namespace adstencil
