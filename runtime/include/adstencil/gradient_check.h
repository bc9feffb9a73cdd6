// Three ways to find out whether a derivative is right, each in a few lines.
//
//  - central differences: compare <gradient, d> with (f(x + h d) - f(x - h d)) / 2h. Catches everything, to about 1e-6.
//  - Taylor test: |f(x + h d) - f(x) - h <gradient, d>| must shrink like h^2, that is fourfold when h is halved. Immune
//    to an unlucky choice of one h.
//  - dot-product test: <J v, w> = <v, J^T w> for any v and w. Tests an adjoint against a tangent to rounding.
//
// See A. Griewank and A. Walther, Evaluating Derivatives, 2nd ed., SIAM 2008, chapter 3.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <functional>
#include <span>
#include <vector>

namespace adstencil {

/// A scalar function of many variables.
using scalar_function = std::function<double(std::span<const double>)>;

/// The slope along one direction, computed twice.
struct directional_check {
  double adjoint = 0;           ///< <gradient, direction>
  double finite_difference = 0; ///< the central difference
  double relative_error = 0;    ///< |adjoint - finite_difference| / max of both magnitudes; 0 when both are 0
};

/// |a - b| relative to the larger magnitude; 0 when both are 0.
double relative_difference(double a, double b);

/// The inner product; precondition: equal lengths.
double dot(std::span<const double> a, std::span<const double> b);

/// n independent standard normal numbers, the same for the same seed on every machine.
std::vector<double> random_direction(std::size_t n, unsigned seed);

/// Compares the gradient at x with a central difference of step `h` along `direction`. The error of the difference
/// itself is about h^2 f''' / 6 plus the error of f divided by h. Throws std::invalid_argument for unequal lengths or h
/// <= 0.
directional_check check_direction(const scalar_function& f, std::span<const double> x, std::span<const double> gradient,
                                  std::span<const double> direction, double h);

/// One rung of the ladder.
struct taylor_rung {
  double h = 0;         ///< step
  double remainder = 0; ///< |f(x + h d) - f(x) - h <gradient, d>|
  double order = 0;     ///< log2 of (previous remainder / this one); NaN on the first rung; 2 for a right gradient
};

/// Evaluates the first-order Taylor remainder for h, h/2, h/4, ...
std::vector<taylor_rung> taylor_test(const scalar_function& f, std::span<const double> x,
                                     std::span<const double> gradient, std::span<const double> direction, double h,
                                     int rungs = 6);

/// The relative difference of <tangent, w> and <v, adjoint>, where tangent = J v and adjoint = J^T w, measured against
/// the sums of magnitudes |tangent_i w_i| and |v_i adjoint_i|, so that cancellation in the products is not held against
/// the derivative.
double dot_product_error(std::span<const double> tangent, std::span<const double> w, std::span<const double> v,
                         std::span<const double> adjoint);

} // namespace adstencil
