// Grid-stride loops as bodies for one point.
//
//     for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
//       un[i] = u[i - 1] + u[i + 1];
//
//     becomes    int i = blockIdx.x * blockDim.x + threadIdx.x;
//                if (i < n)
//                  un[i] = u[i - 1] + u[i + 1];              for as many threads along x as there are points
//
// Thread t has the points start + t + k * threads, k = 0, 1, …, as long as they are below the bound. Each number from
// start on is that of one thread and one k. So the loop body is executed for the same points if there is one thread for
// each point, without end but for the bound, and every thread makes the first iteration only. What comes out is the
// plain kernel that model/GridNest.h knows, with axes whose number of points is not that of the threads.
//
// That is so if
//
//   - the loop is left where its counter reaches a bound and nowhere else, and hands nothing on: from iteration to
//     iteration, or to the code behind it;
//   - the threads use their index along the axis for the start of the counter alone, and for the test in front of the
//     loop, which is the bound's for the first iteration;
//   - all effects of the kernel are in the loop: threads with nothing to do would have them, too;
//   - the start does not wrap around. (That the counter does not at its end: a thread that starts over, from the other
//     end of its type, comes to all points of another thread, which is a data race, or for ever to its own ones. A
//     counter of 32 bits without a sign has the values below 2^31: see GatherNest::Fits.)
//
// What it costs is knowledge. The threads of a kernel without data races store to different cells, and read no cell
// that another one stores to; the points of one thread may do both. Two points of a thread have the same index along
// plain axes and differ along strided ones. Wherever an analysis draws on the absence of data races it must prove the
// same for points that differ along strided axes: gridPointsApart (analysis/Gather.h). Those places are
//
//   analysis/Gather.cpp       that a point alone meets the cells whose cotangents are read, cleared or carried
//   analysis/GridReads.cpp    that the index of a store is the point's own
//   analysis/Addresses.cpp    that a load sees what was there before the kernel (seesOriginal)
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/DebugLoc.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/PassManager.h"
#include <string>

namespace adstencil {

/// The axes of a launch (0 is x) whose grid-stride loops have become bodies for one point.
struct UnstridedAxes {
  bool Strided[3] = {}, Wide[3] = {}; ///< Wide: the counter has 64 bits
  /// Why a grid-stride loop has been left as it is, and where; empty: there is none.
  std::string Reason;
  llvm::DebugLoc Place;
};

/// Why the body of a loop cannot be the body of a kernel with one point a thread, in the user's terms; empty: it can.
std::string whyNotBodyOfPoints(const llvm::Function &F, const llvm::Loop &L);

/// Rewrites the grid-stride loops of a normalised kernel.
UnstridedAxes unstride(llvm::Function &F, llvm::FunctionAnalysisManager &FAM);

} // namespace adstencil
