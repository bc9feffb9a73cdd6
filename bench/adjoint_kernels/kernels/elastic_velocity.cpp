// elastic-velocity-2d: the velocity half of a staggered scheme for elastic waves in two dimensions.
//
//     vx += dt b_x (dx sxx + dy sxy),    vy += dt b_y (dx sxy + dy syy)            at the inner faces
//
// with b = 1 / density in the cells, averaged on the faces (b_x, b_y), grid spacing 1. sxx, syy and b have nx x ny
// cells, vx (nx + 1) x ny faces, vy nx x (ny + 1), sxy (nx + 1) x (ny + 1) corners; a cell looks after its left and its
// lower face. In place. Minimum traffic of a point: primal 64 bytes (sxx, syy, sxy and b read, vx and vy read and
// written); vjp 112 (the same four and two cotangents read, four shadows read and written).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../harness/form.h"

namespace bench::BENCH_FORM::elastic_velocity {

BENCH_KERNEL void update_velocity(double* __restrict vx, double* __restrict vy, const double* __restrict sxx,
                                  const double* __restrict syy, const double* __restrict sxy,
                                  const double* __restrict b, double dt, int nx, int ny) {
  BENCH_POINTS_2(1, nx, 1, ny) {
    const long sy = nx, sc = sy + 1, c = x + sy * y, corner = x + sc * y;
    vx[corner] += dt * 0.5 * (b[c - 1] + b[c]) * (sxx[c] - sxx[c - 1] + sxy[corner + sc] - sxy[corner]);
    vy[c] += dt * 0.5 * (b[c - sy] + b[c]) * (sxy[corner + 1] - sxy[corner] + syy[c] - syy[c - sy]);
  }
}

BENCH_GLOBAL void scatter(const double* __restrict vxb, const double* __restrict vyb, const double* __restrict sxx,
                          double* __restrict sxxb, const double* __restrict syy, double* __restrict syyb,
                          const double* __restrict sxy, double* __restrict sxyb, const double* __restrict b,
                          double* __restrict bb, double dt, int nx, int ny) {
  BENCH_POINTS_2(1, nx, 1, ny) {
    const long sy = nx, sc = sy + 1, c = x + sy * y, corner = x + sc * y;
    const double wx = dt * 0.5 * vxb[corner], wy = dt * 0.5 * vyb[c];
    const double force_x = (b[c - 1] + b[c]) * wx, force_y = (b[c - sy] + b[c]) * wy;
    const double slope_x = (sxx[c] - sxx[c - 1] + sxy[corner + sc] - sxy[corner]) * wx;
    const double slope_y = (sxy[corner + 1] - sxy[corner] + syy[c] - syy[c - sy]) * wy;
    add(sxxb[c], force_x);
    add(sxxb[c - 1], -force_x);
    add(syyb[c], force_y);
    add(syyb[c - sy], -force_y);
    add(sxyb[corner], -force_x - force_y);
    add(sxyb[corner + sc], force_x);
    add(sxyb[corner + 1], force_y);
    add(bb[c], slope_x + slope_y);
    add(bb[c - 1], slope_x);
    add(bb[c - sy], slope_y);
  }
}

/// A cell with its lower left corner; the last column and row have corners only.
struct cells {
  const double* __restrict vxb;
  const double* __restrict vyb;
  const double* __restrict sxx;
  double* __restrict sxxb;
  const double* __restrict syy;
  double* __restrict syyb;
  const double* __restrict sxy;
  double* __restrict sxyb;
  const double* __restrict b;
  double* __restrict bb;
  double dt;
  box points;
  int nx, ny, nz = 1; ///< one more than there are cells

