// heat-3d-nonlinear: nonlinear heat conduction in three dimensions, the conductivity k(u) = 1 + u^2 averaged on faces.
//
//     un = u + r sum over the six faces of (k(u) + k(n)) / 2 (n - u)            at the inner points, n the neighbour
//
// Stencil: 7 points, radius 1. Minimum traffic of a point: primal 16 bytes (u read, un written); vjp 32 (u and the
// cotangent of un read, the one of u read and written).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../harness/form.h"

namespace bench::BENCH_FORM::heat_3d_nonlinear {

/// The flow of heat from a cell with temperature n into one with temperature c.
BENCH_DEVICE BENCH_INLINE double flow(double c, double n) { return 0.5 * ((1 + c * c) + (1 + n * n)) * (n - c); }

/// The derivative of flow(c, n) with respect to n. The one with respect to c is the negative of flow_slope(n, c).
BENCH_DEVICE BENCH_INLINE double flow_slope(double c, double n) {
  return 0.5 * ((1 + c * c) + (1 + n * n)) + n * (n - c);
}

BENCH_KERNEL void step(double* __restrict un, const double* __restrict u, double r, int nx, int ny, int nz) {
  BENCH_POINTS_3(1, nx - 1, 1, ny - 1, 1, nz - 1) {
    const long sy = nx, sz = sy * ny, c = x + sy * y + sz * z;
    un[c] = u[c] + r * (flow(u[c], u[c - 1]) + flow(u[c], u[c + 1]) + flow(u[c], u[c - sy]) + flow(u[c], u[c + sy]) +
                        flow(u[c], u[c - sz]) + flow(u[c], u[c + sz]));
  }
}

BENCH_GLOBAL void scatter(const double* __restrict wb, const double* __restrict u, double* __restrict ub, double r,
                          int nx, int ny, int nz) {
  BENCH_POINTS_3(1, nx - 1, 1, ny - 1, 1, nz - 1) {
    const long sy = nx, sz = sy * ny, c = x + sy * y + sz * z;
    const double w = wb[c];
    double own = w;
    for (const long n : {c - 1, c + 1, c - sy, c + sy, c - sz, c + sz}) {
      add(ub[n], r * w * flow_slope(u[c], u[n]));
      own -= r * w * flow_slope(u[n], u[c]);
    }
    add(ub[c], own);
  }
}

struct cells {
  const double* __restrict wb;
  const double* __restrict u;
  double* __restrict ub;
  double r;
  box points;
  int nx, ny, nz;

  template <guard G>
  BENCH_DEVICE BENCH_INLINE void cell(int x, int y, int z) const {
    const long sy = nx, sz = sy * ny, c = x + sy * y + sz * z;
    const bool inside = points.has<G>(x, y, z);
    const double here = u[c], w = inside ? wb[c] : 0.0;
    const auto face = [&](int dx, int dy, int dz) BENCH_INLINED {
      const bool beyond = points.has<G>(x + dx, y + dy, z + dz);
      if (!inside && !beyond)
        return 0.0;
      const long n = c + dx + sy * dy + sz * dz;
      return ((beyond ? wb[n] : 0.0) - w) * flow_slope(u[n], here);
    };
    ub[c] += w + r * (face(-1, 0, 0) + face(1, 0, 0) + face(0, -1, 0) + face(0, 1, 0) + face(0, 0, -1) + face(0, 0, 1));
  }
};

inline constexpr double r = 0.05;

inline const registration registered{{
    .name = "heat-3d-nonlinear",
    .form = this_form(),
    .arrays = {{"un", role::output}, {"u", role::input}},
    .large = large_3d,
    .quick = quick_3d,
    .odd = odd_3d,
    .primal_bytes = 16,
    .vjp_bytes = 32,
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
          gather_cells(cells{f.bar(0), f[1], f.bar(1), r, points, nx, ny, nz}, inner);
        },
    .scatter =
        [](const fields& f) {
          const auto [nx, ny, nz] = f.size();
          BENCH_CALL(scatter, f, f.bar(0), f[1], f.bar(1), r, nx, ny, nz);
        },
}};

} // namespace bench::BENCH_FORM::heat_3d_nonlinear
