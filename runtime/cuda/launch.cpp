// Registration, checks and execution of kernels.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "launch.h"

#include "api_table.h"
#include "device_choice.h"
#include "errors.h"
#include "fibers.h"
#include "sanitizers.h"
#include "streams.h"
#include "trap.h"
#include "workers.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cxxabi.h>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

namespace adstencil::cuda_runtime {
namespace {

/// Points of a unit of kind `points`: enough to hide the call and the scheduling (some microseconds of work), few
/// enough to spread a small grid and to keep a unit's lines in the L2 cache.
constexpr std::uint64_t points_per_unit = 8192;
/// Threads of a GPU block are worth about this many points: units that TBB does not divide further.
constexpr std::uint64_t points_per_range = 8192;

/// Most units of kind `parts`. Enough for any number of cores; a function of the launch alone, so that sums have the
/// same bits for all of them.
constexpr std::uint64_t most_parts = 256;

struct kernel_table {
  std::shared_mutex mutex;
  std::unordered_map<const void*, std::unique_ptr<kernel_entry>> kernels;
};

kernel_table& table() {
  static auto* const kernels = new kernel_table;
  return *kernels;
}

std::uint64_t product(const dim3& extents) { return std::uint64_t(extents.x) * extents.y * extents.z; }

std::uint64_t ceil_div(std::uint64_t a, std::uint64_t b) { return (a + b - 1) / b; }

/// Memory of exactly the wanted size, aligned to 128 bytes: AddressSanitizer sees the first byte behind it.
class shared_memory {
public:
  explicit shared_memory(std::size_t bytes) {
    void* block = nullptr;
    if (bytes > 0 && posix_memalign(&block, 128, bytes) == 0)
      memory_ = static_cast<char*>(block);
  }
  ~shared_memory() { std::free(memory_); }
  shared_memory(const shared_memory&) = delete;
  shared_memory& operator=(const shared_memory&) = delete;
  char* get() const { return memory_; }

private:
  char* memory_ = nullptr;
};

std::size_t shared_bytes(const adstencil_kernel& kernel, std::size_t dynamic) {
  const std::size_t dynamic_begin = (kernel.static_shared + 15) / 16 * 16;
  return dynamic > 0 ? dynamic_begin + dynamic : kernel.static_shared;
}

/// Fewer workers than this do atomic sums slower than one thread does plain ones: an atomic add takes about 5 ns (more
/// when it is contended), a plain one 0.3 ns.
constexpr int workers_for_atomics = 12;

/// True if the launch is to run on this thread only, with nothing beside it. Sums then need not be atomic, and have the
/// same bits in every run.
bool runs_alone(const adstencil_kernel& kernel, std::uint64_t units, std::uint64_t grain) {
  return kernel.kind != adstencil_threads && kernel.adds != 0 &&
         (units <= grain || worker_count() < workers_for_atomics);
}

/// Held while a kernel runs: by one launch that runs alone, or by any number of others (from several host threads).
class execution_lock {
public:
  explicit execution_lock(bool alone) : alone_(alone) {
    if (alone_)
      mutex().lock();
    else
      mutex().lock_shared();
  }
  ~execution_lock() {
    if (alone_)
      mutex().unlock();
    else
      mutex().unlock_shared();
  }
  execution_lock(const execution_lock&) = delete;
  execution_lock& operator=(const execution_lock&) = delete;

private:
  static std::shared_mutex& mutex() {
    static auto* const instance = new std::shared_mutex;
    return *instance;
  }
  bool alone_;
};

/// Adds the sums of the units to the shadows, in the order of the units: the bits do not depend on who ran what when.
void add_reductions(const adstencil_kernel& kernel, std::uint64_t units, const std::vector<double>& partials,
                    const std::vector<void*>& shadows) {
  for (std::uint32_t slot = 0; slot < kernel.reductions; ++slot) {
    if (!shadows[slot])
      continue; // no thread came by
    double sum = 0;
    for (std::uint64_t unit = 0; unit < units; ++unit)
      sum += partials[unit * kernel.reductions + slot];
    if (kernel.reduction_bytes[slot] == sizeof(float))
      *static_cast<float*>(shadows[slot]) += static_cast<float>(sum);
    else
      *static_cast<double*>(shadows[slot]) += sum;
  }
}

} // namespace

kernel_entry* find_kernel(const void* handle) {
  kernel_table& kernels = table();
  std::shared_lock lock(kernels.mutex);
  const auto found = kernels.kernels.find(handle);
  return found == kernels.kernels.end() ? nullptr : found->second.get();
}

std::string readable_name(const char* mangled) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(mangled, nullptr, nullptr, &status), std::free);
  return name ? name.get() : mangled;
}

