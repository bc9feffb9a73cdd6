// Kernels whose adjoints are gathers, one writer for each cell: the same bits for every launch and number of threads.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../cuda_laws.h"

#include <cstdint>

namespace LAW_VARIANT {

// A staggered array with strides of its own.
ADSTENCIL_KERNEL __global__ void stagger_flux(real* q, const real* t, const real* k, int nx, int ny) {
  const int ix = blockIdx.x * blockDim.x + threadIdx.x, iy = blockIdx.y * blockDim.y + threadIdx.y;
  if (ix > nx || iy >= ny || ix == 0 || ix == nx)
    return;
  const int c = ix + nx * iy;
  q[ix + (nx + 1) * iy] = real(-0.5) * (k[c] + k[c - 1]) * (t[c] - t[c - 1]);
}
CUDA_CASE(stagger_flux, arrays(out("q", 10 * 6), in("t", 9 * 6), in("k", 9 * 6)), over(10, 6).block(4, 2),
          (x[0], x[1], x[2], 9, 6), (x[0], xb[0], x[1], xb[1], x[2], xb[2], 9, 6))
    .bits(same_bits::always);

// Two staggered arrays are read, a third one is updated in place at the own point.
ADSTENCIL_KERNEL __global__ void stagger_divergence(real* t, const real* qx, const real* qy, real dt, int nx, int ny) {
  const int ix = blockIdx.x * blockDim.x + threadIdx.x, iy = blockIdx.y * blockDim.y + threadIdx.y;
  if (ix < nx && iy < ny) {
    const int a = ix + (nx + 1) * iy, b = ix + nx * iy;
    t[b] = t[b] * t[b] - dt * (qx[a + 1] - qx[a] + qy[b + nx] - qy[b]) * t[b];
  }
}
CUDA_CASE(stagger_divergence, arrays(out("t", 8 * 5), in("qx", 9 * 5), in("qy", 8 * 6)), over(8, 5).block(4, 4),
          (x[0], x[1], x[2], real(0.3), 8, 5), (x[0], xb[0], x[1], xb[1], x[2], xb[2], real(0.3), 8, 5))
    .bits(same_bits::always);

// What the last point reads at the other end of a row, and the last row of the first one, where no point reads a
// neighbour.
ADSTENCIL_KERNEL __global__ void other_end(real* un, const real* u, int nx, int ny) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y;
  if (i >= nx || j >= ny)
    return;
  real sum = u[i + nx * j] * u[i + nx * j];
  if (i == nx - 1)
    sum += real(3) * u[nx * j];
  if (j == ny - 1)
    sum *= u[i];
  un[i + nx * j] = sum;
}
CUDA_CASE(other_end, arrays(out("un", 9 * 7), in("u", 9 * 7)), over(9, 7).block(4, 2), (x[0], x[1], 9, 7),
          (x[0], xb[0], x[1], xb[1], 9, 7))
    .bits(same_bits::always);

// The same where that cell is in front of all that is read otherwise.
ADSTENCIL_KERNEL __global__ void other_end_in_front(real* un, const real* u, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n)
    un[i] = u[i + 1] * u[i + 1] + (i == n - 1 ? real(3) * u[0] : real(0));
}
CUDA_CASE(other_end_in_front, arrays(out("un", 23), in("u", 24)), over(23).block(8), (x[0], x[1], 23),
          (x[0], xb[0], x[1], xb[1], 23))
    .bits(same_bits::always);

// Around one axis and beside along the other: rows of a helix, and the first column as seen from the row below.
ADSTENCIL_KERNEL __global__ void helix(real* un, const real* u, int nx, int ny) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y;
  if (i < nx && j < ny)
    un[i + nx * j] = u[i + nx * j] * (i > 0 ? u[i - 1 + nx * j] : u[nx - 1 + nx * (j + 1)]);
}
CUDA_CASE(helix, arrays(out("un", 5 * 4), in("u", 5 * 5)), over(5, 4).block(4, 2), (x[0], x[1], 5, 4),
          (x[0], xb[0], x[1], xb[1], 5, 4))
    .bits(same_bits::launch);

ADSTENCIL_KERNEL __global__ void around_and_below(real* un, const real* u, const real* v, int nx, int ny) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y;
  if (i < nx && j < ny)
    un[i + nx * j] = v[i + nx * j] * (i < nx - 1 ? u[i + 1 + nx * j] : u[(j > 0 ? j - 1 : 0) * nx]);
}
CUDA_CASE(around_and_below, arrays(out("un", 5 * 4), in("u", 5 * 4), in("v", 5 * 4)), over(5, 4).block(4, 2),
          (x[0], x[1], x[2], 5, 4), (x[0], xb[0], x[1], xb[1], x[2], xb[2], 5, 4));

