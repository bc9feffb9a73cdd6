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
// The adjoint solver uses the derivatives of the two residual kernels, and the two update kernels as they are.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <adstencil/adstencil.h>
#include <cmath>

namespace geothermal {

// `state` and `permeability` name the two derivatives that the solver needs: with respect to the unknowns of the flow,
// and with respect to what is looked for.
ADSTENCIL_KERNEL ADSTENCIL_WRT("state", "qx", "qy", "P")
ADSTENCIL_WRT("permeability", "K")
inline void residual_fluxes(double* Rqx, double* Rqy, const double* qx, const double* qy, const double* P,
                            const double* K, double dx, double dy, int nx, int ny) {
  for (int j = 0; j < ny; ++j)
    for (int i = 1; i < nx; ++i) {
      const int face = i + (nx + 1) * j;
      const int cell = i + nx * j;
      Rqx[face] = qx[face] + 0.5 * (K[cell - 1] + K[cell]) * (P[cell] - P[cell - 1]) / dx;
    }
  for (int j = 1; j < ny; ++j)
    for (int i = 0; i < nx; ++i) {
      const int cell = i + nx * j;
      Rqy[cell] = qy[cell] + 0.5 * (K[cell - nx] + K[cell]) * (P[cell] - P[cell - nx]) / dy;
    }
}

ADSTENCIL_KERNEL ADSTENCIL_WRT("state", "qx", "qy")
inline void residual_pressure(double* RP, const double* qx, const double* qy, const double* Q, double dx, double dy,
                              int nx, int ny) {
  for (int j = 0; j < ny; ++j)
    for (int i = 0; i < nx; ++i) {
      const int cell = i + nx * j;
      const int face = i + (nx + 1) * j;
      RP[cell] = (qx[face + 1] - qx[face]) / dx + (qy[cell + nx] - qy[cell]) / dy - Q[cell];
    }
}

ADSTENCIL_KERNEL inline void update_fluxes(double* qx, double* qy, const double* Rqx, const double* Rqy,
                                           double factor_x, double factor_y, int nx, int ny) {
  for (int j = 0; j < ny; ++j)
    for (int i = 1; i < nx; ++i)
      qx[i + (nx + 1) * j] -= factor_x * Rqx[i + (nx + 1) * j];
  for (int j = 1; j < ny; ++j)
    for (int i = 0; i < nx; ++i)
      qy[i + nx * j] -= factor_y * Rqy[i + nx * j];
}

ADSTENCIL_KERNEL inline void update_pressure(double* P, const double* RP, const double* K_max, double step, int nx,
                                             int ny) {
  for (int j = 0; j < ny; ++j)
    for (int i = 0; i < nx; ++i)
      P[i + nx * j] -= step * RP[i + nx * j] / K_max[i + nx * j];
}

/// K = exp(log_K) in every cell.
ADSTENCIL_KERNEL inline void exponentiate(double* K, const double* log_K, int cells) {
  for (int i = 0; i < cells; ++i)
    K[i] = std::exp(log_K[i]);
}

/// One pass of explicit diffusion, in units of the grid spacing; the outer ring of cells is not written.
ADSTENCIL_KERNEL inline void smooth_step(double* smoothed, const double* m, int nx, int ny) {
  for (int j = 1; j < ny - 1; ++j)
    for (int i = 1; i < nx - 1; ++i) {
      const int cell = i + nx * j;
      smoothed[cell] = m[cell] + 0.2 * (m[cell - 1] + m[cell + 1] + m[cell - nx] + m[cell + nx] - 4.0 * m[cell]);
    }
}

} // namespace geothermal
