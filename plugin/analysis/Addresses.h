// Addresses as functions of the counters of the loops around them.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "analysis/AdjointPlan.h"
#include "model/WideAddresses.h"

namespace adstencil {

/// One loop's part in an address: Stride bytes an iteration.
struct Axis {
  const llvm::Loop *L;
  const llvm::SCEV *Stride;
};

/// Splits an address into the strides of the loops around it, innermost first. False if it is not affine in all of
/// their counters.
bool splitAddress(const llvm::SCEV *Address, const llvm::Loop *Innermost, llvm::ScalarEvolution &SE,
                  llvm::SmallVectorImpl<Axis> &Axes);

/// Proves from the conditions that guard the loops that elements of Size bytes at the address never overlap: constant
/// strides first, then symbolic ones from the inside out. For `a[i + nx * j]` with 1 <= i < nx - 1 the stride of j
/// exceeds what i can add up to.
bool isKnownInjective(const AdjointPlan &P, llvm::ScalarEvolution &SE, llvm::ArrayRef<Axis> Axes,
                      const llvm::Loop *Innermost, uint64_t Size);

/// Stride bytes a step, Last steps.
struct Extent {
  llvm::Value *Stride, *Last;
};

/// Emits a test, i1, that blocks of Size bytes at distances of Σ k_d · stride_d with 0 <= k_d <= last_d never overlap:
/// with the strides in order of size, each exceeds what the smaller ones and the block can add up to.
llvm::Value *emitInjective(llvm::IRBuilder<> &B, llvm::Value *Size, llvm::SmallVectorImpl<Extent> &Extents);

/// True if control may run from A to B without starting a new iteration of the loop around A.
bool mayFollow(const AdjointPlan &P, const llvm::Instruction *A, const llvm::Instruction *B);

/// True if a load cannot see what a store of the same array has stored: they meet a cell in one iteration only, and the
/// load comes first.
bool seesOriginal(const AdjointPlan &P, llvm::ScalarEvolution &SE, const llvm::LoadInst &L, const llvm::StoreInst &S);

} // namespace adstencil