// Velocities are incremented by gradients of the pressure.
ADSTENCIL_KERNEL __global__ void increment_velocity(real* vx, real* vy, const real* p, const real* r, int nx, int ny) {
  const int ix = blockIdx.x * blockDim.x + threadIdx.x, iy = blockIdx.y * blockDim.y + threadIdx.y;
  if (ix >= nx - 1 || iy >= ny - 1)
    return;
  const int c = ix + nx * iy;
  vx[c] += r[c] * (p[c + 1] - p[c]);
  vy[c] += r[c] * (p[c + nx] - p[c]);
}
CUDA_CASE(increment_velocity, arrays(out("vx", 48), out("vy", 48), in("p", 48), in("r", 48)), over(8, 6).block(8, 2),
          (x[0], x[1], x[2], x[3], 8, 6), (x[0], xb[0], x[1], xb[1], x[2], xb[2], x[3], xb[3], 8, 6))
    .bits(same_bits::always);

// Guards in many words.
ADSTENCIL_KERNEL __global__ void guards_nested(real* y, const real* u, int nx, int ny, int nz) {
  const int ix = threadIdx.x + blockIdx.x * blockDim.x;
  const int iy = threadIdx.y + blockIdx.y * blockDim.y;
  const int iz = threadIdx.z + blockDim.z * blockIdx.z;
  if (ix + 1 < nx)
    if (!(ix - 1 < 0) && iy >= 1 && iy <= ny - 2) {
      if (iz == 0 || nz - 1 <= iz)
        return;
      const int p = ix + nx * (iy + ny * iz);
      y[p] = u[p - 1] * u[p + 1] + u[p - nx] * u[p + nx] + u[p - nx * ny] * u[p + nx * ny];
    }
}
CUDA_CASE(guards_nested, arrays(out("y", 7 * 6 * 5), in("u", 7 * 6 * 5)), over(7, 6, 5).block(4, 2, 2),
          (x[0], x[1], 7, 6, 5), (x[0], xb[0], x[1], xb[1], 7, 6, 5))
    .bits(same_bits::always);

ADSTENCIL_KERNEL __global__ void guards_range(real* y, const real* u) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= 3 && i < 29)
    y[i] = u[i - 3] * u[i] * u[i + 2];
}
CUDA_CASE(guards_range, arrays(out("y", 31), in("u", 31)), over(31), (x[0], x[1]), (x[0], xb[0], x[1], xb[1]))
    .bits(same_bits::always);

ADSTENCIL_KERNEL __global__ void guards_wide(real* y, const real* u, std::size_t nx, std::size_t ny) {
  const std::size_t ix = std::size_t(blockIdx.x) * blockDim.x + threadIdx.x;
  const std::size_t iy = std::size_t(blockIdx.y) * blockDim.y + threadIdx.y;
  if (ix >= nx || iy >= ny || ix < 2 || iy == 0)
    return;
  y[ix + nx * iy] = u[ix - 2 + nx * iy] * u[ix + nx * (iy - 1)];
}
CUDA_CASE(guards_wide, arrays(out("y", 9 * 4), in("u", 9 * 4)), over(9, 4).block(4, 4), (x[0], x[1], 9, 4),
          (x[0], xb[0], x[1], xb[1], 9, 4))
    .bits(same_bits::always);

// A condition that is the same for all threads, and one on data.
ADSTENCIL_KERNEL __global__ void guards_on_data(real* y, const real* u, bool on, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (!on || i < 1 || i >= n - 1)
    return;
  if (u[i] > real(1))
    y[i] = u[i] * (u[i] - u[i - 1]);
  else
    y[i] = u[i] * (u[i + 1] - u[i]);
}
CUDA_CASE(guards_on_data, arrays(out("y", 33), in("u", 33)), over(33).block(8), (x[0], x[1], true, 33),
          (x[0], xb[0], x[1], xb[1], true, 33))
    .bits(same_bits::always);

// One face of a box: an axis with one point.
ADSTENCIL_KERNEL __global__ void boundary_face(real* y, const real* u, int nx, int ny) {
  const int ix = blockIdx.x * blockDim.x + threadIdx.x, iy = blockIdx.y * blockDim.y + threadIdx.y;
  if (ix == nx - 1 && iy < ny)
    y[ix + nx * iy] = u[ix - 1 + nx * iy] * real(2) - u[ix - 2 + nx * iy];
}
CUDA_CASE(boundary_face, arrays(out("y", 8 * 7), in("u", 8 * 7)), over(8, 7).block(4, 4), (x[0], x[1], 8, 7),
          (x[0], xb[0], x[1], xb[1], 8, 7))
    .bits(same_bits::always);

