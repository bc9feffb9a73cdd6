// Loops of `host` launches on the threads of oneTBB.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/parallel_for.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>
#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

namespace adstencil::detail {
namespace {

/// The number of threads asked for by ADSTENCIL_NUM_THREADS; as many as TBB finds sensible without it.
int number_of_threads() {
  if (const char* const text = std::getenv("ADSTENCIL_NUM_THREADS")) {
    int threads = 0;
    const std::string_view value(text);
    const auto [end, error] = std::from_chars(value.begin(), value.end(), threads);
    if (error == std::errc() && end == value.end() && threads >= 1)
      return threads;
  }
  return tbb::task_arena::automatic;
}

tbb::task_arena& arena() {
  static tbb::task_arena threads(number_of_threads());
  return threads;
}

} // namespace

void run_on_threads(std::ptrdiff_t n, std::ptrdiff_t grain,
                    void (*piece)(const void* context, std::ptrdiff_t begin, std::ptrdiff_t end), const void* context) {
  if (n <= grain) {
    if (n > 0)
      piece(context, 0, n);
    return;
  }
  arena().execute([&] {
    tbb::parallel_for(
        tbb::blocked_range<std::ptrdiff_t>(0, n, static_cast<std::size_t>(std::max<std::ptrdiff_t>(grain, 1))),
        [&](const tbb::blocked_range<std::ptrdiff_t>& part) { piece(context, part.begin(), part.end()); });
  });
}

} // namespace adstencil::detail
