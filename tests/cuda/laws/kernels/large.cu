// Launches large enough to be divided among the threads of the CPU device (more than 8192 points), and for many blocks
// on a GPU. The other files try forms; this one tries that sums and scatters survive company.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../cuda_laws.h"

#include <cmath>

namespace LAW_VARIANT {

__device__ inline int thread_x() { return blockIdx.x * blockDim.x + threadIdx.x; }
__device__ inline int thread_y() { return blockIdx.y * blockDim.y + threadIdx.y; }

// Sums of active scalars over several units of work, in one dimension.
ADSTENCIL_KERNEL __global__ void large_active_scalars(real* y, const real* u, ADSTENCIL_ACTIVE real a,
                                                      ADSTENCIL_ACTIVE real b, int n) {
  const int i = thread_x();
  if (i < n)
    y[i] = a * u[i] * u[i] + std::exp(b) * u[i];
}
CUDA_CASE(large_active_scalars, arrays(out("y", 20011), in("u", 20011), in("a", 1), in("b", 1)), over(20011).block(128),
          (x[0], x[1], *hx[2], *hx[3], 20011), (x[0], xb[0], x[1], xb[1], *hx[2], xb[2], *hx[3], xb[3], 20011))
    .bits(same_bits::launch)
    .loosen(100)
    .reference([](call_arguments) {
      double a = 0, b = 0;
      for (int i = 0; i < 20011; ++i) {
        const real seed = xb[0][i], u = x[1][i];
        xb[1][i] += (2 * *x[2] * u + std::exp(*x[3])) * seed;
        a += double(u * u * seed);
        b += double(std::exp(*x[3]) * u * seed);
        xb[0][i] = 0;
      }
      *xb[2] += real(a);
      *xb[3] += real(b);
    });

// In two dimensions, with rows of work.
ADSTENCIL_KERNEL __global__ void large_active_scalar_2d(real* u, const real* f, ADSTENCIL_ACTIVE real rate, int nx,
                                                        int ny) {
  const int i = thread_x(), j = thread_y();
  if (i >= nx || j >= ny)
    return;
  const int p = i + nx * j;
  u[p] += rate * (f[p] - u[p] * u[p]);
}
CUDA_CASE(large_active_scalar_2d, arrays(out("u", 203 * 101), in("f", 203 * 101), in("rate", 1)),
          over(203, 101).block(32, 4), (x[0], x[1], *hx[2], 203, 101),
          (x[0], xb[0], x[1], xb[1], *hx[2], xb[2], 203, 101))
    .bits(same_bits::launch)
    .loosen(100);

// In a grid-stride loop, where each thread adds its points up first.
ADSTENCIL_KERNEL __global__ void large_active_scalar_strided(real* y, const real* u, ADSTENCIL_ACTIVE real a, int n) {
  for (int i = thread_x(); i < n; i += gridDim.x * blockDim.x)
    y[i] = u[i] / (a + u[i]);
}
CUDA_CASE(large_active_scalar_strided, arrays(out("y", 40009), in("u", 40009), in("a", 1)), over(16384).block(256),
          (x[0], x[1], *hx[2], 40009), (x[0], xb[0], x[1], xb[1], *hx[2], xb[2], 40009))
    .bits(same_bits::launch)
    .loosen(100);

// Own points only.
ADSTENCIL_KERNEL __global__ void large_own_point(real* u, const real* w, int n) {
  const int i = thread_x();
  if (i < n)
    u[i] = w[i] * std::sin(u[i]) + u[i] * u[i];
}
CUDA_CASE(large_own_point, arrays(out("u", 30011), in("w", 30011)), over(30011).block(256), (x[0], x[1], 30011),
          (x[0], xb[0], x[1], xb[1], 30011))
    .bits(same_bits::always);

// Neighbours across the borders of blocks and of the work of threads.
ADSTENCIL_KERNEL __global__ void large_heat_2d(real* un, const real* u, const real* k, real dt, int nx, int ny) {
  const int i = thread_x(), j = thread_y();
  if (i < 1 || j < 1 || i >= nx - 1 || j >= ny - 1)
    return;
  const int p = i + nx * j;
  un[p] = u[p] + dt * ((k[p] + k[p + 1]) * (u[p + 1] - u[p]) - (k[p] + k[p - 1]) * (u[p] - u[p - 1]) +
                       (k[p] + k[p + nx]) * (u[p + nx] - u[p]) - (k[p] + k[p - nx]) * (u[p] - u[p - nx]));
}
CUDA_CASE(large_heat_2d, arrays(out("un", 203 * 151), in("u", 203 * 151), in("k", 203 * 151)),
          over(203, 151).block(32, 8), (x[0], x[1], x[2], real(0.1), 203, 151),
          (x[0], xb[0], x[1], xb[1], x[2], xb[2], real(0.1), 203, 151))
    .reference([](call_arguments) {
      const real *u = x[1], *k = x[2];
      for (int j = 1; j < 150; ++j)
        for (int i = 1; i < 202; ++i) {
          const int p = i + 203 * j;
          const real seed = real(0.1) * xb[0][p];
          xb[1][p] += xb[0][p];
          for (int q : {p + 1, p - 1, p + 203, p - 203}) {
            xb[1][q] += (k[p] + k[q]) * seed;
            xb[1][p] -= (k[p] + k[q]) * seed;
            xb[2][p] += (u[q] - u[p]) * seed;
            xb[2][q] += (u[q] - u[p]) * seed;
          }
          xb[0][p] = 0;
        }
    });

// Everything goes to a handful of cells: many threads add to one shadow at once.
ADSTENCIL_KERNEL __global__ void large_few_coefficients(real* y, const real* u, const real* coefficient, int n) {
  const int i = thread_x();
  if (i < n)
    y[i] = coefficient[i % 5] * u[i] * u[i];
}
CUDA_CASE(large_few_coefficients, arrays(out("y", 20011), in("u", 20011), in("coefficient", 5)), over(20011).block(128),
          (x[0], x[1], x[2], 20011), (x[0], xb[0], x[1], xb[1], x[2], xb[2], 20011))
    .loosen(100);

// Atomic sums of the kernel itself.
ADSTENCIL_KERNEL __global__ void large_histogram(real* bins, const real* weight, int n) {
  const int i = thread_x();
  if (i < n)
    atomicAdd(&bins[i % 7], weight[i] * weight[i] * real(1e-3));
}
CUDA_CASE(large_histogram, arrays(out("bins", 7), in("weight", 20011)), over(20011).block(128), (x[0], x[1], 20011),
          (x[0], xb[0], x[1], xb[1], 20011))
    .loosen(100);

// Indices that are not block * block size + thread: the unit of work is a block.
ADSTENCIL_KERNEL __global__ void large_blocks_reversed(real* y, const real* u, ADSTENCIL_ACTIVE real a, int n) {
  const int i = (gridDim.x - 1 - blockIdx.x) * blockDim.x + threadIdx.x;
  if (i < n)
    y[i] = a * u[i] * u[i];
}
CUDA_CASE(large_blocks_reversed, arrays(out("y", 30011), in("u", 30011), in("a", 1)), over(30011).block(64),
          (x[0], x[1], *hx[2], 30011), (x[0], xb[0], x[1], xb[1], *hx[2], xb[2], 30011))
    .bits(same_bits::launch)
    .loosen(100);

} // namespace LAW_VARIANT
