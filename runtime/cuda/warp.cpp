// The results of warp operations, from the PTX manual (shfl.sync, vote.sync, match.sync, redux.sync).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "warp.h"

#include <algorithm>
#include <bit>

namespace adstencil::cuda_runtime {
namespace {

/// Calls `visit(lane number, lane)` for the members.
template <class Visit>
void for_members(warp_lane* const (&lanes)[32], Visit visit) {
  for (std::uint32_t number = 0; number < 32; ++number)
    if (lanes[number])
      visit(number, *lanes[number]);
}

void shuffle(warp_lane* const (&lanes)[32]) {
  for_members(lanes, [&](std::uint32_t number, warp_lane& lane) {
    const std::uint32_t b = lane.b & 31;
    const std::uint32_t clamp = lane.c & 31;
    const std::uint32_t segment = lane.c >> 8 & 31;
    const std::uint32_t first = number & segment;
    const std::uint32_t last = first | (clamp & ~segment);
    std::uint32_t from = number;
    bool inside = false;
    switch (lane.kind) {
    case 0: // idx
      from = first | (b & ~segment);
      inside = from <= last;
      break;
    case 1: // up; `last` is the lowest lane here. The difference may be negative.
      inside = static_cast<int>(number) - static_cast<int>(b) >= static_cast<int>(last);
      from = number - b;
      break;
    case 2: // down
      from = number + b;
      inside = from <= last;
      break;
    default: // bfly
      from = number ^ b;
      inside = from <= last;
    }
    // A lane that is not there has no value; the hardware's is undefined, here it is the own one.
    const warp_lane* source = inside && lanes[from & 31] ? lanes[from & 31] : &lane;
    lane.result = static_cast<std::uint32_t>(source->value);
    lane.valid = inside;
  });
}

void vote(warp_lane* const (&lanes)[32], std::uint32_t members) {
  std::uint32_t ballot = 0;
  for_members(lanes, [&](std::uint32_t number, const warp_lane& lane) {
    ballot |= static_cast<std::uint32_t>(lane.value) << number;
  });
  for_members(lanes, [&](std::uint32_t, warp_lane& lane) {
    const std::uint32_t results[] = {ballot, ballot == members, ballot != 0, ballot == members || ballot == 0};
    lane.result = results[lane.kind & 3];
  });
}

void match(warp_lane* const (&lanes)[32], std::uint32_t members) {
  for_members(lanes, [&](std::uint32_t, warp_lane& lane) {
    std::uint32_t equal = 0;
    for_members(lanes, [&](std::uint32_t other, const warp_lane& candidate) {
      equal |= static_cast<std::uint32_t>(candidate.value == lane.value) << other;
    });
    const bool all = equal == members;
    lane.result = lane.kind == 0 || all ? equal : 0;
    lane.valid = all;
  });
}

std::uint32_t combine(int kind, std::uint32_t a, std::uint32_t b) {
  const auto signed_a = std::bit_cast<std::int32_t>(a);
  const auto signed_b = std::bit_cast<std::int32_t>(b);
  switch (kind) {
  case 0:
    return a + b;
  case 1:
    return std::min(a, b);
  case 2:
    return std::max(a, b);
  case 3:
    return std::bit_cast<std::uint32_t>(std::min(signed_a, signed_b));
  case 4:
    return std::bit_cast<std::uint32_t>(std::max(signed_a, signed_b));
  case 5:
    return a & b;
  case 6:
    return a | b;
  default:
    return a ^ b;
  }
}

void reduce(warp_lane* const (&lanes)[32]) {
  bool first = true;
  std::uint32_t result = 0;
  for_members(lanes, [&](std::uint32_t, const warp_lane& lane) {
    const auto value = static_cast<std::uint32_t>(lane.value);
    result = first ? value : combine(lane.kind, result, value);
    first = false;
  });
  for_members(lanes, [&](std::uint32_t, warp_lane& lane) { lane.result = result; });
}

} // namespace

void execute(warp_lane* const (&lanes)[32], std::uint32_t members) {
  const auto any = static_cast<std::uint32_t>(std::countr_zero(members));
  switch (lanes[any]->operation) {
  case warp_operation::barrier:
    return;
  case warp_operation::active:
    for_members(lanes, [&](std::uint32_t, warp_lane& lane) { lane.result = members; });
    return;
  case warp_operation::shuffle:
    return shuffle(lanes);
  case warp_operation::vote:
    return vote(lanes, members);
  case warp_operation::match:
    return match(lanes, members);
  case warp_operation::reduce:
    return reduce(lanes);
  }
}

} // namespace adstencil::cuda_runtime
