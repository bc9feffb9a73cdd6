// Arrays on a structured grid: `field` owns memory and, if asked, its shadow; `view` is what a kernel receives.
//
// A kernel wants something it can copy freely and index as u(i, j, k): that is `view`, a pointer with its extents. The
// rest of a program wants memory that frees itself, is aligned and starts out defined: that is `field`. The shadow of a
// field is a second array of the same shape that holds its cotangent (or its tangent); most fields need none, so it is
// allocated on first use.
//
//     adstencil::field<double, 2> u(nx, ny), u_new(nx, ny);
//     step(u_new.view(), u.view());
//     u_new.shadow_view()(i, j) = 1.0;
//     __adjoint_step(u_new.view(), u_new.shadow_view(), u.view(), u.shadow_view());
//
// The first index runs fastest everywhere: element (i, j, k) lies at i + n0 * (j + n1 * k).
//
// A field is in the memory of the host unless its third parameter says otherwise; <adstencil/device_field.h> has fields
// in the memory of a CUDA device, and pinned ones for copies between the two. Views may be used in kernels.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <adstencil/host_device.h>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace adstencil {

/// Thrown for shapes and indices that make no sense; the message names both the value and what was allowed.
class field_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// A pointer with N extents, first index fastest. It owns nothing, is trivially copyable, and checks nothing: it is
/// made to disappear when a kernel is compiled. `view<T, N>` converts to `view<const T, N>`.
template <class T, int N>
struct view {
  static_assert(N >= 1 && N <= 4, "views have one to four dimensions");
  using element_type = T;

  T* data = nullptr;
  int extents[N] = {};

  /// Number of elements along dimension d, 0 <= d < N.
  ADSTENCIL_HOST_DEVICE constexpr int extent(int d) const { return extents[d]; }

  /// Number of elements in all.
  ADSTENCIL_HOST_DEVICE constexpr std::ptrdiff_t size() const {
    std::ptrdiff_t n = 1;
    for (int d = 0; d < N; ++d)
      n *= extents[d];
    return n;
  }

  /// Element (i, j, ...), one index per dimension, each from 0 to its extent minus one.
  template <class... Index>
    requires(sizeof...(Index) == N && (std::integral<Index> && ...))
  ADSTENCIL_HOST_DEVICE constexpr T& operator()(Index... index) const {
    return data[offset(static_cast<std::ptrdiff_t>(index)...)];
  }

  ADSTENCIL_HOST_DEVICE constexpr T* begin() const { return data; }
  ADSTENCIL_HOST_DEVICE constexpr T* end() const { return data + size(); }

  ADSTENCIL_HOST_DEVICE constexpr operator view<const T, N>() const
    requires(!std::is_const_v<T>)
  {
    view<const T, N> result;
    result.data = data;
    for (int d = 0; d < N; ++d)
      result.extents[d] = extents[d];
    return result;
  }

private:
  ADSTENCIL_HOST_DEVICE constexpr std::ptrdiff_t offset(std::ptrdiff_t i) const { return i; }
  ADSTENCIL_HOST_DEVICE constexpr std::ptrdiff_t offset(std::ptrdiff_t i, std::ptrdiff_t j) const {
    return i + extents[0] * j;
  }
  ADSTENCIL_HOST_DEVICE constexpr std::ptrdiff_t offset(std::ptrdiff_t i, std::ptrdiff_t j, std::ptrdiff_t k) const {
    return i + extents[0] * (j + extents[1] * k);
  }
  ADSTENCIL_HOST_DEVICE constexpr std::ptrdiff_t offset(std::ptrdiff_t i, std::ptrdiff_t j, std::ptrdiff_t k,
                                                        std::ptrdiff_t l) const {
    return i + extents[0] * (j + extents[1] * (k + extents[2] * l));
  }
};

static_assert(std::is_trivially_copyable_v<view<double, 3>>);

