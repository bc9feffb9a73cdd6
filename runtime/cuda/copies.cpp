// cudaMemcpy and cudaMemset in all their forms, and the variables of the device.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "copies.h"

#include "api_table.h"
#include "memory.h"
#include "streams.h"

#include "adstencil/device/abi.h"

#include <cstring>

namespace adstencil::cuda_runtime {
namespace {

/// From the first byte of a box to behind its last.
std::size_t span(std::size_t pitch, std::size_t plane, std::size_t width, std::size_t height, std::size_t depth) {
  return width == 0 || height == 0 || depth == 0 ? 0 : plane * (depth - 1) + pitch * (height - 1) + width;
}

/// Executes or records a copy; the synchronous forms are refused where a capture is going on.
cudaError_t enqueue_copy(const box_copy& copy, cudaStream_t stream) {
  if (const cudaError_t error = copy.check())
    return error;
  return enqueue(stream, cudaGraphNodeTypeMemcpy, [copy] { return copy.run(); });
}

cudaError_t copy_now(const box_copy& copy) {
  if (const cudaError_t unsafe = refuse_during_capture())
    return unsafe;
  return enqueue_copy(copy, nullptr);
}

cudaError_t enqueue_fill(const box_fill& fill, cudaStream_t stream) {
  if (const cudaError_t error = fill.check())
    return error;
  return enqueue(stream, cudaGraphNodeTypeMemset, [fill] { return fill.run(); });
}

box_fill line_fill(void* pointer, int value, std::size_t count) {
  return {static_cast<char*>(pointer), count, count, static_cast<unsigned char>(value), 1, count, 1, 1};
}

/// The part of a variable that a copy names, or why there is none.
cudaError_t find_symbol(const void* symbol, std::size_t offset, std::size_t count, char*& part) {
  const std::optional<memory_range> range = find_range(symbol);
  if (!range || range->kind != memory_kind::variable || range->begin != symbol)
    return cudaErrorInvalidSymbol;
  if (offset > range->size || count > range->size - offset)
    return cudaErrorInvalidValue;
  part = range->begin + offset;
  return cudaSuccess;
}

/// Copies to (`to_symbol`) or from a variable.
cudaError_t symbol_copy(const void* symbol, void* to, const void* from, bool to_symbol, std::size_t count,
                        std::size_t offset, cudaMemcpyKind kind, box_copy& copy) {
  const cudaMemcpyKind host = to_symbol ? cudaMemcpyHostToDevice : cudaMemcpyDeviceToHost;
  if (kind != host && kind != cudaMemcpyDeviceToDevice && kind != cudaMemcpyDefault)
    return cudaErrorInvalidMemcpyDirection;
  char* part = nullptr;
  if (const cudaError_t error = find_symbol(symbol, offset, count, part))
    return error;
  copy = to_symbol ? line_copy(part, from, count, kind) : line_copy(to, part, count, kind);
  return cudaSuccess;
}

} // namespace

cudaError_t box_copy::check() const {
  if (height > 1 && (to_pitch < width || from_pitch < width))
    return cudaErrorInvalidPitchValue;
  return check_copy(to, span(to_pitch, to_plane, width, height, depth), from,
                    span(from_pitch, from_plane, width, height, depth), kind);
}

cudaError_t box_copy::run() const {
  if (width == 0)
    return cudaSuccess;
  for (std::size_t z = 0; z < depth; ++z)
    for (std::size_t y = 0; y < height; ++y)
      std::memcpy(to + z * to_plane + y * to_pitch, from + z * from_plane + y * from_pitch, width);
  return cudaSuccess;
}

box_copy line_copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  return {static_cast<char*>(to), bytes, bytes, static_cast<const char*>(from), bytes, bytes, bytes, 1, 1, kind};
}

box_copy plane_copy(void* to, std::size_t to_pitch, const void* from, std::size_t from_pitch, std::size_t width,
                    std::size_t height, cudaMemcpyKind kind) {
  return {static_cast<char*>(to),
          to_pitch,
          to_pitch * height,
          static_cast<const char*>(from),
          from_pitch,
          from_pitch * height,
          width,
          height,
          1,
          kind};
}

