// S and its transpose. S is linear, so the adjoint of a pass needs no values from the forward passes.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "smoothing.h"

#include "kernels.h"

#include <adstencil/parallel_for.h>
#include <algorithm>
#include <functional>
#include <vector>

namespace geothermal {

using adstencil::cuda;
using adstencil::extents;
using adstencil::shadowed;

smoothing::smoothing(int nx, int ny, int passes) : passes_(passes), even_(nx, ny), odd_(nx, ny) {}

void smoothing::apply(std::span<const double> m, adstencil::device_field<double, 2>& smoothed) {
  const auto inner = extents(even_.extent(0) - 2, even_.extent(1) - 2);
  even_.copy_from_host(m);
  odd_.copy_from_async(even_);
  for (int pass = 0; pass < passes_; ++pass) {
    auto& from = pass % 2 == 0 ? even_ : odd_;
    auto& to = pass % 2 == 0 ? odd_ : even_;
    parallel_for(cuda, inner, smooth_step{}, to.view(), from.view());
  }
  smoothed.copy_from_async(passes_ % 2 == 0 ? even_ : odd_);
}

void smoothing::apply_transpose(adstencil::device_field<double, 2>& smoothed, std::span<double> m_bar) {
  const auto inner = extents(even_.extent(0) - 2, even_.extent(1) - 2);
  even_.zero_shadow();
  odd_.zero_shadow();
  auto& last = passes_ % 2 == 0 ? even_ : odd_;
  parallel_for(cuda, extents(smoothed.view()), assign{}, last.shadow_view(), smoothed.shadow_view());
  for (int pass = passes_; pass-- > 0;) {
    auto& from = pass % 2 == 0 ? even_ : odd_;
    auto& to = pass % 2 == 0 ? odd_ : even_;
    adjoint_parallel_for(cuda, inner, smooth_step{}, shadowed(to.view(), to.shadow_view()),
                         shadowed(from.view(), from.shadow_view()));
  }
  // Both arrays were copies of m: its cotangent is the sum of theirs.
  std::vector<double> odd_bar(m_bar.size());
  even_.copy_shadow_to_host(m_bar);
  odd_.copy_shadow_to_host(odd_bar);
  std::transform(m_bar.begin(), m_bar.end(), odd_bar.begin(), m_bar.begin(), std::plus<>());
}

} // namespace geothermal
