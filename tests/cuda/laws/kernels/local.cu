// Kernels with parts: local arrays, helper functions of every kind, templates, lambdas, whole physical schemes.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../cuda_laws.h"

#include <cassert>
#include <cmath>
#include <cstdio>

namespace LAW_VARIANT {

__device__ inline int thread_x() { return blockIdx.x * blockDim.x + threadIdx.x; }
__device__ inline int thread_y() { return blockIdx.y * blockDim.y + threadIdx.y; }

// A local array that unrolls away.
ADSTENCIL_KERNEL __global__ void local_array_static(real* y, const real* u, int n) {
  const int i = thread_x();
  if (i < 2 || i >= n - 2)
    return;
  real window[5];
  for (int k = 0; k < 5; ++k)
    window[k] = u[i + k - 2];
  y[i] = window[0] * window[4] - window[1] * window[3] + window[2] * window[2];
}
CUDA_CASE(local_array_static, arrays(out("y", 16), in("u", 16)), over(16).block(8), (x[0], x[1], 16),
          (x[0], xb[0], x[1], xb[1], 16));

// A local array that stays in memory: which of its elements is read depends on data.
ADSTENCIL_KERNEL __global__ void local_array_dynamic(real* y, const real* u, const int* choice, int n) {
  const int i = thread_x();
  if (i >= n)
    return;
  real power[4] = {1, 1, 1, 1};
  for (int k = 1; k < 4; ++k)
    power[k] = power[k - 1] * u[i];
  y[i] = power[choice[i]] + power[3 - choice[i]] * u[i];
}
CUDA_CASE(local_array_dynamic, arrays(out("y", 8), in("u", 8)), over(8).block(4), (x[0], x[1], ix[0], 8),
          (x[0], xb[0], x[1], xb[1], ix[0], 8))
    .integers({{2, 0, 3, 1, 1, 3, 0, 2}})
    .bits(same_bits::always)
    .reference([](call_arguments) {
      for (int i = 0; i < 8; ++i) {
        const int a = ix[0][i], b = 4 - a;
        const real u = x[1][i];
        xb[1][i] += (real(a) * std::pow(u, real(a - 1)) + real(b) * std::pow(u, real(b - 1))) * xb[0][i];
        xb[0][i] = 0;
      }
    });

// Zero-initialised and accumulated: moments of a window.
ADSTENCIL_KERNEL __global__ void local_array_zeroed(real* y, const real* u, int n) {
  const int i = thread_x();
  if (i < 1 || i >= n - 1)
    return;
  real moment[3] = {};
  for (int d = -1; d <= 1; ++d) {
    moment[0] += 1;
    moment[1] += u[i + d];
    moment[2] += u[i + d] * u[i + d];
  }
  y[i] = moment[2] - moment[1] * moment[1] / moment[0];
}
CUDA_CASE(local_array_zeroed, arrays(out("y", 14), in("u", 14)), over(14).block(8), (x[0], x[1], 14),
          (x[0], xb[0], x[1], xb[1], 14));

// A 3×3 system solved in every cell by elimination in a local matrix.
ADSTENCIL_KERNEL __global__ void local_solve_3x3(real* y, const real* u, int n) {
  const int i = thread_x();
  if (i < 1 || i >= n - 1)
    return;
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
CUDA_CASE(local_solve_3x3, arrays(out("y", 10), in("u", 10)), over(10).block(4), (x[0], x[1], 10),
          (x[0], xb[0], x[1], xb[1], 10));

// A larger one, whose loops stay loops: their iterations go to a tape in local memory, bounded by the outer counts.
ADSTENCIL_KERNEL __global__ void local_solve_7x7(real* y, const real* u, int n) {
  const int i = thread_x();
  if (i >= n)
    return;
  real a[7][7], b[7];
  for (int r = 0; r < 7; ++r) {
    b[r] = u[7 * i + r];
    for (int c = 0; c < 7; ++c)
      a[r][c] = (r == c ? real(7) : real(0.1)) + real(0.1) * u[7 * i + r] * u[7 * i + c];
  }
  for (int k = 0; k < 7; ++k)
    for (int r = k + 1; r < 7; ++r) {
      const real factor = a[r][k] / a[k][k];
      for (int c = k; c < 7; ++c)
        a[r][c] -= factor * a[k][c];
      b[r] -= factor * b[k];
    }
  for (int r = 6; r >= 0; --r) {
    real value = b[r];
    for (int c = r + 1; c < 7; ++c)
      value -= a[r][c] * b[c];
    b[r] = value / a[r][r];
  }
  for (int r = 0; r < 7; ++r)
    y[7 * i + r] = 7 * b[r];
}
CUDA_CASE(local_solve_7x7, arrays(out("y", 35), in("u", 35)), over(5).block(4), (x[0], x[1], 5),
          (x[0], xb[0], x[1], xb[1], 5));

// A small tensor by value, with members and operators: stress from strain.
struct tensor_2d {
  real xx, yy, xy;
  __device__ tensor_2d operator*(real s) const { return {xx * s, yy * s, xy * s}; }
  __device__ tensor_2d operator+(const tensor_2d& o) const { return {xx + o.xx, yy + o.yy, xy + o.xy}; }
  __device__ real trace() const { return xx + yy; }
};
ADSTENCIL_KERNEL __global__ void tensor_stress(real* sxx, real* syy, real* sxy, const real* vx, const real* vy,
                                               const real* lambda, const real* mu, int nx, int ny) {
  const int i = thread_x(), j = thread_y();
  if (i < 1 || j < 1 || i >= nx || j >= ny)
    return;
  const int p = i + nx * j;
  const real dvx = vx[p] - vx[p - 1], dvy = vy[p] - vy[p - nx];
  const tensor_2d strain{dvx, dvy, real(0.5) * (vx[p] - vx[p - nx] + vy[p] - vy[p - 1])};
  const tensor_2d stress = tensor_2d{1, 1, 0} * (lambda[p] * strain.trace()) + strain * (2 * mu[p]);
  sxx[p] += stress.xx;
  syy[p] += stress.yy;
  sxy[p] += stress.xy;
}
CUDA_CASE(tensor_stress,
          arrays(out("sxx", 30), out("syy", 30), out("sxy", 30), in("vx", 30), in("vy", 30), in("lambda", 30),
                 in("mu", 30)),
          over(6, 5).block(4, 4), (x[0], x[1], x[2], x[3], x[4], x[5], x[6], 6, 5),
          (x[0], xb[0], x[1], xb[1], x[2], xb[2], x[3], xb[3], x[4], xb[4], x[5], xb[5], x[6], xb[6], 6, 5));

// Helper functions: by value, through pointers, through references, with an early return, for both sides.
__host__ __device__ inline real harmonic(real a, real b) { return 2 * a * b / (a + b); }
__device__ inline void add_flux(real* left, real* right, real flux) {
  *left -= flux;
  *right += flux;
}
__device__ __noinline__ bool limited(const real& slope, real& result) {
  if (slope > real(0.4)) {
    result = real(0.4);
    return true;
  }
  result = slope * slope;
  return false;
}
ADSTENCIL_KERNEL __global__ void helper_functions(real* y, const real* u, const real* k, int n) {
  const int i = thread_x();
  if (i < 1 || i >= n - 1)
    return;
  real west = u[i - 1], here = u[i], flux = 0;
  const bool clipped = limited(u[i] - u[i - 1], flux);
  add_flux(&west, &here, clipped ? flux * real(0.1) : flux * harmonic(k[i], k[i - 1]));
  y[i] = west * here;
}
CUDA_CASE(helper_functions, arrays(out("y", 12), in("u", 12), in("k", 12)), over(12).block(8), (x[0], x[1], x[2], 12),
          (x[0], xb[0], x[1], xb[1], x[2], xb[2], 12));

// A helper that writes to memory.
__device__ inline void relax(real* u, const real* f, int i, real omega) { u[i] += omega * (f[i] - u[i] * u[i]); }
ADSTENCIL_KERNEL __global__ void helper_that_writes(real* u, const real* f, int n) {
  const int i = thread_x();
  if (i < n) {
    relax(u, f, i, real(0.5));
    relax(u, f, i, real(0.25));
  }
}
CUDA_CASE(helper_that_writes, arrays(out("u", 20), in("f", 20)), over(20).block(8), (x[0], x[1], 20),
          (x[0], xb[0], x[1], xb[1], 20))
    .bits(same_bits::always);

// Helper templates: on the type, on an integer (unrolled by recursion), on a callable, and a variadic one.
template <class T>
__device__ T square(T value) {
  return value * value;
}
template <int Power, class T>
__host__ __device__ T power(T value) {
  if constexpr (Power == 0)
    return 1;
  else
    return value * power<Power - 1>(value);
}
template <class F>
__device__ real sum_neighbours(const real* u, int i, F function) {
  return function(u[i - 1]) + function(u[i + 1]);
}
template <class... T>
__device__ real sum_of(T... terms) {
  return (terms + ...);
}
struct scaled {
  real factor;
  __device__ real operator()(real value) const { return factor * value * value; }
};
ADSTENCIL_KERNEL __global__ void helper_templates(real* y, const real* u, int n) {
  const int i = thread_x();
  if (i > 0 && i < n - 1)
    y[i] = sum_of(square(u[i]), power<5>(u[i - 1]), sum_neighbours(u, i, scaled{real(0.5)}),
                  sum_neighbours(u, i, [](real v) { return 1 / v; }));
}
CUDA_CASE(helper_templates, arrays(out("y", 12), in("u", 12)), over(12).block(8), (x[0], x[1], 12),
          (x[0], xb[0], x[1], xb[1], 12));

// constexpr helpers give sizes, weights and indices; they are used on both sides.
constexpr int stencil_width(int order) { return 2 * order + 1; }
constexpr real binomial(int n, int k) {
  return k == 0 || k == n ? real(1) : binomial(n - 1, k - 1) + binomial(n - 1, k);
}
constexpr real weight_of(int k) { return binomial(stencil_width(2) - 1, k) / 16; }
ADSTENCIL_KERNEL __global__ void constexpr_helpers(real* y, const real* u, int n) {
  const int i = thread_x();
  if (i < 2 || i >= n - 2)
    return;
  constexpr real weights[stencil_width(2)] = {weight_of(0), weight_of(1), weight_of(2), weight_of(3), weight_of(4)};
  real sum = 0;
#pragma unroll
  for (int k = 0; k < stencil_width(2); ++k)
    sum += weights[k] * u[i + k - 2];
  y[i] = sum * u[i];
}
CUDA_CASE(constexpr_helpers, arrays(out("y", 20), in("u", 20)), over(20).block(8), (x[0], x[1], 20),
          (x[0], xb[0], x[1], xb[1], 20));

// Lambdas that capture arrays and values, by reference and by copy, one calling the other.
ADSTENCIL_KERNEL __global__ void helper_lambdas(real* y, const real* u, int nx, int ny, real c) {
  const int i = thread_x(), j = thread_y();
  const auto at = [=](int a, int b) -> const real& { return u[a + nx * b]; };
  const auto laplacian = [&](int a, int b) {
    return at(a - 1, b) + at(a + 1, b) + at(a, b - 1) + at(a, b + 1) - 4 * at(a, b);
  };
  if (i > 0 && j > 0 && i < nx - 1 && j < ny - 1)
    y[i + nx * j] = at(i, j) * (1 + c * laplacian(i, j));
}
CUDA_CASE(helper_lambdas, arrays(out("y", 42), in("u", 42)), over(7, 6).block(4, 4), (x[0], x[1], 7, 6, real(0.2)),
          (x[0], xb[0], x[1], xb[1], 7, 6, real(0.2)));

// Structs by value between helpers: shallow water with Rusanov fluxes.
struct conserved {
  real height, momentum;
};
__device__ inline conserved physical_flux(conserved q) {
  return {q.momentum, q.momentum * q.momentum / q.height + real(4.905) * q.height * q.height};
}
__device__ inline conserved rusanov(conserved left, conserved right) {
  const real speed_left = std::abs(left.momentum / left.height) + std::sqrt(real(9.81) * left.height);
  const real speed_right = std::abs(right.momentum / right.height) + std::sqrt(real(9.81) * right.height);
  const real speed = fmax(speed_left, speed_right);
  const conserved fl = physical_flux(left), fr = physical_flux(right);
  return {real(0.5) * (fl.height + fr.height - speed * (right.height - left.height)),
          real(0.5) * (fl.momentum + fr.momentum - speed * (right.momentum - left.momentum))};
}
ADSTENCIL_KERNEL __global__ void shallow_water(real* hn, real* qn, const real* h, const real* q, real ratio, int n) {
  const int i = thread_x();
  if (i < 1 || i >= n - 1)
    return;
  const conserved west = rusanov({h[i - 1], q[i - 1]}, {h[i], q[i]}),
                  east = rusanov({h[i], q[i]}, {h[i + 1], q[i + 1]});
  hn[i] = h[i] - ratio * (east.height - west.height);
  qn[i] = q[i] - ratio * (east.momentum - west.momentum);
}
CUDA_CASE(shallow_water, arrays(out("hn", 14), out("qn", 14), in("h", 14), in("q", 14, either_sign)), over(14).block(8),
          (x[0], x[1], x[2], x[3], real(0.05), 14),
          (x[0], xb[0], x[1], xb[1], x[2], xb[2], x[3], xb[3], real(0.05), 14));

// Edge-preserving diffusion (Perona and Malik 1990): the conductivity is a function of the gradient.
ADSTENCIL_KERNEL __global__ void perona_malik(real* un, const real* u, int nx, int ny) {
  const auto flux = [](real difference) { return difference * std::exp(-difference * difference); };
  const int i = thread_x(), j = thread_y();
  if (i < 1 || j < 1 || i >= nx - 1 || j >= ny - 1)
    return;
  const real c = u[i + nx * j];
  un[i + nx * j] = c + real(0.2) * (flux(u[i + 1 + nx * j] - c) + flux(u[i - 1 + nx * j] - c) +
                                    flux(u[i + nx * (j + 1)] - c) + flux(u[i + nx * (j - 1)] - c));
}
CUDA_CASE(perona_malik, arrays(out("un", 30), in("u", 30)), over(6, 5).block(4, 4), (x[0], x[1], 6, 5),
          (x[0], xb[0], x[1], xb[1], 6, 5));

// A kernel that reports and asserts; neither is part of the derivative.
ADSTENCIL_KERNEL __global__ void printing(real* y, const real* u, int n, bool verbose) {
  const int i = thread_x();
  if (i >= n)
    return;
  assert(u[i] > 0 && "concentrations are positive");
  if (verbose)
    printf("cell %d holds %g\n", i, double(u[i]));
  y[i] = u[i] * u[i];
}
CUDA_CASE(printing, arrays(out("y", 10), in("u", 10)), over(10).block(8), (x[0], x[1], 10, false),
          (x[0], xb[0], x[1], xb[1], 10, false))
    .bits(same_bits::always);

// Double literals: in the float variant every operation passes through double and back.
ADSTENCIL_KERNEL __global__ void double_literals(real* y, const real* u, int n) {
  const int i = thread_x();
  if (i < 1 || i >= n)
    return;
  const double wide = 0.3 * u[i] + 1.7;
  y[i] = real(wide * wide) * u[i - 1] + 0.1 * sqrt(wide);
}
CUDA_CASE(double_literals, arrays(out("y", 10), in("u", 10)), over(10).block(8), (x[0], x[1], 10),
          (x[0], xb[0], x[1], xb[1], 10));

} // namespace LAW_VARIANT
