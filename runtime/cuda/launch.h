// Kernels of the CPU device: registered descriptors (adstencil/device/abi.h), launch checks and execution.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "adstencil/cuda/cuda_runtime_api.h"
#include "adstencil/device/abi.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace adstencil::cuda_runtime {

constexpr std::size_t default_shared_limit = 48 * 1024; ///< of a block, static and dynamic
constexpr std::size_t raised_shared_limit = 227 * 1024; ///< after cudaFuncSetAttribute
constexpr std::uint32_t max_block_threads = 1024;
constexpr std::uint32_t max_block_extent[3] = {1024, 1024, 64};
constexpr std::uint32_t max_grid_extent[3] = {2147483647, 65535, 65535};

/// A registered kernel and what the program set for it.
struct kernel_entry {
  const adstencil_kernel* descriptor;
  std::atomic<int> max_dynamic_shared{-1}; ///< by cudaFuncSetAttribute; negative: the default
  std::atomic<int> shared_carveout{-1};
  std::atomic<int> cache_config{cudaFuncCachePreferNone};
};

/// The kernel of a handle, or null.
kernel_entry* find_kernel(const void* handle);
/// Demangled, for messages.
std::string readable_name(const char* mangled);

/// One launch; `arguments` are one pointer per parameter.
struct launch_arguments {
  const void* function;
  dim3 grid, block;
  std::size_t shared;
  void** arguments;
};

/// Finds the kernel and checks the configuration as CUDA does.
cudaError_t check_launch(const launch_arguments& launch, kernel_entry*& kernel);
/// Runs a launch that was checked to its end. A failure of the kernel becomes the failure of the device.
void run(const kernel_entry& kernel, const launch_arguments& launch);

/// A launch with its own copy of the arguments, as a node of a graph.
class kernel_call {
public:
  kernel_call(const adstencil_kernel& kernel, const launch_arguments& launch);
  kernel_call(const kernel_call& other);
  kernel_call(kernel_call&&) = default; // the pointers go on pointing into the moved slots
  kernel_call& operator=(const kernel_call& other);
  kernel_call& operator=(kernel_call&&) = default;
  ~kernel_call() = default;

  const adstencil_kernel& kernel() const { return *kernel_; }
  launch_arguments arguments() const;

private:
  /// Storage for parameters of any alignment that a vector type has.
  struct alignas(64) slot {
    std::byte bytes[64];
  };

  const adstencil_kernel* kernel_;
  launch_arguments launch_;
  std::vector<slot> slots_;
  std::vector<void*> pointers_;
};

} // namespace adstencil::cuda_runtime
