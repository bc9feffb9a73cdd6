// What sanitizers have to be told about fibers and about threads they do not see. The runtime itself is compiled
// without them; the functions are there (weak) when the program that links it is not.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstddef>

extern "C" {
[[gnu::weak]] void __sanitizer_start_switch_fiber(void** fake_stack_save, const void* bottom, std::size_t size);
[[gnu::weak]] void __sanitizer_finish_switch_fiber(void* fake_stack_save, const void** old_bottom,
                                                   std::size_t* old_size);
[[gnu::weak]] void __asan_unpoison_memory_region(const volatile void* address, std::size_t size);
[[gnu::weak]] void __tsan_acquire(void* address);
[[gnu::weak]] void __tsan_release(void* address);
[[gnu::weak]] void* __tsan_get_current_fiber();
[[gnu::weak]] void* __tsan_create_fiber(unsigned flags);
[[gnu::weak]] void __tsan_destroy_fiber(void* fiber);
[[gnu::weak]] void __tsan_switch_to_fiber(void* fiber, unsigned flags);
}

namespace adstencil::cuda_runtime {

/// __tsan_switch_to_fiber: the switch orders nothing, so that a race between two threads of a block is seen although
/// one system thread runs both.
constexpr unsigned tsan_no_order = 1;

inline void tsan_acquire(void* marker) {
  if (__tsan_acquire)
    __tsan_acquire(marker);
}
inline void tsan_release(void* marker) {
  if (__tsan_release)
    __tsan_release(marker);
}

} // namespace adstencil::cuda_runtime
