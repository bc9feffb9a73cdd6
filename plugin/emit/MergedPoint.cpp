// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emit/MergedPoint.h"

#include "emit/PointCopies.h"
#include "frontend/Options.h"
#include "llvm/IR/InstIterator.h"

using namespace llvm;

namespace adstencil {

namespace {

/// Cells are known by their distance from the cell that is gathered into.
class PointMerger : public PointCopies {
public:
  using PointCopies::PointCopies;

  PointAdjoint merge() {
    start(N.Evaluations, "s");
    for (const Shift &S : N.Evaluations) {
      ValueToValueMapTy Map;
      mapArguments(Map, S);
      for (const Instruction &I : Body)
        if (!I.isTerminator())
          copy(I, Map, S, /*Active=*/true);
    }
    return finish();
  }

private:
  bool isGathered(const PointArgument &A, const Shift &S) const override {
    return A.OfLoad && A.At == S && N.Groups[A.Number].Gathered;
  }
};

/// Instructions that the reverse has to do something for.
size_t countActive(const Request &R) {
  Activity Active(R);
  return count_if(instructions(*R.F), [&](const Instruction &I) { return Active.isActive(&I); });
}

} // namespace

bool deriveMerged(const AdjointPlan &P, const GatherNest &N, PointAdjoints &Points, FunctionAnalysisManager &FAM) {
  if (N.isOwnPoint() || !N.Conditional.empty() || options().Merges == Choice::Never)
    return true;
  PointAdjoint Point = copyPoint(P, N, /*Inner=*/!N.Assumed.empty(), FAM);
  Request R = P.R;
  R.TheMode = DerivativeMode::Vjp;
  PointMerger Merger(N, R, Point);

  if (Merger.canCopy(N.Evaluations.size())) {
    Points.Merged = Merger.merge();
    R.F = Points.Merged.F;
    size_t Apart = countActive(R);
    PointCopies::tidy(*R.F, FAM);

    // Points that share little are as good, and quicker to compile, apart.
    if (options().Merges == Choice::ByCost && 10 * countActive(R) > 9 * Apart)
      discard(Points.Merged, FAM);
  }
  discard(Point, FAM);
  return !Points.Merged.F || differentiatePoint(P, R, Points.Merged, SmallPtrSet<const Instruction *, 1>(),
                                                DenseMap<const LoadInst *, Value *>(), FAM);
}

} // namespace adstencil
