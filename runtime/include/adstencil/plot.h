// Pictures through gnuplot: heat maps and line plots, side by side in one PNG.
//
//     adstencil::figure figure(2, 1);
//     figure.heat_map({.title = "temperature", .x_label = "x", .y_label = "y"}, nx, ny, temperature, box);
//     figure.line_plot({.title = "convergence", .log_y = true}, {{"loss", iterations, losses}});
//     figure.write_png("out/heat.png");
//
// gnuplot is a separate program; when it is missing, write_png throws a plot_error that says what to install.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace adstencil {

/// Thrown when a picture cannot be made: no gnuplot, gnuplot failed, or the data do not fit together.
class plot_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// What every panel may say about itself. Text is shown as it stands: gnuplot's markup is switched off.
struct panel_style {
  std::string title = {};
  std::string x_label = {};
  std::string y_label = {};
  bool log_y = false;                              ///< line plots only
  std::string palette = "viridis";                 ///< heat maps: "viridis" or "diverging" (blue-white-red)
  std::optional<std::array<double, 2>> range = {}; ///< heat maps: values at the ends of the palette
};

/// Rectangle that a heat map covers: lower and upper edge in x and in y.
struct plot_box {
  double x_min, x_max, y_min, y_max;
};

/// One curve of a line plot.
struct curve {
  std::string name; ///< in the key; empty for none
  std::vector<double> x, y;
};

/// Points drawn over a heat map, or, when `joined`, the line through them.
struct markers {
  std::vector<double> x, y;
  std::string colour = "white"; ///< a gnuplot colour name or "#rrggbb"
  bool joined = false;
};

/// A picture of columns x rows panels, filled row by row in the order of the calls.
class figure {
public:
  figure(int columns, int rows, int panel_width = 640, int panel_height = 420);

  /// Values of an nx x ny array of cells, first index (x) fastest, as colours. Throws plot_error when the length is
  /// wrong.
  void heat_map(const panel_style& style, int nx, int ny, std::span<const double> values, const plot_box& box,
                const std::vector<markers>& marks = {});
  /// Curves over a common axis. Throws plot_error when x and y of a curve differ in length.
  void line_plot(const panel_style& style, const std::vector<curve>& curves);

  /// Runs gnuplot and writes the picture, creating its folder. Throws plot_error when there is no gnuplot, when it
  /// reports an error, or when there are more panels than places.
  void write_png(const std::filesystem::path& file) const;

private:
  std::string add_data(const std::string& lines);

  int columns_, rows_, panel_width_, panel_height_, panels_ = 0;
  int blocks_ = 0;
  std::string script_;
};

/// Whether a gnuplot that can be run is installed.
bool gnuplot_available();

} // namespace adstencil
