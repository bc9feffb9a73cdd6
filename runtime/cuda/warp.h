// Operations in which the lanes of a warp exchange values: shuffles, votes, matches, reductions.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstdint>

namespace adstencil::cuda_runtime {

enum class warp_operation : std::uint8_t {
  barrier,
  shuffle,
  vote,
  match,
  reduce,
  active ///< __activemask: has no mask that says who will come
};

/// What one lane brings to an operation and takes from it. The kinds are those of adstencil/device/abi.h.
struct warp_lane {
  warp_operation operation = warp_operation::barrier;
  int kind = 0;
  std::uint32_t mask = 0;
  std::uint64_t value = 0;
  std::uint32_t b = 0, c = 0; ///< the last operands of shfl.sync
  const void* site = nullptr; ///< active: where it is called
  std::uint32_t result = 0;
  std::uint32_t valid = 0;

  /// Whether two lanes stand at the same operation.
  bool joins(const warp_lane& other) const {
    return operation == other.operation && kind == other.kind && mask == other.mask;
  }
};

struct warp_state {
  std::uint32_t alive = 0; ///< lanes that have not returned
};

/// Executes the operation at which all `members` stand. `lanes` has an entry per lane, null where it is not a member.
void execute(warp_lane* const (&lanes)[32], std::uint32_t members);

} // namespace adstencil::cuda_runtime
