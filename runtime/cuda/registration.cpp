// What clang's host code calls besides the runtime interface: the configuration of a launch on its way to the stub, and
// the registration of GPU code.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "registration.h"

#include "device_choice.h"
#include "errors.h"

#include "adstencil/cuda/cuda_runtime_api.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace {

/// What stands between <<< and >>>.
struct configuration {
  dim3 grid, block;
  std::size_t shared;
  cudaStream_t stream;
};

/// Nested: the arguments of a launch may launch.
thread_local std::vector<configuration> configurations;

/// The arguments of a stub that passes them one by one: their offsets in `bytes`.
struct argument_list {
  std::vector<std::size_t> offsets;
  std::vector<std::max_align_t> bytes;
};
thread_local argument_list pending;

template <class Signature>
Signature* gpu_code_function(const char* name) {
  return reinterpret_cast<Signature*>(adstencil::cuda_runtime::gpu_symbol(name));
}

/// GPU code as one file of the program registers it. This is done before main, when it is not yet known whether the
/// CUDA runtime library is wanted; what is asked of it is therefore kept, and handed on when the GPU is chosen.
struct fat_binary {
  void* binary = nullptr;
  std::vector<std::function<void(void** real)>> calls;
  void** real = nullptr; ///< the library's handle, once it has one

  /// What the program holds for the library's handle: nobody but the library looks into one.
  void** handle() { return &binary; }

  void replay() {
    real = gpu_code_function<void**(void*)>("__cudaRegisterFatBinary")(binary);
    for (const auto& call : calls)
      call(real);
    calls.clear();
  }
};

struct fat_binary_table {
  std::mutex mutex;
  std::vector<std::unique_ptr<fat_binary>> binaries;
  bool replayed = false;
};

/// Lives until the end of the program: files take their registrations back after main.
fat_binary_table& fat_binaries() {
  static auto* const table = new fat_binary_table;
  return *table;
}

auto find(fat_binary_table& table, void** handle) {
  return std::ranges::find(table.binaries, handle, [](const auto& each) { return each->handle(); });
}

template <class Call>
void add_registration(void** handle, Call call) {
  fat_binary_table& table = fat_binaries();
  std::lock_guard lock(table.mutex);
  const auto found = find(table, handle);
  if (found == table.binaries.end())
    return;
  if ((*found)->real)
    call((*found)->real);
  else
    (*found)->calls.push_back(call);
}

} // namespace

extern "C" {

unsigned int __cudaPushCallConfiguration(dim3 grid, dim3 block, std::size_t shared, CUstream_st* stream) {
  configurations.push_back({grid, block, shared, stream});
  return 0;
}

cudaError_t __cudaPopCallConfiguration(dim3* grid, dim3* block, std::size_t* shared, void* stream) {
  if (configurations.empty())
    return adstencil::cuda_runtime::record(cudaErrorMissingConfiguration);
  const configuration& top = configurations.back();
  *grid = top.grid;
  *block = top.block;
  *shared = top.shared;
  *static_cast<cudaStream_t*>(stream) = top.stream;
  configurations.pop_back();
  return cudaSuccess;
}

// ---- the older form of a launch, which clang emits when no toolkit tells it a version ----

cudaError_t cudaConfigureCall(dim3 grid, dim3 block, std::size_t shared, cudaStream_t stream) {
  __cudaPushCallConfiguration(grid, block, shared, stream);
  return cudaSuccess;
}

cudaError_t cudaSetupArgument(const void* argument, std::size_t size, std::size_t offset) {
  const std::size_t end = (offset + size + sizeof(std::max_align_t) - 1) / sizeof(std::max_align_t);
  if (pending.bytes.size() < end)
    pending.bytes.resize(end);
  std::memcpy(reinterpret_cast<char*>(pending.bytes.data()) + offset, argument, size);
  pending.offsets.push_back(offset);
  return cudaSuccess;
}

cudaError_t cudaLaunch(const void* function) {
  configuration launch{};
  argument_list arguments;
  std::swap(arguments, pending);
  if (const cudaError_t error = __cudaPopCallConfiguration(&launch.grid, &launch.block, &launch.shared, &launch.stream))
    return error;
  std::vector<void*> pointers;
  pointers.reserve(arguments.offsets.size());
  for (const std::size_t offset : arguments.offsets)
    pointers.push_back(reinterpret_cast<char*>(arguments.bytes.data()) + offset);
  return cudaLaunchKernel(function, launch.grid, launch.block, pointers.data(), launch.shared, launch.stream);
}

// ---- GPU code of the program (device=auto), registered before main or by dlopen ----

void** __cudaRegisterFatBinary(void* binary) {
  fat_binary_table& table = fat_binaries();
  std::lock_guard lock(table.mutex);
  table.binaries.push_back(std::make_unique<fat_binary>());
  fat_binary& added = *table.binaries.back();
  added.binary = binary;
  if (table.replayed)
    added.replay();
  return added.handle();
}

void __cudaRegisterFatBinaryEnd(void** handle) {
  add_registration(handle, [](void** real) { gpu_code_function<void(void**)>("__cudaRegisterFatBinaryEnd")(real); });
}

void __cudaUnregisterFatBinary(void** handle) {
  fat_binary_table& table = fat_binaries();
  std::lock_guard lock(table.mutex);
  const auto found = find(table, handle);
  if (found == table.binaries.end())
    return;
  if (void** const real = (*found)->real)
    gpu_code_function<void(void**)>("__cudaUnregisterFatBinary")(real);
  table.binaries.erase(found);
}

int __cudaRegisterFunction(void** handle, const char* host, char* device, const char* name, int limit, uint3* thread,
                           uint3* block, dim3* block_dim, dim3* grid_dim, int* warp_size) {
  add_registration(handle, [=](void** real) {
    gpu_code_function<decltype(__cudaRegisterFunction)>("__cudaRegisterFunction")(
        real, host, device, name, limit, thread, block, block_dim, grid_dim, warp_size);
  });
  return 0;
}

void __cudaRegisterVar(void** handle, char* host, char* device, const char* name, int external, std::size_t size,
                       int constant, int global) {
  add_registration(handle, [=](void** real) {
    gpu_code_function<decltype(__cudaRegisterVar)>("__cudaRegisterVar")(real, host, device, name, external, size,
                                                                        constant, global);
  });
}

void __cudaRegisterManagedVar(void** handle, void** host, char* device, const char* name, int external,
                              std::size_t size, int constant, int global) {
  add_registration(handle, [=](void** real) {
    gpu_code_function<decltype(__cudaRegisterManagedVar)>("__cudaRegisterManagedVar")(real, host, device, name,
                                                                                      external, size, constant, global);
  });
}

} // extern "C"

namespace adstencil::cuda_runtime {

bool has_gpu_code() {
  fat_binary_table& table = fat_binaries();
  std::lock_guard lock(table.mutex);
  return !table.binaries.empty();
}

void replay_registrations() {
  fat_binary_table& table = fat_binaries();
  std::lock_guard lock(table.mutex);
  table.replayed = true;
  for (const std::unique_ptr<fat_binary>& each : table.binaries)
    each->replay();
}

} // namespace adstencil::cuda_runtime
