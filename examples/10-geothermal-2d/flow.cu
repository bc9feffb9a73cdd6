// The two pseudo-transient iterations. They share step sizes, preconditioner and update kernels.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "flow.h"

#include "kernels.h"

#include <adstencil/parallel_for.h>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numbers>
#include <span>

namespace geothermal {
namespace {

using adstencil::cuda;
using adstencil::extents;
using adstencil::shadowed;

/// In nx iterations a wave crosses the box once; looking at the residual more often would tell little.
constexpr int check_every_nx = 1;
constexpr int give_up_after_nx = 100;

double max_magnitude(std::span<const double> values) {
  double largest = 0;
  for (const double v : values)
    largest = std::max(largest, std::isnan(v) ? INFINITY : std::abs(v));
  return largest;
}

/// The same of an array on the device. Once in nx iterations a copy to the host costs next to nothing, and the host
/// finds the same number every time.
double max_magnitude(const array& values) {
  std::vector<double> copy(static_cast<std::size_t>(values.size()));
  values.copy_to_host(copy);
  return max_magnitude(copy);
}
double max_magnitude_of_shadow(array& values) {
  std::vector<double> copy(static_cast<std::size_t>(values.size()));
  values.copy_shadow_to_host(copy);
  return max_magnitude(copy);
}

/// An array with its shadow, as an argument of a derivative.
auto with_shadow(array& values) { return shadowed(values.view(), values.shadow_view()); }

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
    : rock_(rock), Q_(rock.nx, rock.ny), loss_P_bar_(rock.nx, rock.ny), P_(rock.nx, rock.ny), qx_(rock.nx + 1, rock.ny),
      qy_(rock.nx, rock.ny + 1), K_(rock.nx, rock.ny), K_max_(rock.nx, rock.ny), RP_(rock.nx, rock.ny),
      Rqx_(rock.nx + 1, rock.ny), Rqy_(rock.nx, rock.ny + 1), psi_P_(rock.nx, rock.ny), psi_qx_(rock.nx + 1, rock.ny),
      psi_qy_(rock.nx, rock.ny + 1) {
  const double cfl = 1 / 2.1;
  const double reynolds = 0.8 * std::numbers::pi;
  pressure_step_ = cfl * std::min(rock.dx, rock.dy) * setup::ly / reynolds;
  flux_factor_x_ = 1 / (1 + 2 * cfl * rock.nx / reynolds);
  flux_factor_y_ = 1 / (1 + 2 * cfl * rock.ny / reynolds);
  Q_.copy_from_host(rock.source);
}

void flow_solver::iterate_flow() {
  const auto cells = extents(rock_.nx, rock_.ny);
  parallel_for(cuda, cells, residual_fluxes{}, Rqx_.view(), Rqy_.view(), qx_.view(), qy_.view(), P_.view(), K_.view(),
               rock_.dx, rock_.dy);
  parallel_for(cuda, cells, update_fluxes{}, qx_.view(), qy_.view(), Rqx_.view(), Rqy_.view(), flux_factor_x_,
               flux_factor_y_);
  parallel_for(cuda, cells, residual_pressure{}, RP_.view(), qx_.view(), qy_.view(), Q_.view(), rock_.dx, rock_.dy);
  parallel_for(cuda, cells, update_pressure{}, P_.view(), RP_.view(), K_max_.view(), pressure_step_);
}

/// One iteration of the adjoint. The shadows of the state first receive the source, then what the two residuals add to
/// it; what stands in them afterwards is the residual of the adjoint equations. The adjoint state is itself the
/// cotangent of the residuals, and a vjp never writes those, so it is passed as it is. Arrays without a shadow here, K
/// and Q, are constants.
void flow_solver::iterate_adjoint() {
  const auto cells = extents(rock_.nx, rock_.ny);
  parallel_for(cuda, cells, negate{}, P_.shadow_view(), loss_P_bar_.view());
  qx_.zero_shadow();
  qy_.zero_shadow();
  vjp_parallel_for(cuda, cells, residual_fluxes{}, shadowed(Rqx_.view(), psi_qx_.view()),
                   shadowed(Rqy_.view(), psi_qy_.view()), with_shadow(qx_), with_shadow(qy_), with_shadow(P_),
                   K_.view(), rock_.dx, rock_.dy);
  parallel_for(cuda, cells, update_pressure{}, psi_P_.view(), P_.shadow_view(), K_max_.view(), pressure_step_);
  vjp_parallel_for(cuda, cells, residual_pressure{}, shadowed(RP_.view(), psi_P_.view()), with_shadow(qx_),
                   with_shadow(qy_), Q_.view(), rock_.dx, rock_.dy);
  parallel_for(cuda, cells, update_fluxes{}, psi_qx_.view(), psi_qy_.view(), qx_.shadow_view(), qy_.shadow_view(),
               flux_factor_x_, flux_factor_y_);
}

solve_report flow_solver::solve(const array& log_K, double tolerance, adstencil::progress* show) {
  const auto cells = extents(rock_.nx, rock_.ny);
  parallel_for(cuda, cells, exponentiate{}, K_.view(), log_K.view());
  parallel_for(cuda, cells, precondition{}, K_max_.view(), K_.view());
  const auto report = repeat(rock_.nx, tolerance, [&] { iterate_flow(); }, [&] { return max_magnitude(RP_); }, show);
  if (!std::isfinite(report.max_residual))
    for (array* values : {&P_, &qx_, &qy_})
      values->fill(0); // nothing to start from again
  return report;
}

solve_report flow_solver::solve_adjoint(const std::vector<double>& loss_P_bar, double tolerance,
                                        adstencil::progress* show) {
  // With no source at all the adjoint is whatever it was; the smallest number keeps the division harmless.
  const double scale = std::max(max_magnitude(loss_P_bar), std::numeric_limits<double>::min());
  loss_P_bar_.copy_from_host(loss_P_bar);
  const auto residual = [&] { return max_magnitude_of_shadow(P_) / scale; };
  const auto report = repeat(rock_.nx, tolerance, [&] { iterate_adjoint(); }, residual, show);
  if (!std::isfinite(report.max_residual))
    for (array* values : {&psi_P_, &psi_qx_, &psi_qy_})
      values->fill(0);
  return report;
}

void flow_solver::add_permeability_gradient(array& log_K) {
  const auto cells = extents(rock_.nx, rock_.ny);
  parallel_for(cuda, extents(psi_qx_.view()), negate{}, Rqx_.shadow_view(), psi_qx_.view());
  parallel_for(cuda, extents(psi_qy_.view()), negate{}, Rqy_.shadow_view(), psi_qy_.view());
  K_.zero_shadow();
  vjp_parallel_for(cuda, cells, residual_fluxes{}, with_shadow(Rqx_), with_shadow(Rqy_), qx_.view(), qy_.view(),
                   P_.view(), with_shadow(K_), rock_.dx, rock_.dy);
  vjp_parallel_for(cuda, cells, exponentiate{}, with_shadow(K_), with_shadow(log_K));
}

std::vector<double> flow_solver::pressure() const {
  std::vector<double> result(static_cast<std::size_t>(P_.size()));
  P_.copy_to_host(result);
  return result;
}

} // namespace geothermal
