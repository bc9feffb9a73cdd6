// Minimisation of a function with a gradient by L-BFGS, through NLopt.
//
//     auto result = adstencil::minimize_lbfgs(x, [&](std::span<const double> x, std::span<double> gradient) {
//       ...fill the gradient...
//       return loss;
//     });
//
// What is counted. NLopt tells evaluations of the function, not iterations of the method: one line search may evaluate
// several points. Here an *iteration* is an evaluation that improved on the lowest value seen so far. Every L-BFGS
// iteration ends in such a point, so this count is never below the method's own, and `losses` never increases. Both
// counts are reported.
//
// The method is NLopt's LD_LBFGS (D. C. Liu and J. Nocedal, Math. Programming 45, 503-528, 1989, in L. Luksan's code).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace adstencil {

/// Thrown when the arguments make no sense or the optimiser cannot start; what the function itself throws passes
/// through.
class optimize_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// Writes the gradient at x to `gradient` (same length as x, to be filled completely) and returns the value.
using objective = std::function<double(std::span<const double> x, std::span<double> gradient)>;

/// What a callback learns at each iteration, the starting point (iteration 0) included.
struct iteration {
  int number;                ///< improvements so far; 0 is the starting point
  int evaluations;           ///< evaluations so far, this one included
  double loss;               ///< the value at x, the lowest so far
  double gradient_norm;      ///< Euclidean norm of the gradient at x
  double seconds;            ///< wall-clock time since the start
  std::span<const double> x; ///< the point; valid during the call only
};

/// Called at each iteration; return false to stop.
using iteration_callback = std::function<bool(const iteration&)>;

struct lbfgs_options {
  int max_iterations = 100;   ///< stop after this many improvements
  int max_evaluations = 1000; ///< stop after this many evaluations
  double max_seconds = 0;     ///< stop after this much wall-clock time; 0 means no limit
  double loss_tolerance = 0;  ///< stop when an iteration improves the loss by less than this fraction; 0: never
  double target_loss = 0;     ///< stop when the loss is at most this
  double first_step = 0;      ///< largest change of any variable that the first step tries; 0: the gradient itself
  int memory = 10;            ///< pairs of vectors kept (5 to 20 are usual)
  iteration_callback on_iteration = {}; ///< may be empty
};

/// Why the minimisation ended.
enum class stop_reason : unsigned char {
  iterations,
  evaluations,
  time,
  loss_tolerance,
  target_loss,
  callback,
  no_progress
};

/// The reason in words, for example "reached the iteration limit".
const char* describe(stop_reason reason);

struct lbfgs_result {
  stop_reason reason = stop_reason::no_progress;
  int iterations = 0;         ///< improvements, see the head of this file
  int evaluations = 0;        ///< calls of the objective
  double loss = 0;            ///< the lowest value found; x holds the point it was found at
  std::vector<double> losses; ///< the value at the start and after each iteration; never increases
};

/// Minimises `f` from x, which receives the best point found. Throws optimize_error when x is empty, an option is
/// negative, or the value at the starting point is not finite; a trial point whose value is not finite is treated as
/// very bad and the line search moves back.
///
/// `first_step` matters: L-BFGS knows nothing of the curvature at first and steps as far as the gradient is long, which
/// depends on the units of the loss. The variables are scaled inside so that the first step has the wanted length.
lbfgs_result minimize_lbfgs(std::vector<double>& x, const objective& f, const lbfgs_options& options = {});

} // namespace adstencil
