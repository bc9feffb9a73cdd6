// Which points of a nest come to a place in it: bounds of the counters that follow from the conditions on the way.
//
//     for (i = 0; i < n; ++i)
//       if (i > 0) … else …          here i is at least 0 and at most 0
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/InstrTypes.h"
#include <optional>

namespace llvm {
class BasicBlock;
class DominatorTree;
class Loop;
class LoopInfo;
class SCEV;
class ScalarEvolution;
} // namespace llvm

namespace adstencil {

struct GridNest;

/// By axis: the counter is at least each of Lowers and at most each of Uppers.
struct PointBounds {
  llvm::SmallVector<llvm::SmallVector<const llvm::SCEV *, 4>, 4> Lowers, Uppers;
};

/// So many points at an end of an axis are its rim.
constexpr int64_t MostRim = 16;

class BoundsFinder {
public:
  /// Axes: outermost first. Last: the last values of their counters, i64. Grid: if they are those of a grid, else null.
  BoundsFinder(llvm::ArrayRef<const llvm::Loop *> Axes, llvm::ArrayRef<const llvm::SCEV *> Last, const GridNest *Grid,
               const llvm::LoopInfo &LI, const llvm::DominatorTree &DT, llvm::ScalarEvolution &SE);

  PointBounds Bounds;
  llvm::SmallVector<bool, 4> Bounded; ///< by axis: a condition bounds it

  /// First and last of the points within the bounds.
  const llvm::SCEV *low(unsigned Axis);
  const llvm::SCEV *high(unsigned Axis);

  /// Bounds become what all points fulfil which come to BB.
  void confine(const llvm::BasicBlock *BB);
  /// The same for all points for which V is Holds.
  void confineBy(llvm::Value *V, bool Holds);

  /// The same number, in which limits of a grid are what model/GridNest.h has cut them off to: no point is beyond.
  const llvm::SCEV *cutOff(const llvm::SCEV *S) const;

protected:
  llvm::SmallVector<const llvm::Loop *, 4> Axes;
  llvm::SmallVector<const llvm::SCEV *, 4> Last;
  const GridNest *Grid;
  const llvm::LoopInfo &LI;
  const llvm::DominatorTree &DT;
  llvm::ScalarEvolution &SE;
  const llvm::Loop *Outermost;

  /// Start + counter (Grows) or Start - counter, compared with Right.
  struct Comparison {
    unsigned Axis;
    bool Grows;
    const llvm::SCEV *Start;
    llvm::CmpInst::Predicate Pred;
    const llvm::SCEV *Right;
  };

  bool isLatch(const llvm::BasicBlock *BB) const;
  std::optional<Comparison> read(llvm::Value *V, bool Holds);
  const llvm::SCEV *number(int64_t X);
  /// The number closest to S that is not so far from 0 that it can be no index.
  const llvm::SCEV *near(const llvm::SCEV *S);
  void atLeast(unsigned Axis, const llvm::SCEV *Bound);
  void atMost(unsigned Axis, const llvm::SCEV *Bound);
  /// Bounds the counter by Start + counter (Grows) or Start - counter, compared with Right: sufficient, and but for
  /// unsigned predicates and `!=` necessary. False if it cannot be said.
  bool restrict(unsigned Axis, bool Grows, const llvm::SCEV *Start, llvm::CmpInst::Predicate Pred,
                const llvm::SCEV *Right);

private:
  /// Limits of a grid, and what they have been cut off to.
  llvm::SmallVector<std::pair<const llvm::Value *, const llvm::SCEV *>, 4> Limits;

  llvm::SmallVector<const llvm::SCEV *, 8> Ends; ///< what the counters of all points are at most

  void addLimit(const llvm::SCEV *Bound);
  bool isPlain(const Comparison &C);
  bool isCount(const llvm::SCEV *S);
};

/// What lies further from 0 is no index. Bounds are moved to here, so that sums of them do not overflow: `i > limit`
/// with the largest `long` for a limit means that no point is inside.
constexpr int64_t FarthestIndex = int64_t(1) << 61;

} // namespace adstencil
