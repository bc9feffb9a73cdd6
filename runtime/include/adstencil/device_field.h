// Fields in the memory of a CUDA device, and pinned fields on the host for copies that overlap with kernels.
//
//     adstencil::device_field<double, 2> u(nx, ny);      // zeros on the device
//     u.copy_from_host(initial);                         // a field or a span of host memory
//     step<<<grid, block>>>(u.view());                   // the view points to device memory
//     u.copy_to_host(result);
//
// Nothing is copied unless it is asked for, and the host cannot index a device field. A plain copy is ordered after the
// work in its stream (the default stream unless one is given) and is complete when it returns. The copies called _async
// return at once; the host's side of them is a pinned field, from which the device reads and writes without a copy in
// between, and which must stay as it is until the stream has been waited for:
//
//     adstencil::pinned_field<double, 2> staging(nx, ny);
//     u.copy_to_host_async(staging, stream);
//     ...
//     cudaStreamSynchronize(stream);
//     use(staging(3, 4));
//
// Every failing call of the CUDA runtime throws adstencil::cuda_error with the place in the caller's code. The device
// is the one that is current when a field is made.
//
// The header needs CUDA's declarations. In a plain C++ file without them it compiles, but device and pinned fields
// cannot be used.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <adstencil/cuda_error.h>
#include <adstencil/field.h>

#include <span>

namespace adstencil {

#ifdef ADSTENCIL_HAS_CUDA_API

/// Memory of the current CUDA device.
struct device_memory {
  static constexpr bool host_accessible = false;
  static void* allocate(std::size_t bytes) {
    void* memory = nullptr;
    if (bytes > 0)
      ADSTENCIL_CUDA_CHECK(cudaMalloc(&memory, bytes));
    return memory;
  }
  // Nothing can be done about an error here, and at the end of a program CUDA may be gone already.
  static void deallocate(void* memory) noexcept { (void)cudaFree(memory); }
  // Both wait, so that what they write is seen by any stream, also by one that does not wait for the default stream.
  static void copy(void* to, const void* from, std::size_t bytes) {
    ADSTENCIL_CUDA_CHECK(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, cudaStream_t{}));
    ADSTENCIL_CUDA_CHECK(cudaStreamSynchronize(cudaStream_t{}));
  }
  static void zero(void* memory, std::size_t bytes) {
    if (bytes == 0)
      return;
    ADSTENCIL_CUDA_CHECK(cudaMemsetAsync(memory, 0, bytes, cudaStream_t{}));
    ADSTENCIL_CUDA_CHECK(cudaStreamSynchronize(cudaStream_t{}));
  }
};

/// Memory of the host that the device reaches directly.
struct pinned_memory {
  static constexpr bool host_accessible = true;
  static void* allocate(std::size_t bytes) {
    void* memory = nullptr;
    if (bytes > 0)
      ADSTENCIL_CUDA_CHECK(cudaMallocHost(&memory, bytes));
    return memory;
  }
  static void deallocate(void* memory) noexcept {
    if (memory != nullptr)
      (void)cudaFreeHost(memory);
  }
  static void copy(void* to, const void* from, std::size_t bytes) { std::memcpy(to, from, bytes); }
};

/// An owning N-dimensional array of T in device memory, its bytes zero at first, with an optional shadow of the same
/// shape. Copies of the object are deep (shadow included) and happen on the device.
template <class T, int N>
class field<T, N, device_memory> : public detail::field_storage<T, N, device_memory> {
  using base = detail::field_storage<T, N, device_memory>;
  using location = std::source_location;

public:
  using base::base;
  using base::data, base::shadow, base::size;

  /// Makes sure that the shadow exists (zero when new) and returns the field, for use in declarations.
  field& with_shadow() & {
    shadow();
    return *this;
  }
  field with_shadow() && {
    shadow();
    return std::move(*this);
  }

  /// Copies from host memory: a span of size() elements in the order of the field, or a field of the same shape. Throws
  /// field_error when the shapes differ, cuda_error when the copy fails. Complete on return.
  void copy_from_host(std::span<const T> values, cudaStream_t stream = {}, location where = location::current()) {
    check_size(values.size());
    copy(data(), values.data(), stream, where);
    wait(stream, where);
  }
  template <class Memory>
  void copy_from_host(const field<T, N, Memory>& values, cudaStream_t stream = {},
                      location where = location::current()) {
    check_shape(values);
    copy(data(), values.data(), stream, where);
    wait(stream, where);
  }
  /// Copies to host memory; otherwise as copy_from_host.
  void copy_to_host(std::span<T> values, cudaStream_t stream = {}, location where = location::current()) const {
    check_size(values.size());
    copy(values.data(), data(), stream, where);
    wait(stream, where);
  }
  template <class Memory>
  void copy_to_host(field<T, N, Memory>& values, cudaStream_t stream = {}, location where = location::current()) const {
    check_shape(values);
    copy(values.data(), data(), stream, where);
    wait(stream, where);
  }