// Domains that are thinner than the stencil, of one point, or empty.
ADSTENCIL_KERNEL __global__ void wide_stencil(real* y, const real* u, int nx, int ny) {
  const int ix = blockIdx.x * blockDim.x + threadIdx.x, iy = blockIdx.y * blockDim.y + threadIdx.y;
  if (ix < 4 || ix >= nx - 4 || iy < 4 || iy >= ny - 4)
    return;
  real sum = 0;
  for (int s = -4; s <= 4; ++s)
    sum += u[ix + s + nx * iy] * real(0.2) + u[ix + nx * (iy + s)] * real(0.1 * (s + 5));
  y[ix + nx * iy] = sum * u[ix + nx * iy];
}
#define WIDE(name, nx, ny)                                                                                             \
  CUDA_CASE_CALLS(name, arrays(out("y", nx* ny), in("u", nx* ny)), over(nx, ny).block(8, 2),                           \
                  (wide_stencil<<<at.grid, at.block>>>(x[0], x[1], nx, ny)),                                           \
                  (__vjp_wide_stencil<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], nx, ny)),                       \
                  (__adjoint_wide_stencil<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], nx, ny)),                   \
                  (__tangent_wide_stencil<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], nx, ny)))                   \
      .bits(same_bits::always)
WIDE(wide_stencil_thin, 21, 10);
WIDE(wide_stencil_one_point, 9, 9);
WIDE(wide_stencil_empty, 12, 8);
WIDE(wide_stencil_fits, 23, 19);

// What a point adds to its neighbours has a factor in common, which the CPU device keeps for some planes.
ADSTENCIL_KERNEL __global__ void wide_wave(real* y, const real* u, const real* c, int nx, int ny, int nz) {
  const int ix = blockIdx.x * blockDim.x + threadIdx.x + 2, iy = blockIdx.y * blockDim.y + threadIdx.y + 2;
  const int iz = blockIdx.z * blockDim.z + threadIdx.z + 2;
  if (ix >= nx - 2 || iy >= ny - 2 || iz >= nz - 2)
    return;
  const int p = ix + nx * (iy + ny * iz), sy = nx, sz = nx * ny;
  const real near = u[p - 1] + u[p + 1] + u[p - sy] + u[p + sy] + u[p - sz] + u[p + sz];
  const real far = u[p - 2] + u[p + 2] + u[p - 2 * sy] + u[p + 2 * sy] + u[p - 2 * sz] + u[p + 2 * sz];
  y[p] = 2 * u[p] + c[p] * c[p] * (real(1.25) * near - real(0.1) * far - real(7) * u[p]);
}
#define WIDE_WAVE(name, nx, ny, nz)                                                                                    \
  CUDA_CASE_CALLS(name, arrays(out("y", nx * ny * nz), in("u", nx * ny * nz), in("c", nx * ny * nz)),                  \
                  over(nx - 4, ny - 4, nz - 4).block(4, 2, 2),                                                         \
                  (wide_wave<<<at.grid, at.block>>>(x[0], x[1], x[2], nx, ny, nz)),                                    \
                  (__vjp_wide_wave<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], x[2], xb[2], nx, ny, nz)),         \
                  (__adjoint_wide_wave<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], x[2], xb[2], nx, ny, nz)),     \
                  (__tangent_wide_wave<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], x[2], xb[2], nx, ny, nz)))     \
      .bits(same_bits::always)
WIDE_WAVE(wide_wave_fits, 11, 9, 20);
WIDE_WAVE(wide_wave_thin, 5, 12, 6);

// The grid is smaller than the array, and the kernel asks for no bound.
ADSTENCIL_KERNEL __global__ void grid_is_domain(real* y, const real* u) {
  const int ix = blockIdx.x * blockDim.x + threadIdx.x, iy = blockIdx.y * blockDim.y + threadIdx.y;
  const int nx = gridDim.x * blockDim.x + 2, p = ix + 1 + nx * (iy + 1);
  y[p] = u[p - 1] * u[p + 1] + u[p - nx] * u[p + nx];
}
CUDA_CASE(grid_is_domain, arrays(out("y", 10 * 6), in("u", 10 * 6)), over(8, 4).block(4, 2), (x[0], x[1]),
          (x[0], xb[0], x[1], xb[1]))
    .one_shape()
    .bits(same_bits::always);

