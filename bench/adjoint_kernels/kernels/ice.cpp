// ice-2d: the shallow-ice approximation in two dimensions with Glen's exponent n = 3, an explicit step of
//
//     H_t = div(D grad S) + M,      S = B + H,      D = A H^5 |grad S|^2
//
// on a staggered grid: D on the corners of the cells, from the mean H of four cells and the slopes averaged to the
// corner; on a face the mean of its two corners.
//
//     Hn = H + dt (M + sum over the four faces of D_face (S(neighbour) - S) / d^2)            at the inner cells, d =
//     dx or dy
//
// Every cell evaluates its four corners. Stencil: 3 x 3 cells of H and B, one of M; all active. Minimum traffic of a
// point: primal 32 bytes (H, B and M read, Hn written); vjp 72 (H, B and the cotangent of Hn read, three shadows read
// and written).
//
// By hand, in nests: a corner is evaluated once, a row of corners at a time, and a cell adds up its four corners from
// two such rows. In CUDA: a cell evaluates its four corners.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../harness/form.h"

#include <array>
#include <utility>
#include <vector>

namespace bench::BENCH_FORM::ice {

struct parameters {
  double A, dt, idx, idy; ///< idx = 1 / dx
};

/// D on the upper right corner of cell c.
BENCH_DEVICE BENCH_INLINE double diffusivity(const double* __restrict H, const double* __restrict B, long c, long s,
                                             const parameters& p) {
  const double h = 0.25 * (H[c] + H[c + 1] + H[c + s] + H[c + s + 1]);
  const double s00 = B[c] + H[c], s10 = B[c + 1] + H[c + 1], s01 = B[c + s] + H[c + s];
  const double s11 = B[c + s + 1] + H[c + s + 1];
  const double gx = 0.5 * (s10 - s00 + s11 - s01) * p.idx, gy = 0.5 * (s01 - s00 + s11 - s10) * p.idy;
  const double h2 = h * h;
  return p.A * h2 * h2 * h * (gx * gx + gy * gy);
}

BENCH_KERNEL void step(double* __restrict Hn, const double* __restrict H, const double* __restrict B,
                       const double* __restrict M, parameters p, int nx, int ny) {
  BENCH_POINTS_2(1, nx - 1, 1, ny - 1) {
    const long s = nx, c = x + s * y;
    const double here = B[c] + H[c];
    const double d00 = diffusivity(H, B, c - s - 1, s, p), d10 = diffusivity(H, B, c - s, s, p);
    const double d01 = diffusivity(H, B, c - 1, s, p), d11 = diffusivity(H, B, c, s, p);
    const double along_x =
        0.5 * (d10 + d11) * (B[c + 1] + H[c + 1] - here) + 0.5 * (d00 + d01) * (B[c - 1] + H[c - 1] - here);
    const double along_y =
        0.5 * (d01 + d11) * (B[c + s] + H[c + s] - here) + 0.5 * (d00 + d10) * (B[c - s] + H[c - s] - here);
    Hn[c] = H[c] + p.dt * (M[c] + p.idx * p.idx * along_x + p.idy * p.idy * along_y);
  }
}

/// What a corner does: its diffusivity, and what its four cells get for a change of it. The cell to the right and above
/// gets mean + x + y for H and x + y for B; further left the sign of x changes, further below the one of y; mean stays.
struct corner {
  double D, mean, x, y;
};

/// The corner above and to the right of cell c, for the cotangent D_bar of its diffusivity.
BENCH_DEVICE BENCH_INLINE corner corner_slopes(double D_bar, const double* __restrict H, const double* __restrict B,
                                               long c, long s, const parameters& p) {
  const double h = 0.25 * (H[c] + H[c + 1] + H[c + s] + H[c + s + 1]);
  const double s00 = B[c] + H[c], s10 = B[c + 1] + H[c + 1], s01 = B[c + s] + H[c + s];
  const double s11 = B[c + s + 1] + H[c + s + 1];
  const double gx = 0.5 * (s10 - s00 + s11 - s01) * p.idx, gy = 0.5 * (s01 - s00 + s11 - s10) * p.idy;
  const double h2 = h * h, a4 = p.A * h2 * h2, g2 = gx * gx + gy * gy;
  return {a4 * h * g2, 0.25 * 5 * a4 * g2 * D_bar, a4 * h * gx * p.idx * D_bar, a4 * h * gy * p.idy * D_bar};
}

BENCH_DEVICE inline void scatter_corner(double D_bar, const double* H, double* Hb, const double* B, double* Bb, long c,
                                        long s, const parameters& p) {
  const corner k = corner_slopes(D_bar, H, B, c, s, p);
  add(Hb[c], k.mean - k.x - k.y);
  add(Bb[c], -k.x - k.y);
  add(Hb[c + 1], k.mean + k.x - k.y);
  add(Bb[c + 1], k.x - k.y);
  add(Hb[c + s], k.mean - k.x + k.y);
  add(Bb[c + s], -k.x + k.y);
  add(Hb[c + s + 1], k.mean + k.x + k.y);
  add(Bb[c + s + 1], k.x + k.y);
}

BENCH_GLOBAL void scatter(const double* __restrict wb, const double* __restrict H, double* __restrict Hb,
                          const double* __restrict B, double* __restrict Bb, double* __restrict Mb, parameters p,
                          int nx, int ny) {
  BENCH_POINTS_2(1, nx - 1, 1, ny - 1) {
    const long s = nx, c = x + s * y;
    const double w = p.dt * wb[c], wx = 0.5 * p.idx * p.idx * w, wy = 0.5 * p.idy * p.idy * w;
    const double d00 = diffusivity(H, B, c - s - 1, s, p), d10 = diffusivity(H, B, c - s, s, p);
    const double d01 = diffusivity(H, B, c - 1, s, p), d11 = diffusivity(H, B, c, s, p);
    const double here = B[c] + H[c];
    const double east = wx * (B[c + 1] + H[c + 1] - here), west = wx * (B[c - 1] + H[c - 1] - here);
    const double north = wy * (B[c + s] + H[c + s] - here), south = wy * (B[c - s] + H[c - s] - here);
    scatter_corner(west + south, H, Hb, B, Bb, c - s - 1, s, p);
    scatter_corner(east + south, H, Hb, B, Bb, c - s, s, p);
    scatter_corner(west + north, H, Hb, B, Bb, c - 1, s, p);
    scatter_corner(east + north, H, Hb, B, Bb, c, s, p);
    const double to_east = wx * (d10 + d11), to_west = wx * (d00 + d01);
    const double to_north = wy * (d01 + d11), to_south = wy * (d00 + d10);
    for (double* bar : {Hb, Bb}) {
      add(bar[c + 1], to_east);
      add(bar[c - 1], to_west);
      add(bar[c + s], to_north);
      add(bar[c - s], to_south);
      add(bar[c], -(to_east + to_west + to_north + to_south));
    }
    add(Hb[c], wb[c]);
    Mb[c] += w;
  }
}

/// The cotangent of the diffusivity on a corner from the cotangents w of its four cells: those of the two cells beside
/// a face act through its flux.
BENCH_DEVICE BENCH_INLINE double corner_cotangent(double w00, double w10, double w01, double w11,
                                                  const double* __restrict H, const double* __restrict B, long c,
                                                  long s, const parameters& p) {
  const double s00 = B[c] + H[c], s10 = B[c + 1] + H[c + 1], s01 = B[c + s] + H[c + s];
  const double s11 = B[c + s + 1] + H[c + s + 1];
  const double fx = 0.5 * p.dt * p.idx * p.idx, fy = 0.5 * p.dt * p.idy * p.idy;
  return -fx * ((w10 - w00) * (s10 - s00) + (w11 - w01) * (s11 - s01)) -
         fy * ((w01 - w00) * (s01 - s00) + (w11 - w10) * (s11 - s10));
}

/// What a cell gets from its corners; w is the cotangent of the cell, we … ws those of its neighbours.
struct received {
  double H, B;
};

BENCH_DEVICE BENCH_INLINE received from_corners(const corner& k00, const corner& k10, const corner& k01,
                                                const corner& k11, double w, double we, double ww, double wn, double ws,
                                                const parameters& p) {
  const double fx = 0.5 * p.dt * p.idx * p.idx, fy = 0.5 * p.dt * p.idy * p.idy;
  const double slopes = (k00.x - k10.x + k01.x - k11.x) + (k00.y + k10.y - k01.y - k11.y);
  const double fluxes = fx * ((we - w) * (k10.D + k11.D) + (ww - w) * (k00.D + k01.D)) +
                        fy * ((wn - w) * (k01.D + k11.D) + (ws - w) * (k00.D + k10.D));
  return {w + k00.mean + k10.mean + k01.mean + k11.mean + slopes + fluxes, slopes + fluxes};
}

#if defined(__CUDA__)
struct cells {
  const double* __restrict wb;
  const double* __restrict H;
  double* __restrict Hb;
  const double* __restrict B;
  double* __restrict Bb;
  double* __restrict Mb;
  parameters p;
  box points;
  int nx, ny, nz = 1;

