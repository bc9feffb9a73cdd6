// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emit/PointAdjoint.h"

#include "emit/Cost.h"
#include "emit/KeptCotangents.h"
#include "emit/MergedPoint.h"
#include "emit/Reverse.h"
#include "emit/SharedPoint.h"
#include "frontend/Options.h"
#include "llvm/ADT/PostOrderIterator.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Scalar/ADCE.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Scalar/SROA.h"
#include "llvm/Transforms/Scalar/SimplifyCFG.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include "llvm/Transforms/Utils/Local.h"
#include "llvm/Transforms/Utils/ValueMapper.h"

using namespace llvm;

namespace adstencil {

namespace {

/// Copies the body of a nest into a function. Arguments are placeholders until all of them are known.
class PointBuilder {
public:
  /// Inner: for points for which all assumptions of the nest hold.
  PointBuilder(const AdjointPlan &P, const GatherNest &N, PointRole Role, bool Inner)
      : P(P), N(N), Role(Role), Inner(Inner), Ctx(P.R.F->getContext()),
        Draft(Function::Create(FunctionType::get(Type::getVoidTy(Ctx), false), GlobalValue::InternalLinkage,
                               P.R.F->getName() + ".point", P.R.F->getParent())),
        Entry(BasicBlock::Create(Ctx, "entry", Draft)), End(BasicBlock::Create(Ctx, "end", Draft)),
        EntryBuilder(ReturnInst::Create(Ctx, Entry)) {
    ReturnInst::Create(Ctx, End);
  }

  PointAdjoint build() {
    copyBlocks();
    cutLoops();
    for (BasicBlock *BB : Copies)
      for (Instruction &I : *BB) {
        I.dropDbgRecords();
        for (Use &U : I.operands())
          import(U);
        RemapInstruction(&I, Map, RF_IgnoreMissingLocals | RF_NoModuleLevelChanges);
      }
    useCells();
    for (const LoadInst *L : N.Never)
      if (Instruction *Copy = copyOf(L))
        Copy->replaceAllUsesWith(Constant::getNullValue(L->getType()));
    if (Inner)
      for (auto &[Test, Holds] : N.Assumed)
        if (auto *Copy = dyn_cast_or_null<Instruction>(
                static_cast<Value *>(Map.lookup(Test)))) // one test may steer two branches
          Copy->replaceAllUsesWith(ConstantInt::getBool(Ctx, Holds));
    Instruction *Return = Entry->getTerminator();
    BranchInst::Create(cast<BasicBlock>(Map[N.outermost()->getHeader()]), Return->getIterator());
    Return->eraseFromParent();
    removeDeadCode();
    return finish();
  }

  /// Loads that stand in front of the nest, and are repeated at each point.
  ArrayRef<Instruction *> outside() const { return Outside; }
  /// The copy of an instruction of the nest.
  Instruction *copyOf(const Instruction *I) const {
    return dyn_cast_or_null<Instruction>(static_cast<Value *>(Map.lookup(I)));
  }
  /// The i1 that tells whether the gathered load I contributed.
  Value *flagOf(const LoadInst *I) const { return Flags.lookup(I); }

private:
  const AdjointPlan &P;
  const GatherNest &N;
  PointRole Role;
  bool Inner;
  LLVMContext &Ctx;
  Function *Draft;
  BasicBlock *Entry, *End;
  IRBuilder<> EntryBuilder;
  ValueToValueMapTy Map;
  SmallVector<BasicBlock *, 16> Copies;
  SmallVector<PointArgument, 16> Arguments;
  SmallVector<Instruction *, 16> Placeholders;
  struct Cell {
    unsigned Group;
    Shift At;
    bool OfLoad;
    CallInst *Pointer;
    Instruction *Flag;
  };
  SmallVector<Cell, 16> Cells;
  DenseMap<const LoadInst *, Value *> Flags;
  SmallVector<Instruction *, 4> Outside;

  Instruction *addArgument(PointArgument A, Type *T, const Twine &Name) {
    Arguments.push_back(std::move(A));
    auto *Placeholder = new FreezeInst(PoisonValue::get(T), Name, EntryBuilder.GetInsertPoint());
    Placeholders.push_back(Placeholder);
    return Placeholder;
  }

  void copyBlocks() {
    ReversePostOrderTraversal<BasicBlock *> Order(N.outermost()->getHeader());
    for (BasicBlock *BB : Order)
      if (N.outermost()->contains(BB)) {
        BasicBlock *Copy = CloneBasicBlock(BB, Map, "", Draft);
        Map[BB] = Copy;
        Copies.push_back(Copy);
      }
  }