  /// The same between the shadow of this field and host memory. The shadow is allocated (zero) if there is none.
  void copy_shadow_from_host(std::span<const T> values, cudaStream_t stream = {},
                             location where = location::current()) {
    check_size(values.size());
    copy(shadow(), values.data(), stream, where);
    wait(stream, where);
  }
  void copy_shadow_to_host(std::span<T> values, cudaStream_t stream = {}, location where = location::current()) {
    check_size(values.size());
    copy(values.data(), shadow(), stream, where);
    wait(stream, where);
  }

  /// Starts a copy in `stream` and returns. `values` must live, and be left alone, until the stream has got there.
  void copy_from_host_async(const field<T, N, pinned_memory>& values, cudaStream_t stream,
                            location where = location::current()) {
    check_shape(values);
    copy(data(), values.data(), stream, where);
  }
  void copy_to_host_async(field<T, N, pinned_memory>& values, cudaStream_t stream,
                          location where = location::current()) const {
    check_shape(values);
    copy(values.data(), data(), stream, where);
  }
  /// Copies the values of another device field, in the order of `stream`; returns at once.
  void copy_from_async(const field& values, cudaStream_t stream = {}, location where = location::current()) {
    check_shape(values);
    copy(data(), values.data(), stream, where);
  }

  /// Sets every element to `value`, in the order of `stream`; the shadow stays as it is.
  void fill(T value, cudaStream_t stream = {}, location where = location::current()) {
    if (size() == 0)
      return;
    constexpr unsigned char zeros[sizeof(T)] = {};
    if (std::memcmp(&value, zeros, sizeof value) == 0) {
      check(cudaMemsetAsync(data(), 0, this->bytes(), stream), "cudaMemsetAsync", where);
      return;
    }
    // One element from the host, then copies of what is there already, each twice as long as the last.
    T* const first = data();
    check(cudaMemcpyAsync(first, &value, sizeof value, cudaMemcpyHostToDevice, stream), "cudaMemcpyAsync", where);
    for (std::ptrdiff_t done = 1; done < size(); done *= 2)
      check(cudaMemcpyAsync(first + done, first, static_cast<std::size_t>(std::min(done, size() - done)) * sizeof value,
                            cudaMemcpyDeviceToDevice, stream),
            "cudaMemcpyAsync", where);
    wait(stream, where); // `value` is gone when this function is left
  }

  /// Sets every byte of the shadow to zero, in the order of `stream`; allocates it if there is none. Returns at once.
  void zero_shadow(cudaStream_t stream = {}, location where = location::current()) {
    if (size() > 0)
      check(cudaMemsetAsync(shadow(), 0, this->bytes(), stream), "cudaMemsetAsync", where);
  }

private:
  static void check(cudaError_t code, const char* call, const location& where) { cuda_check(code, call, where); }

  void check_size(std::size_t elements) const {
    if (elements != static_cast<std::size_t>(size()))
      throw field_error("device_field: a copy of " + std::to_string(elements) + " elements, the field has " +
                        std::to_string(size()));
  }
  template <class Other>
  void check_shape(const Other& other) const {
    if (!this->same_shape(other))
      throw field_error("device_field: a copy between fields of different shapes");
  }

  void copy(void* to, const void* from, cudaStream_t stream, const location& where) const {
    if (size() > 0)
      check(cudaMemcpyAsync(to, from, this->bytes(), cudaMemcpyDefault, stream), "cudaMemcpyAsync", where);
  }
  static void wait(cudaStream_t stream, const location& where) {
    check(cudaStreamSynchronize(stream), "cudaStreamSynchronize", where);
  }
};

#else // without CUDA's declarations

namespace detail {
template <class>
inline constexpr bool has_cuda_api = false;
}

struct device_memory {};
struct pinned_memory {};
template <class T, int N>
class field<T, N, device_memory> {
  static_assert(detail::has_cuda_api<T>,
                "device_field needs CUDA: compile this file as CUDA, or put cuda_runtime_api.h where it is found");
};
template <class T, int N>
class field<T, N, pinned_memory> {
  static_assert(detail::has_cuda_api<T>,
                "pinned_field needs CUDA: compile this file as CUDA, or put cuda_runtime_api.h where it is found");
};

#endif

/// A field in the memory of a CUDA device.
template <class T, int N>
using device_field = field<T, N, device_memory>;
/// A field on the host for asynchronous copies. It is used like any field of the host.
template <class T, int N>
using pinned_field = field<T, N, pinned_memory>;

} // namespace adstencil
