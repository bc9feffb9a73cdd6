// Arrays that end where their memory ends: behind the last cell, or in front of the first one, comes a page that nobody
// may touch, and what is left of the array's own pages is filled with canaries.
//
// A canary is a signalling NaN that carries its position. It can be copied, but arithmetic on it, be it the addition of
// zero, gives a quiet NaN, which is seen in its bits.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <new>
#include <vector>

namespace gather {

inline double canary(double, std::size_t position) {
  return std::bit_cast<double>(0x7ff0'dead'0000'0000u | (position & 0xffff'ffffu));
}
inline float canary(float, std::size_t position) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(0x7fa0'0000u | (position & 0xf'ffffu)));
}

/// Which end of the array touches the forbidden page.
enum class placement { at_start, at_end };

template <class Real>
class guarded_array {
public:
  /// Room for the cells [first, last).
  guarded_array(long first, long last, placement where) : count(last - first) {
    const std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    inside = (count * sizeof(Real) + page - 1) / page * page;
    bytes = inside + 2 * page;
    void* mapped = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED)
      throw std::bad_alloc();
    block = static_cast<char*>(mapped);
    cells = reinterpret_cast<Real*>(block + page);
    if (inside && mprotect(cells, inside, PROT_READ | PROT_WRITE)) {
      munmap(block, bytes);
      throw std::bad_alloc();
    }
    for (std::size_t i = 0; i != inside / sizeof(Real); ++i)
      cells[i] = canary(Real(), i);
    start = where == placement::at_start ? 0 : inside / sizeof(Real) - count;
    origin = cells + start - first;
  }
  guarded_array(guarded_array&& other) noexcept
      : count(other.count), inside(other.inside), bytes(other.bytes), start(other.start), block(other.block),
        cells(other.cells), origin(other.origin) {
    other.block = nullptr;
  }
  guarded_array& operator=(guarded_array&&) = delete;
  ~guarded_array() {
    if (block)
      munmap(block, bytes);
  }

  void set(const std::vector<Real>& values) {
    if (count)
      std::memcpy(cells + start, values.data(), count * sizeof(Real));
  }
  std::vector<Real> values() const { return {cells + start, cells + start + count}; }
  /// What a kernel gets as its pointer: the cell with index 0, which may be none of the array's.
  Real* pointer() const { return origin; }
  bool is_intact_around() const {
    for (std::size_t i = 0; i != inside / sizeof(Real); ++i) {
      const Real expected = canary(Real(), i);
      if ((i < start || i >= start + count) && std::memcmp(&cells[i], &expected, sizeof(Real)) != 0)
        return false;
    }
    return true;
  }

private:
  std::size_t count, inside = 0, bytes = 0, start = 0;
  char* block = nullptr;
  Real *cells = nullptr, *origin = nullptr;
};

} // namespace gather
