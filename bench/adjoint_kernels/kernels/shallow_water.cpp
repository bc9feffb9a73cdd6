// shallow-water-2d: the shallow water equations in two dimensions, first-order finite volumes with Rusanov's flux.
//
//     (h, p, q)n = (h, p, q) - k (F_e - F_w) - k (G_n - G_s)            at the inner cells, k = dt / dx
//
// with the depth h and the momenta p = h u and q = h v, and on the face between the cells L and R
//
//     F = (f(L) + f(R)) / 2 - max(|u_L| + c_L, |u_R| + c_R) (R - L) / 2,    f = (p, p u + g h^2 / 2, q u),    c =
//     sqrt(g h)
//
// G is F with u and v exchanged. Every cell evaluates its four fluxes. Stencil: 5 points of 3 components (structure of
// arrays), radius 1. Minimum traffic of a point: primal 48 bytes (three read, three written); vjp 96 (three values and
// three cotangents read, three shadows read and written).
//
// By hand: a cell gets from each of its four faces the derivative with respect to its own side only, so that no flux is
// evaluated, and faces are not shared between cells.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../harness/form.h"

#include <cmath>

namespace bench::BENCH_FORM::shallow_water {

inline constexpr double g = 9.81;

/// A cell as a face sees it: depth, momentum through the face and along it.
struct state {
  double h, n, t;
};

BENCH_DEVICE BENCH_INLINE double speed(const state& s) { return fabs(s.n / s.h) + sqrt(g * s.h); }

BENCH_DEVICE BENCH_INLINE state rusanov(const state& l, const state& r) {
  const double ul = l.n / l.h, ur = r.n / r.h, s = fmax(fabs(ul) + sqrt(g * l.h), fabs(ur) + sqrt(g * r.h));
  return {0.5 * (l.n + r.n) - 0.5 * s * (r.h - l.h),
          0.5 * (l.n * ul + 0.5 * g * l.h * l.h + r.n * ur + 0.5 * g * r.h * r.h) - 0.5 * s * (r.n - l.n),
          0.5 * (l.t * ul + r.t * ur) - 0.5 * s * (r.t - l.t)};
}

BENCH_KERNEL void step(double* __restrict hn, double* __restrict pn, double* __restrict qn, const double* __restrict h,
                       const double* __restrict p, const double* __restrict q, double k, int nx, int ny) {
  BENCH_POINTS_2(1, nx - 1, 1, ny - 1) {
    const long sy = nx, c = x + sy * y;
    const state here{h[c], p[c], q[c]}, turned{h[c], q[c], p[c]};
    const state fw = rusanov({h[c - 1], p[c - 1], q[c - 1]}, here), fe = rusanov(here, {h[c + 1], p[c + 1], q[c + 1]});
    const state fs = rusanov({h[c - sy], q[c - sy], p[c - sy]}, turned);
    const state fn = rusanov(turned, {h[c + sy], q[c + sy], p[c + sy]});
    hn[c] = h[c] - k * (fe.h - fw.h) - k * (fn.h - fs.h);
    pn[c] = p[c] - k * (fe.n - fw.n) - k * (fn.t - fs.t);
    qn[c] = q[c] - k * (fe.t - fw.t) - k * (fn.n - fs.n);
  }
}

/// What one side of a face receives for the cotangent w of the flux; `jump` is R - L, `side` is 1 for L and -1 for R,
/// `fastest` whether the flux took its speed s from this side.
BENCH_DEVICE BENCH_INLINE state side_of_face(const state& own, const state& w, const state& jump, double s, double side,
                                             bool fastest) {
  const double inverse = 1 / own.h, u = own.n * inverse, v = own.t * inverse;
  const double s_bar = fastest ? -0.5 * (jump.h * w.h + jump.n * w.n + jump.t * w.t) : 0.0;
  const double u_bar = (u > 0 ? 1.0 : -1.0) * s_bar;
  const double diffusion = 0.5 * s * side;
  return {0.5 * (w.n * (g * own.h - u * u) - w.t * u * v) + diffusion * w.h +
              (0.5 * sqrt(g * own.h) * s_bar - u * u_bar) * inverse,
          0.5 * (w.h + 2 * u * w.n + v * w.t) + diffusion * w.n + u_bar * inverse, 0.5 * u * w.t + diffusion * w.t};
}

BENCH_DEVICE BENCH_INLINE state minus(const state& a, const state& b) { return {a.h - b.h, a.n - b.n, a.t - b.t}; }
BENCH_DEVICE BENCH_INLINE state times(double a, const state& b) { return {a * b.h, a * b.n, a * b.t}; }

BENCH_DEVICE BENCH_INLINE state left_of_face(const state& l, const state& r, const state& w) {
  const double sl = speed(l), sr = speed(r);
  return side_of_face(l, w, minus(r, l), fmax(sl, sr), 1, sl >= sr);
}

BENCH_DEVICE BENCH_INLINE state right_of_face(const state& l, const state& r, const state& w) {
  const double sl = speed(l), sr = speed(r);
  return side_of_face(r, w, minus(r, l), fmax(sl, sr), -1, sl < sr);
}

BENCH_GLOBAL void scatter(const double* __restrict hnb, const double* __restrict pnb, const double* __restrict qnb,
                          const double* __restrict h, double* __restrict hb, const double* __restrict p,
                          double* __restrict pb, const double* __restrict q, double* __restrict qb, double k, int nx,
                          int ny) {
  BENCH_POINTS_2(1, nx - 1, 1, ny - 1) {
    const long sy = nx, c = x + sy * y;
    const state w{hnb[c], pnb[c], qnb[c]}, turned{hnb[c], qnb[c], pnb[c]};
    add(hb[c], w.h);
    add(pb[c], w.n);
    add(qb[c], w.t);
    for (const int upper : {0, 1}) {
      const state left = left_of_face({h[c - 1 + upper], p[c - 1 + upper], q[c - 1 + upper]},
                                      {h[c + upper], p[c + upper], q[c + upper]}, times(upper ? -k : k, w));
      const state right = right_of_face({h[c - 1 + upper], p[c - 1 + upper], q[c - 1 + upper]},
                                        {h[c + upper], p[c + upper], q[c + upper]}, times(upper ? -k : k, w));
      add(hb[c - 1 + upper], left.h);
      add(pb[c - 1 + upper], left.n);
      add(qb[c - 1 + upper], left.t);
      add(hb[c + upper], right.h);
      add(pb[c + upper], right.n);
      add(qb[c + upper], right.t);
      const long low = c - sy + sy * upper, high = c + sy * upper;
      const state below =
          left_of_face({h[low], q[low], p[low]}, {h[high], q[high], p[high]}, times(upper ? -k : k, turned));
      const state above =
          right_of_face({h[low], q[low], p[low]}, {h[high], q[high], p[high]}, times(upper ? -k : k, turned));
      add(hb[low], below.h);
      add(qb[low], below.n);
      add(pb[low], below.t);
      add(hb[high], above.h);
      add(qb[high], above.n);
      add(pb[high], above.t);
    }
  }
}

struct cells {
  const double* __restrict hnb;
  const double* __restrict pnb;
  const double* __restrict qnb;
  const double* __restrict h;
  double* __restrict hb;
  const double* __restrict p;
  double* __restrict pb;
  const double* __restrict q;
  double* __restrict qb;
  double k;
  box points;
  int nx, ny, nz = 1;

