// Arrays and their shadows; see registry.h.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "registry.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <thread>

namespace bench {

namespace {

constexpr std::size_t alignment = std::size_t(2) << 20; // a huge page, where the system has them
// Arrays that all start at the same place of a page share the cache's sets and its store-to-load aliases.
constexpr std::size_t stagger = 9 * 128;

/// A number in [0, 1) that depends on the position alone.
double hashed(std::uint64_t position) {
  std::uint64_t h = position * 0x9e3779b97f4a7c15ull + 0x632be59bd9b4e019ull;
  h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9ull;
  h = (h ^ (h >> 27)) * 0x94d049bb133111ebull;
  return static_cast<double>((h ^ (h >> 31)) >> 11) * 0x1p-53;
}

/// Calls work(first, last) for parts of [0, count) on all cores.
template <class Work>
void on_all_cores(std::size_t count, Work work) {
  const std::size_t parts = count < 100000 ? 1 : std::max(1u, std::thread::hardware_concurrency());
  std::vector<std::jthread> threads;
  for (std::size_t p = 0; p < parts; ++p)
    threads.emplace_back(work, count * p / parts, count * (p + 1) / parts);
}

} // namespace

fields::fields(const shape& size, const std::vector<array>& arrays, const form_traits& form)
    : size_(size), arrays_(arrays), form_(form) {
  for (std::size_t a = 0; a < 2 * arrays_.size(); ++a) {
    const std::size_t offset = stagger * a;
    const std::size_t bytes = (count(a / 2) * sizeof(double) + offset + alignment) / alignment * alignment;
    void* start = form_.allocate ? form_.allocate(bytes) : std::aligned_alloc(alignment, bytes);
    if (!start)
      throw std::bad_alloc();
    memory_.push_back({start, reinterpret_cast<double*>(static_cast<char*>(start) + offset)});
  }
  reset_values();
  reset_bars();
}

fields::~fields() {
  for (const block& b : memory_)
    form_.release ? form_.release(b.start) : std::free(b.start);
}

shape fields::extent() const {
  shape largest = size_;
  for (const array& a : arrays_)
    largest = {std::max(largest.nx, size_.nx + a.extra.nx), std::max(largest.ny, size_.ny + a.extra.ny),
               std::max(largest.nz, size_.nz + a.extra.nz)};
  return largest;
}

std::size_t fields::count(std::size_t a) const {
  const shape& extra = arrays_[a].extra;
  return shape{size_.nx + extra.nx, size_.ny + extra.ny, size_.nz + extra.nz}.points();
}

double fields::initial(std::size_t a, bool bar, std::size_t element) const {
  const double random = hashed(element * 64 + 2 * a + bar);
  return bar ? 2 * random - 1 : arrays_[a].low + (arrays_[a].high - arrays_[a].low) * random;
}

void fields::reset_values() const {
  for (std::size_t a = 0; a < arrays_.size(); ++a)
    on_all_cores(count(a), [=, this, data = (*this)[a]](std::size_t first, std::size_t last) {
      for (std::size_t e = first; e < last; ++e)
        data[e] = initial(a, false, e);
    });
}

void fields::reset_bars() const {
  for (std::size_t a = 0; a < arrays_.size(); ++a)
    on_all_cores(count(a), [=, this, data = bar(a)](std::size_t first, std::size_t last) {
      for (std::size_t e = first; e < last; ++e)
        data[e] = initial(a, true, e);
    });
}

std::vector<kernel>& registered() {
  static std::vector<kernel> list;
  return list;
}

} // namespace bench
