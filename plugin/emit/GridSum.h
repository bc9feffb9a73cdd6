// Sums over all threads of a grid: the shadows of active scalars.
//
// A derivative on a grid ends in calls
//
//     adstencil.reduce.f64(double %v, ptr %shadow, i32 slot)
//
// that every thread executes once: the sum of %v over the grid is to be added to *%shadow, with the same bits in every
// run. The CPU device lowers them its own way (plugin/device/). On a GPU a block adds up its values in shared memory
// along a fixed tree and writes the sum to a buffer; the block that finishes last adds up the buffer along a fixed tree
// and adds the total to the shadow. The buffer is a further parameter of the derivative that nobody writes down: the
// host stub allocates it in the launch's own stream, so that launches may overlap and be captured in graphs.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "model/Request.h"

namespace adstencil {

/// adstencil.reduce.f64 or .f32.
llvm::Function *gridSumFunction(llvm::Module &M, llvm::Type *T);

/// True if the derivative of this request has the further parameter on a GPU. It depends on the parameters alone,
/// because the host side does not see the kernel.
bool hasGridSums(const Request &R);

/// Gives F the further parameter and lowers its sums, for a GPU. Returns the new function.
llvm::Function *lowerGridSums(llvm::Function *F);

/// A copy of F with one more parameter, which takes F's place.
llvm::Function *withParameter(llvm::Function *F, llvm::Type *Added, const llvm::Twine &Name);

/// The call of cudaLaunchKernel in a host stub; null if there is none.
llvm::CallInst *launchOf(llvm::Function &Stub);
/// The length of the array of arguments that is launched with.
std::optional<uint64_t> launchedArguments(const llvm::CallInst &Launch);

/// Makes the host stub of a derivative with grid sums allocate the buffer and pass it. Most is an upper bound on the
/// number of sums. Returns false if the stub has not the form that clang gives it: a launch would miss a parameter.
bool passGridSumBuffer(llvm::Function &Stub, unsigned Most);

} // namespace adstencil
