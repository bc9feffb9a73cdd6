// The change of variables log K = S m, where S is 50 passes of explicit diffusion, and its transpose.
//
// The optimiser works on m. What it finds is smooth because S m is, and the gradient it sees is the true one, S^T of
// the gradient for log K. (Smoothing the gradient itself would hand the optimiser a direction that is no gradient of
// anything.)
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <adstencil/device_field.h>
#include <span>

namespace geothermal {

class smoothing {
public:
  static constexpr int default_passes = 50;
  /// With no passes S is the identity.
  smoothing(int nx, int ny, int passes = default_passes);

  /// smoothed = S m. `m` is on the host, where the optimiser has it, `smoothed` on the device.
  void apply(std::span<const double> m, adstencil::device_field<double, 2>& smoothed);
  /// m_bar = S^T (shadow of smoothed), by the adjoints of the passes in reverse order.
  void apply_transpose(adstencil::device_field<double, 2>& smoothed, std::span<double> m_bar);

private:
  int passes_;

  // Passes read one array and write the other, so both begin as copies of m: the ring of cells that no pass writes must
  // be right in either.
  adstencil::device_field<double, 2> even_, odd_;
};

} // namespace geothermal
