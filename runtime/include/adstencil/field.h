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
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
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
  constexpr int extent(int d) const { return extents[d]; }

  /// Number of elements in all.
  constexpr std::ptrdiff_t size() const {
    std::ptrdiff_t n = 1;
    for (int d = 0; d < N; ++d)
      n *= extents[d];
    return n;
  }

  /// Element (i, j, ...), one index per dimension, each from 0 to its extent minus one.
  template <class... Index>
    requires(sizeof...(Index) == N && (std::integral<Index> && ...))
  constexpr T& operator()(Index... index) const {
    return data[offset(static_cast<std::ptrdiff_t>(index)...)];
  }

  constexpr T* begin() const { return data; }
  constexpr T* end() const { return data + size(); }

  constexpr operator view<const T, N>() const
    requires(!std::is_const_v<T>)
  {
    view<const T, N> result;
    result.data = data;
    for (int d = 0; d < N; ++d)
      result.extents[d] = extents[d];
    return result;
  }

private:
  constexpr std::ptrdiff_t offset(std::ptrdiff_t i) const { return i; }
  constexpr std::ptrdiff_t offset(std::ptrdiff_t i, std::ptrdiff_t j) const { return i + extents[0] * j; }
  constexpr std::ptrdiff_t offset(std::ptrdiff_t i, std::ptrdiff_t j, std::ptrdiff_t k) const {
    return i + extents[0] * (j + extents[1] * k);
  }
  constexpr std::ptrdiff_t offset(std::ptrdiff_t i, std::ptrdiff_t j, std::ptrdiff_t k, std::ptrdiff_t l) const {
    return i + extents[0] * (j + extents[1] * (k + extents[2] * l));
  }
};

static_assert(std::is_trivially_copyable_v<view<double, 3>>);

namespace detail {

/// Bytes of alignment of every field: a cache line, which is also the widest vector register in use.
inline constexpr std::size_t field_alignment = 64;

struct free_aligned {
  void operator()(void* memory) const { ::operator delete(memory, std::align_val_t(field_alignment)); }
};

/// Allocates n zeros of type T, n >= 0.
template <class T>
std::unique_ptr<T[], free_aligned> allocate_zeros(std::ptrdiff_t n) {
  const auto bytes = static_cast<std::size_t>(n) * sizeof(T);
  std::unique_ptr<T[], free_aligned> memory(static_cast<T*>(::operator new(bytes, std::align_val_t(field_alignment))));
  std::uninitialized_fill_n(memory.get(), n, T{});
  return memory;
}

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

/// An owning N-dimensional array of T, aligned to a cache line, zero at first, with an optional shadow of the same
/// shape. Copies are deep (shadow included); a moved-from field may only be assigned to or destroyed.
template <class T, int N>
class field {
  static_assert(std::is_trivially_copyable_v<T> && !std::is_const_v<T>);

public:
  using value_type = T;

  /// An array without elements.
  field() = default;

  /// An array of zeros, one extent per dimension; throws field_error when an extent is negative or does not fit an int.
  template <class... Extent>
    requires(sizeof...(Extent) == N && (std::integral<Extent> && ...))
  explicit field(Extent... extents) : extents_{as_extent(extents)...} {
    size_ = detail::checked_size<T>(extents_);
    values_ = detail::allocate_zeros<T>(size_);
  }

  field(const field& other) : size_(other.size_) {
    std::copy_n(other.extents_, N, extents_);
    if (other.values_) {
      values_ = detail::allocate_zeros<T>(size_);
      std::copy_n(other.values_.get(), size_, values_.get());
    }
    if (other.shadow_) {
      shadow_ = detail::allocate_zeros<T>(size_);
      std::copy_n(other.shadow_.get(), size_, shadow_.get());
    }
  }
  field(field&&) noexcept = default;
  /// Copies into the memory that is there when the shapes agree, so that views of this field stay valid; otherwise the
  /// field gets new memory.
  field& operator=(const field& other) {
    if (this == &other)
      return *this;
    if (!values_ || !std::equal(extents_, extents_ + N, other.extents_) || has_shadow() != other.has_shadow())
      return *this = field(other);
    std::copy_n(other.values_.get(), size_, values_.get());
    if (shadow_)
      std::copy_n(other.shadow_.get(), size_, shadow_.get());
    return *this;
  }
  field& operator=(field&&) noexcept = default;

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
  T* begin() { return data(); }
  T* end() { return data() + size_; }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size_; }

  /// What a kernel takes. It points into this field and must not outlive it.
  adstencil::view<T, N> view() { return make_view(data()); }
  adstencil::view<const T, N> view() const { return make_view(data()); }

  /// Element access with a range check; throws field_error. Kernels use view(), which checks nothing.
  template <class... Index>
    requires(sizeof...(Index) == N && (std::integral<Index> && ...))
  T& operator()(Index... index) {
    check_range(index...);
    return view()(index...);
  }
  template <class... Index>
    requires(sizeof...(Index) == N && (std::integral<Index> && ...))
  const T& operator()(Index... index) const {
    check_range(index...);
    return view()(index...);
  }

  /// Sets every element to `value`; the shadow stays as it is.
  void fill(T value) { std::fill_n(data(), size_, value); }

  /// Whether the shadow exists already.
  bool has_shadow() const { return shadow_ != nullptr; }

  /// Makes sure that the shadow exists (zero when new) and returns the field, for use in declarations:
  /// `auto u = field<double, 2>(nx, ny).with_shadow();`
  field& with_shadow() & {
    if (!shadow_)
      shadow_ = detail::allocate_zeros<T>(size_);
    return *this;
  }
  field with_shadow() && {
    with_shadow();
    return std::move(*this);
  }

  /// The shadow's first element; allocated (zero) on first use.
  T* shadow() { return with_shadow().shadow_.get(); }
  /// The shadow as a view; allocated (zero) on first use.
  adstencil::view<T, N> shadow_view() { return make_view(shadow()); }
  /// Sets every element of the shadow to zero; allocates it if there is none.
  void zero_shadow() { std::fill_n(shadow(), size_, T{}); }

private:
  template <class Extent>
  static int as_extent(Extent extent) {
    if (!std::in_range<int>(extent))
      throw field_error("field: extent " + std::to_string(extent) + " does not fit an int");
    return static_cast<int>(extent);
  }

  template <class U>
  adstencil::view<U, N> make_view(U* memory) const {
    adstencil::view<U, N> result;
    result.data = memory;
    std::copy_n(extents_, N, result.extents);
    return result;
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

  int extents_[N] = {};
  std::ptrdiff_t size_ = 0;
  std::unique_ptr<T[], detail::free_aligned> values_;
  std::unique_ptr<T[], detail::free_aligned> shadow_;
};

} // namespace adstencil
