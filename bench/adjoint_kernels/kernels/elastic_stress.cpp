// elastic-stress-2d: the stress half of a staggered scheme for elastic waves in two dimensions.
//
//     sxx += dt ((l + 2 m) exx + l eyy),  syy += dt (l exx + (l + 2 m) eyy),  sxy += dt m_c (dy vx + dx vy)
//
// with the strain rates exx = dx vx, eyy = dy vy of a cell, Lamé's parameters l and m in the cells, m averaged over the
// four cells around a corner (m_c), grid spacing 1. sxx, syy, l and m have nx x ny cells, vx (nx + 1) x ny faces, vy nx
// x (ny + 1), sxy (nx + 1) x (ny + 1) corners; a cell looks after its lower left corner. Applied at cells but the first
// column and row, in place. Minimum traffic of a point: primal 80 bytes (vx, vy, l and m read, three stresses read and
// written); vjp 120 (the same four and three cotangents read, four shadows read and written).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../harness/form.h"

namespace bench::BENCH_FORM::elastic_stress {

BENCH_KERNEL void update_stress(double* __restrict sxx, double* __restrict syy, double* __restrict sxy,
                                const double* __restrict vx, const double* __restrict vy, const double* __restrict l,
                                const double* __restrict m, double dt, int nx, int ny) {
  BENCH_POINTS_2(1, nx, 1, ny) {
    const long sy = nx, sc = sy + 1, c = x + sy * y, corner = x + sc * y;
    const double exx = vx[corner + 1] - vx[corner], eyy = vy[c + sy] - vy[c];
    const double m_c = 0.25 * (m[c] + m[c - 1] + m[c - sy] + m[c - sy - 1]);
    sxx[c] += dt * ((l[c] + 2 * m[c]) * exx + l[c] * eyy);
    syy[c] += dt * (l[c] * exx + (l[c] + 2 * m[c]) * eyy);
    sxy[corner] += dt * m_c * (vx[corner] - vx[corner - sc] + vy[c] - vy[c - 1]);
  }
}

BENCH_GLOBAL void scatter(const double* __restrict sxxb, const double* __restrict syyb, const double* __restrict sxyb,
                          const double* __restrict vx, double* __restrict vxb, const double* __restrict vy,
                          double* __restrict vyb, const double* __restrict l, double* __restrict lb,
                          const double* __restrict m, double* __restrict mb, double dt, int nx, int ny) {
  BENCH_POINTS_2(1, nx, 1, ny) {
    const long sy = nx, sc = sy + 1, c = x + sy * y, corner = x + sc * y;
    const double exx = vx[corner + 1] - vx[corner], eyy = vy[c + sy] - vy[c];
    const double wx = dt * sxxb[c], wy = dt * syyb[c], w_c = 0.25 * dt * sxyb[corner];
    const double exx_bar = (l[c] + 2 * m[c]) * wx + l[c] * wy, eyy_bar = l[c] * wx + (l[c] + 2 * m[c]) * wy;
    const double shear_bar = (m[c] + m[c - 1] + m[c - sy] + m[c - sy - 1]) * w_c;
    const double m_bar = (vx[corner] - vx[corner - sc] + vy[c] - vy[c - 1]) * w_c;
    add(vxb[corner + 1], exx_bar);
    add(vxb[corner], shear_bar - exx_bar);
    add(vxb[corner - sc], -shear_bar);
    add(vyb[c + sy], eyy_bar);
    add(vyb[c], shear_bar - eyy_bar);
    add(vyb[c - 1], -shear_bar);
    lb[c] += (wx + wy) * (exx + eyy);
    add(mb[c], 2 * (wx * exx + wy * eyy) + m_bar);
    add(mb[c - 1], m_bar);
    add(mb[c - sy], m_bar);
    add(mb[c - sy - 1], m_bar);
  }
}

/// A cell with its left and its lower face; the last column and row have faces only.
struct cells {
  const double* __restrict sxxb;
  const double* __restrict syyb;
  const double* __restrict sxyb;
  const double* __restrict vx;
  double* __restrict vxb;
  const double* __restrict vy;
  double* __restrict vyb;
  const double* __restrict l;
  double* __restrict lb;
  const double* __restrict m;
  double* __restrict mb;
  double dt;
  box points;
  int nx, ny, nz = 1; ///< one more than there are cells

