// A pointwise CUDA kernel as a loop nest.
//
//     int ix = blockIdx.x * blockDim.x + threadIdx.x;        for ix in [max(0, 1), min(grid, nx - 1)):
//     if (ix < 1 || ix >= nx - 1) return;              →       un[ix] = u[ix - 1] + u[ix + 1];
//     un[ix] = u[ix - 1] + u[ix + 1];
//
// The threads of a grid are a box of points if they use their indices only to compute which point is theirs. Their body
// is put into one loop an axis, x innermost, whose counters take the place of the indices. Conditions under which a
// thread does nothing at all are taken into the bounds where they compare an index with something that is the same for
// all threads; others stay in the body. The nest has the form that the analyses of C++ loops know (model/Loops.h).
//
// Grid-stride loops have become bodies for one point before (model/Unstride.h). Such an axis has no end but its
// guards'.
//
// An axis whose index is blockIdx or threadIdx alone is taken for one with one thread a block, or one block: otherwise
// threads that do the same would store to the same cells.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "model/Unstride.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/PassManager.h"
#include "llvm/IR/ValueHandle.h"
#include <string>

namespace adstencil {

/// No index comes near this, and sums of a few such numbers do not wrap. Bounds are cut off here, on both sides: a
/// limit of LONG_MAX means "never".
constexpr int64_t MostIndex = int64_t(1) << 60;

/// One axis of the Domain. All values are i64 and computed at the function's entry.
struct GridAxis {
  unsigned Launch = 0;      ///< 0 is x
  llvm::WeakTrackingVH Low; ///< the index of the first point
  /// A thread has the points of a grid-stride loop (model/Unstride.h): there may be more of them than threads, and two
  /// of them are not apart because threads are.
  bool Strided = false;
  bool Wide = false; ///< the loop's counter has 64 bits: there may be more points than an index of 32 bits can count
  llvm::WeakTrackingVH High; ///< behind the index of the last point
  llvm::WeakTrackingVH Last; ///< High - Low - 1
  /// Bounds that guards set: every index of the Domain is at least each of Lowers and less than each of Uppers.
  llvm::SmallVector<llvm::WeakTrackingVH, 2> Lowers, Uppers;
};

struct GridNest {
  llvm::SmallVector<GridAxis, 3> Axes; ///< outermost first
  /// A bound that the kernel computes modulo 2^32, and the number that it is: a launch demands it (demand in
  /// model/UnsignedIndices.h).
  llvm::SmallVector<std::pair<llvm::WeakTrackingVH, llvm::WeakTrackingVH>, 2> Differences;
  /// True if a thread may have several points.
  bool hasStrided() const {
    return llvm::any_of(Axes, [](const GridAxis &Axis) { return Axis.Strided; });
  }
};

/// Why a kernel is not a nest.
struct NoNest {
  std::string Reason;
  const llvm::Instruction *At = nullptr;
};

/// Turns the body of a normalised kernel into a nest. If that is not possible Why says so, and F must be restored.
bool formNest(llvm::Function &F, const UnstridedAxes &Unstrided, GridNest &Nest, NoNest &Why,
              llvm::FunctionAnalysisManager &FAM);

} // namespace adstencil