// Strides that have nothing to do with the bounds: that cells do not overlap is seen when the kernel runs.
ADSTENCIL_KERNEL __global__ void pitched(real* y, const real* u, int nx, int ny, int pitch) {
  const int ix = blockIdx.x * blockDim.x + threadIdx.x, iy = blockIdx.y * blockDim.y + threadIdx.y;
  if (ix < 1 || ix >= nx - 1 || iy < 1 || iy >= ny - 1)
    return;
  const int p = ix + pitch * iy;
  y[p] = u[p] * (u[p - 1] + u[p + 1] + u[p - pitch] + u[p + pitch]);
}
CUDA_CASE(pitched, arrays(out("y", 11 * 5), in("u", 11 * 5)), over(9, 5).block(4, 2), (x[0], x[1], 9, 5, 11),
          (x[0], xb[0], x[1], xb[1], 9, 5, 11))
    .bits(same_bits::always);

// The neighbour of the first point of a row is the last one of the row before: cells do overlap.
ADSTENCIL_KERNEL __global__ void rows_meet(real* y, const real* u, int nx, int ny) {
  const int ix = blockIdx.x * blockDim.x + threadIdx.x, iy = blockIdx.y * blockDim.y + threadIdx.y;
  if (ix >= nx || iy < 1 || iy >= ny - 1)
    return;
  const int p = ix + nx * iy;
  y[p] = u[p - 1] * u[p + 1];
}
CUDA_CASE(rows_meet, arrays(out("y", 7 * 6), in("u", 7 * 6)), over(7, 6).block(4, 2), (x[0], x[1], 7, 6),
          (x[0], xb[0], x[1], xb[1], 7, 6));

// Rows from top to bottom: a negative stride.
ADSTENCIL_KERNEL __global__ void upside_down(real* y, const real* u, int nx, int ny) {
  const int ix = blockIdx.x * blockDim.x + threadIdx.x, iy = blockIdx.y * blockDim.y + threadIdx.y;
  if (ix < 1 || ix >= nx - 1 || iy < 1 || iy >= ny - 1)
    return;
  const int p = ix + nx * (ny - 1 - iy);
  y[p] = u[p - 1] * u[p + nx];
}
CUDA_CASE(upside_down, arrays(out("y", 8 * 6), in("u", 8 * 6)), over(8, 6).block(4, 2), (x[0], x[1], 8, 6),
          (x[0], xb[0], x[1], xb[1], 8, 6))
    .bits(same_bits::always);

// Records, and planes of one array.
struct cell {
  real a, b;
};
ADSTENCIL_KERNEL __global__ void records(cell* y, const cell* u, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < 1 || i >= n - 1)
    return;
  y[i].a = u[i - 1].a * u[i + 1].b;
  y[i].b = u[i].b * u[i].b + u[i + 1].a;
}
#define CELLS(pointer) reinterpret_cast<cell*>(pointer)
CUDA_CASE(records, arrays(out("y", 40), in("u", 40)), over(20).block(8), (CELLS(x[0]), CELLS(x[1]), 20),
          (CELLS(x[0]), CELLS(xb[0]), CELLS(x[1]), CELLS(xb[1]), 20))
    .bits(same_bits::always);

ADSTENCIL_KERNEL __global__ void planes(real* y, const real* u, int nx, int ny) {
  const int ix = blockIdx.x * blockDim.x + threadIdx.x, iy = blockIdx.y * blockDim.y + threadIdx.y;
  if (ix < 1 || ix >= nx - 1 || iy < 1 || iy >= ny - 1)
    return;
  const int p = ix + nx * iy, plane = nx * ny;
  y[p] = u[p - 1] * u[p + 1 + plane] - u[p + plane - nx] * u[p + nx];
}
CUDA_CASE(planes, arrays(out("y", 8 * 6), in("u", 2 * 8 * 6)), over(8, 6).block(4, 2), (x[0], x[1], 8, 6),
          (x[0], xb[0], x[1], xb[1], 8, 6))
    .bits(same_bits::always);

// Every other cell is read.
ADSTENCIL_KERNEL __global__ void coarsen(real* y, const real* u, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < 1 || i >= n)
    return;
  y[i] = u[2 * i - 2] * u[2 * i] + u[2 * i + 1];
}
CUDA_CASE(coarsen, arrays(out("y", 15), in("u", 30)), over(15).block(8), (x[0], x[1], 15),
          (x[0], xb[0], x[1], xb[1], 15))
    .bits(same_bits::always);

