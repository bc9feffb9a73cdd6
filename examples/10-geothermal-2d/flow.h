// Steady Darcy flow and its adjoint, both by accelerated pseudo-transient iteration.
//
// The flow solves q + K grad P = 0, div q = Q without flow through the boundary. Both equations are given a derivative
// in pseudo-time, and the damping is tuned so that the slowest wave dies out at the grid's own pace: the number of
// iterations grows like nx, not nx^2 (L. Raess et al., Geosci. Model Dev. 15, 5757-5786, 2022).
//
// The adjoint system (dR/d(q, P))^T (psi_q, psi_P) = dJ/d(q, P) is solved by the same iteration, with residuals that
// come from the plugin's derivatives of the residual kernels.
//
// The level of the pressure is not determined by these equations: whatever the iteration starts with stays in it. Loss
// functions must therefore not depend on it, that is, dJ/dP must sum to zero. Then the adjoint system has a solution,
// and the level of psi_P, again undetermined, has no influence on the gradient.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "setup.h"
#include "solve_report.h"

#include <adstencil/device_field.h>
#include <adstencil/progress.h>
#include <vector>

namespace geothermal {

/// All arrays of the solver live on the device.
using array = adstencil::device_field<double, 2>;

class flow_solver {
public:
  explicit flow_solver(const setup& rock);

  /// Solves for the pressure of permeability exp(log_K), starting from the solution of the call before. Stops when no
  /// cell's residual div q - Q exceeds `tolerance` (rate per area; the wells have 1 / (dx dy)), or after 100 nx
  /// iterations.
  solve_report solve(const array& log_K, double tolerance, adstencil::progress* show = nullptr);

  /// Solves the adjoint of the flow last solved, starting from the adjoint solution of the call before. `loss_P_bar` is
  /// dJ/dP in every cell and must sum to zero; `tolerance` is relative to its largest magnitude.
  solve_report solve_adjoint(const std::vector<double>& loss_P_bar, double tolerance,
                             adstencil::progress* show = nullptr);

  /// Adds dJ/dlog_K = -psi_q^T dRq/dK K to the shadow of log_K, after solve_adjoint.
  void add_permeability_gradient(array& log_K);

  /// The pressure last solved, in every cell.
  std::vector<double> pressure() const;

private:
  void iterate_flow();
  void iterate_adjoint();

  const setup& rock_;
  double pressure_step_ = 0; ///< pseudo-time step of the pressure, before division by K_max
  double flux_factor_x_ = 0; ///< 1 / (1 + damping)
  double flux_factor_y_ = 0;
  array Q_, loss_P_bar_;          ///< sources of the flow and of its adjoint
  array P_, qx_, qy_, K_, K_max_; ///< state, permeability, preconditioner
  array RP_, Rqx_, Rqy_;          ///< residuals; the shadows of P, qx, qy are the residuals of the adjoint
  array psi_P_, psi_qx_, psi_qy_; ///< adjoint state
};

} // namespace geothermal
