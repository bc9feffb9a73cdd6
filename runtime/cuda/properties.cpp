// What the CPU says about itself as a CUDA device: the limits that launches are checked against, and the machine's
// size.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "api_table.h"
#include "errors.h"
#include "fibers.h"
#include "launch.h"
#include "memory.h"
#include "streams.h"
#include "workers.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <climits>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <unistd.h>

namespace adstencil::cuda_runtime {
namespace {

constexpr int version = 13000;
constexpr int warp = 32;
/// Programs ask for it before they use what newer devices have. The CPU has what sm_90 has of it: atomics on doubles,
/// warp operations with masks, reductions in a warp.
constexpr int major_capability = 9;
constexpr int minor_capability = 0;
/// A core takes one block at a time. These numbers are an H100's, so that launch shapes chosen with them fit a GPU too.
constexpr int multiprocessor_threads = 2048;
constexpr int multiprocessor_blocks = 32;
constexpr std::size_t multiprocessor_shared = 228 * 1024;
constexpr std::size_t reserved_shared = 1024; ///< of each block, by the system
constexpr int registers = 65536;
constexpr int max_pitch = INT_MAX;
constexpr std::size_t constant_memory = 64 * 1024;

std::atomic<unsigned int> device_flags{cudaDeviceScheduleAuto};
std::atomic<cudaFuncCache> cache_preference{cudaFuncCachePreferNone};
std::array<std::atomic<std::size_t>, 7> limits{0, std::size_t(1) << 20, std::size_t(8) << 20, 2, 2048, 128, 0};

int level_two_cache() {
  const long size = sysconf(_SC_LEVEL2_CACHE_SIZE);
  return size > 0 && size < INT_MAX ? static_cast<int>(size) : 0;
}

cudaDeviceProp make_properties() {
  cudaDeviceProp p;
  std::memset(&p, 0, sizeof p); // padding and reserved fields too: programs compare with memcmp
  std::snprintf(p.name, sizeof p.name, "CPU (adstencil, %d threads)", worker_count());
  p.totalGlobalMem = memory_total();
  p.sharedMemPerBlock = default_shared_limit;
  p.sharedMemPerBlockOptin = raised_shared_limit;
  p.sharedMemPerMultiprocessor = multiprocessor_shared;
  p.reservedSharedMemPerBlock = reserved_shared;
  p.regsPerBlock = p.regsPerMultiprocessor = registers;
  p.warpSize = warp;
  p.memPitch = max_pitch;
  p.maxThreadsPerBlock = max_block_threads;
  for (int axis = 0; axis < 3; ++axis) {
    p.maxThreadsDim[axis] = static_cast<int>(max_block_extent[axis]);
    p.maxGridSize[axis] = static_cast<int>(max_grid_extent[axis]);
  }
  p.totalConstMem = constant_memory;
  p.major = major_capability;
  p.minor = minor_capability;
  p.textureAlignment = 512;
  p.texturePitchAlignment = 32;
  p.multiProcessorCount = worker_count();
  p.integrated = 1; // one memory with the host
  p.canMapHostMemory = 1;
  p.surfaceAlignment = 512;
  p.concurrentKernels = 1;
  p.unifiedAddressing = 1;
  p.l2CacheSize = level_two_cache();
  p.maxThreadsPerMultiProcessor = multiprocessor_threads;
  p.maxBlocksPerMultiProcessor = multiprocessor_blocks;
  p.streamPrioritiesSupported = 1;
  p.globalL1CacheSupported = p.localL1CacheSupported = 1;
  p.managedMemory = 1;
  p.hostNativeAtomicSupported = 1;
  p.concurrentManagedAccess = 1;
  p.canUseHostPointerForRegisteredMem = 1;
  p.hostRegisterSupported = 1;
  p.memoryPoolsSupported = 1;
  p.directManagedMemAccessFromHost = 1;
  p.deviceNumaId = p.hostNumaId = -1;
  return p;
}

const cudaDeviceProp& properties() {
  static const cudaDeviceProp made = make_properties();
  return made;
}

/// Blocks of a kernel that fit a multiprocessor.
cudaError_t active_blocks(int* blocks, const void* function, int block_size, std::size_t dynamic_shared) {
  if (!blocks || block_size <= 0)
    return cudaErrorInvalidValue;
  const kernel_entry* kernel = find_kernel(function);
  if (!kernel)
    return cudaErrorInvalidDeviceFunction;
  *blocks = 0;
  if (block_size > static_cast<int>(std::min(kernel->descriptor->max_threads, max_block_threads)))
    return cudaSuccess;
  const std::size_t shared = kernel->descriptor->static_shared + dynamic_shared;
  if (shared > raised_shared_limit)
    return cudaSuccess;
  const int by_threads = multiprocessor_threads / ((block_size + warp - 1) / warp * warp);
  const auto by_shared = static_cast<int>(multiprocessor_shared / (shared + reserved_shared));
  *blocks = std::min({multiprocessor_blocks, by_threads, by_shared});
  return cudaSuccess;
}

} // namespace

namespace cpu {

// ---- the device ----

cudaError_t cudaGetDeviceCount(int* count) {
  if (!count)
    return cudaErrorInvalidValue;
  *count = 1;
  return cudaSuccess;
}

cudaError_t cudaGetDevice(int* device) {
  if (!device)
    return cudaErrorInvalidValue;
  *device = 0;
  return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) { return device == 0 ? cudaSuccess : cudaErrorInvalidDevice; }

cudaError_t cudaInitDevice(int device, unsigned int, unsigned int) { return cpu::cudaSetDevice(device); }

cudaError_t cudaChooseDevice(int* device, const cudaDeviceProp* wanted) {
  return wanted ? cpu::cudaGetDevice(device) : cudaErrorInvalidValue;
}

cudaError_t cudaSetDeviceFlags(unsigned int flags) {
  if (flags & ~unsigned(cudaDeviceMask))
    return cudaErrorInvalidValue;
  device_flags = flags;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceFlags(unsigned int* flags) {
  if (!flags)
    return cudaErrorInvalidValue;
  *flags = device_flags | cudaDeviceMapHost;
  return cudaSuccess;
}

cudaError_t cudaDeviceSynchronize() {
  // Everything that this thread enqueued is done. Other threads' work counts too, once it has been enqueued.
  return refuse_during_capture();
}

cudaError_t cudaDeviceReset() {
  forget_streams();
  release_all();
  forget_failure();
  return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* result, int device) {
  if (!result)
    return cudaErrorInvalidValue;
  if (device != 0)
    return cudaErrorInvalidDevice;
  *result = properties();
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  if (!value)
    return cudaErrorInvalidValue;
  if (device != 0)
    return cudaErrorInvalidDevice;
  const cudaDeviceProp& p = properties();
  struct row {
    cudaDeviceAttr attribute;
    int value;
  };
  const row rows[] = {
      {cudaDevAttrMaxThreadsPerBlock, p.maxThreadsPerBlock},
      {cudaDevAttrMaxBlockDimX, p.maxThreadsDim[0]},
      {cudaDevAttrMaxBlockDimY, p.maxThreadsDim[1]},
      {cudaDevAttrMaxBlockDimZ, p.maxThreadsDim[2]},
      {cudaDevAttrMaxGridDimX, p.maxGridSize[0]},
      {cudaDevAttrMaxGridDimY, p.maxGridSize[1]},
      {cudaDevAttrMaxGridDimZ, p.maxGridSize[2]},
      {cudaDevAttrMaxSharedMemoryPerBlock, static_cast<int>(p.sharedMemPerBlock)},
      {cudaDevAttrTotalConstantMemory, static_cast<int>(p.totalConstMem)},
      {cudaDevAttrWarpSize, p.warpSize},
      {cudaDevAttrMaxPitch, max_pitch},
      {cudaDevAttrMaxRegistersPerBlock, p.regsPerBlock},
      {cudaDevAttrClockRate, 1000000}, // kHz; what clock64 counts
      {cudaDevAttrTextureAlignment, static_cast<int>(p.textureAlignment)},
      {cudaDevAttrMultiProcessorCount, p.multiProcessorCount},
      {cudaDevAttrIntegrated, p.integrated},
      {cudaDevAttrCanMapHostMemory, p.canMapHostMemory},
      {cudaDevAttrConcurrentKernels, p.concurrentKernels},
      {cudaDevAttrL2CacheSize, p.l2CacheSize},
      {cudaDevAttrMaxThreadsPerMultiProcessor, p.maxThreadsPerMultiProcessor},
      {cudaDevAttrUnifiedAddressing, p.unifiedAddressing},
      {cudaDevAttrTexturePitchAlignment, static_cast<int>(p.texturePitchAlignment)},
      {cudaDevAttrComputeCapabilityMajor, p.major},
      {cudaDevAttrComputeCapabilityMinor, p.minor},
      {cudaDevAttrStreamPrioritiesSupported, p.streamPrioritiesSupported},
      {cudaDevAttrGlobalL1CacheSupported, p.globalL1CacheSupported},
      {cudaDevAttrLocalL1CacheSupported, p.localL1CacheSupported},
      {cudaDevAttrMaxSharedMemoryPerMultiprocessor, static_cast<int>(p.sharedMemPerMultiprocessor)},
      {cudaDevAttrMaxRegistersPerMultiprocessor, p.regsPerMultiprocessor},
      {cudaDevAttrManagedMemory, p.managedMemory},
      {cudaDevAttrHostNativeAtomicSupported, p.hostNativeAtomicSupported},
      {cudaDevAttrSingleToDoublePrecisionPerfRatio, 2},
      {cudaDevAttrConcurrentManagedAccess, p.concurrentManagedAccess},
      {cudaDevAttrCanUseHostPointerForRegisteredMem, p.canUseHostPointerForRegisteredMem},
      {cudaDevAttrMaxSharedMemoryPerBlockOptin, static_cast<int>(p.sharedMemPerBlockOptin)},
      {cudaDevAttrHostRegisterSupported, p.hostRegisterSupported},
      {cudaDevAttrDirectManagedMemAccessFromHost, p.directManagedMemAccessFromHost},
      {cudaDevAttrMaxBlocksPerMultiprocessor, p.maxBlocksPerMultiProcessor},
      {cudaDevAttrReservedSharedMemoryPerBlock, static_cast<int>(p.reservedSharedMemPerBlock)},
      {cudaDevAttrMemoryPoolsSupported, p.memoryPoolsSupported},
  };
  *value = 0; // what the device does not have: ECC, a PCI address, cooperative launches, …
  for (const row& candidate : rows)
    if (candidate.attribute == attribute)
      *value = candidate.value;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetPCIBusId(char* id, int length, int device) {
  if (!id || length < 13)
    return cudaErrorInvalidValue;
  if (device != 0)
    return cudaErrorInvalidDevice;
  std::snprintf(id, static_cast<std::size_t>(length), "0000:00:00.0");
  return cudaSuccess;
}

cudaError_t cudaDeviceSetLimit(cudaLimit limit, size_t value) {
  if (limit < 0 || static_cast<std::size_t>(limit) >= limits.size())
    return cudaErrorUnsupportedLimit;
  if (limit == cudaLimitStackSize)
    set_stack_bytes(value);
  limits[limit] = value;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetLimit(size_t* value, cudaLimit limit) {
  if (!value)
    return cudaErrorInvalidValue;
  if (limit < 0 || static_cast<std::size_t>(limit) >= limits.size())
    return cudaErrorUnsupportedLimit;
  *value = limit == cudaLimitStackSize ? stack_bytes() : limits[limit].load();
  return cudaSuccess;
}

cudaError_t cudaDeviceGetCacheConfig(cudaFuncCache* config) {
  if (!config)
    return cudaErrorInvalidValue;
  *config = cache_preference;
  return cudaSuccess;
}

cudaError_t cudaDeviceSetCacheConfig(cudaFuncCache config) {
  cache_preference = config;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  if (least)
    *least = 0;
  if (greatest)
    *greatest = -5;
  return cudaSuccess;
}

cudaError_t cudaDeviceCanAccessPeer(int* can_access, int device, int peer) {
  if (!can_access)
    return cudaErrorInvalidValue;
  if (device != 0 || peer != 0)
    return cudaErrorInvalidDevice;
  *can_access = 0;
  return cudaSuccess;
}

cudaError_t cudaDeviceEnablePeerAccess(int, unsigned int) { return cudaErrorInvalidDevice; }
cudaError_t cudaDeviceDisablePeerAccess(int) { return cudaErrorInvalidDevice; }

cudaError_t cudaDriverGetVersion(int* result) {
  if (!result)
    return cudaErrorInvalidValue;
  *result = version;
  return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int* result) { return cpu::cudaDriverGetVersion(result); }

cudaError_t cudaProfilerStart() { return cudaSuccess; }
cudaError_t cudaProfilerStop() { return cudaSuccess; }

// ---- kernels ----

cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void* function) {
  if (!attributes)
    return cudaErrorInvalidValue;
  const kernel_entry* kernel = find_kernel(function);
  if (!kernel)
    return cudaErrorInvalidDeviceFunction;
  *attributes = {};
  attributes->sharedSizeBytes = kernel->descriptor->static_shared;
  attributes->maxThreadsPerBlock = static_cast<int>(std::min(kernel->descriptor->max_threads, max_block_threads));
  attributes->numRegs = 32; // such that every block size fits
  attributes->ptxVersion = attributes->binaryVersion = major_capability * 10 + minor_capability;
  const int raised = kernel->max_dynamic_shared;
  attributes->maxDynamicSharedSizeBytes =
      raised >= 0
          ? raised
          : static_cast<int>(default_shared_limit - std::min(default_shared_limit, attributes->sharedSizeBytes));
  attributes->preferredShmemCarveout = kernel->shared_carveout;
  return cudaSuccess;
}

cudaError_t cudaFuncGetParamInfo(const void* function, size_t index, size_t* offset, size_t* size) {
  if (!offset)
    return cudaErrorInvalidValue;
  const kernel_entry* kernel = find_kernel(function);
  if (!kernel)
    return cudaErrorInvalidDeviceFunction;
  const adstencil_kernel& descriptor = *kernel->descriptor;
  // What launches of an __adjoint_ ask before them (plugin/emit/SecondPhase.h): here both phases are in one, and
  // neither their parameter nor that of sums over the grid is there.
  const bool is_phase = index - descriptor.parameters <= 1 && index >= descriptor.parameters &&
                        std::string_view(descriptor.name).find("adjoint_") != std::string_view::npos;
  if (index >= descriptor.parameters && !is_phase)
    return cudaErrorInvalidValue;
  // Arguments have addresses of their own here. What is said of their layout is that it has no gaps.
  *offset = 0;
  for (size_t parameter = 0; parameter < index; ++parameter)
    *offset += descriptor.parameter_bytes[parameter];
  if (size)
    *size = is_phase ? 4 : descriptor.parameter_bytes[index];
  return cudaSuccess;
}

cudaError_t cudaFuncSetAttribute(const void* function, cudaFuncAttribute attribute, int value) {
  kernel_entry* kernel = find_kernel(function);
  if (!kernel)
    return cudaErrorInvalidDeviceFunction;
  if (attribute == cudaFuncAttributeMaxDynamicSharedMemorySize) {
    if (value < 0 || kernel->descriptor->static_shared + static_cast<std::size_t>(value) > raised_shared_limit)
      return cudaErrorInvalidValue;
    kernel->max_dynamic_shared = value;
    return cudaSuccess;
  }
  if (attribute == cudaFuncAttributePreferredSharedMemoryCarveout) {
    if (value < cudaSharedmemCarveoutDefault || value > cudaSharedmemCarveoutMaxShared)
      return cudaErrorInvalidValue;
    kernel->shared_carveout = value;
    return cudaSuccess;
  }
  return cudaErrorInvalidValue;
}

cudaError_t cudaFuncSetCacheConfig(const void* function, cudaFuncCache config) {
  kernel_entry* kernel = find_kernel(function);
  if (!kernel)
    return cudaErrorInvalidDeviceFunction;
  kernel->cache_config = config;
  return cudaSuccess;
}

cudaError_t cudaFuncGetName(const char** name, const void* function) {
  if (!name)
    return cudaErrorInvalidValue;
  const kernel_entry* kernel = find_kernel(function);
  if (!kernel)
    return cudaErrorInvalidDeviceFunction;
  *name = kernel->descriptor->name;
  return cudaSuccess;
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void* function, int block_size,
                                                          size_t dynamic_shared) {
  return active_blocks(blocks, function, block_size, dynamic_shared);
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* blocks, const void* function, int block_size,
                                                                   size_t dynamic_shared, unsigned int flags) {
  if (flags & ~unsigned(cudaOccupancyDisableCachingOverride))
    return cudaErrorInvalidValue;
  return active_blocks(blocks, function, block_size, dynamic_shared);
}

cudaError_t cudaOccupancyAvailableDynamicSMemPerBlock(size_t* bytes, const void* function, int blocks, int block_size) {
  int possible = 0;
  if (!bytes || blocks <= 0)
    return cudaErrorInvalidValue;
  if (const cudaError_t error = active_blocks(&possible, function, block_size, 0))
    return error;
  const std::size_t used = find_kernel(function)->descriptor->static_shared + reserved_shared;
  const std::size_t each = multiprocessor_shared / static_cast<std::size_t>(blocks);
  *bytes = blocks > possible || each < used ? 0 : std::min(each - used, raised_shared_limit - used + reserved_shared);
  return cudaSuccess;
}

} // namespace cpu
} // namespace adstencil::cuda_runtime
