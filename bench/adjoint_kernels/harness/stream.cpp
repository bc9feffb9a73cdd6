// What memory gives a form: a loop that moves as many arrays as a vjp and computes next to nothing.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "form.h"

#include <stdexcept>
#include <string>
#include <utility>

namespace bench::BENCH_FORM {

namespace {

constexpr int most_added_to = 4, most_read = 7;

template <int AddedTo, int Read>
struct cells {
  double* added_to[AddedTo];
  const double* read[Read];
  int nx, ny, nz;

  template <guard>
  BENCH_DEVICE BENCH_INLINE void cell(int x, int y, int z) const {
    const long c = x + static_cast<long>(nx) * (y + static_cast<long>(ny) * z);
    double sum = 0;
    for (const double* array : read)
      sum += array[c];
    for (double* array : added_to)
      array[c] += sum;
  }
};

template <int AddedTo, int Read>
void stream_of(const streams& arrays) {
#if defined(__CUDA__)
  const shape size = arrays.size;
#else
  const shape size{static_cast<int>(arrays.size.points())};
#endif
  cells<AddedTo, Read> all{{}, {}, size.nx, size.ny, size.nz};
  for (int a = 0; a < AddedTo; ++a)
    all.added_to[a] = arrays.added_to[static_cast<std::size_t>(a)];
  for (int a = 0; a < Read; ++a)
    all.read[a] = arrays.read[static_cast<std::size_t>(a)];
  gather_line(all, box{0, size.nx, 0, size.ny, 0, size.nz});
}

/// Calls stream_of<added_to, read>.
template <int... Pairs>
bool dispatch(const streams& arrays, std::integer_sequence<int, Pairs...>) {
  const auto is = [&](int pair) {
    return arrays.added_to.size() == static_cast<std::size_t>(pair / most_read + 1) &&
           arrays.read.size() == static_cast<std::size_t>(pair % most_read + 1);
  };
  return ((is(Pairs) && (stream_of<Pairs / most_read + 1, Pairs % most_read + 1>(arrays), true)) || ...);
}

} // namespace

void stream(const streams& arrays) {
  if (!dispatch(arrays, std::make_integer_sequence<int, most_added_to * most_read>()))
    throw std::logic_error("no stream that adds to " + std::to_string(arrays.added_to.size()) + " arrays and reads " +
                           std::to_string(arrays.read.size()));
}

} // namespace bench::BENCH_FORM
