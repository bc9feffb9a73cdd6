// burgers-1d: Burgers' equation in one dimension, first-order upwind transport and diffusion.
//
//     un = u - a (max(u, 0) (u - w) + min(u, 0) (e - u)) + d (w - 2 u + e)            at the inner points
//
// with the neighbours w and e, a = dt / dx and d = nu dt / dx^2. Stencil: 3 points, radius 1. Minimum traffic of a
// point: primal 16 bytes (u read, un written); vjp 32 (u and the cotangent of un read, the one of u read and written).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../harness/form.h"

#include <cmath>

namespace bench::BENCH_FORM::burgers {

BENCH_KERNEL void step(double* __restrict un, const double* __restrict u, double a, double d, int nx) {
  BENCH_POINTS_1(1, nx - 1) {
    un[x] = u[x] - a * (fmax(u[x], 0.0) * (u[x] - u[x - 1]) + fmin(u[x], 0.0) * (u[x + 1] - u[x])) +
            d * (u[x - 1] - 2 * u[x] + u[x + 1]);
  }
}

/// The derivatives of un at a point with the values w, u, e around it.
BENCH_DEVICE BENCH_INLINE double by_west(double u, double a, double d) { return d + a * (u > 0 ? u : 0.0); }
BENCH_DEVICE BENCH_INLINE double by_east(double u, double a, double d) { return d - a * (u < 0 ? u : 0.0); }
BENCH_DEVICE BENCH_INLINE double by_itself(double w, double u, double e, double a, double d) {
  return 1 - 2 * d - a * (u > 0 ? 2 * u - w : e - 2 * u);
}

BENCH_GLOBAL void scatter(const double* __restrict wb, const double* __restrict u, double* __restrict ub, double a,
                          double d, int nx) {
  BENCH_POINTS_1(1, nx - 1) {
    add(ub[x - 1], by_west(u[x], a, d) * wb[x]);
    add(ub[x], by_itself(u[x - 1], u[x], u[x + 1], a, d) * wb[x]);
    add(ub[x + 1], by_east(u[x], a, d) * wb[x]);
  }
}

struct cells {
  const double* __restrict wb;
  const double* __restrict u;
  double* __restrict ub;
  double a, d;
  box points;
  int nx, ny = 1, nz = 1;

  template <guard G>
  BENCH_DEVICE BENCH_INLINE void cell(int x, int, int) const {
    double sum = 0;
    if (points.has<G>(x + 1))
      sum += by_west(u[x + 1], a, d) * wb[x + 1];
    if (points.has<G>(x))
      sum += by_itself(u[x - 1], u[x], u[x + 1], a, d) * wb[x];
    if (points.has<G>(x - 1))
      sum += by_east(u[x - 1], a, d) * wb[x - 1];
    ub[x] += sum;
  }
};

inline constexpr double a = 0.2, d = 0.1;

inline const registration registered{{
    .name = "burgers-1d",
    .form = this_form(),
    .arrays = {{"un", role::output}, {"u", role::input}},
    .large = large_1d,
    .quick = quick_1d,
    .odd = odd_1d,
    .primal_bytes = 16,
    .vjp_bytes = 32,
    .primal = [](const fields& f) { BENCH_CALL(step, f, f[0], f[1], a, d, f.size().nx); },
    .vjp = BENCH_GENERATED(
        [](const fields& f) { BENCH_CALL(__vjp_step, f, f[0], f.bar(0), f[1], f.bar(1), a, d, f.size().nx); }),
    .adjoint = BENCH_GENERATED(
        [](const fields& f) { BENCH_CALL(__adjoint_step, f, f[0], f.bar(0), f[1], f.bar(1), a, d, f.size().nx); }),
    .gather =
        [](const fields& f) {
          const int nx = f.size().nx;
          gather_line(cells{f.bar(0), f[1], f.bar(1), a, d, box{1, nx - 1}, nx}, box{2, nx - 2});
        },
    .scatter = [](const fields& f) { BENCH_CALL(scatter, f, f.bar(0), f[1], f.bar(1), a, d, f.size().nx); },
}};

} // namespace bench::BENCH_FORM::burgers
