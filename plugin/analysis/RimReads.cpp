// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analysis/RimReads.h"

#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/ScalarEvolutionExpressions.h"

using namespace llvm;

namespace adstencil {

PointBounds RimFinder::boundsOfLoad(const LoadInst &L) const {
  BoundsFinder Finder = All;
  Finder.confine(L.getParent());
  return Finder.Bounds;
}

bool RimFinder::isConfined(const PointBounds &Bounds, unsigned Axis) const {
  return Bounds.Lowers[Axis].size() > All.Bounds.Lowers[Axis].size() ||
         Bounds.Uppers[Axis].size() > All.Bounds.Uppers[Axis].size();
}

/// A nest has so many far numbers at most: two an axis, for each of its arrays' strides.
static constexpr size_t MostFar = 16;

std::tuple<bool, int64_t, size_t> RimFinder::Place::rank() const {
  int64_t Most = 0;
  for (int64_t X : At)
    Most = std::max(Most, std::abs(X));
  return {!IsInside, Most, count_if(Far, [](const SCEV *S) { return S != nullptr; })};
}

bool RimFinder::isNotNegative(const SCEV *X, ArrayRef<const SCEV *> Uppers) const {
  auto IsAtLeast = [](const SCEV *S, int64_t Least) {
    const auto *C = dyn_cast<SCEVConstant>(S);
    return C && C->getAPInt().sge(Least);
  };
  // A domain has more points than its rim, in most launches.
  return IsAtLeast(X, 0) ||
         any_of(Uppers, [&](const SCEV *Upper) { return IsAtLeast(SE.getMinusSCEV(X, Upper), -MostRim); });
}

const SCEV *RimFinder::onlyPoint(const PointBounds &Bounds, unsigned Axis) const {
  for (const SCEV *Lower : Bounds.Lowers[Axis])
    for (const SCEV *Upper : Bounds.Uppers[Axis])
      if (Lower == Upper || SE.getMinusSCEV(Upper, Lower)->isZero())
        return Lower;
  return nullptr;
}

std::optional<Shift> RimFinder::storedAt(const AccessGroup &G) const {
  for (auto &[I, At] : N.Accesses) {
    const AccessGroup &Stored = N.Groups[At.Group];
    if (!isa<StoreInst>(I) || Stored.StrideForm != G.StrideForm)
      continue;
    const SCEV *Here = SE.getMinusSCEV(G.Start, SE.getSCEV(G.Root));
    const SCEV *There = SE.getMinusSCEV(Stored.Start, SE.getSCEV(Stored.Root));
    if (std::optional<Shift> S = shiftOf(SE, SE.getMinusSCEV(There, Here), G.StrideForm)) {
      for (auto [X, By] : zip(*S, At.At))
        X += By;
      return S;
    }
  }
  return std::nullopt;
}

bool RimFinder::isInside(const Place &X, const PointBounds &Bounds, const Shift &Origin) const {
  for (unsigned D = 0; D != N.Axes.size(); ++D) {
    const SCEV *By = SE.getConstant(Type::getInt64Ty(SE.getContext()), X.At[D] - Origin[D], /*isSigned=*/true);
    if (X.Far[D])
      By = SE.getAddExpr(By, X.Far[D]);
    if (!isConfined(Bounds, D))
      continue;
    bool IsBelow = none_of(Bounds.Lowers[D], [&](const SCEV *Lower) {
      return isNotNegative(SE.getAddExpr(Lower, By), All.Bounds.Uppers[D]);
    });
    bool IsAbove = none_of(Bounds.Uppers[D], [&](const SCEV *Upper) {
      return any_of(All.Bounds.Uppers[D], [&](const SCEV *Last) {
        return isNotNegative(SE.getMinusSCEV(Last, SE.getAddExpr(Upper, By)), All.Bounds.Uppers[D]);
      });
    });
    if (IsBelow || IsAbove)
      return false;
  }
  return true;
}

std::optional<RimFinder::Place> RimFinder::findPlace(const SCEV *Distance, const AccessGroup &G,
                                                     const PointBounds &Bounds) const {
  SmallVector<const SCEV *, 4> Strides;
  for (const SCEV *Stride : G.StrideForm)
    Strides.push_back(All.cutOff(Stride));
  SmallVector<Shift, 2> Origins = {Shift(N.Axes.size(), 0)};
  if (std::optional<Shift> Stored = storedAt(G))
    Origins.push_back(*Stored);
  SmallVector<SmallVector<const SCEV *, 8>, 4> Choices; // by axis
  for (unsigned D = 0; D != N.Axes.size(); ++D) {
    Choices.push_back({nullptr});
    if (isConfined(Bounds, D))
      for (const SCEV *Last : All.Bounds.Uppers[D]) {
        Choices[D].push_back(Last);
        Choices[D].push_back(SE.getNegativeSCEV(Last));
      }
  }
  std::optional<Place> Best;
  SmallVector<size_t, 4> Next(N.Axes.size(), 0);
  for (bool More = true; More;) {
    Place X;
    const SCEV *Rest = All.cutOff(Distance);
    for (unsigned D = 0; D != N.Axes.size(); ++D) {
      X.Far.push_back(Choices[D][Next[D]]);
      if (X.Far[D])
        Rest = SE.getMinusSCEV(Rest, SE.getMulExpr(X.Far[D], Strides[D]));
    }
    if (std::optional<Shift> At = shiftOf(SE, Rest, Strides)) {
      X.At = *At;
      X.IsInside = any_of(Origins, [&](const Shift &Origin) { return isInside(X, Bounds, Origin); });
      bool IsNear = all_of(X.Far, [](const SCEV *S) { return S == nullptr; });
      if ((X.IsInside || IsNear) && std::get<1>(X.rank()) < FarShift / 4 && (!Best || X.rank() < Best->rank()))
        Best = X;
    }
    More = false;
    for (unsigned D = 0; D != N.Axes.size() && !More; ++D) {
      More = ++Next[D] != Choices[D].size();
      if (!More)
        Next[D] = 0;
    }
  }
  return Best;
}

bool RimFinder::isAtRim(const LoadInst &L) const {
  const PointBounds Bounds = boundsOfLoad(L);
  for (unsigned D = 0; D != N.Axes.size(); ++D)
    for (const SCEV *Lower : Bounds.Lowers[D])
      for (const SCEV *Upper : Bounds.Uppers[D])
        if (const auto *C = dyn_cast<SCEVConstant>(SE.getMinusSCEV(Upper, Lower)); C && C->getAPInt().slt(MostRim))
          if (!is_contained(All.Bounds.Lowers[D], Lower) || !is_contained(All.Bounds.Uppers[D], Upper))
            return true;
  return false;
}

bool RimFinder::place(const LoadInst &L, const CallInst *Root, const SCEV *Start, ArrayRef<const SCEV *> Strides) {
  const PointBounds Bounds = boundsOfLoad(L);
  std::optional<Place> Best;
  unsigned Group = 0;
  for (auto [Index, G] : enumerate(N.Groups)) {
    if (G.Root != Root || G.Element != L.getType())
      continue;
    const SCEV *From = Start;
    bool Fits = true;
    for (unsigned D = 0; D != N.Axes.size() && Fits; ++D) {
      if (Strides[D] == G.StrideForm[D])
        continue;
      const SCEV *Point = Strides[D]->isZero() ? onlyPoint(Bounds, D) : nullptr;
      Fits = Point;
      if (Fits)
        From = SE.getMinusSCEV(From, SE.getMulExpr(Point, G.StrideForm[D]));
    }
    if (!Fits)
      continue;
    std::optional<Place> X = findPlace(SE.getMinusSCEV(From, G.Start), G, Bounds);
    if (X && (!Best || X->rank() < Best->rank())) {
      Best = X;
      Group = Index;
    }
  }
  if (!Best)
    return false;
  if (size_t New = count_if(Best->Far, [](const SCEV *S) { return S != nullptr; }); N.Far.size() + New > MostFar)
    return false;
  note(L, Group, *Best);
  return true;
}

void RimFinder::note(const LoadInst &L, unsigned Group, Place X) {
  for (unsigned D = 0; D != N.Axes.size(); ++D) {
    if (!X.Far[D])
      continue;
    auto Known = find_if(N.Far, [&](const FarSteps &Far) { return Far.Axis == D && Far.Form == X.Far[D]; });
    if (Known == N.Far.end()) {
      bool Ahead = is_contained(All.Bounds.Uppers[D], X.Far[D]);
      N.Far.push_back({D, Ahead, X.Far[D], nullptr});
      Known = std::prev(N.Far.end());
    }
    X.At[D] += FarShift * (Known - N.Far.begin() + 1);
  }
  N.Accesses[&L] = {Group, X.At};
}

} // namespace adstencil
