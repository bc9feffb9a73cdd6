// Positions of barrier, wells and observation points on the grid. The formulas give 1-based indices, as published.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "setup.h"

#include <cmath>
#include <stdexcept>
#include <string>

namespace geothermal {
namespace {

constexpr int observations_per_side = 8;

/// The 1-based index of the cell that a distance from the lower edge reaches into.
int reached(double distance, double spacing) { return static_cast<int>(std::ceil(distance / spacing)); }

/// The position of observation line `k` between two ends.
double position(double from, double to, int k) { return from + (to - from) * k / (observations_per_side - 1); }

/// The 0-based cell whose centre is the last one at or before a coordinate.
int cell_before(double coordinate, double first_centre, double spacing) {
  return static_cast<int>(std::floor((coordinate - first_centre) / spacing));
}

void place_barrier(setup& s) {
  const double half_width = 0.02 * setup::lx;
  s.true_log_K.assign(static_cast<std::size_t>(s.cells()), 0.0);
  for (int j = reached(0.3 * setup::ly, s.dy); j <= reached(0.8 * setup::ly, s.dy); ++j)
    for (int i = reached(setup::lx / 2 - half_width, s.dx); i <= reached(setup::lx / 2 + half_width, s.dx); ++i)
      s.true_log_K[static_cast<std::size_t>(i - 1 + s.nx * (j - 1))] = std::log(setup::barrier_permeability);
}

void place_wells(setup& s) {
  s.source.assign(static_cast<std::size_t>(s.cells()), 0.0);
  const int row = reached(0.45 * setup::ly, s.dy) - 1;
  const double rate = 1 / (s.dx * s.dy);
  for (const double where : {setup::lx / 5, 4 * setup::lx / 5})
    s.wells.push_back(reached(where, s.dx) - 1 + s.nx * row);
  s.source[static_cast<std::size_t>(s.wells[0])] = rate;
  s.source[static_cast<std::size_t>(s.wells[1])] = -rate;
}

void place_observations(setup& s) {
  for (int b = 0; b < observations_per_side; ++b)
    for (int a = 0; a < observations_per_side; ++a) {
      const int i = cell_before(position(-setup::lx / 6, setup::lx / 6, a), -setup::lx / 2 + s.dx / 2, s.dx);
      const int j = cell_before(position(0.25 * setup::ly, 0.85 * setup::ly, b), s.dy / 2, s.dy);
      s.observations.push_back(i + s.nx * j);
    }
}

} // namespace

setup::setup(int ny_, int nx_) : nx(nx_), ny(ny_) {
  if (nx == 0)
    nx = static_cast<int>(std::ceil((ny + 1.0) * lx / ly)) - 1;
  for (const int cells : {nx, ny})
    if (cells < 15 || cells > 8191)
      throw std::invalid_argument("a grid of " + std::to_string(nx) + " x " + std::to_string(ny) +
                                  " cells: both numbers must be from 15 to 8191");
  dx = lx / nx;
  dy = ly / ny;
  place_barrier(*this);
  place_wells(*this);
  place_observations(*this);
}

} // namespace geothermal