  template <guard G>
  BENCH_DEVICE BENCH_INLINE double cotangent(int x, int y) const {
    return points.has<G>(x, y) ? wb[x + static_cast<long>(nx) * y] : 0.0;
  }

  /// The corner above and to the right of a cell; nothing where there is none.
  template <guard G>
  BENCH_DEVICE BENCH_INLINE corner corner_of(int x, int y) const {
    if (G != guard::none && (x < 0 || y < 0 || x >= nx - 1 || y >= ny - 1))
      return {0, 0, 0, 0};
    const long s = nx, c = x + s * y;
    return corner_slopes(corner_cotangent(cotangent<G>(x, y), cotangent<G>(x + 1, y), cotangent<G>(x, y + 1),
                                          cotangent<G>(x + 1, y + 1), H, B, c, s, p),
                         H, B, c, s, p);
  }

  template <guard G>
  BENCH_DEVICE BENCH_INLINE void cell(int x, int y, int) const {
    const double w = cotangent<G>(x, y);
    const received r =
        from_corners(corner_of<G>(x - 1, y - 1), corner_of<G>(x, y - 1), corner_of<G>(x - 1, y), corner_of<G>(x, y), w,
                     cotangent<G>(x + 1, y), cotangent<G>(x - 1, y), cotangent<G>(x, y + 1), cotangent<G>(x, y - 1), p);
    const long c = x + static_cast<long>(nx) * y;
    Hb[c] += r.H;
    Bb[c] += r.B;
    Mb[c] += p.dt * w;
  }
};

inline void gather(const fields& f, const parameters& p) {
  const auto [nx, ny, nz] = f.size();
  const box points{1, nx - 1, 1, ny - 1}, inner{2, nx - 2, 2, ny - 2};
  gather_cells(cells{f.bar(0), f[1], f.bar(1), f[2], f.bar(2), f.bar(3), p, points, nx, ny}, inner);
}
#else
/// Rows of cells from bottom to top, with the cotangents of three rows and the corners of two.
class rows {
public:
  rows(const double* wb, const double* H, double* Hb, const double* B, double* Bb, double* Mb, const parameters& p,
       int nx, int ny)
      : wb_(wb), H_(H), B_(B), Hb_(Hb), Bb_(Bb), Mb_(Mb), p_(p), nx_(nx), ny_(ny), memory_((3 + 2 * 4) * (nx + 2)) {
    double* next = memory_.data();
    for (double*& row : w_) {
      row = next + 1; // element -1 and nx: beyond the rim
      next += nx + 2;
    }
    for (auto& row : corners_)
      for (double*& part : row) {
        part = next + 1; // element -1: the corner left of cell 0
        next += nx + 2;
      }
  }

