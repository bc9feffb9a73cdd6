// What is known about the indices of a CUDA grid and the compiler does not know.
//
// CUDA's index variables are unsigned 32-bit numbers, so `blockIdx.x * blockDim.x + threadIdx.x` may wrap around as far
// as the language is concerned, and a grid-stride loop
//
//     for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
//
// has no trip count. An axis of a launch has fewer than 2^31 threads (the CPU device refuses other launches, and on a
// GPU a 32-bit index could not tell them apart), and a counter that wraps would index its arrays out of bounds. This is
// written into the IR: ranges of the variables, and sums and products of them that do not overflow.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/IR/Function.h"
#include "llvm/IR/IRBuilder.h"

namespace adstencil {

/// Adds ranges and no-wrap flags to the index arithmetic of a kernel whose variables are SSA values.
void annotateGridIndices(llvm::Function &F);

/// True for a read of tid, ntid, ctaid or nctaid along an axis (0 is x), in any width.
bool isGridRegister(const llvm::Value *V, llvm::StringRef Register, unsigned Axis);
/// Such a read, of 32 bits.
llvm::Value *readGridRegister(llvm::IRBuilder<> &B, llvm::StringRef Register, unsigned Axis);
/// blockIdx * blockDim.
bool isBlockStart(const llvm::Value *V, unsigned Axis);
/// gridDim * blockDim.
bool isThreadCount(const llvm::Value *V, unsigned Axis);

} // namespace adstencil
