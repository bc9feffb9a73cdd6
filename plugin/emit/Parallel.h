// Loops of a derivative whose iterations are shared out among OpenMP's threads.
//
// Emission writes such a loop as a serial one, with a marker in its preheader:
//
//       call void @adstencil.parallel(i1 %ok)
//       br label %loop
//     loop:
//       %i = phi i64 [ %first, %preheader ], [ %next, %latch ]
//
// When the derivative is complete the loop is moved into a function of its own, over a range of iterations, and the
// place where it stood becomes
//
//     if (ok && first < last)
//       fork: every thread calls body(its part of first ... last), a static schedule
//     else
//       body(first, last)
//
// Both ways run the same machine code on each iteration, so that they give the same bits whatever the number of threads
// is, as long as iterations do not share sums. A loop of another form than promised stays as it is, and serial.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/IRBuilder.h"

namespace adstencil {

/// Writes the marker. The builder stands in the preheader of a loop whose only header phi is an i64 that grows by one,
/// with one exit on a bound that does not change, and without values that leave it. Whoever writes it promises that the
/// iterations are independent if Ok is true when the marker is reached; local variables of the function that are used
/// in the loop only are each iteration's own.
llvm::CallInst *createParallelMarker(llvm::IRBuilderBase &B, llvm::Value *Ok);

/// Writes a call that becomes the number of threads that a loop would be shared out among, i64.
llvm::CallInst *createThreadCount(llvm::IRBuilderBase &B);

/// Marks the loops of a tangent that are work-shared in the kernel. The tangent of a loop touches the shadows of what
/// the loop touches, so its iterations are as independent as the kernel's.
void markWorkSharedLoops(llvm::Function &F);

/// Turns marked loops of F into parallel ones, and removes the markers. WithOpenMP: the program is compiled for OpenMP;
/// otherwise the loops stay serial. Returns the functions that loops have become. To be called before a pass that
/// deletes or unrolls loops: the marker of one that is gone would be taken for that of the next.
llvm::SmallVector<llvm::Function *, 2> lowerParallelLoops(llvm::Function &F, bool WithOpenMP);

} // namespace adstencil
