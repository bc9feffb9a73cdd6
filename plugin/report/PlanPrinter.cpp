// The AdjointPlan as text, one derivative a paragraph:
//
//     vjp of step at file.cpp:12
//       un    written      own-point, shadow kept
//       u     read         scatter (serial)
//       loop 1, depth 1: joint (forward and reverse in one iteration), counted
//       stored: 0 B
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "report/PlanPrinter.h"

#include "analysis/Addresses.h"
#include "report/Remarks.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/ScalarEvolutionExpressions.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace adstencil {

static StringRef nameOf(DerivativeMode M) {
  switch (M) {
  case DerivativeMode::Vjp:
    return "vjp";
  case DerivativeMode::Adjoint:
    return "adjoint";
  case DerivativeMode::Tangent:
    return "tangent";
  }
  return "";
}

namespace {
/// What the kernel does with one array.
struct Access {
  bool Read = false, Written = false, Incremented = true, Summed = false;
  std::string Name;
  const Value *Root = nullptr;
};
} // namespace

static std::map<unsigned, Access> collectAccesses(const AdjointPlan &P) {
  std::map<unsigned, Access> Found;
  for (Instruction &I : instructions(*P.R.F)) {
    const Value *Pointer = accessedPointer(&I);
    if (!Pointer || !isDifferentiableType(accessedType(&I)))
      continue;
    for (const Value *Root : P.A.roots(Pointer)) {
      if (!isArrayMarker(Root))
        continue;
      Access &X = Found[markerNumber(Root)];
      X.Root = Root;
      X.Name = P.R.Roots[markerNumber(Root)].Name;
      if (asAtomicAdd(&I)) {
        X.Summed = true;
      } else if (auto *S = dyn_cast<StoreInst>(&I)) {
        X.Written = true;
        X.Incremented &= P.Increment.contains(S);
      } else if (!P.IncrementLoad.contains(cast<LoadInst>(&I))) {
        X.Read = true;
      }
    }
  }
  return Found;
}

static StringRef roleOf(const Access &X) {
  if (X.Summed)
    return "atomicAdd";
  if (X.Written && X.Incremented && !X.Read)
    return "incremented";
  if (X.Written)
    return X.Read ? "updated in place" : "written";
  return "read";
}

/// The shifts at which a nest gathers into an array, in order.
static std::vector<Shift> gatheredShifts(const GatherNest &N, const Value *Root) {
  std::vector<Shift> Shifts;
  for (auto &[L, Role] : N.Roles) {
    auto Found = N.Accesses.find(L);
    if (Role == LoadRole::Gathered && N.Groups[Found->second.Group].Root == Root &&
        !is_contained(Shifts, Found->second.At))
      Shifts.push_back(Found->second.At);
  }
  sort(Shifts);
  return Shifts;
}

/// How the reads of an array are treated, where there is one answer for all nests.
static std::string readTreatment(const AdjointPlan &P, const Value *Root) {
  size_t Most = 0;
  bool Gathers = false, InOrder = false, Tiles = false;
  for (Instruction &I : instructions(*P.R.F)) {
    auto *L = dyn_cast<LoadInst>(&I);
    if (!L || !P.A.isActive(L) || !is_contained(P.A.roots(L->getPointerOperand()), Root))
      continue;
    auto Nest = find_if(P.Gathers, [&](const auto &Entry) { return Entry.first->contains(L); });
    bool Gathered = Nest != P.Gathers.end() && Nest->second->Roles.lookup(L) == LoadRole::Gathered;
    (Gathered ? Gathers : InOrder) = true;
    Tiles |= Gathered && Nest->second->Tiled;
    if (Gathered)
      Most = std::max(Most, gatheredShifts(*Nest->second, Root).size());
  }
  std::string Text = Most > 1 ? (Tiles ? "tile, " : "gather, ") + std::to_string(Most) + " shifts" : "own-point";
  if (Gathers && !InOrder)
    return Text;
  auto Read = P.Reads.find(Root);
  if (Read == P.Reads.end())
    return "no derivative";
  if (Gathers)
    return Text + (P.R.OnGrid ? "; elsewhere scatter, atomic adds" : "; elsewhere scatter, serial");
  switch (Read->second) {
  case ReadStrategy::OwnPoint:
    return "own-point";
  case ReadStrategy::Reduction:
    return "reduction, in loop order";
  case ReadStrategy::Scatter:
    return P.R.OnGrid ? "scatter, atomic adds" : "scatter, serial";
  }
  return "";
}

/// True if the second pass of a gather carries the shadow of Root back.
static bool isCarried(const AdjointPlan &P, const Value *Root) {
  return any_of(P.Gathers, [&](const auto &Entry) {
    return Entry.second->Carries && any_of(Entry.second->Accesses, [&](const auto &Access) {
             return isa<StoreInst>(Access.first) && Entry.second->Groups[Access.second.Group].Root == Root;
           });
  });
}

