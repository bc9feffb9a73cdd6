// Kernels with heavy point functions, which a block of a GPU evaluates once each (tile=always): what tiles have to do
// that gathers have not. Domains are longer than a tile, thinner than a halo, of one point, or empty.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../cuda_laws.h"

namespace LAW_VARIANT {

__device__ inline real tile_square(real v) { return v * v; }

// A limited reconstruction from five cells, as in WENO schemes.
__device__ inline real tile_reconstruct(real v0, real v1, real v2, real v3, real v4) {
  const real b0 = tile_square(v0 - 2 * v1 + v2) + real(0.25) * tile_square(v0 - 4 * v1 + 3 * v2);
  const real b1 = tile_square(v1 - 2 * v2 + v3) + real(0.25) * tile_square(v1 - v3);
  const real b2 = tile_square(v2 - 2 * v3 + v4) + real(0.25) * tile_square(3 * v2 - 4 * v3 + v4);
  const real w0 = real(0.1) / tile_square(real(0.1) + b0), w1 = real(0.6) / tile_square(real(0.1) + b1),
             w2 = real(0.3) / tile_square(real(0.1) + b2);
  return (w0 * (2 * v0 - 7 * v1 + 11 * v2) + w1 * (5 * v2 - v1 + 2 * v3) + w2 * (2 * v2 + 5 * v3 - v4)) /
         (6 * (w0 + w1 + w2));
}

// One axis: a row of points, no window. Shifts to one side reach further than to the other.
ADSTENCIL_KERNEL __global__ void tile_row(real* un, const real* u, const real* a, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < 3 || i >= n - 2)
    return;
  const real east = tile_reconstruct(u[i - 2], u[i - 1], u[i], u[i + 1], u[i + 2]);
  const real west = tile_reconstruct(u[i - 3], u[i - 2], u[i - 1], u[i], u[i + 1]);
  un[i] = u[i] - (a[i] + a[i - 1]) * (east - west);
}
#define TILE_ROW(name, n, threads)                                                                                     \
  CUDA_CASE_CALLS(name, arrays(out("un", n), in("u", n), in("a", n)), over(n).block(threads),                          \
                  (tile_row<<<at.grid, at.block>>>(x[0], x[1], x[2], n)),                                              \
                  (__vjp_tile_row<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], x[2], xb[2], n)),                   \
                  (__adjoint_tile_row<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], x[2], xb[2], n)),               \
                  (__tangent_tile_row<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], x[2], xb[2], n)))               \
      .bits(same_bits::always)
TILE_ROW(tile_row_short, 19, 1);
TILE_ROW(tile_row_one_point, 6, 64);
TILE_ROW(tile_row_empty, 5, 32);
TILE_ROW(tile_row_thin, 8, 3);
TILE_ROW(tile_row_long, 700, 128);

// Two axes: rows of points, and a window of six rows.
ADSTENCIL_KERNEL __global__ void tile_advection(real* un, const real* u, real a, real b, int nx, int ny) {
  const int ix = blockIdx.x * blockDim.x + threadIdx.x, iy = blockIdx.y * blockDim.y + threadIdx.y;
  if (ix < 3 || ix >= nx - 2 || iy < 3 || iy >= ny - 2)
    return;
  const int s = nx, c = ix + s * iy;
  const real east = tile_reconstruct(u[c - 2], u[c - 1], u[c], u[c + 1], u[c + 2]);
  const real west = tile_reconstruct(u[c - 3], u[c - 2], u[c - 1], u[c], u[c + 1]);
  const real north = tile_reconstruct(u[c - 2 * s], u[c - s], u[c], u[c + s], u[c + 2 * s]);
  const real south = tile_reconstruct(u[c - 3 * s], u[c - 2 * s], u[c - s], u[c], u[c + s]);
  un[c] = u[c] - a * (east - west) - b * (north - south);
}
#define TILE_ADVECTION(name, nx, ny, bx, by)                                                                           \
  CUDA_CASE_CALLS(                                                                                                     \
      name, arrays(out("un", nx* ny), in("u", nx* ny)), over(nx, ny).block(bx, by),                                    \
      (tile_advection<<<at.grid, at.block>>>(x[0], x[1], real(0.1), real(0.2), nx, ny)),                               \
      (__vjp_tile_advection<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], real(0.1), real(0.2), nx, ny)),           \
      (__adjoint_tile_advection<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], real(0.1), real(0.2), nx, ny)),       \
      (__tangent_tile_advection<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], real(0.1), real(0.2), nx, ny)))       \
      .bits(same_bits::always)
TILE_ADVECTION(tile_advection_small, 15, 13, 16, 4);
TILE_ADVECTION(tile_advection_one_point, 6, 6, 8, 8);
TILE_ADVECTION(tile_advection_empty, 9, 5, 16, 4);
TILE_ADVECTION(tile_advection_thin, 14, 7, 1, 1);
TILE_ADVECTION(tile_advection_column, 7, 60, 64, 8);
TILE_ADVECTION(tile_advection_wide, 290, 8, 64, 2);

