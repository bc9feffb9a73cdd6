// The number of OpenMP threads, without <omp.h>: the two functions are fixed by the OpenMP specification, and clang 22
// finds the header only when it comes with its own OpenMP package.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#if BENCH_HAS_OPENMP
extern "C" {
int omp_get_max_threads(void);
void omp_set_num_threads(int);
}
#endif

namespace bench {

/// Threads of OpenMP regions; 1 in a program without OpenMP.
inline int threads() {
#if BENCH_HAS_OPENMP
  return omp_get_max_threads();
#else
  return 1;
#endif
}

/// Sets the number of threads until it goes out of scope; 0 leaves it as it is.
class thread_count {
public:
  explicit thread_count([[maybe_unused]] int count) : before_(threads()) {
#if BENCH_HAS_OPENMP
    if (count > 0)
      omp_set_num_threads(count);
#endif
  }
  ~thread_count() {
#if BENCH_HAS_OPENMP
    omp_set_num_threads(before_);
#endif
  }
  thread_count(const thread_count&) = delete;
  thread_count& operator=(const thread_count&) = delete;

private:
  [[maybe_unused]] int before_;
};

} // namespace bench