cudaError_t check_launch(const launch_arguments& launch, kernel_entry*& kernel) {
  kernel = find_kernel(launch.function);
  if (!kernel) {
    // Programs that only look at cudaDeviceSynchronize() would see nothing but unchanged memory.
    static std::once_flag said;
    std::call_once(said, [] {
      std::fprintf(stderr, "adstencil: a kernel is launched that has no code for CPU cores: compile its file with "
                           "-fplugin-arg-adstencil-device=cpu (or auto)\n");
    });
    return cudaErrorInvalidDeviceFunction;
  }
  const std::uint32_t grid[] = {launch.grid.x, launch.grid.y, launch.grid.z};
  const std::uint32_t block[] = {launch.block.x, launch.block.y, launch.block.z};
  for (int axis = 0; axis < 3; ++axis)
    if (grid[axis] == 0 || grid[axis] > max_grid_extent[axis] || block[axis] == 0 ||
        block[axis] > max_block_extent[axis] || std::uint64_t(grid[axis]) * block[axis] > max_grid_extent[0])
      return cudaErrorInvalidConfiguration;
  const std::uint64_t threads = product(launch.block);
  if (threads > max_block_threads)
    return cudaErrorInvalidConfiguration;
  const adstencil_kernel& descriptor = *kernel->descriptor;
  if (threads > descriptor.max_threads)
    return cudaErrorLaunchOutOfResources; // more than __launch_bounds__ promised
  const int raised = kernel->max_dynamic_shared;
  const std::size_t limit = raised < 0 ? default_shared_limit
                                       : std::max(default_shared_limit, descriptor.static_shared + std::size_t(raised));
  if (descriptor.static_shared + launch.shared > limit)
    return cudaErrorInvalidValue;
  return cudaSuccess;
}

void run(const kernel_entry& entry, const launch_arguments& launch) {
  const adstencil_kernel& kernel = *entry.descriptor;
  const std::uint64_t threads = product(launch.block);
  std::vector<void*> shadows(kernel.reductions, nullptr);
  adstencil_launch description{};
  description.grid[0] = launch.grid.x, description.grid[1] = launch.grid.y, description.grid[2] = launch.grid.z;
  description.block[0] = launch.block.x, description.block[1] = launch.block.y, description.block[2] = launch.block.z;
  description.dynamic_shared = launch.shared;
  description.shadows = shadows.data();

  std::uint64_t units = product(launch.grid);
  std::uint64_t grain = std::max<std::uint64_t>(1, points_per_range / threads);
  if (kernel.kind == adstencil_points) {
    const std::uint64_t points_x = std::uint64_t(launch.grid.x) * launch.block.x;
    const std::uint64_t rows =
        std::uint64_t(launch.grid.y) * launch.block.y * std::uint64_t(launch.grid.z) * launch.block.z;
    description.chunk = std::max<std::uint64_t>(1, points_per_unit / launch.block.x) * launch.block.x;
    units = ceil_div(points_x, description.chunk) * rows;
    grain = std::max<std::uint64_t>(1, points_per_range / std::min(points_x, description.chunk));
  } else if (kernel.kind == adstencil_parts) {
    units = std::clamp<std::uint64_t>(product(launch.grid) * threads / points_per_unit, 1, most_parts);
    description.chunk = units;
    grain = 1;
  } else if (kernel.kind == adstencil_threads)
    grain = 1; // a block of fibers is work enough
  std::vector<double> partials(units * kernel.reductions, 0.0);
  description.partials = partials.data();

  const bool alone = runs_alone(kernel, units, grain);
  description.alone = alone;
  const execution_lock lock(alone);

  const bool has_blocks = kernel.kind == adstencil_blocks || kernel.kind == adstencil_threads;
  const std::size_t bytes = !has_blocks ? 0 : shared_bytes(kernel, launch.shared);
  std::atomic<bool> failed{false};
  for (std::uint32_t phase = 0; phase < kernel.phases && !failed; ++phase) {
    description.phase = phase;
    for_each_range(units, alone ? units : grain, [&](std::uint64_t begin, std::uint64_t end) {
      if (failed.load(std::memory_order_relaxed))
        return;
      const shared_memory shared(bytes);
      cudaError_t error = cudaSuccess;
      if (kernel.kind != adstencil_threads)
        error = run_trapping([&] { kernel.run(launch.arguments, &description, begin, end, shared.get()); });
      else {
        runner_loan runner(threads);
        for (std::uint64_t unit = begin; unit < end && error == cudaSuccess; ++unit)
          error = runner.run(kernel, launch.arguments, description, unit, shared.get());
      }
      if (error != cudaSuccess) {
        fail(error);
        failed = true;
      }
    });
    if (phase == 0 && !failed)
      add_reductions(kernel, units, partials, shadows);
  }
}