  template <guard G>
  BENCH_DEVICE BENCH_INLINE void cell(int x, int y, int) const {
    const long sy = nx - 1, sc = sy + 1;
    const auto has = [&](int dx, int dy) BENCH_INLINED { return points.has<G>(x + dx, y + dy); };
    const auto at = [=](int dx, int dy) BENCH_INLINED { return x + dx + sy * (y + dy); };     // a cell
    const auto corner = [=](int dx, int dy) BENCH_INLINED { return x + dx + sc * (y + dy); }; // a corner, a left face
    const auto exx_bar = [&](int dx, int dy) BENCH_INLINED {
      const long e = at(dx, dy);
      return has(dx, dy) ? (l[e] + 2 * m[e]) * sxxb[e] + l[e] * syyb[e] : 0.0;
    };
    const auto eyy_bar = [&](int dx, int dy) BENCH_INLINED {
      const long e = at(dx, dy);
      return has(dx, dy) ? l[e] * sxxb[e] + (l[e] + 2 * m[e]) * syyb[e] : 0.0;
    };
    const auto shear_bar = [&](int dx, int dy) BENCH_INLINED {
      const long e = at(dx, dy);
      return has(dx, dy) ? 0.25 * (m[e] + m[e - 1] + m[e - sy] + m[e - sy - 1]) * sxyb[corner(dx, dy)] : 0.0;
    };
    const auto m_bar = [&](int dx, int dy) BENCH_INLINED {
      const long e = at(dx, dy), f = corner(dx, dy);
      return has(dx, dy) ? 0.25 * (vx[f] - vx[f - sc] + vy[e] - vy[e - 1]) * sxyb[f] : 0.0;
    };

    const double shear = shear_bar(0, 0);
    if (has(0, 0) || has(-1, 0) || has(0, 1))
      vxb[corner(0, 0)] += dt * (exx_bar(-1, 0) - exx_bar(0, 0) + shear - shear_bar(0, 1));
    if (has(0, 0) || has(0, -1) || has(1, 0))
      vyb[at(0, 0)] += dt * (eyy_bar(0, -1) - eyy_bar(0, 0) + shear - shear_bar(1, 0));
    double m_sum = m_bar(0, 0) + m_bar(1, 0) + m_bar(0, 1) + m_bar(1, 1);
    if (has(0, 0)) {
      const long e = at(0, 0);
      const double exx = vx[corner(1, 0)] - vx[corner(0, 0)], eyy = vy[at(0, 1)] - vy[e];
      lb[e] += dt * (sxxb[e] + syyb[e]) * (exx + eyy);
      m_sum += 2 * (sxxb[e] * exx + syyb[e] * eyy);
    }
    if (has(0, 0) || has(1, 0) || has(0, 1) || has(1, 1))
      mb[at(0, 0)] += dt * m_sum;
  }
};

inline constexpr double dt = 0.3;

inline const registration registered{{
    .name = "elastic-stress-2d",
    .form = this_form(),
    .arrays = {{"sxx", role::increment},
               {"syy", role::increment},
               {"sxy", role::increment, -1, 1, {1, 1, 0}},
               {"vx", role::input, -1, 1, {1, 0, 0}},
               {"vy", role::input, -1, 1, {0, 1, 0}},
               {"l", role::input, 0.5, 1.5},
               {"m", role::input, 0.5, 1.5}},
    .large = large_2d,
    .quick = quick_2d,
    .odd = odd_2d,
    .primal_bytes = 80,
    .vjp_bytes = 120,
    .primal =
        [](const fields& f) {
          const auto [nx, ny, nz] = f.size();
          BENCH_CALL(update_stress, f, f[0], f[1], f[2], f[3], f[4], f[5], f[6], dt, nx, ny);
        },
    .vjp = BENCH_GENERATED([](const fields& f) {
      const auto [nx, ny, nz] = f.size();
      BENCH_CALL(__vjp_update_stress, f, f[0], f.bar(0), f[1], f.bar(1), f[2], f.bar(2), f[3], f.bar(3), f[4], f.bar(4),
                 f[5], f.bar(5), f[6], f.bar(6), dt, nx, ny);
    }),
    .adjoint = BENCH_GENERATED([](const fields& f) {
      const auto [nx, ny, nz] = f.size();
      BENCH_CALL(__adjoint_update_stress, f, f[0], f.bar(0), f[1], f.bar(1), f[2], f.bar(2), f[3], f.bar(3), f[4],
                 f.bar(4), f[5], f.bar(5), f[6], f.bar(6), dt, nx, ny);
    }),
    .gather =
        [](const fields& f) {
          const auto [nx, ny, nz] = f.size();
          const box points{1, nx, 1, ny}, inner{2, nx - 1, 2, ny - 1};
          gather_cells(cells{f.bar(0), f.bar(1), f.bar(2), f[3], f.bar(3), f[4], f.bar(4), f[5], f.bar(5), f[6],
                             f.bar(6), dt, points, nx + 1, ny + 1},
                       inner);
        },
    .scatter =
        [](const fields& f) {
          const auto [nx, ny, nz] = f.size();
          BENCH_CALL(scatter, f, f.bar(0), f.bar(1), f.bar(2), f[3], f.bar(3), f[4], f.bar(4), f[5], f.bar(5), f[6],
                     f.bar(6), dt, nx, ny);
        },
}};

} // namespace bench::BENCH_FORM::elastic_stress
