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
// An axis whose index is blockIdx or threadIdx alone is taken for one with one thread a block, or one block: otherwise
// threads that do the same would store to the same cells.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

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
  unsigned Launch = 0;        ///< 0 is x
  llvm::WeakTrackingVH Low;   ///< the index of the first point
  llvm::WeakTrackingVH Count; ///< threads of the grid along the axis
  /// Bounds that guards set: every index of the Domain is at least each of Lowers and less than each of Uppers.
  llvm::SmallVector<llvm::WeakTrackingVH, 2> Lowers, Uppers;
};

struct GridNest {
  llvm::SmallVector<GridAxis, 3> Axes; ///< outermost first
};

/// Why a kernel is not a nest.
struct NoNest {
  std::string Reason;
  const llvm::Instruction *At = nullptr;
};

/// Turns the body of a normalised kernel into a nest. If that is not possible Why says so, and F must be restored.
bool formNest(llvm::Function &F, GridNest &Nest, NoNest &Why, llvm::FunctionAnalysisManager &FAM);

/// A copy of a function's body, to go back to.
class KeptBody {
public:
  explicit KeptBody(llvm::Function &F);
  ~KeptBody();
  /// Gives the function its old body. Once.
  void restore(llvm::FunctionAnalysisManager &FAM);

private:
  llvm::Function &F;
  llvm::Function *Copy;
};

} // namespace adstencil