  /// Every axis loop runs once: its counter is an argument, its latch leaves.
  void cutLoops() {
    for (auto [Axis, L] : enumerate(N.Axes)) {
      PHINode *Counter = P.Loops.find(L)->second.Counter;
      auto *Copy = cast<PHINode>(Map[Counter]);
      Instruction *Index =
          addArgument({PointArgument::Index, unsigned(Axis), nullptr, {}}, Counter->getType(), "index");
      Copy->replaceAllUsesWith(Index);
      Copy->eraseFromParent();
      Map[Counter] = Index;
      BasicBlock *Exit = P.Loops.find(L)->second.Exit;
      Instruction *Latch = cast<BasicBlock>(Map[L->getLoopLatch()])->getTerminator();
      BranchInst::Create(N.outermost()->contains(Exit) ? cast<BasicBlock>(Map[Exit]) : End, Latch->getIterator());
      Latch->eraseFromParent();
      Map.erase(L->getLoopLatch()->getTerminator());
    }
  }

  /// Makes V, an operand of a copy, known in the point function.
  Value *import(Value *V) {
    auto *I = dyn_cast<Instruction>(V);
    if ((!I && !isa<Argument>(V)) || (I && (I->getFunction() == Draft || N.outermost()->contains(I))))
      return V;
    if (auto Found = Map.find(V); Found != Map.end())
      return Found->second;
    for (auto &[Condition, IfTrue] : N.Entered) // without it there are no points
      if (Condition == V)
        return Map[V] = ConstantInt::getBool(Ctx, IfTrue);
    Value *New;
    if (I && isArrayMarker(I)) {
      Value *Primal = addArgument({PointArgument::ArrayPrimal, 0, I, {}}, I->getType(), I->getName());
      Value *Shadow = addArgument({PointArgument::ArrayShadow, 0, I, {}}, I->getType(), I->getName() + "_bar");
      New = createArrayMarker(EntryBuilder, Primal, Shadow, markerNumber(I));
    } else if (I && isScalarMarker(I)) {
      Instruction *Copy = I->clone();
      Copy->setOperand(0, addArgument({PointArgument::Captured, 0, I, {}}, I->getType(), I->getName()));
      Copy->setOperand(1, addArgument({PointArgument::ScalarShadow, 0, I, {}}, EntryBuilder.getPtrTy(), "scalar_bar"));
      New = EntryBuilder.Insert(Copy);
    } else if (I && (I->getType()->isPointerTy() ? !isa<LoadInst>(I) : P.A.isActive(I)) && !isa<PHINode>(I)) {
      Instruction *Copy = I->clone();
      for (Use &U : Copy->operands())
        U.set(import(U));
      New = EntryBuilder.Insert(Copy, I->getName());
      if (isa<LoadInst>(Copy))
        Outside.push_back(Copy);
    } else {
      New = addArgument({PointArgument::Captured, 0, V, {}}, V->getType(), V->getName());
    }
    Map[V] = New;
    return New;
  }

  bool clears() const { return Role == PointRole::Carry || Role == PointRole::Whole; }

  /// Where an access belongs to a group its address is an argument. Loads that are carried share it with the stores:
  /// within a point, the exact reverse of reading and overwriting a cell is wanted.
  void useCells() {
    for (auto &[I, At] : N.Accesses) {
      Instruction *Copy = copyOf(I);
      if (!Copy) // folded away
        continue;
      const auto *L = dyn_cast<LoadInst>(I);
      LoadRole LoadAs = L ? N.Roles.lookup(L) : LoadRole::Home;
      bool HasRole = L && N.Roles.count(L);
      if (HasRole && LoadAs == LoadRole::Home)
        continue; // adds to the array itself
      bool OfLoad = L && !(clears() && HasRole && LoadAs == LoadRole::Carried);
      Cell &C = cellOf(At, OfLoad);
      Copy->setOperand(L ? 0 : 1, C.Pointer);
      if (L && N.Conditional.contains(L)) {
        if (!C.Flag)
          C.Flag = addArgument({PointArgument::Touched, At.Group, nullptr, At.At}, EntryBuilder.getPtrTy(), "touched");
        Flags[L] = C.Flag;
      }
    }
  }

