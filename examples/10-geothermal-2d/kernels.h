// The kernels of the geothermal example: Darcy flow on a staggered grid, its pseudo-time updates, and smoothing.
//
// Cells hold pressure and permeability, nx x ny of them; faces hold fluxes: qx lies on (nx + 1) x ny faces, qy on
// nx x (ny + 1). Boundary faces are never written, so they keep the zero flux they start with.
//
//     residual_fluxes     Rq = q + K grad P      on interior faces, K averaged over the two cells
//     residual_pressure   RP = div q - Q         in all cells
//     update_fluxes       q -= Rq / (1 + damping)
//     update_pressure     P -= RP step / K_max
//
// Each is a function of a cell (i, j), launched for all cells with adstencil::parallel_for; a cell looks after its own
// right and upper face. The adjoint solver uses the derivatives of the two residual kernels, and the two update kernels
// as they are.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <adstencil/field.h>
#include <adstencil/finite_difference.h>
#include <adstencil/host_device.h>
#include <cmath>

namespace geothermal {

using out = adstencil::view<double, 2>;
using in = adstencil::view<const double, 2>;
namespace fd = adstencil::finite_difference;

struct residual_fluxes {
  ADSTENCIL_HOST_DEVICE void operator()(int i, int j, out Rqx, out Rqy, in qx, in qy, in P, in K, double dx,
                                        double dy) const {
    if (i < P.extent(0) - 1)
      fd::inn_x(Rqx, i, j) = fd::inn_x(qx, i, j) + fd::av_xa(K, i, j) * fd::d_xa(P, i, j) / dx;
    if (j < P.extent(1) - 1)
      fd::inn_y(Rqy, i, j) = fd::inn_y(qy, i, j) + fd::av_ya(K, i, j) * fd::d_ya(P, i, j) / dy;
  }
};

struct residual_pressure {
  ADSTENCIL_HOST_DEVICE void operator()(int i, int j, out RP, in qx, in qy, in Q, double dx, double dy) const {
    RP(i, j) = fd::d_xa(qx, i, j) / dx + fd::d_ya(qy, i, j) / dy - Q(i, j);
  }
};

struct update_fluxes {
  ADSTENCIL_HOST_DEVICE void operator()(int i, int j, out qx, out qy, in Rqx, in Rqy, double factor_x,
                                        double factor_y) const {
    if (i < qx.extent(0) - 2)
      fd::inn_x(qx, i, j) -= factor_x * fd::inn_x(Rqx, i, j);
    if (j < qy.extent(1) - 2)
      fd::inn_y(qy, i, j) -= factor_y * fd::inn_y(Rqy, i, j);
  }
};

struct update_pressure {
  ADSTENCIL_HOST_DEVICE void operator()(int i, int j, out P, in RP, in K_max, double step) const {
    P(i, j) -= step * RP(i, j) / K_max(i, j);
  }
};

/// K = exp(log_K).
struct exponentiate {
  ADSTENCIL_HOST_DEVICE void operator()(int i, int j, out K, in log_K) const { K(i, j) = std::exp(log_K(i, j)); }
};

/// K_max: the largest permeability in the cross of five cells. The first and last row take their neighbours' values,
/// the first and last column their own permeability. It scales the steps only and has no influence on the solution.
struct precondition {
  ADSTENCIL_HOST_DEVICE void operator()(int i, int j, out K_max, in K) const {
    const int last = K.extent(1) - 2;
    const int row = j < 1 ? 1 : j > last ? last : j;
    K_max(i, j) = i > 0 && i < K.extent(0) - 1 ? fd::maxloc(K, i - 1, row - 1) : K(i, j);
  }
};

struct assign {
  ADSTENCIL_HOST_DEVICE void operator()(int i, int j, out to, in from) const { to(i, j) = from(i, j); }
};

struct negate {
  ADSTENCIL_HOST_DEVICE void operator()(int i, int j, out to, in from) const { to(i, j) = -from(i, j); }
};

/// One pass of explicit diffusion, in units of the grid spacing, at the inner points; the outer ring of cells is not
/// written.
struct smooth_step {
  ADSTENCIL_HOST_DEVICE void operator()(int i, int j, out smoothed, in m) const {
    fd::inn(smoothed, i, j) = fd::inn(m, i, j) + 0.2 * (fd::d2_xi(m, i, j) + fd::d2_yi(m, i, j));
  }
};

} // namespace geothermal
