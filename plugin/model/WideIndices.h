// Indices in 64 bits.
//
//     sext(i - 1 + n * j)        becomes     sext(i) - 1 + sext(n) * sext(j)
//
// Indices are mostly `int`, and the language forbids their sums and products to overflow (`nsw`). The right-hand side
// says so in a form that survives: later passes may regroup it, which costs the flags of the left-hand side, and
// without the flags an address is no affine function of the loop counters any more.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

namespace llvm {
class Function;
}

namespace adstencil {

/// Rewrites the extensions of all index expressions that cannot overflow.
void widenIndices(llvm::Function &F);

/// Extends numbers that are known not to be negative with their sign, like all others: scalar evolution takes sext(n)
/// and zext(n) for different numbers, and a row length must not be one thing in a stride and another in a distance. The
/// passes that shape loops would undo it, so it comes after them.
void signExtendIndices(llvm::Function &F);

} // namespace adstencil