  Cell &cellOf(const GroupAccess &At, bool OfLoad) {
    for (Cell &C : Cells)
      if (C.Group == At.Group && C.At == At.At && C.OfLoad == OfLoad)
        return C;
    const AccessGroup &G = N.Groups[At.Group];
    StringRef Name = P.R.Roots[markerNumber(G.Root)].Name;
    Value *Primal = addArgument({PointArgument::CellPrimal, At.Group, nullptr, At.At, OfLoad}, G.Root->getType(), Name);
    Value *Shadow =
        addArgument({PointArgument::CellShadow, At.Group, nullptr, At.At, OfLoad}, G.Root->getType(), Name + "_bar");
    CallInst *Marker = createArrayMarker(EntryBuilder, Primal, Shadow, markerNumber(G.Root));
    Cells.push_back({At.Group, At.At, OfLoad, Marker, nullptr});
    return Cells.back();
  }

  void removeDeadCode() {
    for (bool Changed = true; Changed;) {
      Changed = false;
      for (BasicBlock &BB : *Draft)
        for (Instruction &I : make_early_inc_range(reverse(BB)))
          if (isInstructionTriviallyDead(&I) && !is_contained(Placeholders, &I)) {
            I.eraseFromParent(); // the map forgets it
            Changed = true;
          }
    }
  }

