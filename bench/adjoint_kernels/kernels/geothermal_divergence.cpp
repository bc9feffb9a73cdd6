// geothermal-divergence: the second half of the geothermal problem's pair, the residual of mass conservation on a
// staggered grid (examples/10-geothermal-2d, residual_pressure).
//
//     RP = (qx(right) - qx(left)) / dx + (qy(upper) - qy(lower)) / dy - Q            in all cells
//
// RP and Q have nx x ny cells, qx (nx + 1) x ny faces and qy nx x (ny + 1). Minimum traffic of a point: primal 32 bytes
// (qx, qy and Q read, RP written); vjp 56 (the cotangent of RP read, three shadows read and written). The kernel is
// linear.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../harness/form.h"

namespace bench::BENCH_FORM::geothermal_divergence {

BENCH_KERNEL void residual_pressure(double* __restrict RP, const double* __restrict qx, const double* __restrict qy,
                                    const double* __restrict Q, double idx, double idy, int nx, int ny) {
  BENCH_POINTS_2(0, nx, 0, ny) {
    const long sy = nx, c = x + sy * y, left = x + (sy + 1) * y;
    RP[c] = (qx[left + 1] - qx[left]) * idx + (qy[c + sy] - qy[c]) * idy - Q[c];
  }
}

BENCH_GLOBAL void scatter(const double* __restrict RPb, double* __restrict qxb, double* __restrict qyb,
                          double* __restrict Qb, double idx, double idy, int nx, int ny) {
  BENCH_POINTS_2(0, nx, 0, ny) {
    const long sy = nx, c = x + sy * y, left = x + (sy + 1) * y;
    const double w = RPb[c];
    add(qxb[left], -idx * w);
    add(qxb[left + 1], idx * w);
    add(qyb[c], -idy * w);
    add(qyb[c + sy], idy * w);
    Qb[c] -= w;
  }
}

/// A cell with its left and its lower face; the last column and row have faces only.
struct cells {
  const double* __restrict RPb;
  double* __restrict qxb;
  double* __restrict qyb;
  double* __restrict Qb;
  double idx, idy;
  box points;
  int nx, ny, nz = 1; ///< one more than there are cells

  template <guard G>
  BENCH_DEVICE BENCH_INLINE void cell(int x, int y, int) const {
    const long sy = nx - 1, c = x + sy * y, left = x + (sy + 1) * y;
    const bool here = points.has<G>(x, y), before = points.has<G>(x - 1, y), below = points.has<G>(x, y - 1);
    const double w = here ? RPb[c] : 0.0;
    if (here || before)
      qxb[left] += idx * ((before ? RPb[c - 1] : 0.0) - w);
    if (here || below)
      qyb[c] += idy * ((below ? RPb[c - sy] : 0.0) - w);
    if (here)
      Qb[c] -= w;
  }
};

inline constexpr double idx = 1.25, idy = 0.75;

inline const registration registered{{
    .name = "geothermal-divergence",
    .form = this_form(),
    .arrays = {{"RP", role::output},
               {"qx", role::input, -1, 1, {1, 0, 0}},
               {"qy", role::input, -1, 1, {0, 1, 0}},
               {"Q", role::input}},
    .large = large_2d,
    .quick = quick_2d,
    .odd = odd_2d,
    .primal_bytes = 32,
    .vjp_bytes = 56,
    .primal =
        [](const fields& f) {
          const auto [nx, ny, nz] = f.size();
          BENCH_CALL(residual_pressure, f, f[0], f[1], f[2], f[3], idx, idy, nx, ny);
        },
    .vjp = BENCH_GENERATED([](const fields& f) {
      const auto [nx, ny, nz] = f.size();
      BENCH_CALL(__vjp_residual_pressure, f, f[0], f.bar(0), f[1], f.bar(1), f[2], f.bar(2), f[3], f.bar(3), idx, idy,
                 nx, ny);
    }),
    .adjoint = BENCH_GENERATED([](const fields& f) {
      const auto [nx, ny, nz] = f.size();
      BENCH_CALL(__adjoint_residual_pressure, f, f[0], f.bar(0), f[1], f.bar(1), f[2], f.bar(2), f[3], f.bar(3), idx,
                 idy, nx, ny);
    }),
    .gather =
        [](const fields& f) {
          const auto [nx, ny, nz] = f.size();
          const box points{0, nx, 0, ny}, inner{1, nx, 1, ny};
          gather_cells(cells{f.bar(0), f.bar(1), f.bar(2), f.bar(3), idx, idy, points, nx + 1, ny + 1}, inner);
        },
    .scatter =
        [](const fields& f) {
          const auto [nx, ny, nz] = f.size();
          BENCH_CALL(scatter, f, f.bar(0), f.bar(1), f.bar(2), f.bar(3), idx, idy, nx, ny);
        },
}};

} // namespace bench::BENCH_FORM::geothermal_divergence