  void add_to(int y0, int y1) {
    load(w_[1], y0 - 1);
    load(w_[2], y0);
    turn_corners(y0 - 1);
    for (int y = y0; y < y1; ++y) {
      std::swap(w_[0], w_[1]);
      std::swap(w_[1], w_[2]);
      load(w_[2], y + 1);
      turn_corners(y);
      sum(y);
    }
  }

private:
  /// The cotangents of a row; 0 where there is no point of the kernel.
  void load(double* __restrict w, int y) const {
    const bool inside = y >= 1 && y < ny_ - 1;
    const double* __restrict from = wb_ + static_cast<long>(nx_) * (inside ? y : 0);
    for (int x = 0; x < nx_; ++x)
      w[x] = inside && x >= 1 && x < nx_ - 1 ? from[x] : 0.0;
  }

  /// Makes the upper corners the lower ones and evaluates those between the rows y and y + 1, whose cotangents are in
  /// w_[1] and w_[2]. Corners of the rim do not exist and stay 0.
  void turn_corners(int y) {
    std::swap(corners_[0], corners_[1]);
    double* __restrict D = corners_[1][0], * __restrict mean = corners_[1][1];
    double* __restrict along_x = corners_[1][2], * __restrict along_y = corners_[1][3];
    const int count = y >= 0 && y < ny_ - 1 ? nx_ - 1 : 0;
    for (int x = count; x < nx_; ++x)
      D[x] = mean[x] = along_x[x] = along_y[x] = 0;
    const double* __restrict low = w_[1], * __restrict high = w_[2], * __restrict H = H_, * __restrict B = B_;
    const parameters p = p_;
    const long s = nx_, row = s * y;
    BENCH_VECTORISE
    for (int x = 0; x < count; ++x) {
      const long c = row + x;
      const double D_bar = corner_cotangent(low[x], low[x + 1], high[x], high[x + 1], H, B, c, s, p);
      const corner k = corner_slopes(D_bar, H, B, c, s, p);
      D[x] = k.D;
      mean[x] = k.mean;
      along_x[x] = k.x;
      along_y[x] = k.y;
    }
  }

