// Copies and fills of boxes of memory. Lines and planes are boxes.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "adstencil/cuda/cuda_runtime_api.h"

#include <cstddef>
#include <optional>

namespace adstencil::cuda_runtime {

/// `depth` planes of `height` rows of `width` bytes. A row begins `pitch` bytes after the one before it, a plane
/// `plane` bytes.
struct box_copy {
  char* to;
  std::size_t to_pitch, to_plane;
  const char* from;
  std::size_t from_pitch, from_plane;
  std::size_t width, height, depth;
  cudaMemcpyKind kind;

  cudaError_t check() const;
  cudaError_t run() const; ///< after check; cudaSuccess
};

box_copy line_copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind);
box_copy plane_copy(void* to, std::size_t to_pitch, const void* from, std::size_t from_pitch, std::size_t width,
                    std::size_t height, cudaMemcpyKind kind);
/// Nothing if CUDA arrays are involved: there are none.
std::optional<box_copy> make_box_copy(const cudaMemcpy3DParms& parameters);

/// Fills with a value of 1, 2 or 4 bytes; `width` is in bytes.
struct box_fill {
  char* to;
  std::size_t pitch, plane;
  unsigned int value, value_bytes;
  std::size_t width, height, depth;

  cudaError_t check() const;
  cudaError_t run() const;
};

} // namespace adstencil::cuda_runtime