  PointAdjoint finish() {
    SmallVector<Type *, 16> Types;
    for (Instruction *I : Placeholders)
      Types.push_back(I->getType());
    PointAdjoint A;
    A.F = Function::Create(FunctionType::get(Type::getVoidTy(Ctx), Types, false), GlobalValue::InternalLinkage,
                           Draft->getName(), P.R.F->getParent());
    A.F->setAttributes(
        AttributeList::get(Ctx, AttributeList::FunctionIndex, AttrBuilder(Ctx, P.R.F->getAttributes().getFnAttrs())));
    A.F->splice(A.F->begin(), Draft);
    for (auto [I, Placeholder] : enumerate(Placeholders)) {
      Argument *Arg = A.F->getArg(I);
      Arg->takeName(Placeholder);
      Placeholder->replaceAllUsesWith(Arg);
      for (auto &[L, Flag] : Flags)
        if (Flag == Placeholder)
          Flag = Arg;
      Placeholder->eraseFromParent();
    }
    Draft->eraseFromParent();
    A.Arguments = std::move(Arguments);
    return A;
  }
};

/// True if contributions of the load or scalar are of no interest to a role.
bool isDropped(PointRole Role, std::optional<LoadRole> As) {
  switch (Role) {
  case PointRole::Away:
    return As != LoadRole::Gathered;
  case PointRole::Home:
    return As == LoadRole::Carried;
  case PointRole::Carry:
    return As != LoadRole::Carried;
  case PointRole::Whole:
    return false;
  }
  return false;
}

} // namespace

/// Leaves what the calls will need, so that many of them can be inlined.
static void tidy(Function &F, FunctionAnalysisManager &FAM) {
  FAM.invalidate(F, PreservedAnalyses::none());
  FunctionPassManager FPM;
  FPM.addPass(SROAPass(SROAOptions::ModifyCFG));
  FPM.addPass(EarlyCSEPass(/*UseMemorySSA=*/false));
  FPM.addPass(SimplifyCFGPass(SimplifyCFGOptions().speculateBlocks(false)));
  FPM.addPass(ADCEPass());
  FAM.invalidate(F, FPM.run(F, FAM));
}

/// On a grid cells belong to the thread that evaluates the point, and whole arrays to all threads.
static void adaptToGrid(AdjointPlan &Point, const PointAdjoint &A) {
  Point.IsPoint = true;
  for (Instruction &I : instructions(*A.F))
    if (isArrayMarker(&I)) {
      auto *Primal = dyn_cast<Argument>(I.getOperand(0));
      bool IsArray = Primal && A.Arguments[Primal->getArgNo()].TheKind == PointArgument::ArrayPrimal;
      Point.Reads[&I] = IsArray ? ReadStrategy::Scatter : ReadStrategy::OwnPoint;
    }
}

static PointAdjoint build(PointBuilder &Builder) {
  PointAdjoint A = Builder.build();
  for (BasicBlock &BB : *A.F)
    ConstantFoldTerminator(&BB);
  removeUnreachableBlocks(*A.F);
  return A;
}

PointAdjoint copyPoint(const AdjointPlan &P, const GatherNest &N, bool Inner, FunctionAnalysisManager &FAM) {
  PointBuilder Builder(P, N, PointRole::Away, Inner);
  PointAdjoint A = build(Builder);
  tidy(*A.F, FAM);
  return A;
}

bool differentiatePoint(const AdjointPlan &P, const Request &R, PointAdjoint &A,
                        const SmallPtrSetImpl<const Instruction *> &Dropped,
                        const DenseMap<const LoadInst *, Value *> &Touched, FunctionAnalysisManager &FAM) {
  CountedLoops Loops = countLoops(*A.F, FAM);
  Activity Active(R);
  AdjointPlan Point(R, Active, Loops, FAM.getResult<LoopAnalysis>(*A.F));
  Point.KeepsWritten = R.TheMode == DerivativeMode::Vjp;
  Point.Dropped.insert(Dropped.begin(), Dropped.end());
  Point.Touched = Touched;
  Shadows S(R, Active);
  DominatorTree &DT = FAM.getResult<DominatorTreeAnalysis>(*A.F);
  PostDominatorTree &PDT = FAM.getResult<PostDominatorTreeAnalysis>(*A.F);
  ScalarEvolution &SE = FAM.getResult<ScalarEvolutionAnalysis>(*A.F);
  std::vector<std::string> Stored;
  GatheredNests None;
  if (!planArrays(Point, DT, PDT, SE, S))
    return false;
  if (P.Grid)
    adaptToGrid(Point, A);
  if (!planSweeps(Point, DT, SE) || !emitReverse(Point, S, None, Stored))
    return false;
  removeMarkers(*A.F);
  tidy(*A.F, FAM);
  return true;
}

static bool derive(const AdjointPlan &P, const GatherNest &N, PointRole Role, PointAdjoint &A,
                   FunctionAnalysisManager &FAM, bool Inner = false) {
  PointBuilder Builder(P, N, Role, Inner);
  A = build(Builder);
  Request R = P.R;
  R.F = A.F;
  bool Clears = Role == PointRole::Carry || Role == PointRole::Whole;
  R.TheMode = Clears ? DerivativeMode::Adjoint : DerivativeMode::Vjp;
  SmallPtrSet<const Instruction *, 16> Dropped;
  DenseMap<const LoadInst *, Value *> Touched;
  for (auto &[L, As] : N.Roles) {
    auto *Copy = dyn_cast_or_null<LoadInst>(Builder.copyOf(L));
    if (Copy && isDropped(Role, As))
      Dropped.insert(Copy);
    if (Value *Flag = Builder.flagOf(L); Flag && Copy)
      Touched[Copy] = Flag;
  }
  for (Instruction &I : instructions(*A.F))
    if ((isScalarMarker(&I) || is_contained(Builder.outside(), &I)) && isDropped(Role, LoadRole::Home))
      Dropped.insert(&I);
  return differentiatePoint(P, R, A, Dropped, Touched, FAM);
}

static void collectNeeds(const PointAdjoint &A, GatherNest &N) {
  if (!A.F)
    return;
  for (auto [I, Arg] : enumerate(A.Arguments))
    if (Arg.Of && A.uses(I)) {
      bool IsShadow = Arg.TheKind == PointArgument::ScalarShadow || Arg.TheKind == PointArgument::ArrayShadow;
      N.Needs.push_back(IsShadow ? cast<CallInst>(Arg.Of)->getArgOperand(1) : Arg.Of);
    }
}

void discard(PointAdjoint &A, FunctionAnalysisManager &FAM) {
  FAM.clear(*A.F, A.F->getName());
  A.F->eraseFromParent();
  A = PointAdjoint();
}

static bool isToBeTiled(const GatherNest &N, const PointAdjoints &Points) {
  if (options().Tiles != Choice::ByCost)
    return options().Tiles == Choice::Always;
  if (N.Block)
    return isWorthTilingGrid(estimateGridCost(N, Points), wordsOfPoint(N, Points.Away));
  return isWorthTiling(estimateCost(N, Points));
}

/// Decides whether the nest is tiled, and whether points share values if it is.
static bool chooseTile(const AdjointPlan &P, GatherNest &N, PointAdjoints &Points, FunctionAnalysisManager &FAM) {
  bool IsDemanded = N.Tiled;
  if (N.Block) {
    N.Tiled = IsDemanded || isToBeTiled(N, Points);
    return true;
  }
  bool IsLight = !IsDemanded && options().Tiles == Choice::ByCost && isTooLightToTile(estimateCost(N, Points));
  if (IsLight || options().Tiles == Choice::Never)
    return true;
  if (!deriveOwner(P, N, Points, FAM) ||
      (Points.Owner.F && N.HasHomes && !derive(P, N, PointRole::Home, Points.Home, FAM)))
    return false;
  if (Points.Owner.F && options().Merges == Choice::ByCost && !isWorthSharing(estimateCost(N, Points)))
    discardOwner(N, Points, FAM);
  N.Tiled = IsDemanded || isToBeTiled(N, Points);
  if (!N.Tiled)
    discardOwner(N, Points, FAM);
  return true;
}

/// Decides what neighbouring cells share, on a CPU: planes of cells done together, or cotangents of points that are
/// kept. Either needs that iterations along rows are independent, so that the optimiser need not be told how rows of
/// several planes, or of kept cotangents and of arrays, relate.
static void chooseSharing(const AdjointPlan &P, GatherNest &N, PointAdjoints &Points, FunctionAnalysisManager &FAM) {
  constexpr unsigned LeastAxes = 3;
  bool OnGpu = P.Grid && !P.R.OnCpu;
  if (OnGpu || N.Tiled || N.HasHomes || !N.cellsApartAlongRows(/*WithStored=*/false))
    return;
  if (options().Keeps == Choice::Always)
    deriveKept(N, Points, FAM);
  if (N.Axes.size() >= LeastAxes && !N.Kept)
    N.Planes = options().Planes ? options().Planes : planesTogether(N, Points);
  if (N.Planes == 1 && options().Keeps == Choice::ByCost)
    deriveKept(N, Points, FAM);
}

bool derivePoints(const AdjointPlan &P, GatherNest &N, PointAdjoints &Points, FunctionAnalysisManager &FAM) {
  bool Adjoint = P.R.TheMode == DerivativeMode::Adjoint;
  if (!N.Vjp && !N.Tiled && !deriveMerged(P, N, Points, FAM))
    return false;
  if (N.MayTile && (N.Tiled || !N.Vjp) &&
      (!derive(P, N, PointRole::Away, Points.Away, FAM) || !chooseTile(P, N, Points, FAM)))
    return false;
  if (N.Tiled)
    N.Vjp = nullptr; // one pass does all
  if (N.Tiled && Points.Merged.F)
    discard(Points.Merged, FAM);
  N.Merged = Points.Merged.F;
  if (Adjoint && N.clearsAtOnce()) {
    if (!derive(P, N, PointRole::Whole, Points.Whole, FAM))
      return false;
  } else {
    bool Evaluates = !N.Vjp && N.Owners.empty();
    if ((Evaluates && !Points.Away.F && !derive(P, N, PointRole::Away, Points.Away, FAM)) ||
        (Evaluates && N.HasHomes && !Points.Home.F && !derive(P, N, PointRole::Home, Points.Home, FAM)) ||
        (Adjoint && N.Carries && !derive(P, N, PointRole::Carry, Points.Carry, FAM)))
      return false;
  }
  if (Points.Away.F && !Points.Whole.F && !N.Vjp)
    chooseSharing(P, N, Points, FAM);
  if (Points.Whole.F || N.Vjp || !N.Owners.empty())
    for (PointAdjoint *Tried : {&Points.Away, &Points.Home})
      if (Tried->F)
        discard(*Tried, FAM);
  if (!N.Assumed.empty() && !N.Tiled)
    for (PointRole Role : {PointRole::Away, PointRole::Home, PointRole::Carry, PointRole::Whole}) {
      unsigned Index = unsigned(Role);
      if (Points.all()[Index]->F && !derive(P, N, Role, *Points.all()[Index + 4], FAM, /*Inner=*/true))
        return false;
    }
  for (PointAdjoint *A : Points.all())
    collectNeeds(*A, N);
  for (auto &[L, Bounds] : N.Executed)
    for (auto [Low, High] : Bounds) {
      N.Needs.push_back(Low);
      N.Needs.push_back(High);
    }
  for (Value *V : N.InnerLow)
    if (V)
      N.Needs.push_back(V);
  for (Value *V : N.InnerHigh)
    if (V)
      N.Needs.push_back(V);
  for (Value *V : N.Last)
    N.Needs.push_back(V);
  for (auto &[V, IfTrue] : N.Entered)
    N.Needs.push_back(V);
  for (Value *V : N.conditions())
    N.Needs.push_back(V);
  append_range(N.Needs, N.Fits);
  for (const FarSteps &Far : N.Far)
    N.Needs.push_back(Far.Steps);
  if (N.Apart)
    N.Needs.push_back(N.Apart);
  for (AccessGroup &G : N.Groups) {
    N.Needs.push_back(G.Offset);
    N.Needs.push_back(G.Root);
    N.Needs.push_back(G.Root->getArgOperand(1));
    append_range(N.Needs, G.Strides);
  }
  return true;
}

void PointAdjoints::erase(FunctionAnalysisManager &FAM) {
  for (PointAdjoint *A : all())
    if (A->F && A->F->use_empty())
      discard(*A, FAM);
}

} // namespace adstencil
