// wave-3d: the acoustic wave equation in three dimensions with a wave speed that varies, second order in space and
// time.
//
//     un = 2 u - uo + q c^2 (sum of the six neighbours - 6 u)            at the inner points, q = (dt / dx)^2
//
// Stencil: 7 points of u, radius 1, and one of uo and c; u and c are active. Minimum traffic of a point: primal 32
// bytes (u, uo and c read, un written); vjp 56 (u, c and the cotangent of un read, two shadows read and written).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../harness/form.h"

namespace bench::BENCH_FORM::wave_3d {

BENCH_DEVICE BENCH_INLINE double laplacian(const double* __restrict u, long c, long sy, long sz) {
  return u[c - 1] + u[c + 1] + u[c - sy] + u[c + sy] + u[c - sz] + u[c + sz] - 6 * u[c];
}

BENCH_KERNEL void step(double* __restrict un, const double* __restrict u, BENCH_INACTIVE const double* __restrict uo,
                       const double* __restrict speed, double q, int nx, int ny, int nz) {
  BENCH_POINTS_3(1, nx - 1, 1, ny - 1, 1, nz - 1) {
    const long sy = nx, sz = sy * ny, c = x + sy * y + sz * z;
    un[c] = 2 * u[c] - uo[c] + q * speed[c] * speed[c] * laplacian(u, c, sy, sz);
  }
}

BENCH_GLOBAL void scatter(const double* __restrict wb, const double* __restrict u, double* __restrict ub,
                          const double* __restrict speed, double* __restrict speedb, double q, int nx, int ny, int nz) {
  BENCH_POINTS_3(1, nx - 1, 1, ny - 1, 1, nz - 1) {
    const long sy = nx, sz = sy * ny, c = x + sy * y + sz * z;
    const double w = wb[c], weight = q * speed[c] * speed[c] * w;
    for (const long n : {c - 1, c + 1, c - sy, c + sy, c - sz, c + sz})
      add(ub[n], weight);
    add(ub[c], 2 * w - 6 * weight);
    speedb[c] += 2 * q * speed[c] * laplacian(u, c, sy, sz) * w;
  }
}

struct cells {
  const double* __restrict wb;
  const double* __restrict u;
  double* __restrict ub;
  const double* __restrict speed;
  double* __restrict speedb;
  double q;
  box points;
  int nx, ny, nz;

  template <guard G>
  BENCH_DEVICE BENCH_INLINE void cell(int x, int y, int z) const {
    const long sy = nx, sz = sy * ny, c = x + sy * y + sz * z;
    const auto weight = [&](int dx, int dy, int dz) BENCH_INLINED {
      const long n = c + dx + sy * dy + sz * dz;
      return points.has<G>(x + dx, y + dy, z + dz) ? speed[n] * speed[n] * wb[n] : 0.0;
    };
    double sum =
        weight(-1, 0, 0) + weight(1, 0, 0) + weight(0, -1, 0) + weight(0, 1, 0) + weight(0, 0, -1) + weight(0, 0, 1);
    double direct = 0;
    if (points.has<G>(x, y, z)) {
      const double w = wb[c];
      sum -= 6 * speed[c] * speed[c] * w;
      direct = 2 * w;
      speedb[c] += 2 * q * speed[c] * laplacian(u, c, sy, sz) * w;
    }
    ub[c] += direct + q * sum;
  }
};

inline constexpr double q = 0.1;

inline const registration registered{{
    .name = "wave-3d",
    .form = this_form(),
    .arrays = {{"un", role::output}, {"u", role::input}, {"uo", role::constant}, {"c", role::input, 0.5, 1.5}},
    .large = large_3d,
    .quick = quick_3d,
    .odd = odd_3d,
    .primal_bytes = 32,
    .vjp_bytes = 56,
    .primal =
        [](const fields& f) {
          const auto [nx, ny, nz] = f.size();
          BENCH_CALL(step, f, f[0], f[1], f[2], f[3], q, nx, ny, nz);
        },
    .vjp = BENCH_GENERATED([](const fields& f) {
      const auto [nx, ny, nz] = f.size();
      BENCH_CALL(__vjp_step, f, f[0], f.bar(0), f[1], f.bar(1), f[2], f[3], f.bar(3), q, nx, ny, nz);
    }),
    .adjoint = BENCH_GENERATED([](const fields& f) {
      const auto [nx, ny, nz] = f.size();
      BENCH_CALL(__adjoint_step, f, f[0], f.bar(0), f[1], f.bar(1), f[2], f[3], f.bar(3), q, nx, ny, nz);
    }),
    .gather =
        [](const fields& f) {
          const auto [nx, ny, nz] = f.size();
          const box points{1, nx - 1, 1, ny - 1, 1, nz - 1}, inner{2, nx - 2, 2, ny - 2, 2, nz - 2};
          gather_cells(cells{f.bar(0), f[1], f.bar(1), f[3], f.bar(3), q, points, nx, ny, nz}, inner);
        },
    .scatter =
        [](const fields& f) {
          const auto [nx, ny, nz] = f.size();
          BENCH_CALL(scatter, f, f.bar(0), f[1], f.bar(1), f[3], f.bar(3), q, nx, ny, nz);
        },
}};

} // namespace bench::BENCH_FORM::wave_3d
