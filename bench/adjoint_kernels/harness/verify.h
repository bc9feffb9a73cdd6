// A result is verified before it is timed.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "registry.h"

#include <optional>
#include <stdexcept>

namespace bench {

/// Compares all variants of a kernel at a size with `reference`, the same kernel's serial form: its loop nest and its
/// scatter with plain additions. Throws wrong_result with the kernel, the variant, the array and the element otherwise.
/// Checks as well that derivatives leave the values and the shadows of outputs alone, and that __adjoint_ clears the
/// shadows of what was assigned.
void verify(const kernel& k, const kernel& reference, const shape& size);

/// Compares the reference itself with central differences along a random direction.
void verify_reference(const kernel& reference, const shape& size);

/// Whether the generated vjp leaves the same bits in three runs (on 1, 2 and all threads where it has threads); nothing
/// where there is no generated vjp.
std::optional<bool> repeatable(const kernel& k, const shape& size);

struct wrong_result : std::runtime_error {
  using std::runtime_error::runtime_error;
};

} // namespace bench