// Corners, powers, three arrays of several strides, two of which are gathered into; what is stored is updated in place.
ADSTENCIL_KERNEL __global__ void tile_ice(real* h, const real* s, const real* b, const real* k, real dt, int nx,
                                          int ny) {
  const int ix = blockIdx.x * blockDim.x + threadIdx.x, iy = blockIdx.y * blockDim.y + threadIdx.y;
  if (ix < 1 || ix >= nx - 1 || iy < 1 || iy >= ny - 1)
    return;
  const int c = ix + nx * iy, f = ix + (nx + 1) * iy;
  const real sx = (s[c + 1 + nx] - s[c - 1 + nx] + s[c + 1 - nx] - s[c - 1 - nx]) / 4;
  const real sy = (s[c + nx + 1] - s[c - nx + 1] + s[c + nx - 1] - s[c - nx - 1]) / 4;
  const real thick = s[c] - b[c] / 4 + (s[c + 1] - b[c + 1]) / 8;
  const real slope = sx * sx + sy * sy + real(0.01);
  const real d = thick * thick * thick * slope * sqrt(slope);
  h[c] = h[c] * h[c] + dt * d * (k[f + 1] * (s[c + 1] - s[c]) - k[f] * (s[c] - s[c - 1]));
}
CUDA_CASE(tile_ice, arrays(out("h", 19 * 23), in("s", 19 * 23), in("b", 19 * 23), in("k", 20 * 23)),
          over(19, 23).block(8, 8), (x[0], x[1], x[2], x[3], real(0.1), 19, 23),
          (x[0], xb[0], x[1], xb[1], x[2], xb[2], x[3], xb[3], real(0.1), 19, 23))
    .bits(same_bits::always);

// Three axes and shifts to one side: planes of points.
ADSTENCIL_KERNEL __global__ void tile_upwind_3d(real* y, const real* u, const real* k, int nx, int ny, int nz) {
  const int ix = blockIdx.x * blockDim.x + threadIdx.x, iy = blockIdx.y * blockDim.y + threadIdx.y,
            iz = blockIdx.z * blockDim.z + threadIdx.z;
  if (ix < 2 || ix >= nx || iy < 1 || iy >= ny - 1 || iz >= nz - 2)
    return;
  const int c = ix + nx * (iy + ny * iz), s = nx * ny;
  const real dx = u[c] - real(1.5) * u[c - 1] + u[c - 2], dy = u[c + nx] - u[c - nx],
             dz = u[c + 2 * s] - u[c + s] * u[c];
  y[c] = (k[c] + k[c + s]) * (dx * dx + dy * dy + dz * dz) / (real(1) + dx * dx * dz * dz) + u[c + 1 - 1 + nx - 2 + s];
}
#define TILE_3D(name, nx, ny, nz)                                                                                      \
  CUDA_CASE_CALLS(                                                                                                     \
      name, arrays(out("y", nx * ny * nz), in("u", nx * ny * nz), in("k", nx * ny * nz)),                              \
      over(nx, ny, nz).block(8, 4, 2), (tile_upwind_3d<<<at.grid, at.block>>>(x[0], x[1], x[2], nx, ny, nz)),          \
      (__vjp_tile_upwind_3d<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], x[2], xb[2], nx, ny, nz)),                \
      (__adjoint_tile_upwind_3d<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], x[2], xb[2], nx, ny, nz)),            \
      (__tangent_tile_upwind_3d<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], x[2], xb[2], nx, ny, nz)))            \
      .bits(same_bits::always)
TILE_3D(tile_upwind_3d_small, 9, 7, 8);
TILE_3D(tile_upwind_3d_plane, 40, 21, 4);
TILE_3D(tile_upwind_3d_one_point, 3, 3, 3);
TILE_3D(tile_upwind_3d_tower, 5, 4, 30);

// So many rows that tiles become longer.
ADSTENCIL_KERNEL __global__ void tile_many_rows(real* y, const real* u, int nx, int ny) {
  const int ix = blockIdx.x * blockDim.x + threadIdx.x, iy = blockIdx.y * blockDim.y + threadIdx.y;
  if (ix >= nx || iy < 1 || iy >= ny - 1)
    return;
  const int p = ix + nx * iy;
  y[p] = u[p - nx] * u[p] + u[p] * u[p + nx];
}
CUDA_CASE(tile_many_rows, arrays(out("y", 2 * 20000), in("u", 2 * 20000)), over(2, 20000).block(2, 16),
          (x[0], x[1], 2, 20000), (x[0], xb[0], x[1], xb[1], 2, 20000))
    .bits(same_bits::always);

