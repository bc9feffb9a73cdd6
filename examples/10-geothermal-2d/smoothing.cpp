// S and its transpose. S is linear, so the adjoint of a pass needs no values from the forward passes.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "smoothing.h"

#include "kernels.h"

#include <algorithm>
#include <functional>

namespace geothermal {

smoothing::smoothing(int nx, int ny, int passes) : passes_(passes), even_(nx, ny), odd_(nx, ny) {}

void smoothing::apply(std::span<const double> m, std::span<double> smoothed) {
  const int nx = even_.extent(0);
  const int ny = even_.extent(1);
  std::copy(m.begin(), m.end(), even_.begin());
  std::copy(m.begin(), m.end(), odd_.begin());
  for (int pass = 0; pass < passes_; ++pass) {
    auto& from = pass % 2 == 0 ? even_ : odd_;
    auto& to = pass % 2 == 0 ? odd_ : even_;
    smooth_step(to.data(), from.data(), nx, ny);
  }
  const auto& last = passes_ % 2 == 0 ? even_ : odd_;
  std::copy(last.begin(), last.end(), smoothed.begin());
}

void smoothing::apply_transpose(std::span<const double> smoothed_bar, std::span<double> m_bar) {
  const int nx = even_.extent(0);
  const int ny = even_.extent(1);
  even_.zero_shadow();
  odd_.zero_shadow();
  auto& last = passes_ % 2 == 0 ? even_ : odd_;
  std::copy(smoothed_bar.begin(), smoothed_bar.end(), last.shadow());
  for (int pass = passes_; pass-- > 0;) {
    auto& from = pass % 2 == 0 ? even_ : odd_;
    auto& to = pass % 2 == 0 ? odd_ : even_;
    __adjoint_smooth_step(to.data(), to.shadow(), from.data(), from.shadow(), nx, ny);
  }
  // Both arrays were copies of m: its cotangent is the sum of theirs.
  std::transform(even_.shadow(), even_.shadow() + even_.size(), odd_.shadow(), m_bar.begin(), std::plus<>());
}

} // namespace geothermal
