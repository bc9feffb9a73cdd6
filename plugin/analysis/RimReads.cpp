// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analysis/RimReads.h"

#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/ScalarEvolutionExpressions.h"

using namespace llvm;

namespace adstencil {

/// A nest has so many far numbers at most: two an axis, for each of its arrays' strides.
static constexpr size_t MostFar = 16;

std::tuple<bool, int64_t, size_t> RimFinder::Place::rank() const {
  int64_t Most = 0;
  for (int64_t X : At)
    Most = std::max(Most, std::abs(X));
  return {!IsInside, Most, count_if(Far, [](const SCEV *S) { return S != nullptr; })};
}

bool RimFinder::isNotNegative(const SCEV *X, ArrayRef<const SCEV *> Uppers) const {
  auto IsNot = [](const SCEV *S) {
    const auto *C = dyn_cast<SCEVConstant>(S);
    return C && !C->getAPInt().isNegative();
  };
  return IsNot(X) || any_of(Uppers, [&](const SCEV *Upper) { return IsNot(SE.getMinusSCEV(X, Upper)); });
}

const SCEV *RimFinder::onlyPoint(const PointBounds &Bounds, unsigned Axis) const {
  for (const SCEV *Lower : Bounds.Lowers[Axis])
    for (const SCEV *Upper : Bounds.Uppers[Axis])
      if (Lower == Upper || SE.getMinusSCEV(Upper, Lower)->isZero())
        return Lower;
  return nullptr;
}

bool RimFinder::isInside(const Place &X, const PointBounds &Bounds) const {
  const PointBounds All = boundsAt(P, N, DT, SE, N.outermost()->getHeader());
  for (unsigned D = 0; D != N.Axes.size(); ++D) {
    const SCEV *By = SE.getConstant(Type::getInt64Ty(SE.getContext()), X.At[D], /*isSigned=*/true);
    if (X.Far[D])
      By = SE.getAddExpr(By, X.Far[D]);
    bool Rim = Bounds.Lowers[D].size() + Bounds.Uppers[D].size() > All.Lowers[D].size() + All.Uppers[D].size();
    if (!Rim)
      continue;
    bool IsBelow = none_of(Bounds.Lowers[D],
                           [&](const SCEV *Lower) { return isNotNegative(SE.getAddExpr(Lower, By), All.Uppers[D]); });
    bool IsAbove = none_of(Bounds.Uppers[D], [&](const SCEV *Upper) {
      return any_of(All.Uppers[D], [&](const SCEV *Last) {
        return isNotNegative(SE.getMinusSCEV(Last, SE.getAddExpr(Upper, By)), All.Uppers[D]);
      });
    });
    if (IsBelow || IsAbove)
      return false;
  }
  return true;
}

std::optional<RimFinder::Place> RimFinder::findPlace(const SCEV *Distance, ArrayRef<const SCEV *> Strides,
                                                     const PointBounds &Bounds) const {
  const PointBounds All = boundsAt(P, N, DT, SE, N.outermost()->getHeader());
  SmallVector<SmallVector<const SCEV *, 8>, 4> Choices; // by axis
  for (unsigned D = 0; D != N.Axes.size(); ++D) {
    Choices.push_back({nullptr});
    if (Bounds.Lowers[D].size() + Bounds.Uppers[D].size() > All.Lowers[D].size() + All.Uppers[D].size())
      for (const SCEV *Last : All.Uppers[D]) {
        Choices[D].push_back(Last);
        Choices[D].push_back(SE.getNegativeSCEV(Last));
      }
  }
  std::optional<Place> Best;
  SmallVector<size_t, 4> Next(N.Axes.size(), 0);
  for (bool More = true; More;) {
    Place X;
    const SCEV *Rest = Distance;
    for (unsigned D = 0; D != N.Axes.size(); ++D) {
      X.Far.push_back(Choices[D][Next[D]]);
      if (X.Far[D])
        Rest = SE.getMinusSCEV(Rest, SE.getMulExpr(X.Far[D], Strides[D]));
    }
    if (std::optional<Shift> At = shiftOf(SE, Rest, Strides)) {
      X.At = *At;
      X.IsInside = isInside(X, Bounds);
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

bool RimFinder::place(const LoadInst &L, const CallInst *Root, const SCEV *Start, ArrayRef<const SCEV *> Strides) {
  const PointBounds Bounds = boundsAt(P, N, DT, SE, L.getParent());
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
    std::optional<Place> X = findPlace(SE.getMinusSCEV(From, G.Start), G.StrideForm, Bounds);
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
      bool Ahead = is_contained(boundsAt(P, N, DT, SE, N.outermost()->getHeader()).Uppers[D], X.Far[D]);
      N.Far.push_back({D, Ahead, X.Far[D], nullptr});
      Known = std::prev(N.Far.end());
    }
    X.At[D] += FarShift * (Known - N.Far.begin() + 1);
  }
  N.Accesses[&L] = {Group, X.At};
}

} // namespace adstencil