std::optional<box_copy> make_box_copy(const cudaMemcpy3DParms& p) {
  if (p.srcArray || p.dstArray)
    return std::nullopt;
  const std::size_t to_plane = p.dstPtr.pitch * p.dstPtr.ysize;
  const std::size_t from_plane = p.srcPtr.pitch * p.srcPtr.ysize;
  return box_copy{static_cast<char*>(p.dstPtr.ptr) + p.dstPos.z * to_plane + p.dstPos.y * p.dstPtr.pitch + p.dstPos.x,
                  p.dstPtr.pitch,
                  to_plane,
                  static_cast<const char*>(p.srcPtr.ptr) + p.srcPos.z * from_plane + p.srcPos.y * p.srcPtr.pitch +
                      p.srcPos.x,
                  p.srcPtr.pitch,
                  from_plane,
                  p.extent.width,
                  p.extent.height,
                  p.extent.depth,
                  p.kind};
}

cudaError_t box_fill::check() const {
  const std::size_t bytes = span(pitch, plane, width, height, depth);
  if (bytes == 0)
    return cudaSuccess;
  return to && accessible(to, bytes, true) ? cudaSuccess : cudaErrorInvalidValue;
}

cudaError_t box_fill::run() const {
  for (std::size_t z = 0; z < depth; ++z)
    for (std::size_t y = 0; y < height; ++y) {
      char* row = to + z * plane + y * pitch;
      if (value_bytes == 1)
        std::memset(row, static_cast<int>(value & 0xff), width);
      else
        for (std::size_t x = 0; x < width; x += value_bytes)
          std::memcpy(row + x, &value, value_bytes); // the low bytes: the machine is little-endian, as GPUs are
    }
  return cudaSuccess;
}

// ---- the runtime interface ----