namespace detail {

/// Bytes of alignment of every field: a cache line, which is also the widest vector register in use.
inline constexpr std::size_t field_alignment = 64;

/// The element count of an N-dimensional array; throws field_error when an extent is negative or the bytes of the array
/// cannot be counted.
template <class T, int N>
std::ptrdiff_t checked_size(const int (&extents)[N]) {
  std::ptrdiff_t n = 1;
  const auto most = std::numeric_limits<std::ptrdiff_t>::max() / static_cast<std::ptrdiff_t>(sizeof(T));
  for (const int extent : extents) {
    if (extent < 0)
      throw field_error("field: extent " + std::to_string(extent) + " is negative");
    if (extent > 0 && n > most / extent)
      throw field_error("field: the product of the extents does not fit into memory");
    n *= extent;
  }
  return n;
}

} // namespace detail

/// The memory of the host. What a field asks of its memory: to allocate and free bytes, to copy and zero them, and
/// whether the host may look at them.
struct host_memory {
  static constexpr bool host_accessible = true;
  static void* allocate(std::size_t bytes) { return ::operator new(bytes, std::align_val_t(detail::field_alignment)); }
  static void deallocate(void* memory) noexcept {
    ::operator delete(memory, std::align_val_t(detail::field_alignment));
  }
  static void copy(void* to, const void* from, std::size_t bytes) { std::memcpy(to, from, bytes); }
};

namespace detail {

/// What fields have in common wherever their memory is: shape, ownership, deep copies, the shadow.
template <class T, int N, class Memory>
class field_storage {
  static_assert(std::is_trivially_copyable_v<T> && !std::is_const_v<T>);

public:
  using value_type = T;
  using memory_type = Memory;

  /// An array without elements.
  field_storage() = default;

  /// An array of zeros, one extent per dimension; throws field_error when an extent is negative or does not fit an int.
  template <class... Extent>
    requires(sizeof...(Extent) == N && (std::integral<Extent> && ...))
  explicit field_storage(Extent... extents) : extents_{as_extent(extents)...} {
    size_ = checked_size<T>(extents_);
    values_ = allocate_zeros(size_);
  }

  field_storage(const field_storage& other) : size_(other.size_) {
    std::copy_n(other.extents_, N, extents_);
    values_ = duplicate(other.values_);
    shadow_ = duplicate(other.shadow_);
  }
  field_storage(field_storage&&) noexcept = default;
  /// Copies into the memory that is there when the shapes agree, so that views of this field stay valid; otherwise the
  /// field gets new memory.
  field_storage& operator=(const field_storage& other) {
    if (this == &other)
      return *this;
    if (!values_ || !same_shape(other) || has_shadow() != other.has_shadow())
      return *this = field_storage(other);
    copy(values_, other.values_);
    if (shadow_)
      copy(shadow_, other.shadow_);
    return *this;
  }
  field_storage& operator=(field_storage&&) noexcept = default;

  /// Number of elements in all.
  std::ptrdiff_t size() const { return size_; }
  /// Number of elements along dimension d; throws field_error unless 0 <= d < N.
  int extent(int d) const {
    if (d < 0 || d >= N)
      throw field_error("field: dimension " + std::to_string(d) + " of " + std::to_string(N));
    return extents_[d];
  }

  T* data() { return values_.get(); }
  const T* data() const { return values_.get(); }

  /// What a kernel takes. It points into this field and must not outlive it.
  adstencil::view<T, N> view() { return make_view(data()); }
  adstencil::view<const T, N> view() const { return make_view(data()); }

  /// Whether the shadow exists already.
  bool has_shadow() const { return shadow_ != nullptr; }
  /// The shadow's first element; allocated (zero) on first use.
  T* shadow() {
    if (!shadow_)
      shadow_ = allocate_zeros(size_);
    return shadow_.get();
  }
  /// The shadow as a view; allocated (zero) on first use.
  adstencil::view<T, N> shadow_view() { return make_view(shadow()); }

protected:
  ~field_storage() = default;

