// weno5-2d: advection in two dimensions with a constant velocity (both components positive), WENO reconstruction of
// fifth order.
//
//     un = u - a (F(x + 1/2) - F(x - 1/2)) - b (G(y + 1/2) - G(y - 1/2)),   a = vx dt / dx,   b = vy dt / dy
//
// F(x + 1/2) is the value reconstructed from the cells x - 2 … x + 2, G the same along y (Jiang and Shu, J. Comput.
// Phys. 126, 1996). Applied to points with all cells x - 3 … x + 2, and y alike; every point evaluates its four
// reconstructions. Stencil: 11 points. Minimum traffic of a point: primal 16 bytes (u read, un written); vjp 32 (u and
// the cotangent of un read, the one of u read and written).
//
// By hand, in nests: the five derivatives of each reconstruction are evaluated once per face, in tiles that fit the
// second-level cache, and added up from there. In CUDA: a cell evaluates the ten reconstructions that read it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../harness/form.h"

#include <vector>

namespace bench::BENCH_FORM::weno5 {

inline constexpr double epsilon = 1e-6, d0 = 0.1, d1 = 0.6, d2 = 0.3;

BENCH_DEVICE BENCH_INLINE double square(double v) { return v * v; }

BENCH_DEVICE BENCH_INLINE double reconstruct(double v0, double v1, double v2, double v3, double v4) {
  const double b0 = 13.0 / 12 * square(v0 - 2 * v1 + v2) + 0.25 * square(v0 - 4 * v1 + 3 * v2);
  const double b1 = 13.0 / 12 * square(v1 - 2 * v2 + v3) + 0.25 * square(v1 - v3);
  const double b2 = 13.0 / 12 * square(v2 - 2 * v3 + v4) + 0.25 * square(3 * v2 - 4 * v3 + v4);
  const double w0 = d0 / square(epsilon + b0), w1 = d1 / square(epsilon + b1), w2 = d2 / square(epsilon + b2);
  return (w0 * (2 * v0 - 7 * v1 + 11 * v2) + w1 * (5 * v2 - v1 + 2 * v3) + w2 * (2 * v2 + 5 * v3 - v4)) /
         (6 * (w0 + w1 + w2));
}

BENCH_KERNEL void step(double* __restrict un, const double* __restrict u, double a, double b, int nx, int ny) {
  BENCH_POINTS_2(3, nx - 2, 3, ny - 2) {
    const long s = nx, c = x + s * y;
    const double east = reconstruct(u[c - 2], u[c - 1], u[c], u[c + 1], u[c + 2]);
    const double west = reconstruct(u[c - 3], u[c - 2], u[c - 1], u[c], u[c + 1]);
    const double north = reconstruct(u[c - 2 * s], u[c - s], u[c], u[c + s], u[c + 2 * s]);
    const double south = reconstruct(u[c - 3 * s], u[c - 2 * s], u[c - s], u[c], u[c + s]);
    un[c] = u[c] - a * (east - west) - b * (north - south);
  }
}

/// The derivatives of reconstruct() with respect to its arguments, times a factor.
struct slopes {
  double g0, g1, g2, g3, g4;
};

BENCH_DEVICE BENCH_INLINE slopes reconstruct_slopes(double factor, double v0, double v1, double v2, double v3,
                                                    double v4) {
  const double c0 = v0 - 2 * v1 + v2, l0 = v0 - 4 * v1 + 3 * v2, c1 = v1 - 2 * v2 + v3, l1 = v1 - v3;
  const double c2 = v2 - 2 * v3 + v4, l2 = 3 * v2 - 4 * v3 + v4;
  const double e0 = 1 / (epsilon + 13.0 / 12 * c0 * c0 + 0.25 * l0 * l0);
  const double e1 = 1 / (epsilon + 13.0 / 12 * c1 * c1 + 0.25 * l1 * l1);
  const double e2 = 1 / (epsilon + 13.0 / 12 * c2 * c2 + 0.25 * l2 * l2);
  const double w0 = d0 * e0 * e0, w1 = d1 * e1 * e1, w2 = d2 * e2 * e2, inverse = factor / (w0 + w1 + w2);
  const double p0 = (2 * v0 - 7 * v1 + 11 * v2) / 6, p1 = (5 * v2 - v1 + 2 * v3) / 6, p2 = (2 * v2 + 5 * v3 - v4) / 6;
  const double q0 = w0 * inverse, q1 = w1 * inverse, q2 = w2 * inverse; // normalised weights times the factor
  const double f = (w0 * p0 + w1 * p1 + w2 * p2) / (w0 + w1 + w2);
  // A weight changes by -2 w e for each change of its smoothness; half of 13/6 c dc + 1/2 l dl is what remains.
  const double s0 = -2 * q0 * e0 * (p0 - f), s1 = -2 * q1 * e1 * (p1 - f), s2 = -2 * q2 * e2 * (p2 - f);
  const double k0 = 13.0 / 6 * c0 * s0, m0 = 0.5 * l0 * s0, k1 = 13.0 / 6 * c1 * s1, m1 = 0.5 * l1 * s1;
  const double k2 = 13.0 / 6 * c2 * s2, m2 = 0.5 * l2 * s2;
  return {q0 / 3 + k0 + m0, -7.0 / 6 * q0 - 2 * k0 - 4 * m0 - q1 / 6 + k1 + m1,
          11.0 / 6 * q0 + k0 + 3 * m0 + 5.0 / 6 * q1 - 2 * k1 + q2 / 3 + k2 + 3 * m2,
          q1 / 3 + k1 - m1 + 5.0 / 6 * q2 - 2 * k2 - 4 * m2, k2 + m2 - q2 / 6};
}

/// The same for the face behind cell c, whose five cells are `stride` elements apart.
BENCH_DEVICE BENCH_INLINE slopes face_slopes(double factor, const double* __restrict u, long c, long stride) {
  return reconstruct_slopes(factor, u[c - 2 * stride], u[c - stride], u[c], u[c + stride], u[c + 2 * stride]);
}

BENCH_DEVICE inline void scatter_face(double factor, const double* u, double* ub, long c, long stride) {
  const slopes g = face_slopes(factor, u, c, stride);
  add(ub[c - 2 * stride], g.g0);
  add(ub[c - stride], g.g1);
  add(ub[c], g.g2);
  add(ub[c + stride], g.g3);
  add(ub[c + 2 * stride], g.g4);
}

BENCH_GLOBAL void scatter(const double* __restrict wb, const double* __restrict u, double* __restrict ub, double a,
                          double b, int nx, int ny) {
  BENCH_POINTS_2(3, nx - 2, 3, ny - 2) {
    const long s = nx, c = x + s * y;
    add(ub[c], wb[c]);
    scatter_face(-a * wb[c], u, ub, c, 1);
    scatter_face(a * wb[c], u, ub, c - 1, 1);
    scatter_face(-b * wb[c], u, ub, c, s);
    scatter_face(b * wb[c], u, ub, c - s, s);
  }
}

#if defined(__CUDA__)
struct cells {
  const double* __restrict wb;
  const double* __restrict u;
  double* __restrict ub;
  double a, b;
  box points;
  int nx, ny, nz = 1;

