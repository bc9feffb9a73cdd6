// Kernels with parts: local arrays, helper functions, templates, lambdas, tables, printing, and whole physical schemes.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../laws.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <utility>

namespace LAW_VARIANT {

// A local array that unrolls away.
ADSTENCIL_KERNEL void local_array_static(real* y, const real* u, int n) {
  for (int i = 2; i < n - 2; ++i) {
    real window[5];
    for (int k = 0; k < 5; ++k)
      window[k] = u[i + k - 2];
    y[i] = window[0] * window[4] - window[1] * window[3] + window[2] * window[2];
  }
}
LAW_CASE(local_array_static, arrays(out("y", 16), in("u", 16)), (x[0], x[1], 16), (x[0], xb[0], x[1], xb[1], 16));

// A local array that must stay in memory: its indices are run-time values.
ADSTENCIL_KERNEL void local_array_dynamic(real* y, const real* u, const int* order, int n, int m) {
  for (int i = 0; i < n; ++i) {
    real work[4];
    for (int k = 0; k < m; ++k)
      work[k] = u[i] * real(k + 1);
    for (int k = 0; k < m; ++k)
      work[order[k]] = work[k] * work[order[k]];
    y[i] = work[order[0]] + work[order[m - 1]] * work[0];
  }
}
LAW_CASE(local_array_dynamic, arrays(out("y", 8), in("u", 8)), (x[0], x[1], ix[0], 8, 4),
         (x[0], xb[0], x[1], xb[1], ix[0], 8, 4))
    .integers({{2, 0, 3, 1}});

// Zero-initialised and accumulated: moments of a window, per cell and over all cells.
ADSTENCIL_KERNEL void local_array_zeroed(real* y, real* total, const real* u, int n) {
  real sums[3] = {};
  for (int i = 1; i < n - 1; ++i) {
    real moment[3] = {};
    for (int d = -1; d <= 1; ++d)
      for (int p = 0; p < 3; ++p) {
        real power = 1;
        for (int q = 0; q < p; ++q)
          power *= u[i + d];
        moment[p] += power;
      }
    y[i] = moment[2] - moment[1] * moment[1] / moment[0];
    sums[i % 3] += y[i] * y[i];
  }
  for (int p = 0; p < 3; ++p)
    total[p] = sums[p] * sums[(p + 1) % 3];
}
LAW_CASE(local_array_zeroed, arrays(out("y", 14), out("total", 3), in("u", 14)), (x[0], x[1], x[2], 14),
         (x[0], xb[0], x[1], xb[1], x[2], xb[2], 14));

// A 3×3 system solved in every cell by elimination in a local matrix.
ADSTENCIL_KERNEL void local_solve_3x3(real* y, const real* u, int n) {
  for (int i = 1; i < n - 1; ++i) {
    real a[3][4] = {{4 + u[i], u[i - 1], 1, u[i + 1]}, {u[i + 1], 5, u[i], 1}, {1, u[i - 1], 6, u[i] * u[i]}};
    for (int k = 0; k < 3; ++k)
      for (int r = k + 1; r < 3; ++r) {
        const real factor = a[r][k] / a[k][k];
        for (int c = k; c < 4; ++c)
          a[r][c] -= factor * a[k][c];
      }
    real solution[3];
    for (int k = 2; k >= 0; --k) {
      real value = a[k][3];
      for (int c = k + 1; c < 3; ++c)
        value -= a[k][c] * solution[c];
      solution[k] = value / a[k][k];
    }
    y[i] = solution[0] * solution[1] + solution[2];
  }
}
LAW_CASE(local_solve_3x3, arrays(out("y", 10), in("u", 10)), (x[0], x[1], 10), (x[0], xb[0], x[1], xb[1], 10));

// A ring buffer of the last three values.
ADSTENCIL_KERNEL void ring_buffer(real* y, const real* u, int n) {
  real ring[3] = {u[0], u[0], u[0]};
  for (int i = 1; i < n; ++i) {
    ring[i % 3] = u[i] * ring[(i + 1) % 3];
    y[i] = ring[0] + ring[1] * ring[2];
  }
}
LAW_CASE(ring_buffer, arrays(out("y", 14), in("u", 14)), (x[0], x[1], 14), (x[0], xb[0], x[1], xb[1], 14));

// Helper functions: by value, through pointers, through references, with an early return.
inline real harmonic(real a, real b) { return 2 * a * b / (a + b); }
static void add_flux(real* left, real* right, real flux) {
  *left -= flux;
  *right += flux;
}
static bool limited(const real& slope, real& result) {
  if (slope > real(0.4)) {
    result = real(0.4);
    return true;
  }
  result = slope * slope;
  return false;
}
ADSTENCIL_KERNEL void helper_functions(real* u, const real* k, int n) {
  for (int i = 1; i < n; ++i) {
    real flux = 0;
    const bool clipped = limited(u[i] - u[i - 1], flux);
    add_flux(&u[i - 1], &u[i], clipped ? flux * real(0.1) : flux * harmonic(k[i], k[i - 1]));
  }
}
LAW_CASE(helper_functions, arrays(out("u", 12), in("k", 12)), (x[0], x[1], 12), (x[0], xb[0], x[1], xb[1], 12));

// Helper templates: on the type, on an integer (unrolled by recursion), on a callable, and a variadic one.
template <class T>
T square(T value) {
  return value * value;
}
template <int Power, class T>
T power(T value) {
  if constexpr (Power == 0)
    return 1;
  else
    return value * power<Power - 1>(value);
}
template <class F>
real sum_neighbours(const real* u, int i, F function) {
  return function(u[i - 1]) + function(u[i + 1]);
}
template <class... T>
real sum_of(T... terms) {
  return (terms + ...);
}
struct scaled {
  real factor;
  real operator()(real value) const { return factor * value * value; }
};
ADSTENCIL_KERNEL void helper_templates(real* y, const real* u, int n) {
  for (int i = 1; i < n - 1; ++i)
    y[i] = sum_of(square(u[i]), power<5>(u[i - 1]), sum_neighbours(u, i, scaled{real(0.5)}),
                  sum_neighbours(u, i, [](real v) { return 1 / v; }));
}
LAW_CASE(helper_templates, arrays(out("y", 12), in("u", 12)), (x[0], x[1], 12), (x[0], xb[0], x[1], xb[1], 12));

// Lambdas that capture arrays and values, by reference and by copy, one calling the other.
ADSTENCIL_KERNEL void helper_lambdas(real* y, const real* u, int nx, int ny, real c) {
  const auto at = [=](int i, int j) -> const real& { return u[i + nx * j]; };
  real total = 0;
  const auto laplacian = [&](int i, int j) {
    return at(i - 1, j) + at(i + 1, j) + at(i, j - 1) + at(i, j + 1) - 4 * at(i, j);
  };
  const auto put = [&](int i, int j, real value) {
    y[i + nx * j] = value;
    total += value * value;
  };
  for (int j = 1; j < ny - 1; ++j)
    for (int i = 1; i < nx - 1; ++i)
      put(i, j, at(i, j) * (1 + c * laplacian(i, j)));
  y[0] = total;
}
LAW_CASE(helper_lambdas, arrays(out("y", 42), in("u", 42)), (x[0], x[1], 7, 6, real(0.2)),
         (x[0], xb[0], x[1], xb[1], 7, 6, real(0.2)));

// Algorithms of the standard library whose bodies are in its headers.
ADSTENCIL_KERNEL void standard_algorithms(real* y, const real* u, int n) {
  std::transform(u, u + n, y, [](real value) { return value * value; });
  y[0] = std::accumulate(u, u + n, real(0)) * std::inner_product(u, u + n, y, real(0));
  std::array<real, 3> last{u[n - 3], u[n - 2], u[n - 1]};
  std::swap(last[0], last[2]);
  y[1] = last[0] * last[1] - last[2];
}
LAW_CASE(standard_algorithms, arrays(out("y", 12), in("u", 12)), (x[0], x[1], 12), (x[0], xb[0], x[1], xb[1], 12));

// Structs by value between helpers: shallow water with Rusanov fluxes.
struct conserved {
  real height, momentum;
};
inline conserved physical_flux(conserved q) {
  return {q.momentum, q.momentum * q.momentum / q.height + real(4.905) * q.height * q.height};
}
inline conserved rusanov(conserved left, conserved right) {
  const real speed_left = std::abs(left.momentum / left.height) + std::sqrt(real(9.81) * left.height);
  const real speed_right = std::abs(right.momentum / right.height) + std::sqrt(real(9.81) * right.height);
  const real speed = std::max(speed_left, speed_right);
  const conserved fl = physical_flux(left), fr = physical_flux(right);
  return {real(0.5) * (fl.height + fr.height - speed * (right.height - left.height)),
          real(0.5) * (fl.momentum + fr.momentum - speed * (right.momentum - left.momentum))};
}
ADSTENCIL_KERNEL void shallow_water(real* hn, real* qn, const real* h, const real* q, real ratio, int n) {
  for (int i = 1; i < n - 1; ++i) {
    const conserved west = rusanov({h[i - 1], q[i - 1]}, {h[i], q[i]}),
                    east = rusanov({h[i], q[i]}, {h[i + 1], q[i + 1]});
    hn[i] = h[i] - ratio * (east.height - west.height);
    qn[i] = q[i] - ratio * (east.momentum - west.momentum);
  }
}
LAW_CASE(shallow_water, arrays(out("hn", 14), out("qn", 14), in("h", 14), in("q", 14, either_sign)),
         (x[0], x[1], x[2], x[3], real(0.05), 14),
         (x[0], xb[0], x[1], xb[1], x[2], xb[2], x[3], xb[3], real(0.05), 14));

// Tables of constants: constexpr, static in the function, global, and indexed at run time.
constexpr real derivative_weights[5] = {real(1) / 12, real(-2) / 3, 0, real(2) / 3, real(-1) / 12};
const real material_table[4] = {real(0.5), real(1.25), real(2), real(0.75)};
real reference_density = real(1.5);
ADSTENCIL_KERNEL void constant_tables(real* y, const real* u, const int* material, int n) {
  static const real colour_factor[2] = {real(0.9), real(1.1)};
  for (int i = 2; i < n - 2; ++i) {
    real slope = 0;
    for (int k = 0; k < 5; ++k)
      slope += derivative_weights[k] * u[i + k - 2];
    y[i] = slope * slope * material_table[material[i] & 3] * colour_factor[i & 1] + reference_density * u[i];
  }
}
LAW_CASE(constant_tables, arrays(out("y", 12), in("u", 12)), (x[0], x[1], ix[0], 12),
         (x[0], xb[0], x[1], xb[1], ix[0], 12))
    .integers({{0, 1, 2, 3, 0, 1, 2, 3, 3, 2, 1, 0}});

// A kernel that reports; what it prints stays out of the derivative.
ADSTENCIL_KERNEL void printing(real* y, const real* u, int n, bool verbose) {
  if (verbose)
    std::printf("relaxing %d cells, first is %g\n", n, double(u[0]));
  for (int i = 0; i < n; ++i) {
    y[i] = u[i] * u[i];
    if (verbose && i == n - 1)
      std::printf("last is %g\n", double(y[i]));
  }
  if (verbose)
    std::puts("done");
}
LAW_CASE(printing, arrays(out("y", 10), in("u", 10)), (x[0], x[1], 10, false), (x[0], xb[0], x[1], xb[1], 10, false));

// Double literals: in the float variant every operation passes through double and back.
ADSTENCIL_KERNEL void double_literals(real* y, const real* u, int n) {
  for (int i = 1; i < n; ++i) {
    const double wide = 0.3 * u[i] + 1.7;
    y[i] = real(wide * wide) * u[i - 1] + 0.1 * sqrt(wide);
  }
}
LAW_CASE(double_literals, arrays(out("y", 10), in("u", 10)), (x[0], x[1], 10), (x[0], xb[0], x[1], xb[1], 10));

// Periodic neighbours by remainder and by conditional.
ADSTENCIL_KERNEL void periodic(real* y, const real* u, int nx, int ny) {
  for (int j = 0; j < ny; ++j)
    for (int i = 0; i < nx; ++i) {
      const int west = (i + nx - 1) % nx, east = i + 1 < nx ? i + 1 : 0, north = (j + 1) % ny,
                south = j == 0 ? ny - 1 : j - 1;
      y[i + nx * j] = u[west + nx * j] * u[east + nx * j] - u[i + nx * north] * u[i + nx * south] * u[i + nx * j];
    }
}
LAW_CASE(periodic, arrays(out("y", 30), in("u", 30)), (x[0], x[1], 6, 5), (x[0], xb[0], x[1], xb[1], 6, 5))
    .reference([](call_arguments) {
      const real* u = x[1];
      for (int j = 0; j < 5; ++j)
        for (int i = 0; i < 6; ++i) {
          const int p = i + 6 * j, w = (i + 5) % 6 + 6 * j, e = (i + 1) % 6 + 6 * j, n = i + 6 * ((j + 1) % 5),
                    s = i + 6 * ((j + 4) % 5);
          const real seed = xb[0][p];
          xb[1][w] += u[e] * seed;
          xb[1][e] += u[w] * seed;
          xb[1][n] -= u[s] * u[p] * seed;
          xb[1][s] -= u[n] * u[p] * seed;
          xb[1][p] -= u[n] * u[s] * seed;
          xb[0][p] = 0;
        }
    });

// Many functions of <cmath> in one expression.
ADSTENCIL_KERNEL void function_mixture(real* y, const real* u, const real* w, int n) {
  for (int i = 1; i < n; ++i)
    y[i] = std::exp(-u[i]) * std::cos(w[i]) + std::pow(u[i], w[i]) +
           std::log(u[i] + w[i - 1]) / std::hypot(u[i], w[i]) + std::tanh(u[i - 1]) * std::atan2(u[i], w[i]) +
           std::fma(u[i], w[i], std::cbrt(u[i])) + std::pow(w[i], 3) + std::erf(u[i]);
}
LAW_CASE(function_mixture, arrays(out("y", 14), in("u", 14), in("w", 14)), (x[0], x[1], x[2], 14),
         (x[0], xb[0], x[1], xb[1], x[2], xb[2], 14));

// Gray–Scott reaction and diffusion, both fields in place after a Laplacian into temporaries.
ADSTENCIL_KERNEL void gray_scott(real* u, real* v, real* lu, real* lv, ADSTENCIL_ACTIVE real feed,
                                 ADSTENCIL_ACTIVE real kill, int nx, int ny) {
  for (int j = 1; j < ny - 1; ++j)
    for (int i = 1; i < nx - 1; ++i) {
      const int p = i + nx * j;
      lu[p] = u[p - 1] + u[p + 1] + u[p - nx] + u[p + nx] - 4 * u[p];
      lv[p] = v[p - 1] + v[p + 1] + v[p - nx] + v[p + nx] - 4 * v[p];
    }
  for (int j = 1; j < ny - 1; ++j)
    for (int i = 1; i < nx - 1; ++i) {
      const int p = i + nx * j;
      const real reaction = u[p] * v[p] * v[p];
      u[p] += real(0.16) * lu[p] - reaction + feed * (1 - u[p]);
      v[p] += real(0.08) * lv[p] + reaction - (feed + kill) * v[p];
    }
}
LAW_CASE(gray_scott,
         arrays(out("u", 30), out("v", 30), out("lu", 30), out("lv", 30), in("feed", 1, 0.03, 0.04),
                in("kill", 1, 0.05, 0.06)),
         (x[0], x[1], x[2], x[3], *x[4], *x[5], 6, 5),
         (x[0], xb[0], x[1], xb[1], x[2], xb[2], x[3], xb[3], *x[4], xb[4], *x[5], xb[5], 6, 5));

// Edge-preserving diffusion (Perona and Malik 1990): the conductivity is a function of the gradient.
ADSTENCIL_KERNEL void perona_malik(real* un, const real* u, int nx, int ny) {
  const auto flux = [](real difference) { return difference * std::exp(-difference * difference); };
  for (int j = 1; j < ny - 1; ++j)
    for (int i = 1; i < nx - 1; ++i) {
      const real c = u[i + nx * j];
      un[i + nx * j] = c + real(0.2) * (flux(u[i + 1 + nx * j] - c) + flux(u[i - 1 + nx * j] - c) +
                                        flux(u[i + nx * (j + 1)] - c) + flux(u[i + nx * (j - 1)] - c));
    }
}
LAW_CASE(perona_malik, arrays(out("un", 30), in("u", 30)), (x[0], x[1], 6, 5), (x[0], xb[0], x[1], xb[1], 6, 5));

} // namespace LAW_VARIANT
