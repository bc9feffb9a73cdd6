// Parallel regions as ordinary loops.
//
// Clang outlines a parallel region and leaves a call that forks:
//
//     call @__kmpc_fork_call(loc, n, @region, captures...)
//
//     define @region(gtid, btid, captures...):
//       lower = 0, upper = count - 1
//       call @__kmpc_for_static_init_4(loc, gtid, 34, &last, &lower, &upper, &stride, 1, 1)   my part of the loop
//       for (iv = lower; iv <= upper; ++iv)
//         i = first + iv * step;                    collapse(2): iv / M and iv % M for the two loops of the user
//         ...
//
// OpenMP leaves it to the implementation how many threads there are, so the meaning of a correct program is what one
// thread does. That is what the copy in the derivative becomes: the region is called directly, the thread's part is the
// whole range, and the flat loop is given back the nest and the counters that the user wrote. All later stages see
// serial loops; those that clang shared out among threads carry a note in their metadata.
//
// Constructs in which threads meet (critical, single, tasks, ...) are refused.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "model/Request.h"
#include "llvm/IR/PassManager.h"

namespace llvm {
class Loop;
}

namespace adstencil {

enum class Serialised { Nothing, Something, Refused };

/// Replaces the calls of OpenMP's runtime in R.F by what they do for a single thread. To be called each time after
/// calls were inlined and before anything else changes the code, because clang's own form is what is recognised.
/// Something: there are new calls to inline.
Serialised serialiseOpenMP(Request &R);

/// Gives flat loops their nests back. Variables have to be SSA values, loops still as clang wrote them. Removes clang's
/// promises for the vectoriser from all loops and accesses: they do not hold for a derivative.
void restoreNests(llvm::Function &F, llvm::FunctionAnalysisManager &FAM);

/// True for the outermost loop of a nest whose iterations `omp for` distributes over threads.
bool isWorkShared(const llvm::Loop &L);

/// Removes the notes that isWorkShared reads.
void forgetWorkSharing(llvm::Function &F);

} // namespace adstencil
