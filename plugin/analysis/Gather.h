// Loop nests whose adjoint can be written as a gather.
//
//     for p in Domain:  un[p] = f(u[p + s_1], …, u[p + s_n])
//
// The reverse sweep adds to n cells of u_bar at each point. Turned around, each cell q of u_bar collects what the
// points around it would have added:
//
//     for q in Domain extended by the shifts:
//         u_bar[q] += Σ_k [q - s_k in Domain]  (what the adjoint of point q - s_k adds for its read at s_k)
//
// One cell has one writer, cells are independent, and the loop is as good to vectorise and to run in parallel as the
// kernel itself. The price is that the point function's adjoint is evaluated once per shift.
//
// A GatherNest says that a nest can be treated so, and how:
//
//   - axes: a chain of loops with invariant bounds, all stores and active loads in the innermost;
//   - accesses: each at base + Σ p_d · stride_d. Accesses of one array with the same strides whose distances are shifts
//     (analysis/Shifts.h) form a group; the components of an array of structures are groups of their own;
//   - loads of arrays that the nest does not store to are *gathered*, if their address moves with every axis;
//     loads of the other arrays meet their own point's stores only (they are carried, in a pass of their own); the rest
//     (coefficients per layer, data-dependent indices) is added at its *home*, when its own point is evaluated;
//   - an access at one point of an axis only (`if (i == 0) … u[n - 1]`) has its place along this axis as a distance
//     from it: none for clamped neighbours, far away for periodic ones;
//   - evaluations: the shifts at which the point function's adjoint is needed, shared by all groups.
//
// Each cell stored to is stored once (`Once`, proved or tested at run time), and no iteration reads what another one
// stores. Otherwise the order of iterations matters and the general reverse sweep is right.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "analysis/BlockTile.h"
#include "analysis/PointBounds.h"
#include "analysis/Shifts.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/Instructions.h"
#include <optional>
#include <string>
#include <vector>

namespace llvm {
class DominatorTree;
class PostDominatorTree;
} // namespace llvm

namespace adstencil {

struct AdjointPlan;

/// Accesses of one array that differ by shifts.
struct AccessGroup {
  llvm::CallInst *Root = nullptr; ///< array marker
  llvm::Type *Element = nullptr;
  const llvm::SCEV *Start = nullptr;                   ///< address at point 0 with shift 0
  llvm::SmallVector<const llvm::SCEV *, 4> StrideForm; ///< bytes, by axis
  llvm::Value *Offset = nullptr;                       ///< Start in bytes from the start of the array, i64
  llvm::SmallVector<llvm::Value *, 4> Strides;         ///< bytes, by axis, i64
  bool Gathered = false;
};

/// A load or store at a group's cell.
struct GroupAccess {
  unsigned Group = 0;
  Shift At;
};

enum class LoadRole {
  Gathered, ///< contributes to the cells around the point
  Carried,  ///< of an array that the nest stores to: contributes in the second pass
  Home,     ///< contributes when its own point is evaluated
};

/// A number of points that is not known to be small: what `u[i == 0 ? n - 1 : i - 1]` is away from i where i is 0.
struct FarSteps {
  unsigned Axis = 0;
  bool Ahead = false; ///< Steps is not negative; otherwise it is not positive
  const llvm::SCEV *Form = nullptr;
  llvm::Value *Steps = nullptr; ///< i64
};

struct GatherNest {
  llvm::SmallVector<const llvm::Loop *, 4> Axes;                ///< outermost first
  llvm::SmallVector<llvm::Value *, 4> Last;                     ///< by axis: last value of the counter, i64
  llvm::SmallVector<std::pair<llvm::Value *, bool>, 4> Entered; ///< conditions for inner loops to run at all
  std::vector<AccessGroup> Groups;
  llvm::MapVector<const llvm::Instruction *, GroupAccess> Accesses;
  llvm::SmallPtrSet<const llvm::LoadInst *, 4> Never;       ///< no point executes them, where Enough holds
  llvm::SmallVector<FarSteps, 4> Far;                       ///< what entries of shifts may contain (analysis/Shifts.h)
  llvm::MapVector<const llvm::LoadInst *, LoadRole> Roles;  ///< active loads
  llvm::SmallPtrSet<const llvm::LoadInst *, 8> Conditional; ///< gathered loads that not every point executes
  /// No point outside of these bounds executes the conditional load; and the same by axis, computed in front of the
  /// nest.
  llvm::DenseMap<const llvm::LoadInst *, PointBounds> Bounds;
  llvm::MapVector<const llvm::LoadInst *, llvm::SmallVector<std::pair<llvm::Value *, llvm::Value *>, 4>> Executed;
  std::vector<Shift> Evaluations;                                     ///< contains 0 if something is added at home
  llvm::SmallVector<std::pair<llvm::Instruction *, bool>, 4> Assumed; ///< tests and their values, for inner points
  llvm::SmallVector<llvm::Value *, 4> InnerLow, InnerHigh; ///< first and last inner point, by axis; null: all of it
  llvm::SmallVector<llvm::Value *, 2> Once;                ///< i1: where all are true, no cell is stored twice
  /// i1: where all are true, the axes have so many points that loads in Never are not executed.
  llvm::SmallVector<llvm::Value *, 2> Enough;
  /// i1, on a grid: false if there are more points than an index of the kernel can count. The derivative traps then.
  llvm::SmallVector<llvm::Value *, 2> Fits;
  llvm::Value *Apart = nullptr; ///< i1, on a grid: true if cells that are gathered into do not overlap; null: proved
  llvm::SmallVector<llvm::Value *, 16> Needs; ///< values of the kernel that the gather is written with
  bool MayTile = false;           ///< every point contributes for each of its reads, so that it can be evaluated once
  bool Tiled = false;             ///< each point is evaluated once (emit/Tile.h), not once for each shift
  std::vector<Shift> Owners;      ///< of a tile: where the points are that have values of an owner; empty: each its own
  std::optional<BlockTile> Block; ///< on a grid: what a tile would be
  std::string NoTile;             ///< on a grid: why it may not be tiled
  llvm::Function *Vjp = nullptr;  ///< called for the first pass of __adjoint_; null: the pass is written here
  unsigned Planes = 1;            ///< cells of so many planes are done together (emit/Gather.h); on a CPU
  unsigned Kept = 0;              ///< so many cotangents of each point are kept (emit/KeptCotangents.h); on a CPU
  llvm::Type *KeptType = nullptr;
  bool Merged = false;           ///< points around an inner cell are evaluated as one (emit/MergedPoint.h)
  bool WorkShared = false;       ///< OpenMP distributes the outermost loop over threads
  bool AddsToOutside = false;    ///< active loads in front of the nest are added to at home
  bool HasHomes = false;         ///< some load or active scalar is added to at home
  bool ReadsOtherLevels = false; ///< cells of stored arrays are gathered into: other time levels (__adjoint_ only)
  bool Carries = false;          ///< __adjoint_ has to change the shadows of stored arrays