// Coefficients of layers are summed over points, beside what is gathered.
ADSTENCIL_KERNEL __global__ void layers(real* y, const real* u, const real* c, int nx, int ny) {
  const int ix = blockIdx.x * blockDim.x + threadIdx.x, iy = blockIdx.y * blockDim.y + threadIdx.y;
  if (ix < 1 || ix >= nx - 1 || iy >= ny)
    return;
  const int p = ix + nx * iy;
  y[p] = c[iy] * (u[p - 1] + u[p + 1]) * u[p];
}
CUDA_CASE(layers, arrays(out("y", 8 * 5), in("u", 8 * 5), in("c", 5)), over(8, 5).block(4, 2), (x[0], x[1], x[2], 8, 5),
          (x[0], xb[0], x[1], xb[1], x[2], xb[2], 8, 5));

// An array is read at fixed distances and through an index: all its reads are added at home.
ADSTENCIL_KERNEL __global__ void near_and_far(real* y, const real* u, const real* v, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < 1 || i >= n - 1)
    return;
  y[i] = u[i - 1] * u[i * i % n] + v[i + 1] * v[i - 1];
}
CUDA_CASE(near_and_far, arrays(out("y", 20), in("u", 20), in("v", 20)), over(20).block(8), (x[0], x[1], x[2], 20),
          (x[0], xb[0], x[1], xb[1], x[2], xb[2], 20));

// Active scalars: each point of the Domain counts once, however many cells it reaches.
ADSTENCIL_KERNEL __global__ void scalars_beside(real* y, const real* u, ADSTENCIL_ACTIVE real a,
                                                ADSTENCIL_ACTIVE real b, int nx, int ny) {
  const int ix = blockIdx.x * blockDim.x + threadIdx.x, iy = blockIdx.y * blockDim.y + threadIdx.y;
  if (ix < 1 || ix >= nx - 1 || iy < 1 || iy >= ny - 1)
    return;
  const int p = ix + nx * iy;
  y[p] = a * a * (u[p - 1] + u[p + 1]) + b * u[p] * (u[p - nx] - u[p + nx]);
}
CUDA_CASE(scalars_beside, arrays(out("y", 8 * 6), in("u", 8 * 6), in("a", 1), in("b", 1)), over(8, 6).block(4, 2),
          (x[0], x[1], *hx[2], *hx[3], 8, 6), (x[0], xb[0], x[1], xb[1], *hx[2], xb[2], *hx[3], xb[3], 8, 6))
    .bits(same_bits::launch);

// A loop inside the point that is not unrolled, over neighbours that are known when it runs.
ADSTENCIL_KERNEL __global__ void short_loop(real* y, const real* u, const real* w, int n, int m) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < 1 || i >= n - 1)
    return;
  real sum = 0;
  for (int k = 0; k < m; ++k)
    sum += w[k] * w[k];
  y[i] = (u[i - 1] + u[i + 1]) * sum;
}
CUDA_CASE(short_loop, arrays(out("y", 20), in("u", 20), in("w", 3)), over(20).block(8), (x[0], x[1], x[2], 20, 3),
          (x[0], xb[0], x[1], xb[1], x[2], xb[2], 20, 3));

// Limits that no index reaches: at the end of their type, and beyond 32 bits.
ADSTENCIL_KERNEL __global__ void no_limit(real* y, const real* u, std::int64_t most, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n || i > most)
    return;
  y[i] = u[i] * u[i + 1];
}
CUDA_CASE(no_limit, arrays(out("y", 20), in("u", 21)), over(20).block(8), (x[0], x[1], INT64_MAX, 20),
          (x[0], xb[0], x[1], xb[1], INT64_MAX, 20))
    .bits(same_bits::always);

ADSTENCIL_KERNEL __global__ void beyond_reach(real* y, const real* u, std::int64_t first, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n && i >= first)
    y[i] = u[i] * u[i + 1];
}
CUDA_CASE(beyond_reach, arrays(out("y", 20), in("u", 21)), over(20).block(8), (x[0], x[1], std::int64_t(1) << 32, 20),
          (x[0], xb[0], x[1], xb[1], std::int64_t(1) << 32, 20))
    .bits(same_bits::always);

// Indices that are counted from a place far away.
ADSTENCIL_KERNEL __global__ void far_from_zero(real* y, const real* u, std::int64_t first, std::int64_t last) {
  const std::int64_t i = std::int64_t(blockIdx.x) * blockDim.x + threadIdx.x;
  if (first + i >= last)
    return;
  y[i] = u[i] * u[i + 1];
}
CUDA_CASE(far_from_zero, arrays(out("y", 20), in("u", 21)), over(20).block(8),
          (x[0], x[1], INT64_MAX - 100, INT64_MAX - 80), (x[0], xb[0], x[1], xb[1], INT64_MAX - 100, INT64_MAX - 80))
    .bits(same_bits::always);

} // namespace LAW_VARIANT
