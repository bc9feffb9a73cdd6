// Where was the heat? Recovers the initial temperature of a plate from what is left of it; see README.md.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>
#include <adstencil/command_line.h>
#include <adstencil/field.h>
#include <adstencil/gradient_check.h>
#include <adstencil/optimize.h>
#include <adstencil/plot.h>
#include <adstencil/progress.h>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <numeric>
#include <span>
#include <string>
#include <vector>

namespace {

using plate = adstencil::field<double, 2>;
using values = adstencil::view<double, 2>;
using const_values = adstencil::view<const double, 2>;

/// One explicit step of u_t = div((1 + u^2) grad u) with grid spacing 1. The rim of the plate is not written: it is
/// kept at the temperature zero that a new field has.
ADSTENCIL_KERNEL void step(values u_new, const_values u, double dt) {
  for (int j = 1; j < u.extent(1) - 1; ++j)
    for (int i = 1; i < u.extent(0) - 1; ++i) {
      const double c = u(i, j), w = u(i - 1, j), e = u(i + 1, j), s = u(i, j - 1), n = u(i, j + 1);
      const double flux_w = (1 + 0.5 * (c * c + w * w)) * (c - w);
      const double flux_e = (1 + 0.5 * (e * e + c * c)) * (e - c);
      const double flux_s = (1 + 0.5 * (c * c + s * s)) * (c - s);
      const double flux_n = (1 + 0.5 * (n * n + c * c)) * (n - c);
      u_new(i, j) = c + dt * (flux_e - flux_w + flux_n - flux_s);
    }
}

/// The loss J(u_0) = 1/2 sum (u_T - observed)^2 and its gradient.
class heat_problem {
public:
  heat_problem(int size, int steps) : states_(static_cast<std::size_t>(steps) + 1, plate(size, size)) {}

  /// Runs all steps from u_0, keeping every state for the way back; returns the last one.
  const plate& run(std::span<const double> initial) {
    std::copy(initial.begin(), initial.end(), states_.front().begin());
    for (std::size_t t = 0; t + 1 < states_.size(); ++t)
      step(states_[t + 1].view(), states_[t].view(), dt);
    return states_.back();
  }

  double loss(std::span<const double> initial, const plate& observed) {
    const plate& last = run(initial);
    double sum = 0;
    for (std::ptrdiff_t c = 0; c < last.size(); ++c)
      sum += 0.5 * std::pow(last.data()[c] - observed.data()[c], 2);
    return sum;
  }

  /// The gradient: the reverse time loop. The cotangent of the last state is the derivative of the loss; each adjoint
  /// step takes it one step back, adding to the shadow of the earlier state what the later one received.
  double loss_and_gradient(std::span<const double> initial, const plate& observed, std::span<double> gradient) {
    const double value = loss(initial, observed);
    for (auto& state : states_)
      state.zero_shadow();
    std::transform(states_.back().begin(), states_.back().end(), observed.begin(), states_.back().shadow(),
                   std::minus<>());
    for (std::size_t t = states_.size() - 1; t-- > 0;)
      __adjoint_step(states_[t + 1].view(), states_[t + 1].shadow_view(), states_[t].view(), states_[t].shadow_view(),
                     dt);
    std::copy_n(states_.front().shadow(), states_.front().size(), gradient.begin());
    return value;
  }

private:
  static constexpr double dt = 0.1; // stable while 4 dt (1 + u^2) < 1, that is up to u = 1.2