namespace cpu {

cudaError_t cudaMemcpy(void* to, const void* from, size_t count, cudaMemcpyKind kind) {
  return copy_now(line_copy(to, from, count, kind));
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t count, cudaMemcpyKind kind, cudaStream_t stream) {
  return enqueue_copy(line_copy(to, from, count, kind), stream);
}

cudaError_t cudaMemcpyPeer(void* to, int to_device, const void* from, int from_device, size_t count) {
  return to_device != 0 || from_device != 0 ? cudaErrorInvalidDevice
                                            : copy_now(line_copy(to, from, count, cudaMemcpyDeviceToDevice));
}

cudaError_t cudaMemcpyPeerAsync(void* to, int to_device, const void* from, int from_device, size_t count,
                                cudaStream_t stream) {
  return to_device != 0 || from_device != 0
             ? cudaErrorInvalidDevice
             : enqueue_copy(line_copy(to, from, count, cudaMemcpyDeviceToDevice), stream);
}

cudaError_t cudaMemcpy2D(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width, size_t height,
                         cudaMemcpyKind kind) {
  return copy_now(plane_copy(to, to_pitch, from, from_pitch, width, height, kind));
}

cudaError_t cudaMemcpy2DAsync(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width,
                              size_t height, cudaMemcpyKind kind, cudaStream_t stream) {
  return enqueue_copy(plane_copy(to, to_pitch, from, from_pitch, width, height, kind), stream);
}

cudaError_t cudaMemcpy3D(const cudaMemcpy3DParms* parameters) {
  const std::optional<box_copy> copy = parameters ? make_box_copy(*parameters) : std::nullopt;
  return copy ? copy_now(*copy) : cudaErrorInvalidValue;
}

cudaError_t cudaMemcpy3DAsync(const cudaMemcpy3DParms* parameters, cudaStream_t stream) {
  const std::optional<box_copy> copy = parameters ? make_box_copy(*parameters) : std::nullopt;
  return copy ? enqueue_copy(*copy, stream) : cudaErrorInvalidValue;
}

cudaError_t cudaMemcpyToSymbol(const void* symbol, const void* from, size_t count, size_t offset, cudaMemcpyKind kind) {
  box_copy copy{};
  const cudaError_t error = symbol_copy(symbol, nullptr, from, true, count, offset, kind, copy);
  return error != cudaSuccess ? error : copy_now(copy);
}

cudaError_t cudaMemcpyToSymbolAsync(const void* symbol, const void* from, size_t count, size_t offset,
                                    cudaMemcpyKind kind, cudaStream_t stream) {
  box_copy copy{};
  const cudaError_t error = symbol_copy(symbol, nullptr, from, true, count, offset, kind, copy);
  return error != cudaSuccess ? error : enqueue_copy(copy, stream);
}

cudaError_t cudaMemcpyFromSymbol(void* to, const void* symbol, size_t count, size_t offset, cudaMemcpyKind kind) {
  box_copy copy{};
  const cudaError_t error = symbol_copy(symbol, to, nullptr, false, count, offset, kind, copy);
  return error != cudaSuccess ? error : copy_now(copy);
}

cudaError_t cudaMemcpyFromSymbolAsync(void* to, const void* symbol, size_t count, size_t offset, cudaMemcpyKind kind,
                                      cudaStream_t stream) {
  box_copy copy{};
  const cudaError_t error = symbol_copy(symbol, to, nullptr, false, count, offset, kind, copy);
  return error != cudaSuccess ? error : enqueue_copy(copy, stream);
}

cudaError_t cudaGetSymbolAddress(void** pointer, const void* symbol) {
  char* part = nullptr;
  const cudaError_t error = pointer ? find_symbol(symbol, 0, 0, part) : cudaErrorInvalidValue;
  if (error == cudaSuccess)
    *pointer = part;
  return error;
}

cudaError_t cudaGetSymbolSize(size_t* size, const void* symbol) {
  char* part = nullptr;
  const cudaError_t error = size ? find_symbol(symbol, 0, 0, part) : cudaErrorInvalidValue;
  if (error == cudaSuccess)
    *size = find_range(symbol)->size;
  return error;
}

cudaError_t cudaMemset(void* pointer, int value, size_t count) {
  return enqueue_fill(line_fill(pointer, value, count), nullptr);
}

cudaError_t cudaMemsetAsync(void* pointer, int value, size_t count, cudaStream_t stream) {
  return enqueue_fill(line_fill(pointer, value, count), stream);
}

cudaError_t cudaMemset2DAsync(void* pointer, size_t pitch, int value, size_t width, size_t height,
                              cudaStream_t stream) {
  if (height > 1 && pitch < width)
    return cudaErrorInvalidValue;
  return enqueue_fill(
      {static_cast<char*>(pointer), pitch, pitch * height, static_cast<unsigned char>(value), 1, width, height, 1},
      stream);
}

cudaError_t cudaMemset2D(void* pointer, size_t pitch, int value, size_t width, size_t height) {
  return cpu::cudaMemset2DAsync(pointer, pitch, value, width, height, nullptr);
}

cudaError_t cudaMemset3DAsync(cudaPitchedPtr pitched, int value, cudaExtent extent, cudaStream_t stream) {
  if (extent.height > 1 && pitched.pitch < extent.width)
    return cudaErrorInvalidValue;
  return enqueue_fill({static_cast<char*>(pitched.ptr), pitched.pitch, pitched.pitch * pitched.ysize,
                       static_cast<unsigned char>(value), 1, extent.width, extent.height, extent.depth},
                      stream);
}

cudaError_t cudaMemset3D(cudaPitchedPtr pitched, int value, cudaExtent extent) {
  return cpu::cudaMemset3DAsync(pitched, value, extent, nullptr);
}

} // namespace cpu
} // namespace adstencil::cuda_runtime

void __adstencil_register_variable(const void* symbol, const char*, std::uint64_t bytes) {
  adstencil::cuda_runtime::add_variable(symbol, bytes);
}
