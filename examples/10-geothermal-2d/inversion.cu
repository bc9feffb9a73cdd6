// From m to the loss, and back from the loss to the gradient for m, step by step in the opposite order.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "inversion.h"

#include <cmath>
#include <numeric>
#include <sstream>

namespace geothermal {
namespace {

double mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

void require_converged(const solve_report& report, const char* what) {
  if (report.converged)
    return;
  std::ostringstream message;
  message << what << " did not converge: residual " << report.max_residual << " after " << report.iterations
          << " iterations";
  throw no_convergence(message.str());
}

} // namespace

std::vector<double> relative_pressure(const setup& rock, std::span<const double> pressure) {
  const double level = mean(pressure);
  std::vector<double> result;
  result.reserve(rock.observations.size());
  for (const int cell : rock.observations)
    result.push_back(pressure[static_cast<std::size_t>(cell)] - level);
  return result;
}

inversion::inversion(const setup& rock, std::span<const double> observed, tolerances stop, int passes)
    : rock_(rock), observed_(relative_pressure(rock, observed)), stop_(stop), flow_(rock),
      smoothing_(rock.nx, rock.ny, passes), log_K_(rock.nx, rock.ny) {}

/// Returns J for the pressure last solved, and writes dJ/dP: each residual counts at its own cell, and, through the
/// mean, with the opposite sign in all cells alike. The sum over the cells is zero.
double inversion::misfit(std::vector<double>& P_bar) const {
  const auto predicted = relative_pressure(rock_, flow_.pressure());
  P_bar.assign(static_cast<std::size_t>(rock_.cells()), 0.0);
  double loss = 0;
  double sum = 0;
  for (std::size_t k = 0; k < predicted.size(); ++k) {
    const double residual = predicted[k] - observed_[k];
    loss += 0.5 * residual * residual;
    sum += residual;
    P_bar[static_cast<std::size_t>(rock_.observations[k])] += residual;
  }
  for (double& p : P_bar)
    p -= sum / static_cast<double>(P_bar.size());
  return loss;
}

double inversion::operator()(std::span<const double> m, std::span<double> gradient) {
  smoothing_.apply(m, log_K_);
  const auto flow = flow_.solve(log_K_, stop_.flow, show_);
  flow_iterations_ += flow.iterations;
  require_converged(flow, "the flow");
  std::vector<double> P_bar;
  const double loss = misfit(P_bar);
  if (gradient.empty())
    return loss;

  const auto adjoint = flow_.solve_adjoint(P_bar, stop_.adjoint, show_);
  adjoint_iterations_ += adjoint.iterations;
  require_converged(adjoint, "the adjoint of the flow");
  log_K_.zero_shadow();
  flow_.add_permeability_gradient(log_K_);
  smoothing_.apply_transpose(log_K_, gradient);
  return loss;
}

std::vector<double> inversion::log_permeability(std::span<const double> m) {
  std::vector<double> result(m.size());
  smoothing_.apply(m, log_K_);
  log_K_.copy_to_host(result);
  return result;
}

std::vector<adstencil::directional_check> check_gradient(const setup& rock, std::span<const double> observed, int count,
                                                         int passes, adstencil::progress* show) {
  // Fluxes divided by the spacing round to about 1e-16 of a well's rate per area, so a few times that is attainable.
  const double rate = 1 / (rock.dx * rock.dy);
  inversion tight(rock, observed, {.flow = 2e-15 * rate, .adjoint = 1e-11}, passes);
  std::vector<double> m(rock.true_log_K);
  for (double& value : m)
    value *= std::log(0.1) / std::log(setup::barrier_permeability);
  std::vector<double> gradient(m.size());
  tight(m, gradient);

  // Truncation grows like h^2 and rounding like 1/h; for smooth changes of log K they meet near 1e-3, where about seven
  // digits are left. Unsmoothed directions differ from cell to cell and have the larger second derivatives.
  const double h = passes == 0 ? 4e-4 : 1e-3;
  const auto loss = [&](std::span<const double> x) { return tight(x, {}); };
  std::vector<adstencil::directional_check> checks;
  for (int k = 0; k < count; ++k) {
    const auto direction = adstencil::random_direction(m.size(), static_cast<unsigned>(k + 1));
    checks.push_back(adstencil::check_direction(loss, m, gradient, direction, h));
    if (show != nullptr)
      show->update(k + 1);
  }
  return checks;
}

} // namespace geothermal