  std::vector<plate> states_;
};

/// Two warm spots of different size.
plate true_initial(int size) {
  plate u(size, size);
  const auto spot = [](double x, double y, double radius) { return std::exp(-(x * x + y * y) / (radius * radius)); };
  for (int j = 1; j < size - 1; ++j)
    for (int i = 1; i < size - 1; ++i) {
      const double x = (i + 0.5) / size, y = (j + 0.5) / size;
      u(i, j) = spot(x - 0.35, y - 0.4, 0.12) + 0.7 * spot(x - 0.68, y - 0.62, 0.09);
    }
  return u;
}

std::span<const double> numbers(const plate& u) { return {u.data(), static_cast<std::size_t>(u.size())}; }

/// Compares the gradient at `initial` with central differences in three random directions.
bool gradient_is_right(heat_problem& problem, const plate& observed, std::span<const double> initial) {
  std::vector<double> gradient(initial.size());
  problem.loss_and_gradient(initial, observed, gradient);
  const auto loss = [&](std::span<const double> u) { return problem.loss(u, observed); };
  bool right = true;
  for (unsigned seed : {1, 2, 3}) {
    const auto direction = adstencil::random_direction(initial.size(), seed);
    const auto check = adstencil::check_direction(loss, initial, gradient, direction, 1e-4);
    std::printf("slope along a random direction: %.10e by the adjoint, %.10e by differences\n", check.adjoint,
                check.finite_difference);
    right = right && check.relative_error < 1e-6;
  }
  return right;
}

void draw(const std::string& folder, int size, const plate& truth, const plate& observed,
          const std::vector<double>& found, const std::vector<double>& losses) {
  const adstencil::plot_box box{0, 1, 0, 1};
  std::vector<double> iterations(losses.size());
  std::iota(iterations.begin(), iterations.end(), 0.0);
  adstencil::figure figure(2, 2, 520, 460);
  figure.heat_map({.title = "initial temperature", .range = {{0, 1}}}, size, size, numbers(truth), box);
  figure.heat_map({.title = "temperature at the end (observed)", .range = {{0, 1}}}, size, size, numbers(observed),
                  box);
  figure.heat_map({.title = "recovered initial temperature", .range = {{0, 1}}}, size, size, found, box);
  figure.line_plot({.title = "loss", .x_label = "iteration", .log_y = true}, {{"", iterations, losses}});
  figure.write_png(folder + "/heat-2d.png");
}

int invert(int size, int steps, int iterations, double wanted_reduction, const std::string& out) {
  if (size < 3 || steps < 1 || iterations < 1)
    throw adstencil::usage_error("--size must be at least 3, --steps and --iterations at least 1");
  const plate truth = true_initial(size);
  heat_problem problem(size, steps);
  const plate observed = problem.run(numbers(truth));

  std::vector<double> found(observed.begin(), observed.end()); // a first guess: it has always been like this
  const bool right = gradient_is_right(problem, observed, found);

  adstencil::progress show("inversion", iterations);
  adstencil::lbfgs_options options{.max_iterations = iterations};
  options.on_iteration = [&](const adstencil::iteration& it) {
    show.clear();
    std::printf("iteration %3d: loss %.4e\n", it.number, it.loss);
    show.update(it.number);
    return true;
  };
  const auto result = adstencil::minimize_lbfgs(
      found, [&](auto u, auto gradient) { return problem.loss_and_gradient(u, observed, gradient); }, options);
  show.clear();
  const double reduction = result.losses.front() / result.loss;
  std::printf("%s: the loss fell %.0f times\n", adstencil::describe(result.reason), reduction);
  if (!out.empty())
    draw(out, size, truth, observed, found, result.losses);
  return right && reduction >= wanted_reduction ? adstencil::exit_status::success
                                                : adstencil::exit_status::wrong_result;
}

int run(int argc, char** argv) {
  int size = 64, steps = 100, iterations = 40;
  double reduction = 1;
  std::string out;
  adstencil::command_line line("02-heat-2d", "Recovers the initial temperature of a plate from the final one.",
                               "02-heat-2d --steps 200 --out out");
  line.option("size", size, "cells along each side");
  line.option("steps", steps, "time steps");
  line.option("iterations", iterations, "L-BFGS iterations at most");
  line.option("reduction", reduction, "fail unless the loss falls by this factor");
  line.option("out", out, "folder for the picture heat-2d.png; none: no picture");
  if (const auto exit_code = line.parse(argc, argv))
    return *exit_code;
  return invert(size, steps, iterations, reduction, out);
}

} // namespace

int main(int argc, char** argv) {
  return adstencil::run_program("02-heat-2d", [&] { return run(argc, argv); });
}
