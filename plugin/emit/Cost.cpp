// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emit/Cost.h"

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"

using namespace llvm;

namespace adstencil {

namespace {
/// What an instruction takes, relative to an addition of floats.
struct Costs {
  unsigned Double, Division, Root, Function;
};
/// Vectorised throughput on current CPUs.
constexpr Costs OnCpu = {1, 8, 10, 20};
/// Instructions on a GPU. Data centre GPUs (sm_80, sm_90) do half or a quarter as many operations on doubles as on
/// floats at a time, others far fewer. Divisions and roots are Newton iterations.
constexpr Costs OnGpu = {2, 10, 12, 40};
} // namespace

static unsigned costOf(const Instruction &I, const Costs &On) {
  if (const auto *II = dyn_cast<IntrinsicInst>(&I))
    switch (II->getIntrinsicID()) {
    case Intrinsic::fma:
    case Intrinsic::fmuladd:
    case Intrinsic::fabs:
    case Intrinsic::copysign:
    case Intrinsic::minnum:
    case Intrinsic::maxnum:
    case Intrinsic::minimum:
    case Intrinsic::maximum:
      return 1;
    case Intrinsic::sqrt:
      return On.Root;
    default:
      return I.getType()->isFPOrFPVectorTy() ? On.Function : 0;
    }
  if (isa<CallBase>(I))
    return On.Function;
  switch (I.getOpcode()) {
  case Instruction::FAdd:
  case Instruction::FSub:
  case Instruction::FMul:
  case Instruction::FNeg:
  case Instruction::FCmp:
  case Instruction::Load:
    return 1;
  case Instruction::FDiv:
  case Instruction::FRem:
    return On.Division;
  default:
    return 0;
  }
}

/// What the values that are stored to the given places depend on.
static unsigned costOfStores(const Function &F, const Costs &On, function_ref<bool(const Value *)> IsWanted) {
  SmallPtrSet<const Instruction *, 32> Seen;
  SmallVector<const Instruction *, 64> Stack;
  for (const Instruction &I : instructions(F))
    if (auto *S = dyn_cast<StoreInst>(&I); (S && IsWanted(S->getPointerOperand())) || I.isTerminator())
      Stack.push_back(&I);
  unsigned Cost = 0;
  while (!Stack.empty()) {
    const Instruction *I = Stack.pop_back_val();
    if (!Seen.insert(I).second)
      continue;
    Cost += costOf(*I, On) * (I->getType()->isDoubleTy() && !isa<LoadInst>(I) ? On.Double : 1);
    for (const Use &U : I->operands())
      if (auto *Operand = dyn_cast<Instruction>(U))
        Stack.push_back(Operand);
  }
  return Cost;
}

/// Without what a tile does beside evaluating points.
static GatherCost costOfArithmetic(const GatherNest &N, const PointAdjoints &Points, const Costs &On) {
  const PointAdjoint &Away = Points.Away;
  GatherCost C;
  DenseMap<const Value *, const PointArgument *> Contributions;
  for (auto [I, A] : enumerate(Away.Arguments))
    if (A.TheKind == PointArgument::CellShadow && A.OfLoad && N.Groups[A.Number].Gathered && Away.uses(I))
      Contributions[Away.F->getArg(I)] = &A;
  C.Tile = costOfStores(*Away.F, On, [&](const Value *V) { return Contributions.contains(V); });
  if (Points.Merged.F) {
    C.Gather = costOfStores(*Points.Merged.F, On, [](const Value *) { return true; });
    C.IsMerged = true;
    return C;
  }
  for (const Shift &S : N.Evaluations)
    C.Gather += costOfStores(*Away.F, On, [&](const Value *V) {
      const PointArgument *A = Contributions.lookup(V);
      return A && A->At == S;
    });
  return C;
}

/// What takes a contribution through its buffer.
static unsigned costOfBuffers(const GatherNest &N, const PointAdjoint &Point) {
  unsigned Cost = 0;
  for (auto [I, A] : enumerate(Point.Arguments))
    if (A.TheKind == PointArgument::CellShadow && A.OfLoad && N.Groups[A.Number].Gathered && Point.uses(I))
      Cost += 3;
  return Cost;
}

unsigned costOfPoint(const GatherNest &N, const PointAdjoint &Point) {
  return costOfStores(*Point.F, OnCpu, [](const Value *) { return true; }) + costOfBuffers(N, Point);
}

GatherCost estimateCost(const GatherNest &N, const PointAdjoints &Points) {
  const PointAdjoint &Away = Points.Away;
  GatherCost C = costOfArithmetic(N, Points, OnCpu);
  C.Tile += costOfBuffers(N, Away);
  C.Home = Points.Home.F ? costOfPoint(N, Points.Home) : C.Tile;
  if (Points.Owner.F)
    C.Owner = costOfPoint(N, Points.Owner);
  return C;
}

GatherCost estimateGridCost(const GatherNest &N, const PointAdjoints &Points) {
  // Finding points and cells in a plane, tests, barriers: counted in the machine code of light point functions.
  constexpr unsigned Overhead = 100;
  // An access of shared memory comes with an address or an addition.
  constexpr unsigned Access = 2;
  GatherCost C = costOfArithmetic(N, Points, OnGpu);
  size_t Accesses = 2 * N.Block->Contributions.size();
  for (const TileWindow &W : N.Block->Windows)
    Accesses += 2 * W.rows();
  C.Tile += Overhead + Access * Accesses;
  // Points of several planes are evaluated for each of them.
  C.Tile = C.Tile * N.Block->points() / N.Block->cells();
  return C;
}

/// How many arrays a point reads, and cotangents of how many: numbers of a point, each counted once.
static unsigned wordsRead(const GatherNest &N, const PointAdjoint &Away) {
  SmallPtrSet<const void *, 8> Read, Stored;
  unsigned Words = 0;
  for (auto [I, A] : enumerate(Away.Arguments)) {
    const AccessGroup *G = A.TheKind == PointArgument::CellPrimal || A.TheKind == PointArgument::CellShadow
                               ? &N.Groups[A.Number]
                               : nullptr;
    if (!G || !Away.uses(I) || (A.TheKind == PointArgument::CellShadow && A.OfLoad))
      continue;
    Words += (A.TheKind == PointArgument::CellPrimal ? Read : Stored).insert(G).second;
  }
  return Words;
}

static unsigned countGathered(const GatherNest &N) {
  return count_if(N.Groups, [](const AccessGroup &G) { return G.Gathered; });
}

unsigned wordsOfPoint(const GatherNest &N, const PointAdjoint &Away) {
  return wordsRead(N, Away) + 2 * countGathered(N);
}

/// Light point functions are bound by memory, where a gather is best.
static constexpr unsigned LeastWork = 200;

bool isTooLightToTile(const GatherCost &C) { return C.Tile <= LeastWork; }

unsigned planesTogether(const GatherNest &N, const PointAdjoints &Points) {
  // Every plane brings streams of memory of its own, of which the hardware fetches a limited number ahead, and every
  // evaluation numbers, of which registers hold so many. Measured at 256^3 on two threads, against one
  // plane: nonlinear heat conduction (three streams, 7 evaluations) takes 0.71 to 0.75 of the time with three planes,
  // 0.68 to 0.84 with four; waves with respect to two fields (five streams) between 0.8 and 1.1 with three, by what
  // else uses the memory; those of radius 4 (25 evaluations) as long or longer with any number.
  constexpr unsigned MostPlanes = 3, MostStreams = 9, MostEvaluations = 32;
  const unsigned Evaluations = count_if(N.Evaluations, [](const Shift &S) { return !isFar(S); }),
                 Streams = wordsRead(N, Points.Away) + countGathered(N);
  auto IsSpread = [&](const Shift &S) { return !isFar(S) && S[0] != N.Evaluations.front()[0]; };
  if (none_of(N.Evaluations, IsSpread) || !isTooLightToTile(estimateCost(N, Points)))
    return 1;
  return std::max(1u, std::min({MostPlanes, MostStreams / Streams, MostEvaluations / Evaluations}));
}

bool isWorthKeeping(const GatherNest &N, ArrayRef<const Instruction *> Values) {
  // A kept cotangent is a load of memory that is in a cache, and keeping takes one evaluation and a store a point.
  // Measured by hand at 256^3 on one and two threads with c^2 un_bar, a cost of 4 against 1: of radius 1 (6 evaluations
  // beside the cell's own) both ways take the same time, of radius 2 and 3 keeping takes 0.8 of it, of radius 4 0.75.
  // In two dimensions rows of arrays are in a cache as well: staggered elastic stresses (6 evaluations of two
  // cotangents, each from two or three arrays) take 1.15 to 1.4 times as long.
  constexpr unsigned LeastSaving = 30, LeastAxes = 3;
  // So many planes are in the ring, and so many rows of points belong to two blocks. Fields that lie behind one another
  // in one array are far away.
  constexpr int64_t MostReach = 16;
  for (unsigned D = 0; D + 1 < N.Axes.size(); ++D) {
    auto [Low, High] = std::minmax_element(N.Evaluations.begin(), N.Evaluations.end(),
                                           [D](const Shift &X, const Shift &Y) { return X[D] < Y[D]; });
    if ((*High)[D] - (*Low)[D] > MostReach)
      return false;
  }
  if (N.Axes.size() < LeastAxes)
    return false;
  SmallPtrSet<const Instruction *, 32> Behind;
  SmallVector<const Instruction *, 32> Stack(Values);
  unsigned Cost = 0, Loads = 0;
  while (!Stack.empty()) {
    const Instruction *I = Stack.pop_back_val();
    if (!Behind.insert(I).second)
      continue;
    Cost += costOf(*I, OnCpu);
    Loads += isa<LoadInst>(I);
    for (const Use &U : I->operands())
      if (auto *Operand = dyn_cast<Instruction>(U))
        Stack.push_back(Operand);
  }
  return Loads > Values.size() && (N.Evaluations.size() - 1) * (Cost - Values.size()) >= LeastSaving;
}

bool isWorthSharing(const GatherCost &C) { return 10 * C.Owner < 9 * C.Home; }

bool isWorthTiling(const GatherCost &C) {
  // Measured with 512-bit vectors on one core. Of merged points a tile takes 0.65 of the gather's time at a ratio
  // of 1.7 (WENO5 without owners), up to 1.4 times the gather's at 1.3 (shallow ice with owners), twice as much at 0.9
  // (without). Of others the optimiser still shares what it can, primal values above all: a ratio of 3.4 pays, 1.4 does
  // not.
  if (isTooLightToTile(C))
    return false;
  unsigned AtHome = C.Home > C.Tile ? C.Home - C.Tile : 0;
  unsigned Tile = C.Owner ? std::max(C.Owner, AtHome) - AtHome : C.Tile;
  return C.IsMerged ? 2 * C.Gather > 3 * Tile : 2 * C.Gather > 5 * Tile;
}

bool isWorthTilingGrid(const GatherCost &C, unsigned Words) {
  // While a word comes from memory an H100 or A100 issues some 60 instructions in this count. A gather that takes fewer
  // waits for memory, and so would a tile.
  constexpr unsigned InstructionsPerWord = 60;
  // Counted in code for sm_90 the tile of WENO5 (ratio 3.4 here) takes 0.36 of the gather's instructions, that of a
  // shallow ice model (2.5) 0.63, that of shallow water (1.8), whose evaluations share most, all of them.
  // What merged points share is counted already.
  bool IsLess = C.IsMerged ? 4 * C.Gather > 5 * C.Tile : C.Gather > 2 * C.Tile;
  return IsLess && C.Gather > InstructionsPerWord * Words;
}

} // namespace adstencil
