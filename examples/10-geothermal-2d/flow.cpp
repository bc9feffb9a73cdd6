// The two pseudo-transient iterations. They share step sizes, preconditioner and update kernels.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "flow.h"

#include "kernels.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <limits>
#include <numbers>

namespace geothermal {
namespace {

/// In nx iterations a wave crosses the box once; looking at the residual more often would tell little.
constexpr int check_every_nx = 1;
constexpr int give_up_after_nx = 100;

double max_magnitude(std::span<const double> values) {
  double largest = 0;
  for (const double v : values)
    largest = std::max(largest, std::isnan(v) ? INFINITY : std::abs(v));
  return largest;
}

double max_magnitude(const adstencil::field<double, 2>& values) {
  return max_magnitude(std::span(values.data(), static_cast<std::size_t>(values.size())));
}

/// Calls `iterate` until `residual` is at most 1 in units of the tolerance, or too many times.
template <class Iterate, class Residual>
solve_report repeat(int nx, double tolerance, Iterate iterate, Residual residual, adstencil::progress* show) {
  solve_report report;
  while (!report.converged && report.iterations < give_up_after_nx * nx) {
    for (int k = 0; k < check_every_nx * nx; ++k)
      iterate();
    report.iterations += check_every_nx * nx;
    report.max_residual = residual();
    report.converged = report.max_residual < tolerance;
    if (show != nullptr && show->visible()) {
      char note[48];
      std::snprintf(note, sizeof note, "residual %.1e", report.max_residual);
      show->update(report.iterations, note);
    }
    if (!std::isfinite(report.max_residual))
      break;
  }
  return report;
}

} // namespace

flow_solver::flow_solver(const setup& rock)
    : rock_(rock), P_(rock.nx, rock.ny), qx_(rock.nx + 1, rock.ny), qy_(rock.nx, rock.ny + 1), K_(rock.nx, rock.ny),
      K_max_(rock.nx, rock.ny), RP_(rock.nx, rock.ny), Rqx_(rock.nx + 1, rock.ny), Rqy_(rock.nx, rock.ny + 1),
      psi_P_(rock.nx, rock.ny), psi_qx_(rock.nx + 1, rock.ny), psi_qy_(rock.nx, rock.ny + 1) {
  const double cfl = 1 / 2.1;
  const double reynolds = 0.8 * std::numbers::pi;
  pressure_step_ = cfl * std::min(rock.dx, rock.dy) * setup::ly / reynolds;
  flux_factor_x_ = 1 / (1 + 2 * cfl * rock.nx / reynolds);
  flux_factor_y_ = 1 / (1 + 2 * cfl * rock.ny / reynolds);
}

/// Sets K_max: the largest permeability in the cross of five cells. The first and last row take their neighbours'
/// values, the first and last column their own permeability. It scales the steps only and has no influence on the
/// solution.
void flow_solver::precondition() {
  const int nx = rock_.nx;
  const int ny = rock_.ny;
  const auto K = K_.view();
  const auto K_max = K_max_.view();
  std::copy(K_.begin(), K_.end(), K_max_.begin());
  for (int j = 1; j < ny - 1; ++j)
    for (int i = 1; i < nx - 1; ++i)
      K_max(i, j) = std::max({K(i, j), K(i - 1, j), K(i + 1, j), K(i, j - 1), K(i, j + 1)});
  for (int i = 1; i < nx - 1; ++i) {
    K_max(i, 0) = K_max(i, 1);
    K_max(i, ny - 1) = K_max(i, ny - 2);
  }
}

void flow_solver::iterate_flow() {
  const int nx = rock_.nx;
  const int ny = rock_.ny;
  residual_fluxes(Rqx_.data(), Rqy_.data(), qx_.data(), qy_.data(), P_.data(), K_.data(), rock_.dx, rock_.dy, nx, ny);
  update_fluxes(qx_.data(), qy_.data(), Rqx_.data(), Rqy_.data(), flux_factor_x_, flux_factor_y_, nx, ny);
  residual_pressure(RP_.data(), qx_.data(), qy_.data(), rock_.source.data(), rock_.dx, rock_.dy, nx, ny);
  update_pressure(P_.data(), RP_.data(), K_max_.data(), pressure_step_, nx, ny);
}

/// One iteration of the adjoint. The shadows of the state first receive the source, then what the two residuals add to
/// it; what stands in them afterwards is the residual of the adjoint equations. The adjoint state is itself the
/// cotangent of the residuals, and `__vjp_` never writes those, so it is passed as it is.
void flow_solver::iterate_adjoint(std::span<const double> loss_P_bar) {
  const int nx = rock_.nx;
  const int ny = rock_.ny;
  std::transform(loss_P_bar.begin(), loss_P_bar.end(), P_.shadow(), std::negate<>());
  qx_.zero_shadow();
  qy_.zero_shadow();
  __vjp_residual_fluxes_state(Rqx_.data(), psi_qx_.data(), Rqy_.data(), psi_qy_.data(), qx_.data(), qx_.shadow(),
                              qy_.data(), qy_.shadow(), P_.data(), P_.shadow(), K_.data(), rock_.dx, rock_.dy, nx, ny);
  update_pressure(psi_P_.data(), P_.shadow(), K_max_.data(), pressure_step_, nx, ny);
  __vjp_residual_pressure_state(RP_.data(), psi_P_.data(), qx_.data(), qx_.shadow(), qy_.data(), qy_.shadow(),
                                rock_.source.data(), rock_.dx, rock_.dy, nx, ny);
  update_fluxes(psi_qx_.data(), psi_qy_.data(), qx_.shadow(), qy_.shadow(), flux_factor_x_, flux_factor_y_, nx, ny);
}

solve_report flow_solver::solve(std::span<const double> K, double tolerance, adstencil::progress* show) {
  std::copy(K.begin(), K.end(), K_.begin());
  precondition();
  const auto report = repeat(rock_.nx, tolerance, [&] { iterate_flow(); }, [&] { return max_magnitude(RP_); }, show);
  if (!std::isfinite(report.max_residual))
    for (array* values : {&P_, &qx_, &qy_})
      values->fill(0); // nothing to start from again
  return report;
}

solve_report flow_solver::solve_adjoint(std::span<const double> loss_P_bar, double tolerance,
                                        adstencil::progress* show) {
  // With no source at all the adjoint is whatever it was; 1 keeps the division harmless.
  const double scale = std::max(max_magnitude(loss_P_bar), std::numeric_limits<double>::min());
  const auto residual = [&] { return max_magnitude({P_.shadow(), static_cast<std::size_t>(P_.size())}) / scale; };
  const auto report = repeat(rock_.nx, tolerance, [&] { iterate_adjoint(loss_P_bar); }, residual, show);
  if (!std::isfinite(report.max_residual))
    for (array* values : {&psi_P_, &psi_qx_, &psi_qy_})
      values->fill(0);
  return report;
}

void flow_solver::add_permeability_gradient(std::span<double> K_bar) {
  std::transform(psi_qx_.begin(), psi_qx_.end(), Rqx_.shadow(), std::negate<>());
  std::transform(psi_qy_.begin(), psi_qy_.end(), Rqy_.shadow(), std::negate<>());
  __vjp_residual_fluxes_permeability(Rqx_.data(), Rqx_.shadow(), Rqy_.data(), Rqy_.shadow(), qx_.data(), qy_.data(),
                                     P_.data(), K_.data(), K_bar.data(), rock_.dx, rock_.dy, rock_.nx, rock_.ny);
}

} // namespace geothermal
