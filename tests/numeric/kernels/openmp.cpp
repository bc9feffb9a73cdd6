// Kernels whose loops are shared out among OpenMP's threads: schedules, clauses, nests, counters.
//
// The references are serial. Each kernel has one result whatever the number of threads is, up to the order in which
// reductions add. LAW_DYNAMIC is `dynamic`, or `static` where the OpenMP runtime is too old for this clang.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../laws.h"

#include <cmath>
#include <cstddef>
#include <utility>

#ifndef _OPENMP
#error "these kernels are to be compiled with -fopenmp"
#endif
#ifndef LAW_DYNAMIC
#define LAW_DYNAMIC dynamic
#endif

namespace LAW_VARIANT {

// 1-D, counter that starts at 1.
ADSTENCIL_KERNEL void omp_product_1d(real* y, const real* u, int n) {
#pragma omp parallel for
  for (int i = 1; i < n - 1; ++i)
    y[i] = u[i] * u[i - 1] - real(0.5) * u[i + 1];
}
LAW_CASE(omp_product_1d, arrays(out("y", 40), in("u", 40)), (x[0], x[1], 40), (x[0], xb[0], x[1], xb[1], 40))
    .reference([](call_arguments) {
      for (int i = 1; i < 39; ++i) {
        const real seed = xb[0][i];
        xb[1][i] += x[1][i - 1] * seed;
        xb[1][i - 1] += x[1][i] * seed;
        xb[1][i + 1] -= real(0.5) * seed;
        xb[0][i] = 0;
      }
    });

// What a point adds to its neighbours has a factor in common, which is kept for some planes.
ADSTENCIL_KERNEL void omp_wide_wave(real* y, const real* u, const real* c, int nx, int ny, int nz) {
#pragma omp parallel for
  for (int k = 2; k < nz - 2; ++k)
    for (int j = 2; j < ny - 2; ++j)
      for (int i = 2; i < nx - 2; ++i) {
        const int p = i + nx * (j + ny * k), sy = nx, sz = nx * ny;
        const real near = u[p - 1] + u[p + 1] + u[p - sy] + u[p + sy] + u[p - sz] + u[p + sz];
        const real far = u[p - 2] + u[p + 2] + u[p - 2 * sy] + u[p + 2 * sy] + u[p - 2 * sz] + u[p + 2 * sz];
        y[p] = 2 * u[p] + c[p] * c[p] * (real(1.25) * near - real(0.1) * far - real(7) * u[p]);
      }
}
LAW_CASE(omp_wide_wave, arrays(out("y", 9 * 8 * 40), in("u", 9 * 8 * 40), in("c", 9 * 8 * 40)),
         (x[0], x[1], x[2], 9, 8, 40), (x[0], xb[0], x[1], xb[1], x[2], xb[2], 9, 8, 40))
    .reference([](call_arguments) {
      const int sy = 9, sz = 9 * 8;
      for (int k = 2; k < 38; ++k)
        for (int j = 2; j < 6; ++j)
          for (int i = 2; i < 7; ++i) {
            const int p = i + sy * j + sz * k;
            const real seed = xb[0][p], c = x[2][p];
            real sum = real(-7) * x[1][p];
            for (int s : {1, sy, sz})
              for (int d : {-2, -1, 1, 2}) {
                const real a = d * d == 1 ? real(1.25) : real(-0.1);
                xb[1][p + d * s] += a * c * c * seed;
                sum += a * x[1][p + d * s];
              }
            xb[1][p] += (2 - 7 * c * c) * seed;
            xb[2][p] += 2 * c * sum * seed;
            xb[0][p] = 0;
          }
    });

// Nothing to do, one iteration, and bounds that are known.
ADSTENCIL_KERNEL void omp_short(real* y, const real* u, int none, int one) {
#pragma omp parallel for
  for (int i = 0; i < none; ++i)
    y[i] = 5 * u[i];
#pragma omp parallel for collapse(2)
  for (int j = 0; j < 3; ++j)
    for (int i = 2; i < none; ++i)
      y[i] = 7 * u[i + j];
#pragma omp parallel for
  for (int i = one; i < one + 1; ++i)
    y[i] = u[i] * u[i];
#pragma omp parallel for collapse(2) schedule(static, 2)
  for (int j = 1; j < 4; ++j)
    for (int i = 0; i < 5; ++i)
      y[i + 5 * j] = u[i + 5 * j] * u[i];
}
LAW_CASE(omp_short, arrays(out("y", 20), in("u", 20)), (x[0], x[1], 0, 1), (x[0], xb[0], x[1], xb[1], 0, 1));

// Counts down by two, in chunks; then up by a stride that is not known, with an unsigned counter.
ADSTENCIL_KERNEL void omp_strided(real* y, const real* u, int n, unsigned stride) {
#pragma omp parallel for schedule(static, 3)
  for (int i = n - 1; i > 0; i -= 2)
    y[i] = u[i] * u[i - 1];
#pragma omp parallel for schedule(LAW_DYNAMIC)
  for (unsigned i = 0; i < unsigned(n); i += stride)
    y[i] += u[i] / (2 + u[n - 1 - i]);
}
LAW_CASE(omp_strided, arrays(out("y", 31), in("u", 31)), (x[0], x[1], 31, 4u), (x[0], xb[0], x[1], xb[1], 31, 4u));

// The outer loop of a nest.
ADSTENCIL_KERNEL void omp_laplace_2d(real* y, const real* u, int nx, int ny) {
#pragma omp parallel for
  for (int j = 1; j < ny - 1; ++j)
    for (int i = 1; i < nx - 1; ++i)
      y[i + nx * j] =
          u[i - 1 + nx * j] + u[i + 1 + nx * j] + u[i + nx * (j - 1)] + u[i + nx * (j + 1)] - 4 * u[i + nx * j];
}
LAW_CASE(omp_laplace_2d, arrays(out("y", 9 * 7), in("u", 9 * 7)), (x[0], x[1], 9, 7), (x[0], xb[0], x[1], xb[1], 9, 7))
    .reference([](call_arguments) {
      for (int j = 1; j < 6; ++j)
        for (int i = 1; i < 8; ++i) {
          const int p = i + 9 * j;
          for (int neighbour : {p - 1, p + 1, p - 9, p + 9})
            xb[1][neighbour] += xb[0][p];
          xb[1][p] -= 4 * xb[0][p];
          xb[0][p] = 0;
        }
    });

// Two loops in one, with counters of different types and directions.
ADSTENCIL_KERNEL void omp_collapse_2d(real* y, const real* u, int nx, unsigned ny) {
#pragma omp parallel for collapse(2) schedule(LAW_DYNAMIC)
  for (unsigned j = 1; j < ny; ++j)
    for (int i = nx - 2; i >= 1; --i) {
      const std::size_t p = std::size_t(i) + std::size_t(nx) * j;
      y[p] = u[p - 1] * u[p + 1] - u[p - std::size_t(nx)] * u[p];
    }
}
LAW_CASE(omp_collapse_2d, arrays(out("y", 8 * 9), in("u", 8 * 9)), (x[0], x[1], 8, 9u),
         (x[0], xb[0], x[1], xb[1], 8, 9u));

// Three loops in one: heat conduction with seven points, `int` counters.
ADSTENCIL_KERNEL void omp_heat_7_point(real* un, const real* u, const real* k, real dt, int nx, int ny, int nz) {
#pragma omp parallel for collapse(3) schedule(static)
  for (int iz = 1; iz < nz - 1; ++iz)
    for (int iy = 1; iy < ny - 1; ++iy)
      for (int ix = 1; ix < nx - 1; ++ix) {
        const int p = ix + nx * (iy + ny * iz), sy = nx, sz = nx * ny;
        const real c = k[p] * (1 + u[p] * u[p]);
        un[p] = u[p] + dt * c *
                           (u[p - 1] + u[p + 1] + u[p - sy] + u[p + sy] + k[p - sz] * u[p - sz] +
                            k[p + sz] * u[p + sz] - 6 * u[p]);
      }
}
LAW_CASE(omp_heat_7_point, arrays(out("un", 6 * 5 * 4), in("u", 6 * 5 * 4), in("k", 6 * 5 * 4)),
         (x[0], x[1], x[2], real(0.1), 6, 5, 4), (x[0], xb[0], x[1], xb[1], x[2], xb[2], real(0.1), 6, 5, 4));

// Three loops in one with `long` counters and strides, chunked, in a region of its own; and a product of lengths that
// is known in part.
ADSTENCIL_KERNEL void omp_collapse_3d(real* y, const real* u, long nx, long ny, long nz) {
#pragma omp parallel
  {
#pragma omp for collapse(3) schedule(static, 4) nowait
    for (long k = 0; k < nz; k += 2)
      for (long j = 1; j < ny - 1; ++j)
        for (long i = nx - 1; i > 0; i -= 3)
          y[i + nx * (j + ny * k)] = u[i + nx * (j + ny * k)] * u[i - 1 + nx * (j - 1 + ny * k)];
#pragma omp for collapse(3)
    for (long k = 1; k < nz; k += 2)
      for (long j = 0; j < 4; ++j)
        for (long i = 0; i < nx; ++i)
          y[i + nx * (j + ny * k)] = u[i + nx * (j + ny * k)] * u[i + nx * j];
  }
}
LAW_CASE(omp_collapse_3d, arrays(out("y", 7 * 6 * 5), in("u", 7 * 6 * 5)), (x[0], x[1], 7l, 6l, 5l),
         (x[0], xb[0], x[1], xb[1], 7l, 6l, 5l));

// The outer loop runs along the rows: sums of all counters are computed in the innermost loop only.
ADSTENCIL_KERNEL void omp_transposed(real* y, const real* u, long nx, long ny, long nz) {
#pragma omp parallel for simd collapse(3)
  for (long i = 0; i < nx; ++i)
    for (long j = ny - 1; j > 0; j -= 2)
      for (long k = 1; k < nz; ++k) {
        const long p = i + 6 * (j + 5 * k);
        y[p] += u[p] * u[p] * u[p / 2];
      }
}
LAW_CASE(omp_transposed, arrays(out("y", 6 * 5 * 4), in("u", 6 * 5 * 4)), (x[0], x[1], 6l, 5l, 4l),
         (x[0], xb[0], x[1], xb[1], 6l, 5l, 4l));

// A sum and a largest value over threads, written to elements of arrays.
ADSTENCIL_KERNEL void omp_reductions(real* sum, real* most, real* product, const real* u, int n) {
  real s = sum[0], m = u[0], p = product[0];
#pragma omp parallel for reduction(+ : s) reduction(max : m) reduction(* : p)
  for (int i = 0; i < n; ++i) {
    s += u[i] * u[i];
    m = u[i] > m ? u[i] : m;
    p *= 1 + real(0.1) * u[i];
  }
  sum[0] = s;
  most[0] = m * m;
  product[0] = p;
}
LAW_CASE(omp_reductions, arrays(out("sum", 1), out("most", 1), out("product", 1), in("u", 12)),
         (x[0], x[1], x[2], x[3], 12), (x[0], xb[0], x[1], xb[1], x[2], xb[2], x[3], xb[3], 12))
    .loosen(8);

// A reduction in an array, and over the rows of one.
ADSTENCIL_KERNEL void omp_row_sums(real* total, real* row, const real* u, const real* w, int nx, int ny) {
#pragma omp parallel for reduction(+ : total[ : 2])
  for (int j = 0; j < ny; ++j) {
    real s = 0;
#pragma omp simd reduction(+ : s)
    for (int i = 0; i < nx; ++i)
      s += w[i] * u[i + nx * j] * u[i + nx * j];
    row[j] = s;
    total[j % 2] += s * s;
  }
}
LAW_CASE(omp_row_sums, arrays(out("total", 2), out("row", 6), in("u", 42), in("w", 7)), (x[0], x[1], x[2], x[3], 7, 6),
         (x[0], xb[0], x[1], xb[1], x[2], xb[2], x[3], xb[3], 7, 6))
    .loosen(8);

// private, firstprivate, lastprivate, num_threads, if.
ADSTENCIL_KERNEL void omp_clauses(real* y, const real* u, int n, int large) {
  real scale = u[0] * 2, left = 0, last = 0;
  int at = -1;
#pragma omp parallel for firstprivate(scale) private(left) lastprivate(last, at) num_threads(2) if (n > large)
  for (int i = 1; i < n; ++i) {
    left = u[i - 1] * scale;
    last = left * u[i];
    at = i;
    y[i] = last + real(0.25) * u[i];
  }
  y[0] = last * scale + u[at];
}
LAW_CASE(omp_clauses, arrays(out("y", 20), in("u", 20)), (x[0], x[1], 20, 10), (x[0], xb[0], x[1], xb[1], 20, 10));

// simd, alone and together with threads.
ADSTENCIL_KERNEL void omp_simd(real* __restrict y, const real* __restrict u, int nx, int ny) {
#pragma omp parallel for simd
  for (int i = 1; i < nx; ++i)
    y[i] = u[i - 1] * u[i];
#pragma omp parallel for
  for (int j = 1; j < ny; ++j) {
#pragma omp simd safelen(8)
    for (int i = 0; i < nx - 1; ++i)
      y[i + nx * j] = u[i + nx * j] * u[i + 1 + nx * (j - 1)];
  }
#pragma omp simd collapse(2)
  for (int j = 0; j < ny; ++j)
    for (int i = 1; i < nx; ++i)
      y[i + nx * j] *= u[i - 1 + nx * j];
}
LAW_CASE(omp_simd, arrays(out("y", 8 * 5), in("u", 8 * 5)), (x[0], x[1], 8, 5), (x[0], xb[0], x[1], xb[1], 8, 5));

// Two regions that hand on a field, in a function that the kernel calls.
template <class Body>
inline void omp_for_each(int lo, int hi, Body body) {
#pragma omp parallel for
  for (int i = lo; i < hi; ++i)
    body(i);
}
ADSTENCIL_KERNEL void omp_two_regions(real* y, real* flux, const real* u, const real* k, int n) {
  omp_for_each(0, n - 1, [&](int i) { flux[i] = (k[i] + k[i + 1]) * (u[i + 1] - u[i]); });
  omp_for_each(1, n - 1, [&](int i) { y[i] += u[i] * (flux[i] - flux[i - 1]); });
}
LAW_CASE(omp_two_regions, arrays(out("y", 24), out("flux", 23), in("u", 24), in("k", 24)), (x[0], x[1], x[2], x[3], 24),
         (x[0], xb[0], x[1], xb[1], x[2], xb[2], x[3], xb[3], 24));

// Time steps around a region; the two fields swap their roles.
ADSTENCIL_KERNEL void omp_time_steps(real* a, real* b, const real* k, int n, int steps) {
  for (int t = 0; t < steps; ++t) {
#pragma omp parallel for schedule(static)
    for (int i = 1; i < n - 1; ++i)
      b[i] = a[i] + k[i] * a[i] * (a[i - 1] - 2 * a[i] + a[i + 1]);
    std::swap(a, b);
  }
}
LAW_CASE(omp_time_steps, arrays(out("a", 16), out("b", 16), in("k", 16, 0.05, 0.15)), (x[0], x[1], x[2], 16, 4),
         (x[0], xb[0], x[1], xb[1], x[2], xb[2], 16, 4));

// A variable that goes in steps of its own, and is used behind the loop.
ADSTENCIL_KERNEL void linear_clause(real* y, const real* u, int n) {
  int at = 1;
#pragma omp parallel for linear(at : 2)
  for (int i = 0; i < n; ++i) {
    y[i] = u[at] * u[i];
    at += 2;
  }
  y[n] = u[at] * u[at];
}
LAW_CASE(linear_clause, arrays(out("y", 11), in("u", 24)), (x[0], x[1], 10), (x[0], xb[0], x[1], xb[1], 10));

// A tile in which two rows of points share a value that depends on a scalar and reads nothing that is added to: the
// owners of the first row's values are in front of the Domain.
static real shared_value(real a, real c) { return std::exp(a * c) / (2 + std::sin(a) * a * c); }
ADSTENCIL_KERNEL ADSTENCIL_STRATEGY("tile") void omp_shared_scalar(real* y, const real* u,
                                                                   ADSTENCIL_INACTIVE const real* c,
                                                                   ADSTENCIL_ACTIVE real a, int nx, int ny) {
#pragma omp parallel for
  for (int j = 0; j < ny; ++j)
    for (int i = 1; i < nx - 1; ++i) {
      const int p = i + nx * j;
      y[p] = u[p - 1] * u[p + 1] - (shared_value(a, c[p + nx]) - shared_value(a, c[p]));
    }
}
LAW_CASE(omp_shared_scalar, arrays(out("y", 160), in("u", 160), inactive("c", 168), in("a", 1)),
         (x[0], x[1], x[2], *x[3], 8, 20), (x[0], xb[0], x[1], xb[1], x[2], *x[3], xb[3], 8, 20))
    .reference([](call_arguments) {
      const real a = *x[3];
      const auto slope = [=](real c) {
        const real d = 2 + std::sin(a) * a * c;
        return shared_value(a, c) * (c - (std::cos(a) * a + std::sin(a)) * c / d);
      };
      for (int j = 0; j < 20; ++j)
        for (int i = 1; i < 7; ++i) {
          const int p = i + 8 * j;
          xb[1][p - 1] += x[1][p + 1] * xb[0][p];
          xb[1][p + 1] += x[1][p - 1] * xb[0][p];
          *xb[3] -= (slope(x[2][p + 8]) - slope(x[2][p])) * xb[0][p];
          xb[0][p] = 0;
        }
    });

} // namespace LAW_VARIANT
