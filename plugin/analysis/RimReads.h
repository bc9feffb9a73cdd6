// Where reads at the rim of a Domain lie.
//
//     right = i < n - 1 ? u[i + 1] : u[n - 1];        clamped: u[n - 1] is u[i + 0], read at i = n - 1 only
//     left = i > 0 ? u[i - 1] : u[n - 1];             periodic: u[n - 1] is u[i + (n - 1)], read at i = 0 only
//
// A read that is executed at one point of an axis only, and does not move with the axis, may be taken for one that
// does. Its place is a shift from the reads at the other points then: a few points, or a number of points that brings
// it from one end of the Domain to the other (FarSteps).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "analysis/NestGuards.h"

namespace adstencil {

class RimFinder {
public:
  RimFinder(const AdjointPlan &P, GatherNest &N, llvm::DominatorTree &DT, llvm::ScalarEvolution &SE)
      : P(P), N(N), DT(DT), SE(SE) {}

  /// Adds a load that not every point executes to a group of accesses, which are known but for such loads. Its address
  /// is Start + Σ p_d · stride_d. False, and nothing is changed, if it is at no shift from any, however far.
  bool place(const llvm::LoadInst &L, const llvm::CallInst *Root, const llvm::SCEV *Start,
             llvm::ArrayRef<const llvm::SCEV *> Strides);

private:
  const AdjointPlan &P;
  GatherNest &N;
  llvm::DominatorTree &DT;
  llvm::ScalarEvolution &SE;

  struct Place {
    Shift At;
    llvm::SmallVector<const llvm::SCEV *, 4> Far; ///< by axis; null: near
    bool IsInside = false;                        ///< the cell is one of the Domain, as far as its rim is concerned
    /// Smaller is better.
    std::tuple<bool, int64_t, size_t> rank() const;
  };

  std::optional<Place> findPlace(const llvm::SCEV *Distance, llvm::ArrayRef<const llvm::SCEV *> Strides,
                                 const PointBounds &Bounds) const;
  const llvm::SCEV *onlyPoint(const PointBounds &Bounds, unsigned Axis) const;
  bool isInside(const Place &X, const PointBounds &Bounds) const;
  /// Uppers: of an axis that has points.
  bool isNotNegative(const llvm::SCEV *X, llvm::ArrayRef<const llvm::SCEV *> Uppers) const;
  void note(const llvm::LoadInst &L, unsigned Group, Place X);
};

} // namespace adstencil
