// Indices of threads and blocks, launches and arguments, as the last stages of the CPU device see them.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "device/Kernels.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Instructions.h"
#include <optional>

namespace adstencil {

/// The call of __adstencil_this_thread in F's entry block; created if there is none.
llvm::CallInst *thisThread(llvm::Function &F);

/// True if V reads the register (tid, ctaid, ntid, nctaid) of the given axis.
bool isIndex(const llvm::Value *V, llvm::StringRef Register, unsigned Axis);

/// Reads the register of the given axis.
llvm::Value *readIndex(llvm::IRBuilderBase &B, llvm::StringRef Register, unsigned Axis);

/// `i32 adstencil.point.<axis>()`: ctaid * ntid + tid, where a kernel computes just that.
bool isPoint(const llvm::Value *V, unsigned Axis);

/// Replaces every read of an index in F by what Value gives for it.
void replaceIndices(llvm::Function &F,
                    llvm::function_ref<llvm::Value *(llvm::StringRef Register, unsigned Axis)> ValueOf);

/// Replaces __shared__ variables in F by places behind Base. K is null in a function that is shared by kernels.
void placeShared(DeviceModule &D, DeviceKernel *K, llvm::Function &F, llvm::Value *Base);

/// Members of adstencil_launch.
namespace launch {
llvm::Value *gridSize(llvm::IRBuilderBase &B, llvm::Value *Launch, unsigned Axis);
llvm::Value *blockSize(llvm::IRBuilderBase &B, llvm::Value *Launch, unsigned Axis);
llvm::Value *chunk(llvm::IRBuilderBase &B, llvm::Value *Launch);
llvm::Value *partials(llvm::IRBuilderBase &B, llvm::Value *Launch);
llvm::Value *shadows(llvm::IRBuilderBase &B, llvm::Value *Launch);
llvm::Value *alone(llvm::IRBuilderBase &B, llvm::Value *Launch);
llvm::Value *phase(llvm::IRBuilderBase &B, llvm::Value *Launch);
} // namespace launch

/// True if A is a record by value that its kernel only reads.
bool isReadOnlyRecord(const llvm::Argument &A);

/// Loads the argument of parameter A from `void** args`. Records stay where they are.
llvm::Value *loadArgument(llvm::IRBuilderBase &B, llvm::Value *Arguments, const llvm::Argument &A);

/// Moves the static allocas of From to the front of To.
void moveAllocas(llvm::BasicBlock &From, llvm::BasicBlock &To);

/// The loop over the points of a row while it is being written: `for (x = Begin; x < End; ++x)` around First...Latch.
struct RowLoop {
  llvm::BasicBlock *Entry = nullptr; ///< before the loop; ends in `unreachable` until the loop is closed
  llvm::BasicBlock *Head = nullptr;  ///< holds x, goes to First
  llvm::BasicBlock *First = nullptr; ///< the first block of the body
  llvm::BasicBlock *Latch = nullptr; ///< where every thread ends; empty until the loop is closed
  llvm::BasicBlock *Exit = nullptr;  ///< where to go behind the loop
  llvm::PHINode *X = nullptr;        ///< i32, 0 <= x < 2^31 - 1
  llvm::Value *Begin = nullptr;      ///< i32
  llvm::Value *End = nullptr;        ///< i32
  llvm::Value *Any = nullptr;        ///< i1: false if no thread of the row does anything; null if not known
  llvm::SmallPtrSet<llvm::Value *, 8> Unchanging;     ///< pointers to memory that no thread writes
  llvm::SmallPtrSet<llvm::BasicBlock *, 8> Outside;   ///< blocks around the loop
  llvm::DenseMap<llvm::Value *, llvm::Value *> Early; ///< what has been computed before the loop
};

/// V as it can be computed in L.Entry, because it is the same for all threads of the row; null if it cannot.
llvm::Value *computeEarly(RowLoop &L, llvm::Value *V);

/// Scale * x + Offset, without wrapping. Scale is 0, 1 or -1.
struct Affine {
  int Scale;
  llvm::Value *Offset; ///< i64, available before the loop
};
/// V, read as a signed or unsigned number, for any x of the grid.
std::optional<Affine> affineInX(RowLoop &L, llvm::Value *V, bool Signed);

/// True if a thread that goes from From to BB does nothing more. Sums of zero are nothing.
bool endsThread(const RowLoop &L, llvm::BasicBlock &From, llvm::BasicBlock &BB);

/// True if BB does more than compute.
bool hasEffects(const llvm::BasicBlock &BB);

/// True if the memory that Load reads stays as it is while the kernel runs.
bool isUnchanging(const RowLoop &L, const llvm::LoadInst &Load);

/// Guards.cpp: takes conditions on x, and conditions that all threads of a row share, out of the loop: tightens Begin
/// and End, sets Any, and removes the branches from the body.
void hoistGuards(RowLoop &L);

/// Interchange.cpp: if the body is a loop that all threads of the row can run in step, makes that the outer loop. L is
/// then the loop over x inside of it. Returns false if nothing was done.
bool interchange(RowLoop &L);

/// True if the call reads `adstencil.unit`, `adstencil.units` or `adstencil.phase` (emit/GridGather.h).
bool isPart(const llvm::Value *V, llvm::StringRef Name);

/// True if the call is adstencil.reduce.*.
bool isReduction(const llvm::Value *V);

} // namespace adstencil
