// What neighbouring points compute alike.
//
//     un[p] = u[p] - (F(u[p - 2], …, u[p + 2]) - F(u[p - 3], …, u[p + 1]))
//
// The second flux of p is the first one of p - 1. To see that, the instructions of a point are numbered by value, up to
// a shift: each gets a class and a position, so that two of one class, at positions s and t, are equal if their points
// are t - s apart. A shared value is one that a point has at several positions. One of them is the owner's: the point
// evaluates the value that it finds there, its *own* one, and leaves the others to its neighbours.
//
// Only those with enough arithmetic behind them count, and of an expression only the outermost ones, or those behind
// these (a corner's diffusivity, of which a face's is a mean), or those behind these again: which is best is a matter
// of cost.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "emit/PointAdjoint.h"

namespace adstencil {

/// A shared value in the body of a point.
struct SharedValue {
  const llvm::Instruction *Own; ///< the same value in the body of its owner
  Shift Owner;                  ///< the point is so far away from the owner; 0: it is the owner
};

struct SharedValues {
  llvm::MapVector<const llvm::Instruction *, SharedValue> Values;
  std::vector<Shift> Points; ///< where the points are that have a value of the owner: 0 and others
};

/// Finds the shared values of a body with a single block, the outermost ones first, then those behind them and so on. R
/// is the request with the body as its function.
std::vector<SharedValues> findSharedValues(const GatherNest &N, const PointAdjoint &Point, const Request &R,
                                           unsigned LeastWork);

} // namespace adstencil