static std::string treatmentOf(const AdjointPlan &P, const Access &X) {
  if (!P.A.isActiveRoot(X.Root))
    return "inactive";
  if (X.Summed)
    return "read, shadow unchanged";
  if (!X.Written)
    return readTreatment(P, X.Root);
  if (X.Incremented && !X.Read)
    return "own-point, shadow unchanged";
  auto Found = P.Uses.find(X.Root);
  switch (Found == P.Uses.end() ? ShadowUse::Reverse : Found->second) {
  case ShadowUse::Reverse:
    return P.R.OnGrid && !P.Grid  ? (P.Reads.lookup(X.Root) == ReadStrategy::Scatter && X.Read
                                         ? "own-point, shadow carried back; reads add atomically"
                                         : "own-point, shadow carried back")
           : isCarried(P, X.Root) ? "own-point, shadow carried back"
                                  : "sequential, shadow carried back";
  case ShadowUse::Keep:
    return "own-point, shadow unchanged";
  case ShadowUse::Guarded:
    return "own-point if no cell is written twice (tested at run time), shadow unchanged";
  case ShadowUse::Logged:
    return "sequential, shadow restored from a log";
  }
  return "";
}

std::vector<ArrayTreatment> arrayTreatments(const AdjointPlan &P) {
  std::vector<ArrayTreatment> Treatments;
  for (auto &[Number, X] : collectAccesses(P))
    Treatments.push_back({X.Name, roleOf(X), treatmentOf(P, X), X.Root});
  for (Instruction &I : instructions(*P.R.F))
    if (isScalarMarker(&I))
      Treatments.push_back({P.R.Roots[markerNumber(&I)].Name, "active scalar",
                            P.R.OnGrid ? "reduction over blocks, fixed order" : "reduction in loop order", nullptr});
  return Treatments;
}

/// For kernels of a grid: why the reads of an array are a scatter, and the read that makes them one. Null: they are
/// none.
static std::pair<const Instruction *, StringRef> whyScatter(const AdjointPlan &P, const Value *Root,
                                                            ScalarEvolution &SE) {
  if (!P.R.OnGrid || P.Grid || P.Reads.lookup(Root) != ReadStrategy::Scatter)
    return {};
  const Instruction *Found = nullptr;
  for (Instruction &I : instructions(*P.R.F)) {
    auto *L = dyn_cast<LoadInst>(&I);
    if (!L || !P.A.isActive(L) || P.IncrementLoad.contains(L) || !is_contained(P.A.roots(L->getPointerOperand()), Root))
      continue;
    const SCEV *Address = addressOf(SE, L->getPointerOperand());
    const Loop *Around = P.LI.getLoopFor(L->getParent());
    bool Affine = true;
    const SCEV *Rest = Address;
    while (const auto *Rec = dyn_cast<SCEVAddRecExpr>(Rest)) {
      Affine &= Rec->isAffine();
      Rest = Rec->getStart();
    }
    if (!Affine || (Around && !SE.isLoopInvariant(Rest, Around->getOutermostLoop())))
      return {L, "it is read at a data-dependent index"};
    if (!Found)
      Found = L;
  }
  return {Found, "it is read at several places"};
}

void remarkPlan(const AdjointPlan &P, ScalarEvolution &SE) {
  if (!remarksWanted(P.R.F->getContext()))
    return;
  std::string Text;
  raw_string_ostream OS(Text);
  OS << nameOf(P.R.TheMode) << " of " << P.R.Kernel;
  for (const ArrayTreatment &A : arrayTreatments(P)) {
    OS << "\n  " << A.Name << ": " << A.Role << ", " << A.Treatment;
    if (auto [I, Reason] = whyScatter(P, A.Root, SE); I)
      remarkMissed(
          P.R, I,
          (Twine(nameOf(P.R.TheMode)) + " of " + P.R.Kernel + ": '" + A.Name + "' is not gathered: " + Reason).str());
  }
  remarkApplied(P.R, nullptr, Text);
  for (auto &[L, Why] : P.NoGathers)
    remarkMissed(
        P.R, Why.At,
        (Twine(nameOf(P.R.TheMode)) + " of " + P.R.Kernel + ": the loop is not a gather: " + Why.Reason).str());
  if (!P.NoGrid.Reason.empty())
    remarkMissed(
        P.R, P.NoGrid.At,
        (Twine(nameOf(P.R.TheMode)) + " of " + P.R.Kernel + ": the grid is not a gather: " + P.NoGrid.Reason).str());
  for (auto &[L, Nest] : P.Gathers)
    for (auto &[Load, Role] : Nest->Roles)
      if (Role == LoadRole::Home && !Nest->Accesses.count(Load))
        remarkMissed(P.R, Load,
                     (Twine(nameOf(P.R.TheMode)) + " of " + P.R.Kernel + ": '" +
                      P.R.Roots[markerNumber(P.A.roots(Load->getPointerOperand())[0])].Name +
                      "' is not gathered: it is read at a data-dependent index")
                         .str());
}