  std::size_t bytes() const { return static_cast<std::size_t>(size_) * sizeof(T); }

  template <class Other>
  bool same_shape(const Other& other) const {
    for (int d = 0; d < N; ++d)
      if (extents_[d] != other.extent(d))
        return false;
    return true;
  }

  template <class... Index>
  void check_range(Index... index) const {
    int d = 0;
    const auto check = [&](auto i) {
      if (std::cmp_less(i, 0) || std::cmp_greater_equal(i, extents_[d]))
        throw field_error("field: index " + std::to_string(i) + " in dimension " + std::to_string(d) +
                          " is outside 0 to " + std::to_string(extents_[d] - 1));
      ++d;
    };
    (check(index), ...);
  }

private:
  struct deallocate {
    void operator()(void* memory) const noexcept { Memory::deallocate(memory); }
  };
  using pointer = std::unique_ptr<T[], deallocate>;

  template <class Extent>
  static int as_extent(Extent extent) {
    if (!std::in_range<int>(extent))
      throw field_error("field: extent " + std::to_string(extent) + " does not fit an int");
    return static_cast<int>(extent);
  }

  static pointer allocate_zeros(std::ptrdiff_t n) {
    const auto bytes = static_cast<std::size_t>(n) * sizeof(T);
    pointer memory(static_cast<T*>(Memory::allocate(bytes)));
    if constexpr (Memory::host_accessible)
      std::uninitialized_fill_n(memory.get(), n, T{});
    else
      Memory::zero(memory.get(), bytes);
    return memory;
  }

  void copy(pointer& to, const pointer& from) const {
    if (size_ > 0)
      Memory::copy(to.get(), from.get(), bytes());
  }
  pointer duplicate(const pointer& from) const {
    if (!from)
      return {};
    pointer to(static_cast<T*>(Memory::allocate(bytes())));
    copy(to, from);
    return to;
  }

  template <class U>
  adstencil::view<U, N> make_view(U* memory) const {
    adstencil::view<U, N> result;
    result.data = memory;
    std::copy_n(extents_, N, result.extents);
    return result;
  }

  int extents_[N] = {};
  std::ptrdiff_t size_ = 0;
  pointer values_, shadow_;
};

} // namespace detail

/// An owning N-dimensional array of T, aligned to a cache line, zero at first, with an optional shadow of the same
/// shape. Copies are deep (shadow included); a moved-from field may only be assigned to or destroyed.
template <class T, int N, class Memory = host_memory>
class field : public detail::field_storage<T, N, Memory> {
  using base = detail::field_storage<T, N, Memory>;
  static_assert(Memory::host_accessible);

public:
  using base::base;
  using base::data, base::shadow, base::size, base::view;

  T* begin() { return data(); }
  T* end() { return data() + size(); }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size(); }

  /// Element access with a range check; throws field_error. Kernels use view(), which checks nothing.
  template <class... Index>
    requires(sizeof...(Index) == N && (std::integral<Index> && ...))
  T& operator()(Index... index) {
    this->check_range(index...);
    return view()(index...);
  }
  template <class... Index>
    requires(sizeof...(Index) == N && (std::integral<Index> && ...))
  const T& operator()(Index... index) const {
    this->check_range(index...);
    return view()(index...);
  }

  /// Sets every element to `value`; the shadow stays as it is.
  void fill(T value) { std::fill_n(data(), size(), value); }

  /// Makes sure that the shadow exists (zero when new) and returns the field, for use in declarations:
  /// `auto u = field<double, 2>(nx, ny).with_shadow();`
  field& with_shadow() & {
    shadow();
    return *this;
  }
  field with_shadow() && {
    shadow();
    return std::move(*this);
  }

  /// Sets every element of the shadow to zero; allocates it if there is none.
  void zero_shadow() { std::fill_n(shadow(), size(), T{}); }
};

} // namespace adstencil
