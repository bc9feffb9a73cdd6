// The inverse problem: which permeability explains the pressures seen at 64 points?
//
//     minimise  J(m) = 1/2 sum over observations of ((P - mean P) - (P_obs - mean P_obs))^2,   log K = S m
//
// The mean is taken over all cells. Subtracting it makes J independent of the undetermined level of the pressure.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "flow.h"
#include "smoothing.h"

#include <adstencil/gradient_check.h>
#include <span>
#include <stdexcept>
#include <vector>

namespace geothermal {

/// When the two solvers stop: the flow's residual is absolute, the adjoint's relative to its source.
struct tolerances {
  double flow = 1e-6;
  double adjoint = 1e-4;
};

/// Thrown when one of the two solvers does not converge.
class no_convergence : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

class inversion {
public:
  /// `observed` is the pressure in every cell of the true model; only the observation points and the mean are used.
  inversion(const setup& rock, std::span<const double> observed, tolerances stop,
            int passes = smoothing::default_passes);

  /// J(m), and its gradient when `gradient` is not empty. Throws no_convergence.
  double operator()(std::span<const double> m, std::span<double> gradient);

  /// log K = S m.
  std::vector<double> log_permeability(std::span<const double> m);

  long flow_iterations() const { return flow_iterations_; }
  long adjoint_iterations() const { return adjoint_iterations_; }
  /// Where to show the progress of each solve; nullptr for nowhere.
  void show_progress(adstencil::progress* show) { show_ = show; }

private:
  double misfit(std::vector<double>& P_bar) const;

  const setup& rock_;
  std::vector<double> observed_; ///< at the observation points, relative to the mean
  tolerances stop_;
  flow_solver flow_;
  smoothing smoothing_;
  array log_K_;
  long flow_iterations_ = 0;
  long adjoint_iterations_ = 0;
  adstencil::progress* show_ = nullptr;
};

/// Pressure at the observation points, relative to its mean over all cells.
std::vector<double> relative_pressure(const setup& rock, std::span<const double> pressure);

/// Compares the gradient with central differences in `count` random directions, with both solvers converged close to
/// rounding. It does so where the model has a weak barrier, of a tenth of the rock's permeability: there the
/// permeability is not uniform and the loss still far from its minimum, so that no term of the gradient is small by
/// luck. With `passes` = 0 the unknown is log K itself, otherwise the m of log K = S m with so many passes in S.
std::vector<adstencil::directional_check> check_gradient(const setup& rock, std::span<const double> observed, int count,
                                                         int passes, adstencil::progress* show = nullptr);

} // namespace geothermal