// ---- launches in graphs ----

kernel_call::kernel_call(const adstencil_kernel& kernel, const launch_arguments& launch)
    : kernel_(&kernel), launch_(launch) {
  std::vector<std::size_t> first;
  std::size_t slots = 0;
  for (std::uint32_t parameter = 0; parameter < kernel.parameters; ++parameter) {
    first.push_back(slots);
    slots += ceil_div(kernel.parameter_bytes[parameter], sizeof(slot));
  }
  slots_.resize(slots);
  for (std::uint32_t parameter = 0; parameter < kernel.parameters; ++parameter) {
    pointers_.push_back(slots_.data() + first[parameter]);
    std::memcpy(pointers_.back(), launch.arguments[parameter], kernel.parameter_bytes[parameter]);
  }
}

kernel_call::kernel_call(const kernel_call& other) : kernel_call(*other.kernel_, other.arguments()) {}

kernel_call& kernel_call::operator=(const kernel_call& other) {
  *this = kernel_call(other);
  return *this;
}

launch_arguments kernel_call::arguments() const {
  launch_arguments launch = launch_;
  launch.arguments = const_cast<void**>(pointers_.data());
  return launch;
}

// ---- the runtime interface ----

namespace cpu {

cudaError_t cudaLaunchKernel(const void* function, dim3 grid, dim3 block, void** arguments, size_t shared,
                             cudaStream_t stream) {
  if (failure() != cudaSuccess)
    return report_failure();
  const launch_arguments launch{function, grid, block, shared, arguments};
  kernel_entry* kernel = nullptr;
  if (const cudaError_t error = check_launch(launch, kernel))
    return error;
  stream_use use(stream);
  if (use.error() != cudaSuccess)
    return use.error();
  if (use.capture())
    use.record_node(cudaGraphNodeTypeKernel)->kernel.emplace(*kernel->descriptor, launch);
  else
    run(*kernel, launch);
  return cudaSuccess;
}

cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t* config, const void* function, void** arguments) {
  if (!config || (config->numAttrs > 0 && !config->attrs))
    return cudaErrorInvalidValue;
  for (unsigned int index = 0; index < config->numAttrs; ++index) {
    const cudaLaunchAttribute& attribute = config->attrs[index];
    // Cooperation between blocks and clusters are not there; the other attributes do not change results.
    if (attribute.id == cudaLaunchAttributeCooperative && attribute.val.cooperative)
      return cudaErrorNotSupported;
    if (attribute.id == cudaLaunchAttributeClusterDimension &&
        attribute.val.clusterDim.x * attribute.val.clusterDim.y * attribute.val.clusterDim.z > 1)
      return cudaErrorNotSupported;
  }
  return cpu::cudaLaunchKernel(function, config->gridDim, config->blockDim, arguments, config->dynamicSmemBytes,
                               config->stream);
}

} // namespace cpu
} // namespace adstencil::cuda_runtime

// ---- what generated code calls when the program starts ----

void __adstencil_register_kernel(adstencil_kernel* kernel) {
  using namespace adstencil::cuda_runtime;
  kernel_table& kernels = table();
  std::unique_lock lock(kernels.mutex);
  // A kernel template that several files use registers once per file, with one handle. The first stays.
  std::unique_ptr<kernel_entry>& entry = kernels.kernels[kernel->handle];
  if (!entry)
    entry = std::make_unique<kernel_entry>(kernel);
}
