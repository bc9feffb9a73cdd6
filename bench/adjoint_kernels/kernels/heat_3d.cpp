// heat-3d: linear heat conduction in three dimensions.
//
//     un = u + r (sum of the six neighbours - 6 u)            at the inner points
//
// Stencil: 7 points, radius 1. Minimum traffic of a point: primal 16 bytes (u read, un written); vjp 24 (the cotangent
// of un read, the one of u read and written). The kernel is linear: no value is read.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../harness/form.h"

namespace bench::BENCH_FORM::heat_3d {

BENCH_KERNEL void step(double* __restrict un, const double* __restrict u, double r, int nx, int ny, int nz) {
  BENCH_POINTS_3(1, nx - 1, 1, ny - 1, 1, nz - 1) {
    const long sy = nx, sz = sy * ny, c = x + sy * y + sz * z;
    un[c] = u[c] + r * (u[c - 1] + u[c + 1] + u[c - sy] + u[c + sy] + u[c - sz] + u[c + sz] - 6 * u[c]);
  }
}

BENCH_GLOBAL void scatter(const double* __restrict wb, double* __restrict ub, double r, int nx, int ny, int nz) {
  BENCH_POINTS_3(1, nx - 1, 1, ny - 1, 1, nz - 1) {
    const long sy = nx, sz = sy * ny, c = x + sy * y + sz * z;
    const double w = wb[c];
    add(ub[c], (1 - 6 * r) * w);
    add(ub[c - 1], r * w);
    add(ub[c + 1], r * w);
    add(ub[c - sy], r * w);
    add(ub[c + sy], r * w);
    add(ub[c - sz], r * w);
    add(ub[c + sz], r * w);
  }
}

struct cells {
  const double* __restrict wb;
  double* __restrict ub;
  double r;
  box points;
  int nx, ny, nz;

  template <guard G>
  BENCH_DEVICE BENCH_INLINE void cell(int x, int y, int z) const {
    const long sy = nx, sz = sy * ny, c = x + sy * y + sz * z;
    const auto w = [&](int dx, int dy, int dz) BENCH_INLINED {
      return points.has<G>(x + dx, y + dy, z + dz) ? wb[c + dx + sy * dy + sz * dz] : 0.0;
    };
    ub[c] +=
        (1 - 6 * r) * w(0, 0, 0) + r * (w(-1, 0, 0) + w(1, 0, 0) + w(0, -1, 0) + w(0, 1, 0) + w(0, 0, -1) + w(0, 0, 1));
  }
};

inline constexpr double r = 0.1;

inline const registration registered{{
    .name = "heat-3d",
    .form = this_form(),
    .arrays = {{"un", role::output}, {"u", role::input}},
    .large = large_3d,
    .quick = quick_3d,
    .odd = odd_3d,
    .primal_bytes = 16,
    .vjp_bytes = 24,
    .primal =
        [](const fields& f) {
          const auto [nx, ny, nz] = f.size();
          BENCH_CALL(step, f, f[0], f[1], r, nx, ny, nz);
        },
    .vjp = BENCH_GENERATED([](const fields& f) {
      const auto [nx, ny, nz] = f.size();
      BENCH_CALL(__vjp_step, f, f[0], f.bar(0), f[1], f.bar(1), r, nx, ny, nz);
    }),
    .adjoint = BENCH_GENERATED([](const fields& f) {
      const auto [nx, ny, nz] = f.size();
      BENCH_CALL(__adjoint_step, f, f[0], f.bar(0), f[1], f.bar(1), r, nx, ny, nz);
    }),
    .gather =
        [](const fields& f) {
          const auto [nx, ny, nz] = f.size();
          const box points{1, nx - 1, 1, ny - 1, 1, nz - 1}, inner{2, nx - 2, 2, ny - 2, 2, nz - 2};
          gather_cells(cells{f.bar(0), f.bar(1), r, points, nx, ny, nz}, inner);
        },
    .scatter =
        [](const fields& f) {
          const auto [nx, ny, nz] = f.size();
          BENCH_CALL(scatter, f, f.bar(0), f.bar(1), r, nx, ny, nz);
        },
}};

} // namespace bench::BENCH_FORM::heat_3d
