// Runs one block of a kernel whose threads wait for each other: every thread is a fiber.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "adstencil/cuda/cuda_runtime_api.h"
#include "adstencil/device/abi.h"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace adstencil::cuda_runtime {

/// Stacks and bookkeeping for the threads of a block; kept from launch to launch.
class block_runner;

/// A runner for blocks of this many threads, on loan for as long as the returned object lives.
class runner_loan {
public:
  explicit runner_loan(std::size_t threads);
  ~runner_loan();
  runner_loan(const runner_loan&) = delete;
  runner_loan& operator=(const runner_loan&) = delete;

  /// Runs block number `unit` to its end. Returns cudaSuccess, or what the block failed with: a deadlock
  /// (cudaErrorLaunchFailure, after a message) or a failed assertion (cudaErrorAssert).
  cudaError_t run(const adstencil_kernel& kernel, void** arguments, const adstencil_launch& launch, std::uint64_t unit,
                  char* shared);

private:
  std::unique_ptr<block_runner> runner_;
};

/// Sets the stack of threads whose kernels are started later (cudaLimitStackSize). There is a lower bound.
void set_stack_bytes(std::size_t bytes);
std::size_t stack_bytes();

/// Ends the block of the calling fiber with an error. Returns if the caller is not on a fiber.
void abandon_block(cudaError_t error);

} // namespace adstencil::cuda_runtime
