// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emit/SharedPoint.h"

#include "emit/Cost.h"
#include "emit/PointCopies.h"
#include "emit/SharedValues.h"
#include "frontend/Options.h"

using namespace llvm;

namespace adstencil {

namespace {

/// A value with less behind it is not worth the code for the ends of the Domain.
constexpr unsigned LeastWork = 5;
/// Nor are more points than these: the corners of a cell.
constexpr size_t MostPoints = 8;
/// Compile time is worth more than trying more than that.
constexpr size_t MostLevels = 3;

class OwnerBuilder : public PointCopies {
public:
  OwnerBuilder(const GatherNest &N, Request &R, const PointAdjoint &Point, const SharedValues &Shared)
      : PointCopies(N, R, Point), Shared(Shared) {
    CopiesScalars = true;
  }

  /// What the points at these shifts hand over to the owner, reversed.
  PointAdjoint build(ArrayRef<Shift> Shifts) {
    const Shift Here(N.Axes.size(), 0);
    SmallVector<Shift, 8> All(Shifts);
    if (!is_contained(All, Here))
      All.push_back(Here);
    start(All, "o");
    ValueToValueMapTy Own; // everything behind the owner's values contributes
    mapArguments(Own, Here);
    copyBody([&](const Instruction &I) {
      if (!isa<StoreInst>(I))
        copy(I, Own, Here, /*Active=*/true);
    });
    for (const Shift &S : Shifts) {
      ValueToValueMapTy Others, Map; // values of other owners do not, nor what another point alone computes
      mapArguments(Others, S);
      mapArguments(Map, S);
      copyBody([&](const Instruction &I) {
        if (!isa<StoreInst>(I))
          copy(I, Others, S, /*Active=*/false);
        auto Found = Shared.Values.find(&I);
        if (Found == Shared.Values.end())
          copy(I, Map, S, /*Active=*/S == Here);
        else
          Map[&I] = Found->second.Owner == S ? Own.lookup(Found->second.Own) : Others.lookup(&I);
      });
    }
    return finish();
  }

private:
  const SharedValues &Shared;

  bool isGathered(const PointArgument &A, const Shift &S) const override {
    return A.OfLoad && N.Groups[A.Number].Gathered && all_of(S, [](int64_t X) { return X == 0; });
  }

  void copyBody(function_ref<void(const Instruction &)> Copy) const {
    for (const Instruction &I : Body)
      if (!I.isTerminator())
        Copy(I);
  }
};

} // namespace

void discardOwner(GatherNest &N, PointAdjoints &Points, FunctionAnalysisManager &FAM) {
  N.Owners.clear();
  for (PointAdjoint &Part : Points.Parts)
    discard(Part, FAM);
  Points.Parts.clear();
  if (Points.Owner.F)
    discard(Points.Owner, FAM);
}

bool deriveOwner(const AdjointPlan &P, GatherNest &N, PointAdjoints &Points, FunctionAnalysisManager &FAM) {
  // What is added to arrays at home, or to what was read in front of the nest, has no place in the copies of a point.
  bool HasHomeLoads =
      N.AddsToOutside || any_of(N.Roles, [](const auto &Entry) { return Entry.second == LoadRole::Home; });
  if (N.Block || N.isOwnPoint() || HasHomeLoads || !N.Conditional.empty() || options().Merges == Choice::Never)
    return true;
  PointAdjoint Point = copyPoint(P, N, /*Inner=*/false, FAM);
  Request R = P.R;
  R.TheMode = DerivativeMode::Vjp;
  R.F = Point.F;
  std::vector<SharedValues> Levels;
  if (Point.F->size() == 1)
    Levels = findSharedValues(N, Point, R, options().Merges == Choice::Always ? 1 : LeastWork);
  if (Levels.size() > MostLevels)
    Levels.resize(MostLevels);

  bool Good = true;
  unsigned Least = 0;
  for (const SharedValues &Shared : Levels) {
    OwnerBuilder Builder(N, R, Point, Shared);
    if (Shared.Points.size() > MostPoints || !Builder.canCopy(2 * Shared.Points.size() + 1))
      continue;
    auto Write = [&](ArrayRef<Shift> Shifts) {
      PointAdjoint A = Builder.build(Shifts);
      R.F = A.F;
      PointCopies::tidy(*A.F, FAM);
      Good = Good && differentiatePoint(P, R, A, SmallPtrSet<const Instruction *, 1>(),
                                        DenseMap<const LoadInst *, Value *>(), FAM);
      return A;
    };
    PointAdjoint Owner = Write(Shared.Points);
    unsigned Cost = Good ? costOfPoint(N, Owner) : 0;
    if (Points.Owner.F && Cost >= Least) {
      discard(Owner, FAM);
      continue;
    }
    discardOwner(N, Points, FAM);
    Least = Cost;
    N.Owners = Shared.Points;
    Points.Owner = std::move(Owner);
    for (const Shift &S : Shared.Points)
      Points.Parts.push_back(Write(S));
  }
  discard(Point, FAM);
  return Good;
}

} // namespace adstencil