  const llvm::Loop *outermost() const { return Axes.front(); }
  /// The nest is what is said here where all of these are true; otherwise it is reversed in order.
  llvm::SmallVector<llvm::Value *, 4> conditions() const {
    llvm::SmallVector<llvm::Value *, 4> All(Once.begin(), Once.end());
    All.append(Enough.begin(), Enough.end());
    return All;
  }
  /// True if the only evaluation is that of the own point.
  bool isOwnPoint() const {
    return Evaluations.size() == 1 && llvm::all_of(Evaluations[0], [](int64_t X) { return X == 0; });
  }
  /// True if no cell that an iteration along the last axis gathers into is met by another one: cells of one group are
  /// apart, and no array has two groups. WithStored: nor a cell of a stored array.
  bool cellsApartAlongRows(bool WithStored) const;
  /// True if __adjoint_ needs no pass of its own for the shadows of stored arrays: nobody else reads what a point
  /// clears.
  bool clearsAtOnce() const { return isOwnPoint() || (Tiled && Owners.empty() && !WorkShared && !Block); }
};

/// Why a nest is not a gather: Reason in the user's terms, at At.
struct NoGather {
  std::string Reason;
  const llvm::Instruction *At = nullptr;
  llvm::DebugLoc Place = {}; ///< of At, where the function has been restored since and At is gone
};

/// True if blocks of Size bytes, at a constant distance from what Access touches, do not overlap for different points
/// of one thread of a grid: points that differ along axes with grid-stride loops only (model/Unstride.h). With one
/// point a thread it always is.
bool gridPointsApart(const AdjointPlan &P, llvm::ScalarEvolution &SE, const llvm::Instruction &Access, uint64_t Size);
/// For the points of a grid, whose cells have one writer each: which arrays may be gathered into at all, and whether
/// different cells of a group have different addresses (analysis/GridCells.cpp).
/// Makes arrays that are met in ways that cannot be told apart home ones. Reads are roles by load.
void keepGridCellsApart(GatherNest &N, const AdjointPlan &P);
/// A condition under which the cells that the nest gathers into do not overlap, computed at Place. Null: they never do.
llvm::Value *gridCellsApart(const GatherNest &N, const AdjointPlan &P, const llvm::DominatorTree &DT,
                            llvm::ScalarEvolution &SE, llvm::Instruction *Place);

/// Fills P.Gathers and P.NoGathers, by outermost loop. May add instructions in front of the nests.
void findGathers(AdjointPlan &P, llvm::DominatorTree &DT, llvm::PostDominatorTree &PDT, llvm::ScalarEvolution &SE);

} // namespace adstencil
