// Finds the permeability around a geothermal system from pressures at 64 points; see README.md.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "inversion.h"
#include "report.h"

#include <adstencil/command_line.h>
#include <adstencil/device.h>
#include <adstencil/optimize.h>
#include <adstencil/progress.h>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <limits>
#include <stdexcept>
#include <string>

namespace geothermal {
namespace {

struct choices {
  int ny = 63;
  int nx = 0;
  int iterations = 30;
  double tolerance = 1e-6;
  int directions = 5;
  double reduction = 0;
  std::string out = "out";
  std::string device = "auto";
};

/// Relative error above which a directional derivative counts as wrong.
constexpr double gradient_tolerance = 1e-5;

/// Solves the true model from zero and keeps its pressure as the observation.
void observe(const setup& rock, const choices& chosen, results& run) {
  array log_K(rock.nx, rock.ny);
  log_K.copy_from_host(rock.true_log_K);
  adstencil::progress show("true model");
  flow_solver flow(rock);
  run.forward = flow.solve(log_K, chosen.tolerance, &show);
  run.true_pressure = flow.pressure();
  show.clear();
  std::printf("true model, %d x %d cells: %d iterations (%.1f nx), residual %.2e\n", rock.nx, rock.ny,
              run.forward.iterations, static_cast<double>(run.forward.iterations) / rock.nx, run.forward.max_residual);
}

/// Minimises the loss from uniform permeability, printing one line per iteration.
void invert(const setup& rock, const choices& chosen, results& run) {
  adstencil::progress show("solving");
  inversion loss(rock, run.true_pressure, {.flow = chosen.tolerance});
  loss.show_progress(&show);
  int rejected = 0;
  const auto objective = [&](std::span<const double> m, std::span<double> gradient) {
    try {
      return loss(m, gradient);
    } catch (const no_convergence&) {
      // A line search may try a permeability too wild to solve for; infinity makes it turn back.
      ++rejected;
      return std::numeric_limits<double>::infinity();
    }
  };
  adstencil::lbfgs_options options{.max_iterations = chosen.iterations, .max_evaluations = 10 * chosen.iterations + 10};
  options.first_step = 0.5; // log K changes by at most this much at first: safe for the solver, and not timid
  options.on_iteration = [&](const adstencil::iteration& it) {
    show.clear();
    std::printf("%9d %12d %12.5e %11.2e %9.1f s\n", it.number, it.evaluations, it.loss, it.gradient_norm, it.seconds);
    std::fflush(stdout);
    return true;
  };
  std::printf("iteration  evaluations         loss    gradient       time\n");
  std::vector<double> m(rock.true_log_K.size(), 0.0);
  run.optimisation = adstencil::minimize_lbfgs(m, objective, options);
  show.clear();
  run.log_K = loss.log_permeability(m);
  run.flow_iterations = loss.flow_iterations();
  run.adjoint_iterations = loss.adjoint_iterations();
  std::printf("%s: loss reduced %.1f times in %d iterations; %ld flow and %ld adjoint iterations\n",
              adstencil::describe(run.optimisation.reason), reduction(run), run.optimisation.iterations,
              run.flow_iterations, run.adjoint_iterations);
  if (rejected > 0)
    std::printf("%d trial points were rejected because a solver did not converge there\n", rejected);
}

/// Runs and prints the gradient check; returns whether all directions passed.
bool check(const setup& rock, const choices& chosen, results& run) {
  {
    adstencil::progress show("gradient check", 2 * chosen.directions);
    run.gradient_check = check_gradient(rock, run.true_pressure, chosen.directions, 0, &show);
    run.model_gradient_check =
        check_gradient(rock, run.true_pressure, chosen.directions, smoothing::default_passes, &show);
  }
  bool right = true;
  const auto print = [&](const char* unknown, const std::vector<adstencil::directional_check>& checks) {
    if (!checks.empty())
      std::printf("dJ/d%-6s            adjoint    finite difference   relative error\n", unknown);
    for (const auto& direction : checks) {
      std::printf("           %17.10e    %17.10e         %.1e\n", direction.adjoint, direction.finite_difference,
                  direction.relative_error);
      right = right && direction.relative_error <= gradient_tolerance;
    }
  };
  print("log K", run.gradient_check);
  print("m", run.model_gradient_check);
  return right;
}

setup make_setup(const choices& chosen) {
  try {
    return setup(chosen.ny, chosen.nx);
  } catch (const std::invalid_argument& error) {
    throw adstencil::usage_error(error.what());
  }
}

std::string choose_device(const choices& chosen) {
  try {
    return adstencil::use_device(chosen.device);
  } catch (const std::invalid_argument& error) {
    throw adstencil::usage_error(error.what());
  }
}

int solve(const choices& chosen) {
  if (chosen.iterations < 0 || chosen.directions < 0)
    throw adstencil::usage_error("--iterations and --gradient-check must not be negative");
  if (!(chosen.tolerance > 0))
    throw adstencil::usage_error("--tolerance must be positive");

  const auto start = std::chrono::steady_clock::now();
  const setup rock = make_setup(chosen);
  results run;
  run.device = choose_device(chosen);
  std::printf("device: %s\n", run.device.c_str());
  observe(rock, chosen, run);
  if (!run.forward.converged) {
    std::fprintf(stderr, "10-geothermal-2d: the flow of the true model did not converge\n");
    return adstencil::exit_status::wrong_result;
  }
  const bool right = check(rock, chosen, run);
  invert(rock, chosen, run);
  run.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  write_data(chosen.out, rock, run);
  write_picture(chosen.out, rock, run);
  std::printf("wrote %s/geothermal.json and %s/geothermal.png after %.1f s\n", chosen.out.c_str(), chosen.out.c_str(),
              run.seconds);
  if (!right)
    std::fprintf(stderr, "10-geothermal-2d: the gradient is wrong (a relative error exceeds %.0e)\n",
                 gradient_tolerance);
  const bool reduced = reduction(run) >= chosen.reduction;
  if (!reduced)
    std::fprintf(stderr, "10-geothermal-2d: the loss fell %.1f times only, %g were asked for\n", reduction(run),
                 chosen.reduction);
  return right && reduced ? adstencil::exit_status::success : adstencil::exit_status::wrong_result;
}

int run(int argc, char** argv) {
  choices chosen;
  adstencil::command_line line("10-geothermal-2d",
                               "Finds the permeability around a geothermal system from pressures at 64 points.",
                               "10-geothermal-2d --ny 63 --iterations 30 --out out");
  line.option("ny", chosen.ny, "cells in y");
  line.option("nx", chosen.nx, "cells in x; 0: as many as make them square");
  line.option("iterations", chosen.iterations, "L-BFGS iterations at most");
  line.option("tolerance", chosen.tolerance, "largest residual of the flow");
  line.option("gradient-check", chosen.directions, "random directions in which the gradient is checked");
  line.option("reduction", chosen.reduction, "fail unless the loss falls by this factor");
  line.option("device", chosen.device, "auto (a GPU if there is one), cpu or cuda");
  line.option("out", chosen.out, "folder for geothermal.json and geothermal.png");
  if (const auto exit_code = line.parse(argc, argv))
    return *exit_code;
  return solve(chosen);
}

} // namespace
} // namespace geothermal

int main(int argc, char** argv) {
  return adstencil::run_program("10-geothermal-2d", [&] { return geothermal::run(argc, argv); });
}