// Several outputs, and active scalars: a point that several tiles evaluate counts once.
ADSTENCIL_KERNEL __global__ void tile_scalars(real* y, real* z, const real* u, ADSTENCIL_ACTIVE real a,
                                              ADSTENCIL_ACTIVE real b, int nx, int ny) {
  const int ix = blockIdx.x * blockDim.x + threadIdx.x, iy = blockIdx.y * blockDim.y + threadIdx.y;
  if (ix < 1 || ix >= nx - 1 || iy < 1 || iy >= ny - 1)
    return;
  const int p = ix + nx * iy;
  const real f = a * u[p - 1] * u[p + 1] + b * u[p - nx] * u[p + nx];
  y[p] = f * f + a * u[p];
  z[p] = f / (real(1) + b * u[p] * u[p]);
}
CUDA_CASE(tile_scalars, arrays(out("y", 260 * 12), out("z", 260 * 12), in("u", 260 * 12), in("a", 1), in("b", 1)),
          over(260, 12).block(32, 2), (x[0], x[1], x[2], *hx[3], *hx[4], 260, 12),
          (x[0], xb[0], x[1], xb[1], x[2], xb[2], *hx[3], xb[3], *hx[4], xb[4], 260, 12))
    .bits(same_bits::launch);

// A coefficient of a layer is added at home, beside scalars, in the tile that the point belongs to.
ADSTENCIL_KERNEL __global__ void tile_layers(real* y, const real* u, const real* c, ADSTENCIL_ACTIVE real a, int nx,
                                             int ny) {
  const int ix = blockIdx.x * blockDim.x + threadIdx.x, iy = blockIdx.y * blockDim.y + threadIdx.y;
  if (ix < 2 || ix >= nx - 1 || iy < 1 || iy >= ny - 1)
    return;
  const int p = ix + nx * iy;
  y[p] = c[iy] * (u[p - 2] * u[p + 1] + a * u[p - nx] * u[p + nx]) * u[p];
}
CUDA_CASE(tile_layers, arrays(out("y", 260 * 7), in("u", 260 * 7), in("c", 7), in("a", 1)), over(260, 7).block(32, 2),
          (x[0], x[1], x[2], *hx[3], 260, 7), (x[0], xb[0], x[1], xb[1], x[2], xb[2], *hx[3], xb[3], 260, 7));

// The sign of a speed decides on which side a point reads.
ADSTENCIL_KERNEL __global__ void tile_upwind(real* y, const real* u, const real* v, int nx, int ny) {
  const int ix = blockIdx.x * blockDim.x + threadIdx.x, iy = blockIdx.y * blockDim.y + threadIdx.y;
  if (ix < 1 || ix >= nx - 1 || iy < 2 || iy >= ny - 2)
    return;
  const int p = ix + nx * iy;
  real flux;
  if (v[p] > 0)
    flux = v[p] * u[p] * u[p - 1] - u[p - 2 * nx];
  else
    flux = v[p] * u[p + 1] + u[p + 2 * nx] * u[p + nx];
  y[p] = flux * flux;
}
CUDA_CASE(tile_upwind, arrays(out("y", 270 * 30), in("u", 270 * 30), in("v", 270 * 30, laws::either_sign)),
          over(270, 30).block(32, 8), (x[0], x[1], x[2], 270, 30), (x[0], xb[0], x[1], xb[1], x[2], xb[2], 270, 30))
    .bits(same_bits::always);

// Reads that not every point executes: a cell that no point has read is not touched.
ADSTENCIL_KERNEL __global__ void tile_conditional(real* y, const real* u, const real* v, int nx, int ny) {
  const int ix = blockIdx.x * blockDim.x + threadIdx.x, iy = blockIdx.y * blockDim.y + threadIdx.y;
  if (ix >= nx || iy >= ny)
    return;
  const int p = ix + nx * iy;
  real sum = u[p] * u[p];
  if (ix > 0 && v[p] > 0)
    sum += v[p] * u[p] * u[p - 1];
  if (ix < nx - 1 && v[p] <= 0)
    sum -= v[p] * u[p] * u[p + 1];
  if (iy > 1)
    sum *= u[p - 2 * nx];
  if (iy < ny - 1)
    sum *= v[p + nx] * u[p + nx];
  y[p] = sum;
}
CUDA_CASE(tile_conditional, arrays(out("y", 18 * 11), in("u", 18 * 11), in("v", 18 * 11, laws::either_sign)),
          over(18, 11).block(8, 4), (x[0], x[1], x[2], 18, 11), (x[0], xb[0], x[1], xb[1], x[2], xb[2], 18, 11));
CUDA_CASE_CALLS(tile_conditional_long, arrays(out("y", 300 * 3), in("u", 300 * 3), in("v", 300 * 3, laws::either_sign)),
                over(300, 3).block(32, 2), (tile_conditional<<<at.grid, at.block>>>(x[0], x[1], x[2], 300, 3)),
                (__vjp_tile_conditional<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], x[2], xb[2], 300, 3)),
                (__adjoint_tile_conditional<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], x[2], xb[2], 300, 3)),
                (__tangent_tile_conditional<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], x[2], xb[2], 300, 3)));

} // namespace LAW_VARIANT
