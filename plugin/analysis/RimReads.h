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
  RimFinder(const AdjointPlan &P, GatherNest &N, const llvm::DominatorTree &DT, llvm::ScalarEvolution &SE)
      : N(N), SE(SE), All(boundsOf(P, N, DT, SE)) {}

  /// True if only a few points at the rim of an axis execute a load.
  bool isAtRim(const llvm::LoadInst &L) const;
  /// Adds a load that not every point executes to a group of accesses, which are known but for such loads. Its address
  /// is Start + Σ p_d · stride_d. False, and nothing is changed, if it is at no shift from any, however far.
  bool place(const llvm::LoadInst &L, const llvm::CallInst *Root, const llvm::SCEV *Start,
             llvm::ArrayRef<const llvm::SCEV *> Strides);

private:
  GatherNest &N;
  llvm::ScalarEvolution &SE;
  const BoundsFinder All; ///< of all points

  /// Those of the points that execute a load.
  PointBounds boundsOfLoad(const llvm::LoadInst &L) const;
  /// True if conditions confine the points along an axis.
  bool isConfined(const PointBounds &Bounds, unsigned Axis) const;

  struct Place {
    Shift At;
    llvm::SmallVector<const llvm::SCEV *, 4> Far; ///< by axis; null: near
    bool IsInside = false;                        ///< the cell is one of the Domain, as far as its rim is concerned
    /// Smaller is better.
    std::tuple<bool, int64_t, size_t> rank() const;
  };

  std::optional<Place> findPlace(const llvm::SCEV *Distance, const AccessGroup &G, const PointBounds &Bounds) const;
  /// What a point stores to, as a shift of the group, if the array stored to has the same strides.
  std::optional<Shift> storedAt(const AccessGroup &G) const;
  const llvm::SCEV *onlyPoint(const PointBounds &Bounds, unsigned Axis) const;
  /// Origin: the cell of a point, as a shift of the group.
  bool isInside(const Place &X, const PointBounds &Bounds, const Shift &Origin) const;
  /// As far as can be told: where a cell lies is made sure of elsewhere. Uppers: of an axis that has points.
  bool isNotNegative(const llvm::SCEV *X, llvm::ArrayRef<const llvm::SCEV *> Uppers) const;
  void note(const llvm::LoadInst &L, unsigned Group, Place X);
};

} // namespace adstencil