  template <guard G>
  BENCH_DEVICE BENCH_INLINE void cell(int x, int y, int) const {
    const long sy = nx, c = x + sy * y;
    const bool inside = points.has<G>(x, y);
    const auto cotangent = [&](bool exists, long e)
                               BENCH_INLINED { return exists ? state{hnb[e], pnb[e], qnb[e]} : state{0, 0, 0}; };
    const auto turn = [](const state& s) BENCH_INLINED { return state{s.h, s.t, s.n}; };
    const state here{h[c], p[c], q[c]}, w = cotangent(inside, c);
    state sum = w;
    const auto receive = [&](const state& s) BENCH_INLINED { sum = {sum.h + s.h, sum.n + s.n, sum.t + s.t}; };

    // The flux through the right face is subtracted here and added to the right neighbour.
    if (const bool right = points.has<G>(x + 1, y); inside || right)
      receive(left_of_face(here, {h[c + 1], p[c + 1], q[c + 1]}, times(k, minus(cotangent(right, c + 1), w))));
    if (const bool left = points.has<G>(x - 1, y); inside || left)
      receive(right_of_face({h[c - 1], p[c - 1], q[c - 1]}, here, times(k, minus(w, cotangent(left, c - 1)))));
    if (const bool upper = points.has<G>(x, y + 1); inside || upper)
      receive(turn(left_of_face(turn(here), {h[c + sy], q[c + sy], p[c + sy]},
                                turn(times(k, minus(cotangent(upper, c + sy), w))))));
    if (const bool lower = points.has<G>(x, y - 1); inside || lower)
      receive(turn(right_of_face({h[c - sy], q[c - sy], p[c - sy]}, turn(here),
                                 turn(times(k, minus(w, cotangent(lower, c - sy)))))));
    hb[c] += sum.h;
    pb[c] += sum.n;
    qb[c] += sum.t;
  }
};

inline constexpr double k = 0.05;

inline const registration registered{{
    .name = "shallow-water-2d",
    .form = this_form(),
    .arrays = {{"hn", role::output},
               {"pn", role::output},
               {"qn", role::output},
               {"h", role::input, 1, 2},
               {"p", role::input},
               {"q", role::input}},
    .large = large_2d,
    .quick = quick_2d,
    .odd = odd_2d,
    .primal_bytes = 48,
    .vjp_bytes = 96,
    .primal =
        [](const fields& f) {
          const auto [nx, ny, nz] = f.size();
          BENCH_CALL(step, f, f[0], f[1], f[2], f[3], f[4], f[5], k, nx, ny);
        },
    .vjp = BENCH_GENERATED([](const fields& f) {
      const auto [nx, ny, nz] = f.size();
      BENCH_CALL(__vjp_step, f, f[0], f.bar(0), f[1], f.bar(1), f[2], f.bar(2), f[3], f.bar(3), f[4], f.bar(4), f[5],
                 f.bar(5), k, nx, ny);
    }),
    .adjoint = BENCH_GENERATED([](const fields& f) {
      const auto [nx, ny, nz] = f.size();
      BENCH_CALL(__adjoint_step, f, f[0], f.bar(0), f[1], f.bar(1), f[2], f.bar(2), f[3], f.bar(3), f[4], f.bar(4),
                 f[5], f.bar(5), k, nx, ny);
    }),
    .gather =
        [](const fields& f) {
          const auto [nx, ny, nz] = f.size();
          const box points{1, nx - 1, 1, ny - 1}, inner{2, nx - 2, 2, ny - 2};
          gather_cells(
              cells{f.bar(0), f.bar(1), f.bar(2), f[3], f.bar(3), f[4], f.bar(4), f[5], f.bar(5), k, points, nx, ny},
              inner);
        },
    .scatter =
        [](const fields& f) {
          const auto [nx, ny, nz] = f.size();
          BENCH_CALL(scatter, f, f.bar(0), f.bar(1), f.bar(2), f[3], f.bar(3), f[4], f.bar(4), f[5], f.bar(5), k, nx,
                     ny);
        },
}};

} // namespace bench::BENCH_FORM::shallow_water
