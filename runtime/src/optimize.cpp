// L-BFGS through NLopt: counting, limits and the callback are kept here, the method is NLopt's.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/optimize.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <memory>
#include <nlopt.h>
#include <optional>
#include <utility>

namespace adstencil {
namespace {

double norm(std::span<const double> v) {
  double sum = 0;
  for (const double e : v)
    sum += e * e;
  return std::sqrt(sum);
}

/// A minimisation in progress. NLopt is C: exceptions are kept here and thrown again when it has returned.
class search {
public:
  search(std::span<const double> start, const objective& f, const lbfgs_options& options)
      : f_(f), options_(options), point_(start.begin(), start.end()), gradient_(start.size()) {}

  lbfgs_result run();
  const std::vector<double>& best() const { return best_; }

private:
  static double callback(unsigned n, const double* scaled, double* gradient, void* data);
  double evaluate();
  void improve(double value);
  void check_limits();
  double seconds() const { return std::chrono::duration<double>(clock::now() - start_).count(); }

  using clock = std::chrono::steady_clock;
  const objective& f_;
  const lbfgs_options& options_;
  clock::time_point start_ = clock::now();
  std::vector<double> point_, gradient_; ///< where the objective was last evaluated, and its gradient there
  double scale_ = 1;                     ///< NLopt's variables are ours divided by this
  bool at_start_ = true;                 ///< NLopt has not called yet: its first point is already evaluated
  std::unique_ptr<nlopt_opt_s, decltype(&nlopt_destroy)> optimiser_{nullptr, &nlopt_destroy};
  std::vector<double> best_;
  lbfgs_result result_;
  std::optional<stop_reason> stopped_;
  std::exception_ptr failure_;
};

/// Calls the objective at point_ and does the book-keeping. Returns the value, or one so large that a line search turns
/// back when the value or the gradient is not finite.
double search::evaluate() {
  ++result_.evaluations;
  const double value = f_(point_, gradient_);
  const bool finite = std::isfinite(value) && std::ranges::all_of(gradient_, [](double g) { return std::isfinite(g); });
  if (result_.losses.empty() && !finite)
    throw optimize_error("L-BFGS: the value or the gradient at the starting point is not finite");
  if (finite && (result_.losses.empty() || value < result_.loss))
    improve(value);
  if (!stopped_)
    check_limits();
  if (finite)
    return value;
  // The line search interpolates between values, so "very bad" must not be so large that it overflows.
  std::ranges::fill(gradient_, 0.0);
  return 1e3 * (std::abs(result_.losses.front()) + 1);
}

/// Records point_, whose value is the lowest so far, and stops if this was all that was asked for.
void search::improve(double value) {
  const bool first = result_.losses.empty();
  const double before = result_.loss;
  result_.loss = value;
  result_.losses.push_back(value);
  result_.iterations = static_cast<int>(result_.losses.size()) - 1;
  best_ = point_;
  if (options_.on_iteration &&
      !options_.on_iteration({result_.iterations, result_.evaluations, value, norm(gradient_), seconds(), point_}))
    stopped_ = stop_reason::callback;
  else if (value <= options_.target_loss)
    stopped_ = stop_reason::target_loss;
  else if (!first && before - value < options_.loss_tolerance * std::abs(before))
    stopped_ = stop_reason::loss_tolerance;
  else if (result_.iterations >= options_.max_iterations)
    stopped_ = stop_reason::iterations;
}

void search::check_limits() {
  if (result_.evaluations >= options_.max_evaluations)
    stopped_ = stop_reason::evaluations;
  else if (options_.max_seconds > 0 && seconds() >= options_.max_seconds)
    stopped_ = stop_reason::time;
}

/// What NLopt calls: moves to the scaled point, evaluates, and stops NLopt when a limit is reached.
double search::callback(unsigned n, const double* scaled, double* gradient, void* data) {
  auto& self = *static_cast<search*>(data);
  double value = self.result_.loss;
  try {
    if (!self.at_start_ && !self.stopped_ && !self.failure_) {
      for (unsigned i = 0; i < n; ++i)
        self.point_[i] = scaled[i] * self.scale_;
      value = self.evaluate();
    }
  } catch (...) {
    self.failure_ = std::current_exception();
  }
  self.at_start_ = false;
  if (gradient != nullptr)
    for (unsigned i = 0; i < n; ++i)
      gradient[i] = self.gradient_[i] * self.scale_;
  if (self.stopped_ || self.failure_)
    nlopt_force_stop(self.optimiser_.get());
  return value;
}

lbfgs_result search::run() {
  const double value = evaluate();
  double steepest = 0;
  for (const double g : gradient_)
    steepest = std::max(steepest, std::abs(g));
  if (stopped_ || steepest == 0) {
    result_.reason = stopped_.value_or(stop_reason::no_progress);
    return std::move(result_);
  }
  // In scaled variables the first step is the gradient there, scale * g; in ours it is scale^2 * g.
  if (options_.first_step > 0)
    scale_ = std::sqrt(options_.first_step / steepest);

  optimiser_.reset(nlopt_create(NLOPT_LD_LBFGS, static_cast<unsigned>(point_.size())));
  if (!optimiser_)
    throw optimize_error("L-BFGS: NLopt could not be started");
  nlopt_set_min_objective(optimiser_.get(), callback, this);
  nlopt_set_vector_storage(optimiser_.get(), static_cast<unsigned>(options_.memory));
  std::vector<double> scaled(point_);
  for (double& s : scaled)
    s /= scale_;
  double ignored = value;
  const nlopt_result code = nlopt_optimize(optimiser_.get(), scaled.data(), &ignored);
  if (failure_)
    std::rethrow_exception(failure_);
  if (code == NLOPT_INVALID_ARGS || code == NLOPT_OUT_OF_MEMORY)
    throw optimize_error(std::string("L-BFGS: NLopt reports ") + nlopt_result_to_string(code));
  // NLopt's remaining codes all mean that its line search could not improve any more.
  result_.reason = stopped_.value_or(stop_reason::no_progress);
  return std::move(result_);
}

void check(const std::vector<double>& x, const lbfgs_options& options) {
  if (x.empty())
    throw optimize_error("L-BFGS: there is nothing to optimise (x is empty)");
  if (options.max_iterations < 0 || options.max_evaluations < 1 || options.max_seconds < 0 ||
      options.loss_tolerance < 0 || options.first_step < 0 || options.memory < 1)
    throw optimize_error("L-BFGS: limits and tolerances must not be negative, memory and evaluations at least 1");
}

} // namespace

const char* describe(stop_reason reason) {
  switch (reason) {
  case stop_reason::iterations:
    return "reached the iteration limit";
  case stop_reason::evaluations:
    return "reached the evaluation limit";
  case stop_reason::time:
    return "reached the time limit";
  case stop_reason::loss_tolerance:
    return "the loss no longer decreases";
  case stop_reason::target_loss:
    return "reached the target loss";
  case stop_reason::callback:
    return "stopped by the callback";
  case stop_reason::no_progress:
    return "no further progress is possible";
  }
  return "unknown";
}

lbfgs_result minimize_lbfgs(std::vector<double>& x, const objective& f, const lbfgs_options& options) {
  check(x, options);
  search state(x, f, options);
  auto result = state.run();
  x = state.best();
  return result;
}

} // namespace adstencil
