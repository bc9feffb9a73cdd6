// geothermal-flux: the first half of the geothermal problem's pair, the residual of Darcy fluxes on a staggered grid
// (examples/10-geothermal-2d, residual_fluxes).
//
//     Rqx = qx + (K(w) + K(e)) / 2 (P(e) - P(w)) / dx         on the inner faces between cells w and e; Rqy likewise
//
// P and K have nx x ny cells, qx (nx + 1) x ny faces and qy nx x (ny + 1); a cell looks after its right and its upper
// face. Minimum traffic of a point: primal 48 bytes (qx, qy, P and K read, two residuals written); vjp 96 (P, K and two
// cotangents read, four shadows read and written).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../harness/form.h"

namespace bench::BENCH_FORM::geothermal_flux {

BENCH_KERNEL void residual_fluxes(double* __restrict Rqx, double* __restrict Rqy, const double* __restrict qx,
                                  const double* __restrict qy, const double* __restrict P, const double* __restrict K,
                                  double idx, double idy, int nx, int ny) {
  BENCH_POINTS_2(0, nx, 0, ny) {
    const long sy = nx, c = x + sy * y, right = x + 1 + (sy + 1) * y, upper = c + sy;
    if (x < nx - 1)
      Rqx[right] = qx[right] + 0.5 * (K[c] + K[c + 1]) * (P[c + 1] - P[c]) * idx;
    if (y < ny - 1)
      Rqy[upper] = qy[upper] + 0.5 * (K[c] + K[c + sy]) * (P[c + sy] - P[c]) * idy;
  }
}

BENCH_GLOBAL void scatter(const double* __restrict Rqxb, const double* __restrict Rqyb, double* __restrict qxb,
                          double* __restrict qyb, const double* __restrict P, double* __restrict Pb,
                          const double* __restrict K, double* __restrict Kb, double idx, double idy, int nx, int ny) {
  BENCH_POINTS_2(0, nx, 0, ny) {
    const long sy = nx, c = x + sy * y, right = x + 1 + (sy + 1) * y, upper = c + sy;
    if (x < nx - 1) {
      const double w = Rqxb[right], conductance = 0.5 * (K[c] + K[c + 1]) * idx * w;
      const double slope = 0.5 * (P[c + 1] - P[c]) * idx * w;
      qxb[right] += w;
      add(Pb[c], -conductance);
      add(Pb[c + 1], conductance);
      add(Kb[c], slope);
      add(Kb[c + 1], slope);
    }
    if (y < ny - 1) {
      const double w = Rqyb[upper], conductance = 0.5 * (K[c] + K[c + sy]) * idy * w;
      const double slope = 0.5 * (P[c + sy] - P[c]) * idy * w;
      qyb[upper] += w;
      add(Pb[c], -conductance);
      add(Pb[c + sy], conductance);
      add(Kb[c], slope);
      add(Kb[c + sy], slope);
    }
  }
}

struct cells {
  const double* __restrict Rqxb;
  const double* __restrict Rqyb;
  double* __restrict qxb;
  double* __restrict qyb;
  const double* __restrict P;
  double* __restrict Pb;
  const double* __restrict K;
  double* __restrict Kb;
  double idx, idy;
  box faces_x, faces_y; ///< the cells whose right and whose upper face exist
  int nx, ny, nz = 1;

  template <guard G>
  BENCH_DEVICE BENCH_INLINE void cell(int x, int y, int) const {
    const long sy = nx, c = x + sy * y, left = x + (sy + 1) * y;
    double p = 0, k = 0;
    const auto face = [&](double w, double side, long low, long high) BENCH_INLINED {
      p += side * 0.5 * (K[low] + K[high]) * w;
      k += 0.5 * (P[high] - P[low]) * w;
    };
    if (faces_x.has<G>(x, y)) {
      qxb[left + 1] += Rqxb[left + 1];
      face(idx * Rqxb[left + 1], -1, c, c + 1);
    }
    if (faces_x.has<G>(x - 1, y))
      face(idx * Rqxb[left], 1, c - 1, c);
    if (faces_y.has<G>(x, y)) {
      qyb[c + sy] += Rqyb[c + sy];
      face(idy * Rqyb[c + sy], -1, c, c + sy);
    }
    if (faces_y.has<G>(x, y - 1))
      face(idy * Rqyb[c], 1, c - sy, c);
    Pb[c] += p;
    Kb[c] += k;
  }
};

inline constexpr double idx = 1.25, idy = 0.75;

inline const registration registered{{
    .name = "geothermal-flux",
    .form = this_form(),
    .arrays = {{"Rqx", role::output, -1, 1, {1, 0, 0}},
               {"Rqy", role::output, -1, 1, {0, 1, 0}},
               {"qx", role::input, -1, 1, {1, 0, 0}},
               {"qy", role::input, -1, 1, {0, 1, 0}},
               {"P", role::input},
               {"K", role::input, 0.5, 1.5}},
    .large = large_2d,
    .quick = quick_2d,
    .odd = odd_2d,
    .primal_bytes = 48,
    .vjp_bytes = 96,
    .primal =
        [](const fields& f) {
          const auto [nx, ny, nz] = f.size();
          BENCH_CALL(residual_fluxes, f, f[0], f[1], f[2], f[3], f[4], f[5], idx, idy, nx, ny);
        },
    .vjp = BENCH_GENERATED([](const fields& f) {
      const auto [nx, ny, nz] = f.size();
      BENCH_CALL(__vjp_residual_fluxes, f, f[0], f.bar(0), f[1], f.bar(1), f[2], f.bar(2), f[3], f.bar(3), f[4],
                 f.bar(4), f[5], f.bar(5), idx, idy, nx, ny);
    }),
    .adjoint = BENCH_GENERATED([](const fields& f) {
      const auto [nx, ny, nz] = f.size();
      BENCH_CALL(__adjoint_residual_fluxes, f, f[0], f.bar(0), f[1], f.bar(1), f[2], f.bar(2), f[3], f.bar(3), f[4],
                 f.bar(4), f[5], f.bar(5), idx, idy, nx, ny);
    }),
    .gather =
        [](const fields& f) {
          const auto [nx, ny, nz] = f.size();
          const box faces_x{0, nx - 1, 0, ny}, faces_y{0, nx, 0, ny - 1}, inner{1, nx - 1, 1, ny - 1};
          gather_cells(cells{f.bar(0), f.bar(1), f.bar(2), f.bar(3), f[4], f.bar(4), f[5], f.bar(5), idx, idy, faces_x,
                             faces_y, nx, ny},
                       inner);
        },
    .scatter =
        [](const fields& f) {
          const auto [nx, ny, nz] = f.size();
          BENCH_CALL(scatter, f, f.bar(0), f.bar(1), f.bar(2), f.bar(3), f[4], f.bar(4), f[5], f.bar(5), idx, idy, nx,
                     ny);
        },
}};

} // namespace bench::BENCH_FORM::geothermal_flux
