// wave-3d-r4: the acoustic wave equation in three dimensions with a wave speed that varies, eighth order in space.
//
//     un = 2 u - uo + q c^2 sum over the axes of (a0 u + sum over k = 1..4 of ak (u at -k + u at +k)),   q = (dt /
//     dx)^2
//
// at the points four cells or more away from the rim; a0 … a4 are the central differences of order eight for a second
// derivative. Stencil: 25 points of u, radius 4, and one of uo and c; all three are active. Minimum traffic of a point:
// primal 32 bytes (u, uo and c read, un written); vjp 72 (u, c and the cotangent of un read, three shadows read and
// written).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../harness/form.h"

namespace bench::BENCH_FORM::wave_3d_r4 {

inline constexpr double a0 = -205.0 / 72, a1 = 8.0 / 5, a2 = -1.0 / 5, a3 = 8.0 / 315, a4 = -1.0 / 560;

/// a0 v(0) + a1 (v(-stride) + v(stride)) + … for a function v of the distance from the point.
template <class Value>
BENCH_DEVICE BENCH_INLINE double along(const Value& v) {
  return a0 * v(0) + a1 * (v(-1) + v(1)) + a2 * (v(-2) + v(2)) + a3 * (v(-3) + v(3)) + a4 * (v(-4) + v(4));
}

BENCH_DEVICE BENCH_INLINE double laplacian(const double* __restrict u, long c, long sy, long sz) {
  return along([=](long k) BENCH_INLINED { return u[c + k]; }) +
         along([=](long k) BENCH_INLINED { return u[c + sy * k]; }) +
         along([=](long k) BENCH_INLINED { return u[c + sz * k]; });
}

BENCH_KERNEL void step(double* __restrict un, const double* __restrict u, const double* __restrict uo,
                       const double* __restrict speed, double q, int nx, int ny, int nz) {
  BENCH_POINTS_3(4, nx - 4, 4, ny - 4, 4, nz - 4) {
    const long sy = nx, sz = sy * ny, c = x + sy * y + sz * z;
    un[c] = 2 * u[c] - uo[c] + q * speed[c] * speed[c] * laplacian(u, c, sy, sz);
  }
}

BENCH_GLOBAL void scatter(const double* __restrict wb, const double* __restrict u, double* __restrict ub,
                          double* __restrict uob, const double* __restrict speed, double* __restrict speedb, double q,
                          int nx, int ny, int nz) {
  BENCH_POINTS_3(4, nx - 4, 4, ny - 4, 4, nz - 4) {
    const long sy = nx, sz = sy * ny, c = x + sy * y + sz * z;
    const double w = wb[c], weight = q * speed[c] * speed[c] * w;
    for (const long stride : {1l, sy, sz}) {
      add(ub[c - stride], a1 * weight);
      add(ub[c + stride], a1 * weight);
      add(ub[c - 2 * stride], a2 * weight);
      add(ub[c + 2 * stride], a2 * weight);
      add(ub[c - 3 * stride], a3 * weight);
      add(ub[c + 3 * stride], a3 * weight);
      add(ub[c - 4 * stride], a4 * weight);
      add(ub[c + 4 * stride], a4 * weight);
    }
    add(ub[c], 2 * w + 3 * a0 * weight);
    uob[c] -= w; // the point's own
    speedb[c] += 2 * q * speed[c] * laplacian(u, c, sy, sz) * w;
  }
}

struct cells {
  const double* __restrict wb;
  const double* __restrict u;
  double* __restrict ub;
  double* __restrict uob;
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
    const double sum = along([&](int k) BENCH_INLINED { return weight(k, 0, 0); }) +
                       along([&](int k) BENCH_INLINED { return weight(0, k, 0); }) +
                       along([&](int k) BENCH_INLINED { return weight(0, 0, k); });
    double direct = 0;
    if (points.has<G>(x, y, z)) {
      const double w = wb[c];
      direct = 2 * w;
      uob[c] -= w;
      speedb[c] += 2 * q * speed[c] * laplacian(u, c, sy, sz) * w;
    }
    ub[c] += direct + q * sum;
  }
};

inline constexpr double q = 0.1;

inline const registration registered{{
    .name = "wave-3d-r4",
    .form = this_form(),
    .arrays = {{"un", role::output}, {"u", role::input}, {"uo", role::input}, {"c", role::input, 0.5, 1.5}},
    .large = large_3d,
    .quick = quick_3d,
    .odd = odd_3d,
    .primal_bytes = 32,
    .vjp_bytes = 72,
    .primal =
        [](const fields& f) {
          const auto [nx, ny, nz] = f.size();
          BENCH_CALL(step, f, f[0], f[1], f[2], f[3], q, nx, ny, nz);
        },
    .vjp = BENCH_GENERATED([](const fields& f) {
      const auto [nx, ny, nz] = f.size();
      BENCH_CALL(__vjp_step, f, f[0], f.bar(0), f[1], f.bar(1), f[2], f.bar(2), f[3], f.bar(3), q, nx, ny, nz);
    }),
    .adjoint = BENCH_GENERATED([](const fields& f) {
      const auto [nx, ny, nz] = f.size();
      BENCH_CALL(__adjoint_step, f, f[0], f.bar(0), f[1], f.bar(1), f[2], f.bar(2), f[3], f.bar(3), q, nx, ny, nz);
    }),
    .gather =
        [](const fields& f) {
          const auto [nx, ny, nz] = f.size();
          const box points{4, nx - 4, 4, ny - 4, 4, nz - 4}, inner{8, nx - 8, 8, ny - 8, 8, nz - 8};
          gather_cells(cells{f.bar(0), f[1], f.bar(1), f.bar(2), f[3], f.bar(3), q, points, nx, ny, nz}, inner);
        },
    .scatter =
        [](const fields& f) {
          const auto [nx, ny, nz] = f.size();
          BENCH_CALL(scatter, f, f.bar(0), f[1], f.bar(1), f.bar(2), f[3], f.bar(3), q, nx, ny, nz);
        },
}};

} // namespace bench::BENCH_FORM::wave_3d_r4
