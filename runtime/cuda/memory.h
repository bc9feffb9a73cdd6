// What the runtime knows about memory: every allocation, registered range and variable of the device.
//
// Each allocation is one block of the C library's, so that AddressSanitizer sees a step over its end.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "adstencil/cuda/cuda_runtime_api.h"

#include <cstddef>
#include <optional>

namespace adstencil::cuda_runtime {

enum class memory_kind {
  device,     ///< cudaMalloc and relatives
  graph,      ///< cudaMallocAsync during a capture: owned by the graph
  managed,    ///< cudaMallocManaged
  pinned,     ///< cudaMallocHost, cudaHostAlloc
  registered, ///< cudaHostRegister: the user's own memory
  variable    ///< __device__, __constant__, __managed__
};

struct memory_range {
  char* begin;
  std::size_t size;
  memory_kind kind;
  unsigned int flags;
};

/// The range that `pointer` lies in.
std::optional<memory_range> find_range(const void* pointer);

/// Allocates; a size of 0 gives a null pointer.
cudaError_t allocate(void** pointer, std::size_t size, memory_kind kind, unsigned int flags = 0);
/// Frees what `allocate` gave, if it is of one of the two kinds.
cudaError_t release(void* pointer, memory_kind kind, memory_kind or_kind);
/// Frees everything that was allocated.
void release_all();

/// Takes note of a variable of the device; returns false if it is already known.
bool add_variable(const void* symbol, std::size_t size);

/// Whether [pointer, pointer + size) may be read or written by a copy as device memory (`on_device`) or as host memory.
/// Host memory is everything that is not device memory, as far as it is known.
bool accessible(const void* pointer, std::size_t size, bool on_device);

/// Checks both sides of a copy against its kind.
cudaError_t check_copy(const void* to, std::size_t to_size, const void* from, std::size_t from_size,
                       cudaMemcpyKind kind);

/// Bytes of memory of this machine, and how many of them are free.
std::size_t memory_total();
std::size_t memory_free();

} // namespace adstencil::cuda_runtime
