// Allocation, and the map of what is allocated.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "memory.h"

#include "api_table.h"
#include "streams.h"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <unistd.h>

namespace adstencil::cuda_runtime {
namespace {

/// cudaMalloc promises at least this alignment.
constexpr std::size_t alignment = 256;
/// What the rows of cudaMallocPitch are rounded up to: what GPUs of the last ten years do, so that a pitch computed by
/// hand goes wrong here too.
constexpr std::size_t pitch_alignment = 512;

struct map_of_memory {
  std::shared_mutex mutex;
  std::map<const char*, memory_range> ranges; // by first byte
  std::atomic<std::size_t> allocated{0};
};

/// Lives until the end of the program: objects with static lifetime may free memory after main.
map_of_memory& memory() {
  static auto* const map = new map_of_memory;
  return *map;
}

std::optional<memory_range> find_locked(const map_of_memory& map, const char* pointer) {
  auto after = map.ranges.upper_bound(pointer);
  if (after == map.ranges.begin())
    return std::nullopt;
  const memory_range& range = std::prev(after)->second;
  const auto offset = static_cast<std::size_t>(pointer - range.begin);
  return offset < range.size ? std::optional(range) : std::nullopt;
}

/// Fresh device memory holds arbitrary bits. With ADSTENCIL_DEVICE_POISON=1 they are all set, which is a NaN in every
/// floating-point format, so that reading what nobody wrote shows.
bool poison() {
  static const bool wanted = [] {
    const char* variable = std::getenv("ADSTENCIL_DEVICE_POISON");
    return variable && std::strcmp(variable, "1") == 0;
  }();
  return wanted;
}

bool is_device_like(memory_kind kind) { return kind != memory_kind::registered && kind != memory_kind::pinned; }

bool is_host_like(memory_kind kind) {
  return kind != memory_kind::device && kind != memory_kind::graph && kind != memory_kind::variable;
}

/// Makes fresh memory of a graph show that nobody has written to it.
void poison_again(void* pointer, std::size_t size) {
  if (poison())
    std::memset(pointer, 0xff, size);
}

/// Records an allocation. The address has to be known to what is recorded after it, so the memory is there from now on;
/// the work of the node owns it, and with that every graph and executable that the node was copied to.
cudaError_t record_allocation(stream_use& use, void** pointer, std::size_t size) {
  if (const cudaError_t error = allocate(pointer, size, memory_kind::graph))
    return error;
  if (!*pointer)
    return cudaSuccess;
  const std::shared_ptr<void> owner(*pointer,
                                    [](void* owned) { release(owned, memory_kind::graph, memory_kind::graph); });
  use.record_node(cudaGraphNodeTypeMemAlloc)->work = [owner, size] {
    poison_again(owner.get(), size);
    return cudaSuccess;
  };
  return cudaSuccess;
}

/// Whether `pointer` is what a captured cudaMallocAsync gave. To free that has no effect: it lives with its graph.
bool is_graph_memory(const void* pointer) {
  const std::optional<memory_range> range = find_range(pointer);
  return range && range->kind == memory_kind::graph && range->begin == pointer;
}

} // namespace

std::optional<memory_range> find_range(const void* pointer) {
  map_of_memory& map = memory();
  std::shared_lock lock(map.mutex);
  return find_locked(map, static_cast<const char*>(pointer));
}

cudaError_t allocate(void** pointer, std::size_t size, memory_kind kind, unsigned int flags) {
  if (!pointer)
    return cudaErrorInvalidValue;
  *pointer = nullptr;
  if (size == 0)
    return cudaSuccess;
  // Asking the C library for more than there is succeeds and ends the program later, when the pages are touched.
  if (size > memory_total())
    return cudaErrorMemoryAllocation;
  void* block = nullptr;
  if (posix_memalign(&block, alignment, size) != 0)
    return cudaErrorMemoryAllocation;
  if (poison() && (kind == memory_kind::device || kind == memory_kind::managed))
    std::memset(block, 0xff, size);
  map_of_memory& map = memory();
  std::unique_lock lock(map.mutex);
  const auto begin = static_cast<char*>(block);
  map.ranges[begin] = memory_range{begin, size, kind, flags};
  map.allocated += size;
  *pointer = block;
  return cudaSuccess;
}

cudaError_t release(void* pointer, memory_kind kind, memory_kind or_kind) {
  if (!pointer)
    return cudaSuccess;
  map_of_memory& map = memory();
  {
    std::unique_lock lock(map.mutex);
    const auto found = map.ranges.find(static_cast<char*>(pointer));
    if (found == map.ranges.end() || (found->second.kind != kind && found->second.kind != or_kind))
      return cudaErrorInvalidValue;
    map.allocated -= found->second.size;
    map.ranges.erase(found);
  }
  std::free(pointer);
  return cudaSuccess;
}

void release_all() {
  map_of_memory& map = memory();
  std::unique_lock lock(map.mutex);
  for (auto range = map.ranges.begin(); range != map.ranges.end();) {
    const memory_range& known = range->second;
    if (known.kind == memory_kind::variable || known.kind == memory_kind::graph) {
      ++range;
      continue;
    }
    if (known.kind != memory_kind::registered) {
      map.allocated -= known.size;
      std::free(known.begin);
    }
    range = map.ranges.erase(range);
  }
}

bool add_variable(const void* symbol, std::size_t size) {
  map_of_memory& map = memory();
  std::unique_lock lock(map.mutex);
  const auto begin = static_cast<char*>(const_cast<void*>(symbol));
  return map.ranges.emplace(begin, memory_range{begin, size, memory_kind::variable, 0}).second;
}

bool accessible(const void* pointer, std::size_t size, bool on_device) {
  const auto begin = static_cast<const char*>(pointer);
  map_of_memory& map = memory();
  std::shared_lock lock(map.mutex);
  const std::optional<memory_range> range = find_locked(map, begin);
  if (on_device)
    return range && static_cast<std::size_t>(begin - range->begin) + size <= range->size;
  if (!range)
    return true; // memory of the program that the runtime has never heard of
  return is_host_like(range->kind);
}

cudaError_t check_copy(const void* to, std::size_t to_size, const void* from, std::size_t from_size,
                       cudaMemcpyKind kind) {
  if (to_size == 0 || from_size == 0)
    return cudaSuccess;
  if (!to || !from)
    return cudaErrorInvalidValue;
  bool to_device = false;
  bool from_device = false;
  switch (kind) {
  case cudaMemcpyHostToHost:
    break;
  case cudaMemcpyHostToDevice:
    to_device = true;
    break;
  case cudaMemcpyDeviceToHost:
    from_device = true;
    break;
  case cudaMemcpyDeviceToDevice:
    to_device = from_device = true;
    break;
  case cudaMemcpyDefault: {
    // The addresses say what they are.
    const std::optional<memory_range> to_range = find_range(to);
    const std::optional<memory_range> from_range = find_range(from);
    to_device = to_range && is_device_like(to_range->kind);
    from_device = from_range && is_device_like(from_range->kind);
    break;
  }
  default:
    return cudaErrorInvalidMemcpyDirection;
  }
  return accessible(to, to_size, to_device) && accessible(from, from_size, from_device) ? cudaSuccess
                                                                                        : cudaErrorInvalidValue;
}

std::size_t memory_total() {
  return static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

std::size_t memory_free() {
  const std::size_t used = memory().allocated;
  const std::size_t available =
      static_cast<std::size_t>(sysconf(_SC_AVPHYS_PAGES)) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t rest = memory_total() > used ? memory_total() - used : 0;
  return available < rest ? available : rest;
}

// ---- the runtime interface ----

namespace cpu {

cudaError_t cudaMalloc(void** pointer, size_t size) {
  if (const cudaError_t unsafe = refuse_during_capture())
    return unsafe;
  return allocate(pointer, size, memory_kind::device);
}

cudaError_t cudaMallocManaged(void** pointer, size_t size, unsigned int flags) {
  if (size == 0 || (flags != cudaMemAttachGlobal && flags != cudaMemAttachHost))
    return cudaErrorInvalidValue;
  if (const cudaError_t unsafe = refuse_during_capture())
    return unsafe;
  return allocate(pointer, size, memory_kind::managed, flags);
}

cudaError_t cudaMallocHost(void** pointer, size_t size) {
  return cpu::cudaHostAlloc(pointer, size, cudaHostAllocDefault);
}

cudaError_t cudaHostAlloc(void** pointer, size_t size, unsigned int flags) {
  if (flags & ~unsigned(cudaHostAllocPortable | cudaHostAllocMapped | cudaHostAllocWriteCombined))
    return cudaErrorInvalidValue;
  if (const cudaError_t unsafe = refuse_during_capture())
    return unsafe;
  return allocate(pointer, size, memory_kind::pinned, flags);
}

cudaError_t cudaMallocPitch(void** pointer, size_t* pitch, size_t width, size_t height) {
  if (!pointer || !pitch)
    return cudaErrorInvalidValue;
  *pitch = (width + pitch_alignment - 1) / pitch_alignment * pitch_alignment;
  return cpu::cudaMalloc(pointer, *pitch * height);
}

cudaError_t cudaMalloc3D(cudaPitchedPtr* pitched, cudaExtent extent) {
  if (!pitched)
    return cudaErrorInvalidValue;
  pitched->xsize = extent.width;
  pitched->ysize = extent.height;
  return cpu::cudaMallocPitch(&pitched->ptr, &pitched->pitch, extent.width, extent.height * extent.depth);
}

cudaError_t cudaMallocAsync(void** pointer, size_t size, cudaStream_t stream) {
  stream_use use(stream);
  if (use.error() != cudaSuccess)
    return use.error();
  return use.capture() ? record_allocation(use, pointer, size) : allocate(pointer, size, memory_kind::device);
}

cudaError_t cudaMallocFromPoolAsync(void** pointer, size_t size, cudaMemPool_t, cudaStream_t stream) {
  return cpu::cudaMallocAsync(pointer, size, stream);
}

cudaError_t cudaFree(void* pointer) {
  if (const cudaError_t unsafe = pointer ? refuse_during_capture() : cudaSuccess)
    return unsafe;
  return is_graph_memory(pointer) ? cudaSuccess : release(pointer, memory_kind::device, memory_kind::managed);
}

cudaError_t cudaFreeHost(void* pointer) { return release(pointer, memory_kind::pinned, memory_kind::pinned); }

cudaError_t cudaFreeAsync(void* pointer, cudaStream_t stream) {
  if (!pointer)
    return cudaErrorInvalidValue;
  stream_use use(stream);
  if (use.error() != cudaSuccess)
    return use.error();
  const bool of_graph = is_graph_memory(pointer);
  if (!use.capture())
    return of_graph ? cudaSuccess : release(pointer, memory_kind::device, memory_kind::device);
  if (!of_graph)
    return cudaErrorInvalidValue;            // a second launch would free it again
  use.record_node(cudaGraphNodeTypeMemFree); // without work
  return cudaSuccess;
}

cudaError_t cudaHostRegister(void* pointer, size_t size, unsigned int flags) {
  if (!pointer || size == 0 || flags & ~0xfU)
    return cudaErrorInvalidValue;
  map_of_memory& map = memory();
  std::unique_lock lock(map.mutex);
  const auto begin = static_cast<char*>(pointer);
  const auto next = map.ranges.lower_bound(begin);
  const auto before = find_locked(map, begin);
  if (before || (next != map.ranges.end() && next->first < begin + size))
    return cudaErrorHostMemoryAlreadyRegistered;
  map.ranges[begin] = memory_range{begin, size, memory_kind::registered, flags};
  return cudaSuccess;
}

cudaError_t cudaHostUnregister(void* pointer) {
  map_of_memory& map = memory();
  std::unique_lock lock(map.mutex);
  const auto found = map.ranges.find(static_cast<char*>(pointer));
  if (found == map.ranges.end() || found->second.kind != memory_kind::registered)
    return pointer ? cudaErrorHostMemoryNotRegistered : cudaErrorInvalidValue;
  map.ranges.erase(found);
  return cudaSuccess;
}

cudaError_t cudaHostGetDevicePointer(void** device, void* host, unsigned int flags) {
  if (!device || flags != 0)
    return cudaErrorInvalidValue;
  const std::optional<memory_range> range = find_range(host);
  if (!range || (range->kind != memory_kind::pinned && range->kind != memory_kind::registered))
    return cudaErrorInvalidValue;
  *device = host;
  return cudaSuccess;
}

cudaError_t cudaHostGetFlags(unsigned int* flags, void* host) {
  const std::optional<memory_range> range = find_range(host);
  if (!flags || !range || (range->kind != memory_kind::pinned && range->kind != memory_kind::registered))
    return cudaErrorInvalidValue;
  *flags = range->flags | cudaHostAllocMapped;
  return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  if (!free || !total)
    return cudaErrorInvalidValue;
  *free = memory_free();
  *total = memory_total();
  return cudaSuccess;
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* pointer) {
  if (!attributes)
    return cudaErrorInvalidValue;
  *attributes = {};
  const std::optional<memory_range> range = find_range(pointer);
  const auto address = const_cast<void*>(pointer);
  if (!range) {
    attributes->type = cudaMemoryTypeUnregistered;
    attributes->device = cudaInvalidDeviceId;
    attributes->hostPointer = address;
    return cudaSuccess;
  }
  const bool host_visible = is_host_like(range->kind);
  attributes->type = range->kind == memory_kind::managed ? cudaMemoryTypeManaged
                     : host_visible                      ? cudaMemoryTypeHost
                                                         : cudaMemoryTypeDevice;
  attributes->devicePointer = address;
  attributes->hostPointer = host_visible ? address : nullptr;
  return cudaSuccess;
}

/// Migration and advice change nothing about what is read or written, and there is nothing to migrate.
cudaError_t cudaMemPrefetchAsync(const void* pointer, size_t count, cudaMemLocation location, unsigned int flags,
                                 cudaStream_t stream) {
  if (count == 0 || flags != 0 || (location.type == cudaMemLocationTypeDevice && location.id != 0))
    return cudaErrorInvalidValue;
  const std::optional<memory_range> range = find_range(pointer);
  if (!range || range->kind != memory_kind::managed || !accessible(pointer, count, true))
    return cudaErrorInvalidValue;
  return stream_use(stream).error();
}

cudaError_t cudaMemAdvise(const void* pointer, size_t count, cudaMemoryAdvise advice, cudaMemLocation location) {
  if (count == 0 || advice < cudaMemAdviseSetReadMostly || advice > cudaMemAdviseUnsetAccessedBy ||
      (location.type == cudaMemLocationTypeDevice && location.id != 0))
    return cudaErrorInvalidValue;
  const std::optional<memory_range> range = find_range(pointer);
  return range && range->kind == memory_kind::managed && accessible(pointer, count, true) ? cudaSuccess
                                                                                          : cudaErrorInvalidValue;
}

// One pool, which is the C library's heap. Its attributes are accepted and without effect.
namespace {
char the_pool;
std::atomic<unsigned long long> release_threshold{0};
cudaMemPool_t pool_handle() { return reinterpret_cast<cudaMemPool_t>(&the_pool); }
} // namespace

cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int device) {
  if (!pool)
    return cudaErrorInvalidValue;
  if (device != 0)
    return cudaErrorInvalidDevice;
  *pool = pool_handle();
  return cudaSuccess;
}

cudaError_t cudaDeviceGetMemPool(cudaMemPool_t* pool, int device) {
  return cpu::cudaDeviceGetDefaultMemPool(pool, device);
}

cudaError_t cudaDeviceSetMemPool(int device, cudaMemPool_t pool) {
  return device != 0 ? cudaErrorInvalidDevice : pool == pool_handle() ? cudaSuccess : cudaErrorInvalidValue;
}

cudaError_t cudaMemPoolTrimTo(cudaMemPool_t pool, size_t) {
  return pool == pool_handle() ? cudaSuccess : cudaErrorInvalidValue;
}

cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value) {
  if (pool != pool_handle() || !value)
    return cudaErrorInvalidValue;
  if (attribute == cudaMemPoolAttrReleaseThreshold)
    release_threshold = *static_cast<unsigned long long*>(value);
  return cudaSuccess;
}

cudaError_t cudaMemPoolGetAttribute(cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value) {
  if (pool != pool_handle() || !value)
    return cudaErrorInvalidValue;
  switch (attribute) {
  case cudaMemPoolReuseFollowEventDependencies:
  case cudaMemPoolReuseAllowOpportunistic:
  case cudaMemPoolReuseAllowInternalDependencies:
    *static_cast<int*>(value) = 1;
    return cudaSuccess;
  case cudaMemPoolAttrReleaseThreshold:
    *static_cast<unsigned long long*>(value) = release_threshold;
    return cudaSuccess;
  case cudaMemPoolAttrReservedMemCurrent:
  case cudaMemPoolAttrReservedMemHigh:
  case cudaMemPoolAttrUsedMemCurrent:
  case cudaMemPoolAttrUsedMemHigh:
    *static_cast<unsigned long long*>(value) = memory().allocated;
    return cudaSuccess;
  }
  return cudaErrorInvalidValue;
}

} // namespace cpu
} // namespace adstencil::cuda_runtime
