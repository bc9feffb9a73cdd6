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

static StringRef treatmentOf(const AdjointPlan &P, const Access &X) {
  if (!P.A.isActiveRoot(X.Root))
    return "inactive";
  if (X.Summed)
    return "read, shadow unchanged";
  if (!X.Written) {
    auto Read = P.Reads.find(X.Root);
    if (Read == P.Reads.end())
      return "no derivative";
    switch (Read->second) {
    case ReadStrategy::OwnPoint:
      return "own-point";
    case ReadStrategy::Reduction:
      return "reduction, in loop order";
    case ReadStrategy::Scatter:
      return P.R.OnGrid ? "scatter, atomic adds" : "scatter, serial";
    }
  }
  if (X.Incremented && !X.Read)
    return "own-point, shadow unchanged";
  auto Found = P.Uses.find(X.Root);
  switch (Found == P.Uses.end() ? ShadowUse::Reverse : Found->second) {
  case ShadowUse::Reverse:
    return P.R.OnGrid ? (P.Reads.lookup(X.Root) == ReadStrategy::Scatter && X.Read
                             ? "own-point, shadow carried back; reads add atomically"
                             : "own-point, shadow carried back")
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

/// Why the reads of an array are a scatter, and the read that makes them one. Null: they are none.
static std::pair<const Instruction *, StringRef> whyScatter(const AdjointPlan &P, const Value *Root,
                                                            ScalarEvolution &SE) {
  if (P.Reads.lookup(Root) != ReadStrategy::Scatter)
    return {};
  const SCEV *First = nullptr;
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
    if (First && Address != First && !Found)
      Found = L;
    if (!First)
      First = Address;
    if (!Found && P.R.OnGrid)
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
  SmallVector<const Loop *, 4> Preorder;
  for (const Loop *L : LI.getLoopsInPreorder())
    Preorder.push_back(L);
  for (auto [Index, L] : enumerate(Preorder)) {
    OS << "  loop " << Index + 1;
    if (L->getStartLoc())
      OS << " at line " << L->getStartLoc().getLine();
    OS << ", depth " << L->getLoopDepth() << ": "
       << (isJoint(L) ? "joint (forward and reverse in one iteration)" : "taped") << ", "
       << (Loops.find(L)->second.KnownBefore ? "counted" : "iterations recorded") << "\n";
  }
}

void printStored(raw_ostream &OS, ArrayRef<std::string> Stored) {
  if (Stored.empty())
    OS << "  stored: 0 B\n";
  for (const std::string &Line : Stored)
    OS << "  stored: " << Line << "\n";
}

} // namespace adstencil