  void sum(int y) {
    const double* __restrict below = w_[0], * __restrict w = w_[1], * __restrict above = w_[2];
    const auto lower = corners_[0], upper = corners_[1];
    const auto corner_of = [](const std::array<double*, 4>& parts, int x)
                               BENCH_INLINED { return corner{parts[0][x], parts[1][x], parts[2][x], parts[3][x]}; };
    const long row = static_cast<long>(nx_) * y;
    double* __restrict Hb = Hb_ + row, * __restrict Bb = Bb_ + row, * __restrict Mb = Mb_ + row;
    const parameters p = p_;
    BENCH_VECTORISE
    for (int x = 0; x < nx_; ++x) {
      const received r = from_corners(corner_of(lower, x - 1), corner_of(lower, x), corner_of(upper, x - 1),
                                      corner_of(upper, x), w[x], w[x + 1], w[x - 1], above[x], below[x], p);
      Hb[x] += r.H;
      Bb[x] += r.B;
      Mb[x] += p.dt * w[x];
    }
  }

  const double *wb_, *H_, *B_;
  double *Hb_, *Bb_, *Mb_;
  parameters p_;
  int nx_, ny_;
  std::vector<double> memory_;
  std::array<double*, 3> w_;                      ///< cotangents of the rows below, here and above
  std::array<std::array<double*, 4>, 2> corners_; ///< the parts of `corner` below and above the row
};

inline void gather(const fields& f, const parameters& p) {
  constexpr int rows_at_once = 128;             // one row of corners in so many is evaluated twice
  const int nx = f.size().nx, ny = f.size().ny; // OpenMP does not capture structured bindings
  const double *wb = f.bar(0), *H = f[1], *B = f[2];
  double *Hb = f.bar(1), *Bb = f.bar(2), *Mb = f.bar(3);
  BENCH_OMP(parallel for schedule(static))
  for (int y = 0; y < ny; y += rows_at_once)
    rows(wb, H, Hb, B, Bb, Mb, p, nx, ny).add_to(y, y + rows_at_once < ny ? y + rows_at_once : ny);
}
#endif

inline constexpr parameters chosen{0.02, 0.5, 1.25, 0.75};

inline const registration registered{{
    .name = "ice-2d",
    .form = this_form(),
    .arrays = {{"Hn", role::output}, {"H", role::input, 0, 2}, {"B", role::input}, {"M", role::input}},
    .large = large_2d,
    .quick = quick_2d,
    .odd = odd_2d,
    .primal_bytes = 32,
    .vjp_bytes = 72,
    .primal =
        [](const fields& f) {
          const auto [nx, ny, nz] = f.size();
          BENCH_CALL(step, f, f[0], f[1], f[2], f[3], chosen, nx, ny);
        },
    .vjp = BENCH_GENERATED([](const fields& f) {
      const auto [nx, ny, nz] = f.size();
      BENCH_CALL(__vjp_step, f, f[0], f.bar(0), f[1], f.bar(1), f[2], f.bar(2), f[3], f.bar(3), chosen, nx, ny);
    }),
    .adjoint = BENCH_GENERATED([](const fields& f) {
      const auto [nx, ny, nz] = f.size();
      BENCH_CALL(__adjoint_step, f, f[0], f.bar(0), f[1], f.bar(1), f[2], f.bar(2), f[3], f.bar(3), chosen, nx, ny);
    }),
    .gather = [](const fields& f) { gather(f, chosen); },
    .scatter =
        [](const fields& f) {
          const auto [nx, ny, nz] = f.size();
          BENCH_CALL(scatter, f, f.bar(0), f[1], f.bar(1), f[2], f.bar(2), f.bar(3), chosen, nx, ny);
        },
}};

} // namespace bench::BENCH_FORM::ice
