// gnuplot scripts with their data inside, sent through a pipe.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/plot.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sys/wait.h>

namespace adstencil {
namespace {

/// The text as a gnuplot string in single quotes, in which only the quote itself is special.
std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\n' || c == '\r')
      result += ' ';
    else
      result += c == '\'' ? std::string("''") : std::string(1, c);
  }
  return result + "'";
}

std::string number(double value) {
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, "%.9g", value);
  return std::isfinite(value) ? buffer : "NaN";
}

std::string palette_definition(const std::string& name) {
  if (name == "viridis")
    return "(0 '#440154', 1 '#414487', 2 '#2a788e', 3 '#22a884', 4 '#7ad151', 5 '#fde725')";
  if (name == "diverging")
    return "(0 '#2166ac', 1 '#92c5de', 2 '#f7f7f7', 3 '#f4a582', 4 '#b2182b')";
  throw plot_error("plot: no palette '" + name + "'; there are viridis and diverging");
}

/// What both kinds of panel begin with.
std::string panel_head(const panel_style& style) {
  return "set title " + quoted(style.title) + " noenhanced\nset xlabel " + quoted(style.x_label) +
         " noenhanced\nset ylabel " + quoted(style.y_label) + " noenhanced\n";
}

/// The smallest range that holds all finite values and is not empty, which gnuplot would complain about.
std::array<double, 2> proper_range(std::span<const double> values, bool logarithmic = false) {
  double low = INFINITY;
  double high = -INFINITY;
  for (const double v : values)
    if (std::isfinite(v)) {
      low = std::min(low, v);
      high = std::max(high, v);
    }
  if (low > high)
    return logarithmic ? std::array{0.1, 10.0} : std::array{-1.0, 1.0};
  if (low < high)
    return {low, high};
  return logarithmic && low > 0 ? std::array{low / 10, low * 10} : std::array{low - 1, low + 1};
}

std::string range_text(std::array<double, 2> range) { return "[" + number(range[0]) + ":" + number(range[1]) + "]"; }

/// A `set xrange` or the like if the values are all the same, and nothing if gnuplot finds a good range by itself.
std::string degenerate_range(const char* axis, const std::vector<double>& values, bool logarithmic = false) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  if (low != values.end() && *low < *high)
    return "";
  return std::string("set ") + axis + " " + range_text(proper_range(values, logarithmic)) + "\n";
}

std::string pairs(const std::vector<double>& x, const std::vector<double>& y) {
  std::string lines;
  for (std::size_t i = 0; i < x.size(); ++i)
    lines += number(x[i]) + " " + number(y[i]) + "\n";
  return lines;
}

void require_equal_length(const std::vector<double>& x, const std::vector<double>& y) {
  if (x.size() != y.size())
    throw plot_error("plot: a curve has " + std::to_string(x.size()) + " x values and " + std::to_string(y.size()) +
                     " y values");
}

/// Runs a command with a script as its input; returns its exit status, or -1 when it could not be started.
int feed(const char* command, const std::string& script) {
  // A program that ends early would kill us by SIGPIPE; ignored, it shows in the exit status instead.
  struct sigaction ignore = {};
  struct sigaction before = {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, &before);
  FILE* pipe = popen(command, "w"); // NOLINT(bugprone-command-processor): the command is a constant
  const bool complete = pipe != nullptr && std::fwrite(script.data(), 1, script.size(), pipe) == script.size();
  const int status = pipe != nullptr ? pclose(pipe) : -1;
  sigaction(SIGPIPE, &before, nullptr);
  if (status == -1 || !WIFEXITED(status) || (!complete && WEXITSTATUS(status) == 0))
    return -1;
  return WEXITSTATUS(status);
}

} // namespace

bool gnuplot_available() {
  // NOLINTNEXTLINE(bugprone-command-processor): the command is a constant
  static const bool available = std::system("command -v gnuplot >/dev/null 2>&1") == 0;
  return available;
}

figure::figure(int columns, int rows, int panel_width, int panel_height)
    : columns_(columns), rows_(rows), panel_width_(panel_width), panel_height_(panel_height) {
  if (columns < 1 || rows < 1 || panel_width < 1 || panel_height < 1)
    throw plot_error("plot: a figure needs at least one column, one row and one pixel");
}

/// Adds a named block of data to the script and returns its name.
std::string figure::add_data(const std::string& lines) {
  const std::string name = "$block" + std::to_string(++blocks_);
  script_ += name + " << END\n" + lines + "END\n";
  return name;
}