/// `last` is the index of an axis' last point.
static void printEntry(raw_ostream &OS, const GatherNest &N, int64_t Entry) {
  if (unsigned Number = farNumber(Entry)) {
    OS << (N.Far[Number - 1].Ahead ? "last" : "-last");
    if (nearPart(Entry) > 0)
      OS << "+";
  }
  if (!farNumber(Entry) || nearPart(Entry) != 0)
    OS << nearPart(Entry);
}

static void printShifts(raw_ostream &OS, const GatherNest &N, const std::vector<Shift> &Shifts) {
  for (const Shift &S : Shifts) {
    OS << " (";
    for (auto [D, X] : enumerate(S))
      printEntry(OS << (D == 0 ? "" : ","), N, X);
    OS << ")";
  }
}

/// The nest as it will be written: how often a point is evaluated for each cell, and where arrays are read.
static void printGather(raw_ostream &OS, const AdjointPlan &P, const GatherNest &N) {
  if (N.isOwnPoint())
    OS << "each point once, in any order";
  else if (N.Tiled)
    OS << "tile, each " << (N.Owners.empty() ? "point" : "shared value") << " once, " << N.Evaluations.size()
       << " shifts";
  else
    OS << "gather, " << N.Evaluations.size() << " points a cell" << (N.Merged ? ", merged" : "");
  if (N.Planes > 1)
    OS << ", " << N.Planes << " planes of cells together";
  if (N.Kept)
    OS << ", " << N.Kept << (N.Kept == 1 ? " cotangent" : " cotangents") << " of a point kept";
  if (N.Tiled && N.Block)
    OS << ", " << N.Block->points() << " points at a time for " << N.Block->cells() << " cells, " << N.Block->Bytes
       << " B shared";
  if (!N.NoTile.empty())
    OS << " (no tile: " << N.NoTile << ")";
  if (N.Apart)
    OS << " (if cells do not overlap, tested at run time)";
  if (!N.Once.empty())
    OS << " (if no cell is written twice, tested at run time)";
  if (!N.Enough.empty())
    OS << " (if axes have more points than their rims, tested at run time)";
  if (N.Carries && P.R.TheMode == DerivativeMode::Adjoint && !N.clearsAtOnce())
    OS << ", then a pass that carries back";
  OS << "\n";
  SmallPtrSet<const Value *, 8> Printed;
  for (const AccessGroup &G : N.Groups)
    if (G.Gathered && Printed.insert(G.Root).second) {
      OS << "    " << P.R.Roots[markerNumber(G.Root)].Name << " at";
      printShifts(OS, N, gatheredShifts(N, G.Root));
      OS << "\n";
    }
}

void AdjointPlan::print(raw_ostream &OS) const {
  OS << nameOf(R.TheMode) << " of " << R.Kernel;
  if (R.Place.Line)
    OS << " at " << sys::path::filename(R.Place.File) << ":" << R.Place.Line;
  if (!R.Strategy.empty())
    OS << ", demanded: " << R.Strategy;
  OS << "\n";
  for (const ArrayTreatment &A : arrayTreatments(*this))
    OS << "  " << formatv("{0,-12} {1,-17} ", A.Name, A.Role) << A.Treatment << "\n";
  if (!NoGrid.Reason.empty())
    OS << "  no gather: " << NoGrid.Reason << "\n";
  SmallVector<const Loop *, 4> Preorder;
  for (const Loop *L : LI.getLoopsInPreorder())
    Preorder.push_back(L);
  for (auto [Index, L] : enumerate(Preorder)) {
    if (any_of(Gathers, [&](const auto &Entry) { return Entry.first != L && Entry.first->contains(L); }))
      continue;
    OS << "  loop " << Index + 1;
    if (L->getStartLoc())
      OS << " at line " << L->getStartLoc().getLine();
    if (auto Nest = Gathers.find(L); Nest != Gathers.end()) {
      OS << (Grid ? ", points of the grid, nest of " : ", nest of ") << Nest->second->Axes.size() << ": ";
      printGather(OS, *this, *Nest->second);
      continue;
    }
    OS << ", depth " << L->getLoopDepth() << ": "
       << (isJoint(L) ? "joint (forward and reverse in one iteration)" : "taped") << ", "
       << (Loops.find(L)->second.KnownBefore ? "counted" : "iterations recorded") << "\n";
    if (auto Why = NoGathers.find(L); Why != NoGathers.end())
      OS << "    in order: " << Why->second.Reason << "\n";
  }
}

void printStored(raw_ostream &OS, ArrayRef<std::string> Stored) {
  if (Stored.empty())
    OS << "  stored: 0 B\n";
  for (const std::string &Line : Stored)
    OS << "  stored: " << Line << "\n";
}

} // namespace adstencil
