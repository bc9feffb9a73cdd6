// Loops of a thread as axes of the grid.
//
//     int i = blockIdx.x * blockDim.x + threadIdx.x;         int i = …, k = 1 + blockIdx.z * blockDim.z + threadIdx.z;
//     if (i < nx)                                            if (i < nx)
//       for (int k = 1; k < nz - 1; ++k)               →       if (k < nz - 1)
//         un[i + nx * k] = u[i + nx * (k - 1)] + …;              un[i + nx * k] = u[i + nx * (k - 1)] + …;
//
// Where threads march along an axis that the launch does not have (a grid of columns), the loop becomes an axis with
// one point a thread, as grid-stride loops do before (model/Unstride.h): the iterations are the points start + k, and a
// launch with one thread along that axis has them all in one thread. Everything that is said there about points of one
// thread holds here: they are not apart because threads are.
//
// That is so if
//
//   - all effects of the kernel are in the loop, which is left at its end only, and hands nothing on: from iteration to
//     iteration, or to the code behind it;
//   - the launch has an axis that no thread asks for its index;
//   - the number of iterations is the same for all threads (model/GridNest.h asks).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "model/Unstride.h"

namespace adstencil {

/// Rewrites loops of the threads of a normalised kernel, behind unstride; the outermost becomes the outermost axis.
void spreadThreadLoops(llvm::Function &F, UnstridedAxes &Axes, llvm::FunctionAnalysisManager &FAM);

} // namespace adstencil