void figure::heat_map(const panel_style& style, int nx, int ny, std::span<const double> values, const plot_box& box,
                      const std::vector<markers>& marks) {
  if (nx < 1 || ny < 1 || values.size() != static_cast<std::size_t>(nx) * static_cast<std::size_t>(ny))
    throw plot_error("plot: " + std::to_string(values.size()) + " values for a heat map of " + std::to_string(nx) +
                     " x " + std::to_string(ny) + " cells");
  const double dx = (box.x_max - box.x_min) / nx;
  const double dy = (box.y_max - box.y_min) / ny;
  script_ += "reset\n" + panel_head(style) + "set palette defined " + palette_definition(style.palette) +
             "\nset size ratio -1\nset tics out nomirror\nunset key\nset xrange " + range_text({box.x_min, box.x_max}) +
             "\nset yrange " + range_text({box.y_min, box.y_max}) + "\nset cbrange " +
             range_text(style.range.value_or(proper_range(values))) + "\n";
  std::string lines;
  for (int j = 0; j < ny; ++j) {
    for (int i = 0; i < nx; ++i)
      lines +=
          number(values[static_cast<std::size_t>(i) + static_cast<std::size_t>(nx) * static_cast<std::size_t>(j)]) +
          " ";
    lines += "\n";
  }
  std::string draw = "plot " + add_data(lines) + " matrix using ($1*" + number(dx) + "+" + number(box.x_min + dx / 2) +
                     "):($2*" + number(dy) + "+" + number(box.y_min + dy / 2) + "):3 with image";
  for (const auto& mark : marks) {
    require_equal_length(mark.x, mark.y);
    draw += ", " + add_data(pairs(mark.x, mark.y)) + " using 1:2 with " +
            (mark.joined ? "lines linewidth 2" : "points pointtype 6 pointsize 0.7") + " linecolor rgb " +
            quoted(mark.colour);
  }
  script_ += draw + "\n";
  ++panels_;
}

void figure::line_plot(const panel_style& style, const std::vector<curve>& curves) {
  if (curves.empty())
    throw plot_error("plot: a line plot without curves");
  script_ += "reset\n" + panel_head(style) + "set grid\nset tics nomirror\n";
  if (style.log_y)
    script_ += "set logscale y\nset format y '10^{%T}'\n";
  std::string draw;
  std::vector<double> all_x, all_y;
  for (const auto& line : curves) {
    require_equal_length(line.x, line.y);
    all_x.insert(all_x.end(), line.x.begin(), line.x.end());
    all_y.insert(all_y.end(), line.y.begin(), line.y.end());
    draw += (draw.empty() ? "plot " : ", ") + add_data(pairs(line.x, line.y)) +
            " using 1:2 with linespoints linewidth 2 pointtype 7 pointsize 0.5 " +
            (line.name.empty() ? "notitle" : "title " + quoted(line.name) + " noenhanced");
  }
  script_ += degenerate_range("xrange", all_x) + degenerate_range("yrange", all_y, style.log_y) + draw + "\n";
  ++panels_;
}

void figure::write_png(const std::filesystem::path& file) const {
  if (panels_ > columns_ * rows_)
    throw plot_error("plot: " + std::to_string(panels_) + " panels do not fit into " + std::to_string(columns_) +
                     " x " + std::to_string(rows_));
  if (!gnuplot_available())
    throw plot_error("plot: the program 'gnuplot' was not found; install it (Debian: apt-get install gnuplot-nox)");
  std::error_code error;
  if (file.has_parent_path())
    std::filesystem::create_directories(file.parent_path(), error);
  // gnuplot sends the picture to standard output when it cannot open the file; it must not come to that.
  if (!std::ofstream(file))
    throw plot_error("plot: cannot write " + file.string());
  const std::string script = "set terminal pngcairo size " + std::to_string(columns_ * panel_width_) + "," +
                             std::to_string(rows_ * panel_height_) + " font 'DejaVu Sans,11'\nset output " +
                             quoted(file.string()) + "\nset multiplot layout " + std::to_string(rows_) + "," +
                             std::to_string(columns_) + "\n" + script_ + "unset multiplot\nunset output\n";
  const int status = feed("gnuplot", script);
  if (status != 0)
    throw plot_error("plot: gnuplot could not write " + file.string() + " (exit status " + std::to_string(status) +
                     ")");
}

} // namespace adstencil
