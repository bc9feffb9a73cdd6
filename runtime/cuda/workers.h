// The threads that units of work are spread over.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstdint>
#include <functional>

namespace adstencil::cuda_runtime {

/// How many threads run units of a kernel: ADSTENCIL_NUM_THREADS, else what the machine has. Read once.
int worker_count();

/// Calls body(begin, end) for ranges that cover [0, units) once, `grain` units or more in each but the last; on this
/// thread and worker_count() - 1 others.
void for_each_range(std::uint64_t units, std::uint64_t grain,
                    const std::function<void(std::uint64_t, std::uint64_t)>& body);

} // namespace adstencil::cuda_runtime
