// What the program leaves behind: a picture and a JSON file.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "setup.h"
#include "solve_report.h"

#include <adstencil/gradient_check.h>
#include <adstencil/optimize.h>
#include <filesystem>
#include <string>
#include <vector>

namespace geothermal {

/// All results of a run.
struct results {
  std::string device;                ///< the name of the device
  solve_report forward;              ///< the solve of the true model, from zero
  std::vector<double> true_pressure; ///< in every cell
  adstencil::lbfgs_result optimisation;
  std::vector<double> log_K; ///< recovered, natural logarithm
  long flow_iterations = 0;  ///< in the inversion
  long adjoint_iterations = 0;
  std::vector<adstencil::directional_check> gradient_check;       ///< with respect to log K
  std::vector<adstencil::directional_check> model_gradient_check; ///< with respect to m, what the optimiser uses
  double seconds = 0;
};

/// Loss at the start divided by loss at the end.
double reduction(const results& run);

/// Writes geothermal.json to the folder; throws adstencil::json_error.
void write_data(const std::filesystem::path& folder, const setup& rock, const results& run);

/// Writes geothermal.png to the folder: true and recovered permeability, pressure, convergence. Throws
/// adstencil::plot_error.
void write_picture(const std::filesystem::path& folder, const setup& rock, const results& run);

} // namespace geothermal
