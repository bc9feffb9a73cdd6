// See workers.h. oneTBB does the scheduling.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "workers.h"

#include "sanitizers.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/info.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/partitioner.h>
#include <oneapi/tbb/task_arena.h>

namespace adstencil::cuda_runtime {
namespace {

/// More than any machine has, few enough for a typing error to be noticed.
constexpr long most_workers = 4096;

int read_worker_count() {
  const char* variable = std::getenv("ADSTENCIL_NUM_THREADS");
  if (!variable || !*variable)
    return oneapi::tbb::info::default_concurrency();
  char* end = nullptr;
  errno = 0;
  const long count = std::strtol(variable, &end, 10);
  if (*end == '\0' && errno == 0 && count >= 1 && count <= most_workers)
    return static_cast<int>(count);
  // A program that was told a number must not go on with another one.
  std::fprintf(stderr, "adstencil: ADSTENCIL_NUM_THREADS is '%s'; it has to be a number from 1 to %ld\n", variable,
               most_workers);
  std::exit(2);
}

struct arena {
  // Without this TBB gives no more threads than there are cores, whatever the arena asks for.
  oneapi::tbb::global_control parallelism{oneapi::tbb::global_control::max_allowed_parallelism,
                                          static_cast<std::size_t>(worker_count())};
  oneapi::tbb::task_arena tasks{worker_count()};
};

/// Lives until the program ends: kernels may run in destructors of static objects.
arena& workers() {
  static auto* const instance = new arena;
  return *instance;
}

} // namespace

int worker_count() {
  static const int count = read_worker_count();
  return count;
}

void for_each_range(std::uint64_t units, std::uint64_t grain,
                    const std::function<void(std::uint64_t, std::uint64_t)>& body) {
  if (worker_count() == 1 || units <= grain) {
    body(0, units);
    return;
  }
  // TBB is not compiled for ThreadSanitizer: what it orders has to be said.
  char begin_marker = 0;
  char end_marker = 0;
  tsan_release(&begin_marker);
  workers().tasks.execute([&] {
    using range = oneapi::tbb::blocked_range<std::uint64_t>;
    oneapi::tbb::parallel_for(
        range(0, units, grain),
        [&](const range& part) {
          tsan_acquire(&begin_marker);
          body(part.begin(), part.end());
          tsan_release(&end_marker);
        },
        oneapi::tbb::auto_partitioner());
  });
  tsan_acquire(&end_marker);
}

} // namespace adstencil::cuda_runtime