  /// What the cell gets from the face `offset` cells before or behind it along an axis with velocity a.
  template <guard G>
  BENCH_DEVICE BENCH_INLINE double from_face(int offset, double velocity, int x, int y, int dx, int dy) const {
    const int fx = x + offset * dx, fy = y + offset * dy;
    const bool here = points.has<G>(fx, fy), behind = points.has<G>(fx + dx, fy + dy);
    if (!here && !behind)
      return 0;
    const long stride = dx + static_cast<long>(nx) * dy, c = fx + static_cast<long>(nx) * fy;
    const slopes g = face_slopes(velocity * ((behind ? wb[c + stride] : 0.0) - (here ? wb[c] : 0.0)), u, c, stride);
    return offset == 2 ? g.g0 : offset == 1 ? g.g1 : offset == 0 ? g.g2 : offset == -1 ? g.g3 : g.g4;
  }

  template <guard G>
  BENCH_DEVICE BENCH_INLINE void cell(int x, int y, int) const {
    double sum = points.has<G>(x, y) ? wb[x + static_cast<long>(nx) * y] : 0.0;
#pragma unroll
    for (int offset = -2; offset <= 2; ++offset)
      sum += from_face<G>(offset, a, x, y, 1, 0) + from_face<G>(offset, b, x, y, 0, 1);
    ub[x + static_cast<long>(nx) * y] += sum;
  }
};

inline void gather(const fields& f, double a, double b) {
  const auto [nx, ny, nz] = f.size();
  const box points{3, nx - 2, 3, ny - 2}, inner{6, nx - 5, 6, ny - 5};
  gather_cells(cells{f.bar(0), f[1], f.bar(1), a, b, points, nx, ny}, inner);
}
#else
/// A tile of cells and the slopes of the faces that they read: of one row along x, of five rows of faces along y.
class tile {
public:
  static constexpr int width = 512, height = 128;

