// The adjoint of a point function: what one point of a gathered nest adds to which cells.
//
// The body of the nest is copied into a function of its own. The counters of the axes become arguments, and so does the
// address of every cell that belongs to a group of accesses (analysis/Gather.h), each with the place where its
// cotangent is: for a store the shadow cell, to be read; for a gathered load wherever the caller wants the contribution
// added, mostly a local variable. That function is differentiated like a kernel without loops. The gather
// (emit/Gather.h) calls it once per shift, and the calls are inlined: what a call does not ask for disappears.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "analysis/AdjointPlan.h"
#include <vector>

namespace adstencil {

/// Which contributions a point adjoint makes.
enum class PointRole {
  Away,  ///< to gathered loads
  Home,  ///< to gathered loads and to everything at home
  Carry, ///< to arrays that the nest stores to; the cotangents of stores are cleared, as __adjoint_ does
  Whole, ///< to everything; cotangents of stores are cleared
};

/// What the caller passes for one parameter.
struct PointArgument {
  enum Kind {
    Index,        ///< the counter of axis Number; of a merged point: of the point at distance At
    Captured,     ///< the value Of, from outside of the nest
    ScalarShadow, ///< where contributions to the active scalar of marker Of are added
    ArrayPrimal,  ///< what the array marker Of stands for, for accesses that belong to no group
    ArrayShadow,
    CellPrimal, ///< the cell of group Number at shift At from the point; of a merged point: from the cell
    CellShadow, ///< where its cotangent is; OfLoad: where a load's contribution is added
    Kept,       ///< where the kept cotangent Number of the point is (emit/KeptCotangents.h)
    Touched,    ///< i1 in memory that is set if a gathered load of this cell contributes
  };
  Kind TheKind;
  unsigned Number = 0;
  llvm::Value *Of = nullptr;
  Shift At;
  bool OfLoad = false;
};

struct PointAdjoint {
  llvm::Function *F = nullptr; ///< internal; void
  llvm::SmallVector<PointArgument, 16> Arguments;

  /// True if the code uses the argument.
  bool uses(unsigned Argument) const { return !F->getArg(Argument)->use_empty(); }
};

/// The point adjoints of a nest. A function that is not needed is null. Inner ones are right for inner points only
/// (analysis/NestGuards.h).
struct PointAdjoints {
  PointAdjoint Away, Home, Carry, Whole;
  PointAdjoint InnerAway, InnerHome, InnerCarry, InnerWhole;
  PointAdjoint Merged;        ///< all points around an inner cell at once, away from home (emit/MergedPoint.h)
  PointAdjoint Keeping, Kept; ///< computes kept cotangents; does what Away does from these (emit/KeptCotangents.h)
  PointAdjoint Owner; ///< of a tile: what the point N.Owners[0] owns, with all points that have it (emit/SharedPoint.h)
  std::vector<PointAdjoint> Parts; ///< the same, by point of N.Owners: of that point alone
  llvm::SmallVector<PointAdjoint *, 16> all() {
    llvm::SmallVector<PointAdjoint *, 16> All = {&Away,       &Home,       &Carry,  &Whole,   &InnerAway, &InnerHome,
                                                 &InnerCarry, &InnerWhole, &Merged, &Keeping, &Kept,      &Owner};
    for (PointAdjoint &Part : Parts)
      All.push_back(&Part);
    return All;
  }
  /// The one for inner points, or the same.
  PointAdjoint &inner(PointAdjoint &A) {
    PointAdjoint &Inner = &A == &Away ? InnerAway : &A == &Home ? InnerHome : &A == &Carry ? InnerCarry : InnerWhole;
    return Inner.F ? Inner : A;
  }
  /// Removes the functions that are not called, once calls are inlined.
  void erase(llvm::FunctionAnalysisManager &FAM);
};

using GatheredNests = llvm::MapVector<const llvm::Loop *, std::unique_ptr<PointAdjoints>>;

/// Writes the point adjoints of a nest, and fills Nest.Needs. Returns false after a report.
bool derivePoints(const AdjointPlan &P, GatherNest &Nest, PointAdjoints &Points, llvm::FunctionAnalysisManager &FAM);

/// The body of the nest as a function of one point that is not differentiated yet.
PointAdjoint copyPoint(const AdjointPlan &P, const GatherNest &N, bool Inner, llvm::FunctionAnalysisManager &FAM);
/// Replaces such a function by its derivative. Dropped and Touched: see AdjointPlan. Returns false after a report.
bool differentiatePoint(const AdjointPlan &P, const Request &R, PointAdjoint &A,
                        const llvm::SmallPtrSetImpl<const llvm::Instruction *> &Dropped,
                        const llvm::DenseMap<const llvm::LoadInst *, llvm::Value *> &Touched,
                        llvm::FunctionAnalysisManager &FAM);
/// Removes the function.
void discard(PointAdjoint &A, llvm::FunctionAnalysisManager &FAM);

} // namespace adstencil
