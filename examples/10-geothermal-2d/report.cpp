// The picture and the JSON file.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "report.h"

#include <adstencil/json.h>
#include <adstencil/plot.h>
#include <algorithm>
#include <limits>
#include <numbers>
#include <numeric>

namespace geothermal {
namespace {

std::vector<double> to_log10(const std::vector<double>& natural) {
  std::vector<double> result(natural);
  for (double& value : result)
    value *= std::numbers::log10e;
  return result;
}

adstencil::markers mark(const setup& rock, const std::vector<int>& cells, const char* colour) {
  adstencil::markers result{.x = {}, .y = {}, .colour = colour};
  for (const int cell : cells) {
    result.x.push_back(rock.x(cell));
    result.y.push_back(rock.y(cell));
  }
  return result;
}

/// The rectangle around the barrier, as a closed line.
adstencil::markers barrier_outline(const setup& rock) {
  double left = setup::lx, right = -setup::lx, bottom = setup::ly, top = 0;
  for (int cell = 0; cell < rock.cells(); ++cell)
    if (rock.true_log_K[static_cast<std::size_t>(cell)] < 0) {
      left = std::min(left, rock.x(cell) - rock.dx / 2);
      right = std::max(right, rock.x(cell) + rock.dx / 2);
      bottom = std::min(bottom, rock.y(cell) - rock.dy / 2);
      top = std::max(top, rock.y(cell) + rock.dy / 2);
    }
  return {
      .x = {left, right, right, left, left}, .y = {bottom, bottom, top, top, bottom}, .colour = "red", .joined = true};
}

} // namespace

double reduction(const results& run) {
  const auto& losses = run.optimisation.losses;
  if (losses.empty())
    return 1;
  return losses.back() > 0 ? losses.front() / losses.back() : std::numeric_limits<double>::infinity();
}

void write_data(const std::filesystem::path& folder, const setup& rock, const results& run) {
  boost::json::array pressures, cells;
  for (const int cell : rock.observations) {
    pressures.emplace_back(run.true_pressure[static_cast<std::size_t>(cell)]);
    cells.push_back(boost::json::array{rock.column(cell), rock.row(cell)});
  }
  const auto as_json = [](const std::vector<adstencil::directional_check>& checks) {
    boost::json::array array;
    for (const auto& check : checks)
      array.push_back(boost::json::object{{"adjoint", check.adjoint},
                                          {"finite_difference", check.finite_difference},
                                          {"relative_error", check.relative_error}});
    return array;
  };
  const double mean_pressure = std::accumulate(run.true_pressure.begin(), run.true_pressure.end(), 0.0) / rock.cells();
  const boost::json::object document{
      {"device", run.device},
      {"nx", rock.nx},
      {"ny", rock.ny},
      {"forward", {{"iterations", run.forward.iterations}, {"max_residual", run.forward.max_residual}}},
      {"observation_cells", cells},
      {"observed_pressure", pressures},
      {"mean_pressure", mean_pressure},
      {"loss", adstencil::json_array(run.optimisation.losses)},
      {"loss_reduction", reduction(run)},
      {"iterations", run.optimisation.iterations},
      {"evaluations", run.optimisation.evaluations},
      {"flow_iterations", run.flow_iterations},
      {"adjoint_iterations", run.adjoint_iterations},
      {"gradient_check", as_json(run.gradient_check)},
      {"model_gradient_check", as_json(run.model_gradient_check)},
      {"seconds", run.seconds}};
  adstencil::write_json(folder / "geothermal.json", document);
}

void write_picture(const std::filesystem::path& folder, const setup& rock, const results& run) {
  const adstencil::plot_box box{-setup::lx / 2, setup::lx / 2, 0, setup::ly};
  const auto wells = mark(rock, rock.wells, "black");
  const auto observations = mark(rock, rock.observations, "white");
  const auto outline = barrier_outline(rock);
  const auto& losses = run.optimisation.losses;
  std::vector<double> steps(losses.size());
  std::iota(steps.begin(), steps.end(), 0.0);

  adstencil::figure figure(2, 2, 640, 380);
  figure.heat_map({.title = "true log10 permeability, wells, observations", .x_label = "x", .y_label = "y"}, rock.nx,
                  rock.ny, to_log10(rock.true_log_K), box, {observations, wells});
  figure.heat_map(
      {.title = "recovered log10 permeability, outline of the true barrier", .x_label = "x", .y_label = "y"}, rock.nx,
      rock.ny, to_log10(run.log_K), box, {outline, wells});
  figure.heat_map({.title = "pressure of the true model", .x_label = "x", .y_label = "y", .palette = "diverging"},
                  rock.nx, rock.ny, run.true_pressure, box, {outline});
  figure.line_plot({.title = "loss", .x_label = "iteration", .y_label = "loss", .log_y = true},
                   {{.name = "", .x = steps, .y = losses}});
  figure.write_png(folder / "geothermal.png");
}

} // namespace geothermal