  tile(const double* wb, const double* u, double* ub, double a, double b, int nx, int ny)
      : wb_(wb), u_(u), ub_(ub), a_(a), b_(b), nx_(nx), ny_(ny), along_x_(5 * (width + 4)), along_y_(5 * 5 * width) {}

  /// Adds to the cells [x0, x1) x [y0, y1), at most width x height of them.
  void add_to(int x0, int x1, int y0, int y1) {
    for (int y = y0 - 2; y < y0 + 2; ++y)
      faces_along_y(y, x0, x1);
    for (int y = y0; y < y1; ++y) {
      faces_along_y(y + 2, x0, x1);
      faces_along_x(y, x0, x1);
      sum(y, x0, x1);
    }
  }

private:
  bool row_has_points(int y) const { return y >= 3 && y < ny_ - 2; }
  double* along_x(int k) { return along_x_.data() + k * (width + 4); }
  double* along_y(int y, int k) { return along_y_.data() + ((y + 5) % 5 * 5 + k) * width; }

  /// Slopes of the faces between the rows y and y + 1; zero where no point reads them.
  void faces_along_y(int y, int x0, int x1) {
    double* __restrict g0 = along_y(y, 0), * __restrict g1 = along_y(y, 1), * __restrict g2 = along_y(y, 2);
    double* __restrict g3 = along_y(y, 3), * __restrict g4 = along_y(y, 4);
    const long s = nx_;
    const bool here = row_has_points(y), behind = row_has_points(y + 1);
    const int first = x0 < 3 ? 3 : x0, last = x1 > nx_ - 2 ? nx_ - 2 : x1;
    for (int x = x0; x < x1; ++x)
      if (!(here || behind) || x < first || x >= last)
        g0[x - x0] = g1[x - x0] = g2[x - x0] = g3[x - x0] = g4[x - x0] = 0;
    if (!(here || behind))
      return;
    const double factor_here = here ? -b_ : 0, factor_behind = behind ? b_ : 0;
    const double* __restrict u = u_;
    // A row without points is read all the same, if it exists; then its factor is 0.
    const double* __restrict w_here = wb_ + s * (here ? y : y + 1);
    const double* __restrict w_behind = wb_ + s * (behind ? y + 1 : y);
    BENCH_VECTORISE
    for (int x = first; x < last; ++x) {
      const slopes g = face_slopes(factor_here * w_here[x] + factor_behind * w_behind[x], u, x + s * y, s);
      g0[x - x0] = g.g0;
      g1[x - x0] = g.g1;
      g2[x - x0] = g.g2;
      g3[x - x0] = g.g3;
      g4[x - x0] = g.g4;
    }
  }

  /// Slopes of the faces behind the cells x0 - 2 … x1 + 1 of a row; element 0 is the face behind x0 - 2.
  void faces_along_x(int y, int x0, int x1) {
    double* __restrict g0 = along_x(0), * __restrict g1 = along_x(1), * __restrict g2 = along_x(2);
    double* __restrict g3 = along_x(3), * __restrict g4 = along_x(4);
    const long row = static_cast<long>(nx_) * y;
    const double* __restrict u = u_;
    const double* __restrict w = wb_ + row;
    const int begin = x0 - 2, end = x1 + 2;
    const int first = begin < 3 ? 3 : begin, last = end > nx_ - 3 ? nx_ - 3 : end; // both neighbours are points
    const auto store = [=](int x, double factor) BENCH_INLINED {
      const slopes g = face_slopes(factor, u, row + x, 1);
      g0[x - begin] = g.g0;
      g1[x - begin] = g.g1;
      g2[x - begin] = g.g2;
      g3[x - begin] = g.g3;
      g4[x - begin] = g.g4;
    };
    for (int x = begin; x < end; ++x)
      if (!row_has_points(y) || x < first || x >= last)
        g0[x - begin] = g1[x - begin] = g2[x - begin] = g3[x - begin] = g4[x - begin] = 0;
    if (!row_has_points(y) || nx_ < 6)
      return;
    if (begin <= 2 && end > 2)
      store(2, a_ * w[3]);
    BENCH_VECTORISE
    for (int x = first; x < last; ++x)
      store(x, a_ * (w[x + 1] - w[x]));
    if (begin <= nx_ - 3 && end > nx_ - 3)
      store(nx_ - 3, -a_ * w[nx_ - 3]);
  }

