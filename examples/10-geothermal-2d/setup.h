// The geothermal set-up: a box of rock with an almost tight barrier between an injection and a production well.
//
// It is the problem of the "GPU workshop, JuliaCon 2023" (PTsolvers), in units where the box is 2 x 1, the permeability
// of the rock 1 and the rate of each well 1.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <vector>

namespace geothermal {

/// Grid, wells, true permeability and observation points. Cell (i, j), counted from 0, has the number i + nx * j.
struct setup {
  static constexpr double lx = 2; ///< the box covers [-lx/2, lx/2] x [0, ly]
  static constexpr double ly = 1;
  static constexpr double barrier_permeability = 1e-6; ///< the rock around it has 1

  int nx = 0;
  int ny = 0;
  double dx = 0;
  double dy = 0;
  std::vector<double> source;     ///< Q: rate per area, positive at the injection well, zero but for two cells
  std::vector<double> true_log_K; ///< natural logarithm of the permeability, with the barrier
  std::vector<int> wells;         ///< cells of the injection and the production well
  std::vector<int> observations;  ///< cells of the 8 x 8 observation points, row by row

  /// The grid with ny cells in y and nx in x; nx = 0 stands for as many as make the cells nearly square (ny = 63 gives
  /// 127 x 63). Throws std::invalid_argument for numbers outside 15 to 8191: fewer would not resolve the barrier.
  explicit setup(int ny, int nx = 0);

  int cells() const { return nx * ny; }
  int column(int cell) const { return cell % nx; }
  int row(int cell) const { return cell / nx; }
  /// Coordinates of a cell's centre.
  double x(int cell) const { return -lx / 2 + (column(cell) + 0.5) * dx; }
  double y(int cell) const { return (row(cell) + 0.5) * dy; }
};

} // namespace geothermal
