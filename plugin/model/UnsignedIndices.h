// Indices of 32 bits without a sign, in a nest of points.
//
//     unsigned p = i + nx * j;   u[p]          becomes     u[zext(i) + zext(nx) * zext(j)]      i, j < 2^31
//
// The language lets such a number wrap around at 2^32, and then its extension to 64 bits is no affine function of the
// counters. It does not wrap if the sum, computed with enough bits, is at least 0 and below 2^32 for all points, and
// that is tested in front of the nest: in the corners of the Domain, since the sum is linear in each counter. Only
// indices that every point uses for an access are rewritten, so that the test fails for no kernel but one whose own
// indices wrap around. The derivative of such a launch traps (GatherNest::Fits).
//
// A number that is added may have been an `int` below 0, a number by which a counter is multiplied is the length of a
// row: the IR does not say which of them have a sign. The former are read with one, the latter without. (So an
// `unsigned` offset of 2^31 or more traps, too.)
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/IR/IRBuilder.h"

namespace adstencil {

/// What a number without a sign has added to it is negative down to here: `n - 1`, and not `n + 4294967295`.
constexpr int64_t MostSubtracted = 1 << 16;

/// A counter of the nest and its first and last value, i64.
struct CounterRange {
  llvm::Value *Counter, *First, *Last;
};

/// Rewrites what is extended in F. Returns i1 values, computed at AtEntry: if the nest has points, they say whether the
/// new indices are the old ones for all of them.
llvm::SmallVector<llvm::Value *, 4> widenUnsignedIndices(llvm::Function &F, llvm::ArrayRef<CounterRange> Counters,
                                                         llvm::IRBuilder<> &AtEntry);

/// Keeps a condition that has to be true of a launch whose nest has points, until the analysis takes it.
void demand(llvm::IRBuilder<> &B, llvm::Value *Condition);
bool isDemand(const llvm::Value *V);

} // namespace adstencil
