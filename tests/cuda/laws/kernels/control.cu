// Kernels that differ in their control flow: inner loops, conditions on data, upwinding, limiters, switches.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../cuda_laws.h"

#include <cmath>

namespace LAW_VARIANT {

__device__ inline int thread_x() { return blockIdx.x * blockDim.x + threadIdx.x; }
__device__ inline int thread_y() { return blockIdx.y * blockDim.y + threadIdx.y; }

// Inner loops with a trip count the compiler knows.
ADSTENCIL_KERNEL __global__ void window_3x3(real* y, const real* u, int nx, int ny) {
  const int i = thread_x(), j = thread_y();
  if (i < 1 || j < 1 || i >= nx - 1 || j >= ny - 1)
    return;
  real sum = 0;
#pragma unroll
  for (int dj = -1; dj <= 1; ++dj)
    for (int di = -1; di <= 1; ++di)
      sum += u[i + di + nx * (j + dj)] * real(2 + di + 3 * dj);
  y[i + nx * j] = sum * sum;
}
CUDA_CASE(window_3x3, arrays(out("y", 42), in("u", 42, -1, 1)), over(7, 6).block(4, 4), (x[0], x[1], 7, 6),
          (x[0], xb[0], x[1], xb[1], 7, 6));

// A stencil of constant radius over active coefficients.
ADSTENCIL_KERNEL __global__ void radius_four(real* y, const real* u, const real* weights, int n) {
  constexpr int radius = 4;
  const int i = thread_x();
  if (i < radius || i >= n - radius)
    return;
  real value = weights[0] * u[i];
  for (int r = 1; r <= radius; ++r)
    value += weights[r] * (u[i - r] + u[i + r]);
  y[i] = value;
}
CUDA_CASE(radius_four, arrays(out("y", 30), in("u", 30), in("weights", 5)), over(30).block(8), (x[0], x[1], x[2], 30),
          (x[0], xb[0], x[1], xb[1], x[2], xb[2], 30))
    .reference([](call_arguments) {
      for (int i = 4; i < 26; ++i) {
        const real seed = xb[0][i];
        xb[1][i] += x[2][0] * seed;
        xb[2][0] += x[1][i] * seed;
        for (int r = 1; r <= 4; ++r) {
          xb[1][i - r] += x[2][r] * seed;
          xb[1][i + r] += x[2][r] * seed;
          xb[2][r] += (x[1][i - r] + x[1][i + r]) * seed;
        }
        xb[0][i] = 0;
      }
    });

// A radius known at run time; each iteration can be reversed on its own, so nothing has to be recorded.
ADSTENCIL_KERNEL __global__ void radius_at_run_time(real* y, const real* u, const real* weights, int n, int radius) {
  const int i = thread_x();
  if (i < radius || i >= n - radius)
    return;
  real value = 0;
  for (int d = -radius; d <= radius; ++d)
    value += weights[d + radius] * u[i + d] * u[i];
  y[i] = value * value;
}
CUDA_CASE(radius_at_run_time, arrays(out("y", 30), in("u", 30), in("weights", 7)), over(30).block(8),
          (x[0], x[1], x[2], 30, 3), (x[0], xb[0], x[1], xb[1], x[2], xb[2], 30, 3));

// Two nested loops of run-time length: a row of a product of matrices.
ADSTENCIL_KERNEL __global__ void matrix_product(real* c, const real* a, const real* b, int n, int m, int l) {
  const int i = thread_x(), j = thread_y();
  if (i >= n || j >= m)
    return;
  real sum = 0;
  for (int k = 0; k < l; ++k)
    sum += a[i * l + k] * b[k * m + j];
  c[i * m + j] = sum;
}
CUDA_CASE(matrix_product, arrays(out("c", 20), in("a", 24), in("b", 30)), over(4, 5).block(4, 4),
          (x[0], x[1], x[2], 4, 5, 6), (x[0], xb[0], x[1], xb[1], x[2], xb[2], 4, 5, 6))
    .reference([](call_arguments) {
      for (int i = 0; i < 4; ++i)
        for (int j = 0; j < 5; ++j) {
          for (int k = 0; k < 6; ++k) {
            xb[1][i * 6 + k] += x[2][k * 5 + j] * xb[0][i * 5 + j];
            xb[2][k * 5 + j] += x[1][i * 6 + k] * xb[0][i * 5 + j];
          }
          xb[0][i * 5 + j] = 0;
        }
    });

// A sparse matrix times a vector: the trip count comes from an array.
ADSTENCIL_KERNEL __global__ void sparse_product(real* y, const real* values, const int* columns, const int* rows,
                                                const real* u, int n) {
  const int i = thread_x();
  if (i >= n)
    return;
  real sum = 0;
  for (int k = rows[i]; k < rows[i + 1]; ++k)
    sum += values[k] * u[columns[k]];
  y[i] = sum;
}
CUDA_CASE(sparse_product, arrays(out("y", 5), in("values", 9), in("u", 5)), over(5).block(4),
          (x[0], x[1], ix[0], ix[1], x[2], 5), (x[0], xb[0], x[1], xb[1], ix[0], ix[1], x[2], xb[2], 5))
    .integers({{0, 2, 1, 0, 3, 4, 2, 4, 1}, {0, 2, 3, 3, 6, 9}})
    .reference([](call_arguments) {
      for (int i = 0; i < 5; ++i) {
        for (int k = ix[1][i]; k < ix[1][i + 1]; ++k) {
          xb[1][k] += x[2][ix[0][k]] * xb[0][i];
          xb[2][ix[0][k]] += x[1][k] * xb[0][i];
        }
        xb[0][i] = 0;
      }
    });

// Four Newton steps in each cell: y = cube root of u.
ADSTENCIL_KERNEL __global__ void newton_steps(real* y, const real* u, int n) {
  const int i = thread_x();
  if (i >= n)
    return;
  real r = u[i];
  for (int step = 0; step < 4; ++step)
    r -= (r * r * r - u[i]) / (3 * r * r);
  y[i] = r;
}
CUDA_CASE(newton_steps, arrays(out("y", 12), in("u", 12, 0.5, 3)), over(12).block(8), (x[0], x[1], 12),
          (x[0], xb[0], x[1], xb[1], 12))
    .bits(same_bits::always);

// Horner's rule over a constant number of active coefficients.
ADSTENCIL_KERNEL __global__ void horner(real* y, const real* u, const real* c, int n) {
  const int i = thread_x();
  if (i >= n)
    return;
  real value = c[5];
  for (int k = 4; k >= 0; --k)
    value = value * u[i] + c[k];
  y[i] = value;
}
CUDA_CASE(horner, arrays(out("y", 20), in("u", 20), in("c", 6)), over(20).block(8), (x[0], x[1], x[2], 20),
          (x[0], xb[0], x[1], xb[1], x[2], xb[2], 20));

// continue and break, on the index and on data.
ADSTENCIL_KERNEL __global__ void continue_and_break(real* y, const real* u, int nx, int ny) {
  const int j = thread_x();
  if (j >= ny)
    return;
  real sum = 0;
  for (int i = 0; i < nx; ++i) {
    if (i % 4 == 2)
      continue;
    if (u[i + nx * j] < 0)
      break;
    sum += u[i + nx * j] * u[i + nx * j];
  }
  y[j] = sum;
}
CUDA_CASE(continue_and_break,
          arrays(out("y", 9),
                 in("u", 8 * 9, [](std::size_t i, double random) { return i % 11 == 7 ? -1 - random : 0.5 + random; })),
          over(9).block(4), (x[0], x[1], 8, 9), (x[0], xb[0], x[1], xb[1], 8, 9));

// A grid-stride loop that skips points, on data.
ADSTENCIL_KERNEL __global__ void grid_stride_continue(real* y, const real* u, const int* solid, int n) {
  for (int i = thread_x(); i < n; i += gridDim.x * blockDim.x) {
    if (solid[i] || u[i] < 0)
      continue;
    y[i] += std::sqrt(u[i]);
  }
}
CUDA_CASE(grid_stride_continue, arrays(out("y", 24), in("u", 24, either_sign)), over(8).block(4),
          (x[0], x[1], ix[0], 24), (x[0], xb[0], x[1], xb[1], ix[0], 24))
    .integers({{0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1}})
    .bits(same_bits::always);

// Threads that leave in the middle, on data.
ADSTENCIL_KERNEL __global__ void leave_on_data(real* y, real* z, const real* u, int n) {
  const int i = thread_x();
  if (i >= n)
    return;
  y[i] = u[i] * u[i];
  if (u[i] < 0)
    return;
  z[i] = y[i] * u[i];
}
CUDA_CASE(leave_on_data, arrays(out("y", 20), out("z", 20), in("u", 20, either_sign)), over(20).block(8),
          (x[0], x[1], x[2], 20), (x[0], xb[0], x[1], xb[1], x[2], xb[2], 20))
    .bits(same_bits::always)
    .reference([](call_arguments) {
      for (int i = 0; i < 20; ++i) {
        const real u = x[2][i];
        if (u > 0) {
          xb[2][i] += 3 * u * u * xb[1][i];
          xb[1][i] = 0;
        }
        xb[2][i] += 2 * u * xb[0][i];
        xb[0][i] = 0;
      }
    });

// Nested conditions that choose which array is written.
ADSTENCIL_KERNEL __global__ void nested_conditions(real* y, real* z, const real* u, int n) {
  const int i = thread_x();
  if (i < 1 || i >= n)
    return;
  if (u[i] > 0) {
    y[i] = u[i] * u[i - 1];
    if (u[i - 1] > 0)
      z[i] = y[i] * u[i];
  } else {
    z[i] = std::exp(u[i]);
    if (i % 2)
      y[i] = z[i] * u[i - 1];
  }
}
CUDA_CASE(nested_conditions, arrays(out("y", 24), out("z", 24), in("u", 24, either_sign)), over(24).block(8),
          (x[0], x[1], x[2], 24), (x[0], xb[0], x[1], xb[1], x[2], xb[2], 24));

// Conditions that must not be evaluated past their short circuit (u[-1] and u[n] do not exist).
ADSTENCIL_KERNEL __global__ void short_circuit(real* y, const real* u, int n) {
  const int i = thread_x();
  if (i >= n)
    return;
  if ((i > 0 && u[i - 1] > 0) || (i + 1 < n && u[i + 1] < 0))
    y[i] = u[i] * u[i];
  else if (!(i == 0 || u[i - 1] * u[i] > 0))
    y[i] = 2 * u[i - 1] * u[i];
}
CUDA_CASE(short_circuit, arrays(out("y", 24), in("u", 24, either_sign)), over(24).block(8), (x[0], x[1], 24),
          (x[0], xb[0], x[1], xb[1], 24));

// switch with fall-through and default.
ADSTENCIL_KERNEL __global__ void switch_material(real* y, const real* u, const int* material, int n) {
  const int i = thread_x();
  if (i >= n)
    return;
  real value = u[i];
  switch (material[i]) {
  case 0:
    value = value * value;
    break;
  case 1:
    value = std::sin(value);
    [[fallthrough]];
  case 2:
    value = 3 * value * u[n - 1 - i];
    break;
  case 7:
    return;
  default:
    value = 1 / value;
  }
  y[i] = value;
}
CUDA_CASE(switch_material, arrays(out("y", 12), in("u", 12)), over(12).block(8), (x[0], x[1], ix[0], 12),
          (x[0], xb[0], x[1], xb[1], ix[0], 12))
    .integers({{0, 1, 2, 7, 4, 0, 2, 1, 7, 3, -1, 0}});

// Upwinding by ternaries.
ADSTENCIL_KERNEL __global__ void upwind_ternary(real* y, const real* u, const real* velocity, int n) {
  const int i = thread_x();
  if (i < 1 || i >= n - 1)
    return;
  const real slope = velocity[i] > 0 ? u[i] - u[i - 1] : u[i + 1] - u[i];
  y[i] = u[i] - velocity[i] * slope;
}
CUDA_CASE(upwind_ternary, arrays(out("y", 20), in("u", 20), in("velocity", 20, either_sign)), over(20).block(8),
          (x[0], x[1], x[2], 20), (x[0], xb[0], x[1], xb[1], x[2], xb[2], 20))
    .reference([](call_arguments) {
      for (int i = 1; i < 19; ++i) {
        const real a = x[2][i], seed = xb[0][i];
        const int high = a > 0 ? i : i + 1;
        xb[1][i] += seed;
        xb[1][high] -= a * seed;
        xb[1][high - 1] += a * seed;
        xb[2][i] -= (x[1][high] - x[1][high - 1]) * seed;
        xb[0][i] = 0;
      }
    });

// Upwinding by fmin and fmax, in two dimensions.
ADSTENCIL_KERNEL __global__ void upwind_min_max(real* un, const real* u, const real* vx, const real* vy, real dt,
                                                int nx, int ny) {
  const int i = thread_x(), j = thread_y();
  if (i < 1 || j < 1 || i >= nx - 1 || j >= ny - 1)
    return;
  const int p = i + nx * j;
  un[p] = u[p] - dt * (fmax(real(0), vx[p]) * (u[p] - u[p - 1]) + fmin(real(0), vx[p]) * (u[p + 1] - u[p]) +
                       fmax(real(0), vy[p]) * (u[p] - u[p - nx]) + fmin(real(0), vy[p]) * (u[p + nx] - u[p]));
}
CUDA_CASE(upwind_min_max, arrays(out("un", 42), in("u", 42), in("vx", 42, either_sign), in("vy", 42, either_sign)),
          over(7, 6).block(4, 4), (x[0], x[1], x[2], x[3], real(0.2), 7, 6),
          (x[0], xb[0], x[1], xb[1], x[2], xb[2], x[3], xb[3], real(0.2), 7, 6));

// min, max, fmin, fmax, abs, fabs and clamping.
ADSTENCIL_KERNEL __global__ void min_max_clamp(real* y, const real* u, const real* w, int n) {
  const int i = thread_x();
  if (i < 1 || i >= n)
    return;
  const real low = min(u[i], w[i]), high = max(max(u[i], w[i]), u[i - 1]);
  const real product = u[i] * w[i];
  const real clamped = product < real(-0.4) ? real(-0.4) : product > real(0.4) ? real(0.4) : product;
  y[i] = clamped + low * std::abs(w[i - 1]) - fabs(u[i]) * high + fmin(u[i - 1], w[i - 1]) * fmax(u[i], real(0.35));
}
CUDA_CASE(min_max_clamp, arrays(out("y", 30), in("u", 30, either_sign), in("w", 30, either_sign)), over(30).block(8),
          (x[0], x[1], x[2], 30), (x[0], xb[0], x[1], xb[1], x[2], xb[2], 30));

// Second-order upwinding with the minmod limiter.
__device__ inline real minmod(real a, real b) {
  if (a * b <= 0)
    return 0;
  return std::abs(a) < std::abs(b) ? a : b;
}
ADSTENCIL_KERNEL __global__ void minmod_advection(real* un, const real* u, real cfl, int n) {
  const int i = thread_x();
  if (i < 2 || i >= n - 1)
    return;
  const real slope = minmod(u[i] - u[i - 1], u[i + 1] - u[i]),
             slope_left = minmod(u[i - 1] - u[i - 2], u[i] - u[i - 1]);
  const real flux = u[i] + real(0.5) * (1 - cfl) * slope, flux_left = u[i - 1] + real(0.5) * (1 - cfl) * slope_left;
  un[i] = u[i] - cfl * (flux - flux_left);
}
CUDA_CASE(minmod_advection, arrays(out("un", 30), in("u", 30)), over(30).block(8), (x[0], x[1], real(0.4), 30),
          (x[0], xb[0], x[1], xb[1], real(0.4), 30))
    .seed(4);

// The van Leer limiter, a smooth function of the ratio of slopes except at zero.
__device__ inline real van_leer(real r) { return (r + std::abs(r)) / (1 + std::abs(r)); }
ADSTENCIL_KERNEL __global__ void van_leer_advection(real* un, const real* u, real cfl, int n) {
  const int i = thread_x();
  if (i < 2 || i >= n - 1)
    return;
  const real ratio = (u[i] - u[i - 1]) / (u[i + 1] - u[i]), ratio_left = (u[i - 1] - u[i - 2]) / (u[i] - u[i - 1]);
  const real flux = u[i] + real(0.5) * van_leer(ratio) * (u[i + 1] - u[i]);
  const real flux_left = u[i - 1] + real(0.5) * van_leer(ratio_left) * (u[i] - u[i - 1]);
  un[i] = u[i] - cfl * (flux - flux_left);
}
CUDA_CASE(van_leer_advection,
          arrays(out("un", 24),
                 in("u", 24,
                    [](std::size_t i, double random) { return std::sin(0.7 * double(i) + 0.1) + 0.1 * random; })),
          over(24).block(8), (x[0], x[1], real(0.4), 24), (x[0], xb[0], x[1], xb[1], real(0.4), 24))
    .loosen(20)
    .step(2e-5);

// WENO5 reconstruction (Jiang and Shu 1996) with its nonlinear weights.
ADSTENCIL_KERNEL __global__ void weno5(real* face, const real* v, int n) {
  const int i = thread_x();
  if (i < 2 || i >= n - 2)
    return;
  const real a = v[i - 2], b = v[i - 1], c = v[i], d = v[i + 1], e = v[i + 2];
  const real q0 = (2 * a - 7 * b + 11 * c) / 6, q1 = (-b + 5 * c + 2 * d) / 6, q2 = (2 * c + 5 * d - e) / 6;
  const real s0 = 13 * (a - 2 * b + c) * (a - 2 * b + c) / 12 + (a - 4 * b + 3 * c) * (a - 4 * b + 3 * c) / 4;
  const real s1 = 13 * (b - 2 * c + d) * (b - 2 * c + d) / 12 + (b - d) * (b - d) / 4;
  const real s2 = 13 * (c - 2 * d + e) * (c - 2 * d + e) / 12 + (3 * c - 4 * d + e) * (3 * c - 4 * d + e) / 4;
  const real w0 = real(0.1) / ((s0 + real(0.01)) * (s0 + real(0.01)));
  const real w1 = real(0.6) / ((s1 + real(0.01)) * (s1 + real(0.01)));
  const real w2 = real(0.3) / ((s2 + real(0.01)) * (s2 + real(0.01)));
  face[i] = (w0 * q0 + w1 * q1 + w2 * q2) / (w0 + w1 + w2);
}
CUDA_CASE(weno5, arrays(out("face", 20), in("v", 20)), over(20).block(8), (x[0], x[1], 20),
          (x[0], xb[0], x[1], xb[1], 20))
    .loosen(5)
    .step(2e-5);

// Integers take part in the value; booleans, masks and shifts decide.
ADSTENCIL_KERNEL __global__ void integer_logic(real* y, const real* u, const int* mask, int n) {
  const int i = thread_x();
  if (i >= n)
    return;
  const bool odd = i & 1, flagged = (mask[i] >> 2) & 1;
  unsigned state = unsigned(mask[i]) ^ 0x5u;
  int steps = 0;
  while (state != 1 && steps < 20) {
    state = state % 2 ? 3 * state + 1 : state / 2;
    ++steps;
  }
  real value = u[i] * real(steps + __popc(mask[i]));
  if (odd != flagged)
    value *= u[i];
  y[i] = odd || flagged ? value : -value * real(~mask[i] & 3);
}
CUDA_CASE(integer_logic, arrays(out("y", 10), in("u", 10)), over(10).block(8), (x[0], x[1], ix[0], 10),
          (x[0], xb[0], x[1], xb[1], ix[0], 10))
    .integers({{0, 1, 2, 3, 4, 5, 6, 7, 12, 30}})
    .bits(same_bits::always);

// Roles of threads by position: corners, edges and the interior have formulas of their own.
ADSTENCIL_KERNEL __global__ void edges_and_interior(real* y, const real* u, int nx, int ny) {
  const int i = thread_x(), j = thread_y();
  if (i >= nx || j >= ny)
    return;
  const int p = i + nx * j;
  const bool edge_x = i == 0 || i == nx - 1, edge_y = j == 0 || j == ny - 1;
  if (edge_x && edge_y)
    y[p] = u[p] * u[p];
  else if (edge_x)
    y[p] = u[p - nx] * u[p + nx];
  else if (edge_y)
    y[p] = u[p - 1] + u[p + 1] * u[p];
  else
    y[p] = u[p - 1] * u[p + 1] - u[p - nx] * u[p + nx];
}
CUDA_CASE(edges_and_interior, arrays(out("y", 42), in("u", 42)), over(7, 6).block(4, 4), (x[0], x[1], 7, 6),
          (x[0], xb[0], x[1], xb[1], 7, 6));

} // namespace LAW_VARIANT