  void sum(int y, int x0, int x1) {
    const double* __restrict e0 = along_x(0) + 4, * __restrict e1 = along_x(1) + 3, * __restrict e2 = along_x(2) + 2;
    const double* __restrict e3 = along_x(3) + 1, * __restrict e4 = along_x(4);
    const double* __restrict n0 = along_y(y + 2, 0), * __restrict n1 = along_y(y + 1, 1);
    const double* __restrict n2 = along_y(y, 2), * __restrict n3 = along_y(y - 1, 3), * __restrict n4 = along_y(y - 2, 4);
    double* __restrict ub = ub_ + static_cast<long>(nx_) * y;
    const double* __restrict w = wb_ + static_cast<long>(nx_) * y;
    const int first = !row_has_points(y) ? x1 : x0 < 3 ? 3 : x0, last = x1 > nx_ - 2 ? nx_ - 2 : x1;
    const auto slopes_of = [=](int i) BENCH_INLINED {
      return ((e0[i] + e1[i]) + (e2[i] + e3[i]) + e4[i]) + ((n0[i] + n1[i]) + (n2[i] + n3[i]) + n4[i]);
    };
    for (int x = x0; x < x1; ++x)
      if (x < first || x >= last)
        ub[x] += slopes_of(x - x0);
    BENCH_VECTORISE
    for (int x = first; x < last; ++x)
      ub[x] += w[x] + slopes_of(x - x0);
  }

  const double *wb_, *u_;
  double* ub_;
  double a_, b_;
  int nx_, ny_;
  std::vector<double> along_x_, along_y_;
};

inline void gather(const fields& f, double a, double b) {
  const int nx = f.size().nx, ny = f.size().ny; // OpenMP does not capture structured bindings
  const double *wb = f.bar(0), *u = f[1];
  double* ub = f.bar(1);
  BENCH_OMP(parallel for schedule(static))
  for (int y = 0; y < ny; y += tile::height) {
    tile t(wb, u, ub, a, b, nx, ny);
    for (int x = 0; x < nx; x += tile::width)
      t.add_to(x, x + tile::width < nx ? x + tile::width : nx, y, y + tile::height < ny ? y + tile::height : ny);
  }
}
#endif

inline constexpr double a = 0.2, b = 0.3;

inline const registration registered{{
    .name = "weno5-2d",
    .form = this_form(),
    .arrays = {{"un", role::output}, {"u", role::input}},
    .large = large_2d,
    .quick = quick_2d,
    .odd = odd_2d,
    .primal_bytes = 16,
    .vjp_bytes = 32,
    .primal =
        [](const fields& f) {
          const auto [nx, ny, nz] = f.size();
          BENCH_CALL(step, f, f[0], f[1], a, b, nx, ny);
        },
    .vjp = BENCH_GENERATED([](const fields& f) {
      const auto [nx, ny, nz] = f.size();
      BENCH_CALL(__vjp_step, f, f[0], f.bar(0), f[1], f.bar(1), a, b, nx, ny);
    }),
    .adjoint = BENCH_GENERATED([](const fields& f) {
      const auto [nx, ny, nz] = f.size();
      BENCH_CALL(__adjoint_step, f, f[0], f.bar(0), f[1], f.bar(1), a, b, nx, ny);
    }),
    .gather = [](const fields& f) { gather(f, a, b); },
    .scatter =
        [](const fields& f) {
          const auto [nx, ny, nz] = f.size();
          BENCH_CALL(scatter, f, f.bar(0), f[1], f.bar(1), a, b, nx, ny);
        },
}};

} // namespace bench::BENCH_FORM::weno5
