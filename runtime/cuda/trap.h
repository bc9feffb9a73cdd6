// Leaving a kernel from the middle of it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "adstencil/cuda/cuda_runtime_api.h"

#include <csetjmp>

namespace adstencil::cuda_runtime {

/// Where `trap` goes on this system thread; null outside of kernels.
inline thread_local std::jmp_buf* trap_target = nullptr;
inline thread_local cudaError_t trap_error = cudaSuccess;

/// Runs a part of a kernel that has no fibers. Returns what it was left with. Device code has nothing to unwind and may
/// not throw (it is compiled without exceptions), so a failed assertion jumps.
template <class Body>
cudaError_t run_trapping(Body body) {
  std::jmp_buf target;
  std::jmp_buf* const outer = trap_target;
  trap_target = &target;
  trap_error = cudaSuccess;
  if (setjmp(target) == 0)
    body();
  trap_target = outer;
  return trap_error;
}

/// Ends the kernel that runs on this system thread. Returns if there is none.
inline void trap(cudaError_t error) {
  if (!trap_target)
    return;
  trap_error = error;
  std::longjmp(*trap_target, 1);
}

} // namespace adstencil::cuda_runtime