  template <guard G>
  BENCH_DEVICE BENCH_INLINE void cell(int x, int y, int) const {
    const long sy = nx - 1, sc = sy + 1, c = x + sy * y, corner = x + sc * y;
    const bool here = points.has<G>(x, y), left = points.has<G>(x - 1, y), right = points.has<G>(x + 1, y);
    const bool lower = points.has<G>(x, y - 1), upper = points.has<G>(x, y + 1);
    const double h = 0.5 * dt;
    const double force_x = here ? h * (b[c - 1] + b[c]) * vxb[corner] : 0.0;
    const double force_y = here ? h * (b[c - sy] + b[c]) * vyb[c] : 0.0;
    if (here || lower || left)
      sxyb[corner] += (lower ? h * (b[c - 1 - sy] + b[c - sy]) * vxb[corner - sc] : 0.0) - force_x +
                      (left ? h * (b[c - 1 - sy] + b[c - 1]) * vyb[c - 1] : 0.0) - force_y;
    if (here || right)
      sxxb[c] += force_x - (right ? h * (b[c] + b[c + 1]) * vxb[corner + 1] : 0.0);
    if (here || upper)
      syyb[c] += force_y - (upper ? h * (b[c] + b[c + sy]) * vyb[c + sy] : 0.0);
    if (here || right || upper) {
      double sum = 0;
      const auto from_x = [&](long e, long f)
                              BENCH_INLINED { sum += (sxx[e] - sxx[e - 1] + sxy[f + sc] - sxy[f]) * vxb[f]; };
      const auto from_y = [&](long e, long f)
                              BENCH_INLINED { sum += (sxy[f + 1] - sxy[f] + syy[e] - syy[e - sy]) * vyb[e]; };
      if (here) {
        from_x(c, corner);
        from_y(c, corner);
      }
      if (right)
        from_x(c + 1, corner + 1);
      if (upper)
        from_y(c + sy, corner + sc);
      bb[c] += h * sum;
    }
  }
};

inline constexpr double dt = 0.3;

inline const registration registered{{
    .name = "elastic-velocity-2d",
    .form = this_form(),
    .arrays = {{"vx", role::increment, -1, 1, {1, 0, 0}},
               {"vy", role::increment, -1, 1, {0, 1, 0}},
               {"sxx", role::input},
               {"syy", role::input},
               {"sxy", role::input, -1, 1, {1, 1, 0}},
               {"b", role::input, 0.5, 1.5}},
    .large = large_2d,
    .quick = quick_2d,
    .odd = odd_2d,
    .primal_bytes = 64,
    .vjp_bytes = 112,
    .primal =
        [](const fields& f) {
          const auto [nx, ny, nz] = f.size();
          BENCH_CALL(update_velocity, f, f[0], f[1], f[2], f[3], f[4], f[5], dt, nx, ny);
        },
    .vjp = BENCH_GENERATED([](const fields& f) {
      const auto [nx, ny, nz] = f.size();
      BENCH_CALL(__vjp_update_velocity, f, f[0], f.bar(0), f[1], f.bar(1), f[2], f.bar(2), f[3], f.bar(3), f[4],
                 f.bar(4), f[5], f.bar(5), dt, nx, ny);
    }),
    .adjoint = BENCH_GENERATED([](const fields& f) {
      const auto [nx, ny, nz] = f.size();
      BENCH_CALL(__adjoint_update_velocity, f, f[0], f.bar(0), f[1], f.bar(1), f[2], f.bar(2), f[3], f.bar(3), f[4],
                 f.bar(4), f[5], f.bar(5), dt, nx, ny);
    }),
    .gather =
        [](const fields& f) {
          const auto [nx, ny, nz] = f.size();
          const box points{1, nx, 1, ny}, inner{2, nx - 1, 2, ny - 1};
          gather_cells(cells{f.bar(0), f.bar(1), f[2], f.bar(2), f[3], f.bar(3), f[4], f.bar(4), f[5], f.bar(5), dt,
                             points, nx + 1, ny + 1},
                       inner);
        },
    .scatter =
        [](const fields& f) {
          const auto [nx, ny, nz] = f.size();
          BENCH_CALL(scatter, f, f.bar(0), f.bar(1), f[2], f.bar(2), f[3], f.bar(3), f[4], f.bar(4), f[5], f.bar(5), dt,
                     nx, ny);
        },
}};

} // namespace bench::BENCH_FORM::elastic_velocity
