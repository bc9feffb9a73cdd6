// Kernels whose threads have a loop of their own along an axis that the launch does not have, and kernels whose indices
// have 32 bits and no sign. Where the adjoint is a gather it has the same bits for all launches.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../../random/random_cuda.h" // kept_shadows

#include <cstdint>

namespace LAW_VARIANT {

#define COLUMNS(kernel, which, specs, where, primal, derivative)                                                       \
  CUDA_CASE_CALLS(kernel, specs, where, (kernel<<<at.grid, at.block>>> primal),                                        \
                  (__vjp_##kernel<<<at.grid, at.block>>> derivative),                                                  \
                  (__adjoint_##kernel<<<at.grid, at.block>>> derivative),                                              \
                  (__tangent_##kernel<<<at.grid, at.block>>> derivative))                                              \
      .bits(same_bits::which)

#define ADJOINT_ONLY(kernel, where, specs, primal, derivative)                                                         \
  CUDA_CASE_CALLS(kernel, specs, where, (kernel<<<at.grid, at.block>>> primal),                                        \
                  (kept_shadows(specs, xb), __adjoint_##kernel<<<at.grid, at.block>>> derivative),                     \
                  (__adjoint_##kernel<<<at.grid, at.block>>> derivative),                                              \
                  (__tangent_##kernel<<<at.grid, at.block>>> derivative))

// Planes of threads that march along z.
ADSTENCIL_KERNEL __global__ void column_planes(real* un, const real* u, int nx, int ny, int nz) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y;
  if (i > 0 && i < nx - 1 && j > 0 && j < ny - 1)
    for (int k = 1; k < nz - 1; ++k) {
      const int p = (k * ny + j) * nx + i;
      un[p] = u[p] * (u[p - 1] + u[p + 1] + u[p - nx] + u[p + nx] + u[p - nx * ny] + u[p + nx * ny]);
    }
}
#define PLANES(label, nx, ny, nz)                                                                                      \
  CUDA_CASE_CALLS(column_planes_##label, arrays(out("un", 7 * 6 * 9), in("u", 7 * 6 * 9)), over(8, 7).block(4, 2),     \
                  (column_planes<<<at.grid, at.block>>>(x[0], x[1], nx, ny, nz)),                                      \
                  (__vjp_column_planes<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], nx, ny, nz)),                  \
                  (__adjoint_column_planes<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], nx, ny, nz)),              \
                  (__tangent_column_planes<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], nx, ny, nz)))              \
      .bits(same_bits::always)
PLANES(full, 7, 6, 9);
PLANES(point, 3, 3, 3);
PLANES(thin, 7, 6, 2);
PLANES(empty, 7, 6, 0);
PLANES(negative, 7, 6, -4);

// A position that moves on with the loop.
ADSTENCIL_KERNEL __global__ void column_position(real* un, const real* u, int nx, int ny, int nz) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y;
  if (i < 1 || i >= nx || j >= ny)
    return;
  int p = i + nx * j;
  for (int k = 0; k < nz - 1; ++k) {
    un[p] = u[p] * u[p - 1] + u[p + nx * ny] * u[p + nx * ny];
    p += nx * ny;
  }
}
COLUMNS(column_position, always, arrays(out("un", 5 * 4 * 6), in("u", 5 * 4 * 6)), over(5, 5).block(4, 2),
        (x[0], x[1], 5, 4, 6), (x[0], xb[0], x[1], xb[1], 5, 4, 6));

// Planes that are kept for the next iteration are loaded again.
ADSTENCIL_KERNEL __global__ void column_carried(real* un, const real* u, int nx, int ny, int nz) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y;
  if (i < 1 || j < 1 || i >= nx - 1 || j >= ny - 1)
    return;
  const int plane = nx * ny;
  int p = i + nx * j;
  real below = u[p], here = u[p + plane];
  for (int k = 1; k < nz - 1; ++k) {
    p += plane;
    const real above = u[p + plane];
    un[p] = here * (below + above + u[p - 1] + u[p + 1] + u[p - nx] + u[p + nx]);
    below = here;
    here = above;
  }
}
COLUMNS(column_carried, always, arrays(out("un", 6 * 5 * 7), in("u", 6 * 5 * 7)), over(7, 6).block(4, 2),
        (x[0], x[1], 6, 5, 7), (x[0], xb[0], x[1], xb[1], 6, 5, 7));

// The same of an array that the kernel stores to, and of one where something else comes into the loop.
ADSTENCIL_KERNEL __global__ void column_carried_other(real* un, const real* u, const real* v, int nx, int nz) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= nx)
    return;
  real below = v[i], shifted = u[i + 2 * nx];
  for (int k = 1; k < nz; ++k) {
    un[k * nx + i] = real(0.5) * below - shifted;
    below = shifted = u[k * nx + i];
  }
}
ADJOINT_ONLY(column_carried_other, over(10).block(4), arrays(out("un", 9 * 6), in("u", 9 * 6), in("v", 9)),
             (x[0], x[1], x[2], 9, 6), (x[0], xb[0], x[1], xb[1], x[2], xb[2], 9, 6));

// Pointers that move on.
ADSTENCIL_KERNEL __global__ void column_pointers(real* un, const real* u, int nx, int nz) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= nx)
    return;
  const real* from = u + i;
  real* to = un + i;
  for (int k = 0; k < nz; ++k, from += nx, to += nx)
    *to = from[0] * from[1] - from[nx];
}
COLUMNS(column_pointers, launch, arrays(out("un", 9 * 6), in("u", 9 * 7 + 1)), over(9).block(4), (x[0], x[1], 9, 6),
        (x[0], xb[0], x[1], xb[1], 9, 6));

// Downwards, and every second row.
ADSTENCIL_KERNEL __global__ void column_down(real* un, const real* u, int nx, int nz) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < nx)
    for (int k = nz - 2; k > 0; --k)
      un[k * nx + i] = u[(k - 1) * nx + i] * u[(k + 1) * nx + i];
}
COLUMNS(column_down, always, arrays(out("un", 9 * 7), in("u", 9 * 7)), over(10).block(4), (x[0], x[1], 9, 7),
        (x[0], xb[0], x[1], xb[1], 9, 7));

ADSTENCIL_KERNEL __global__ void column_coarse(real* un, const real* u, long nx, long nz) {
  const long i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < nx)
    for (long k = 1; k < nz - 1; k += 2)
      un[k * nx + i] = u[(k - 1) * nx + i] * u[k * nx + i] * u[(k + 1) * nx + i];
}
COLUMNS(column_coarse, always, arrays(out("un", 9 * 8), in("u", 9 * 8)), over(10).block(4), (x[0], x[1], 9, 8),
        (x[0], xb[0], x[1], xb[1], 9, 8));

// The loop along the axis whose cells are neighbours; loops along two axes.
ADSTENCIL_KERNEL __global__ void column_rows(real* un, const real* u, int nx, int ny) {
  const int j = blockIdx.x * blockDim.x + threadIdx.x;
  if (j < ny)
    for (int i = 1; i < nx - 1; ++i)
      un[i + nx * j] = u[i - 1 + nx * j] * u[i + 1 + nx * j];
}
COLUMNS(column_rows, always, arrays(out("un", 8 * 9), in("u", 8 * 9)), over(10).block(4), (x[0], x[1], 8, 9),
        (x[0], xb[0], x[1], xb[1], 8, 9));

ADSTENCIL_KERNEL __global__ void column_two(real* un, const real* u, int nx, int ny, int nz) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < 1 || i >= nx - 1)
    return;
  for (int k = 1; k < nz - 1; ++k)
    for (int j = 1; j < ny - 1; ++j) {
      const int p = (k * ny + j) * nx + i;
      un[p] = u[p - 1] * u[p + nx] + u[p - nx * ny] * u[p + nx * ny];
    }
}
COLUMNS(column_two, always, arrays(out("un", 6 * 5 * 7), in("u", 6 * 5 * 7)), over(7).block(4), (x[0], x[1], 6, 5, 7),
        (x[0], xb[0], x[1], xb[1], 6, 5, 7));

// With a grid-stride loop around it, and conditions in it.
ADSTENCIL_KERNEL __global__ void column_strided(real* un, const real* u, int nx, int nz) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < nx; i += gridDim.x * blockDim.x)
    for (int k = 0; k < nz; ++k)
      if (k > 0 && k < nz - 1)
        un[k * nx + i] = u[(k - 1) * nx + i] * u[(k + 1) * nx + i];
      else
        un[k * nx + i] = real(2) * u[k * nx + i];
}
COLUMNS(column_strided, always, arrays(out("un", 9 * 7), in("u", 9 * 7)), over(5).block(2), (x[0], x[1], 9, 7),
        (x[0], xb[0], x[1], xb[1], 9, 7));

// In place at the own point: no record of the loop is needed.
ADSTENCIL_KERNEL __global__ void column_in_place(real* u, const real* a, int nx, int nz) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < nx)
    for (int k = 0; k < nz; ++k)
      u[k * nx + i] = sin(u[k * nx + i]) * a[k * nx + i];
}
COLUMNS(column_in_place, always, arrays(out("u", 9 * 7), in("a", 9 * 7)), over(10).block(4), (x[0], x[1], 9, 7),
        (x[0], xb[0], x[1], xb[1], 9, 7));

// The same with an active scalar, whose sum is made when all is done.
ADSTENCIL_KERNEL __global__ void column_scaled(real* u, ADSTENCIL_ACTIVE real a, int nx, int nz) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < nx)
    for (int k = 0; k < nz; ++k)
      u[k * nx + i] = sin(u[k * nx + i]) * a;
}
COLUMNS(column_scaled, launch, arrays(out("u", 9 * 7), in("a", 1)), over(10).block(4), (x[0], *hx[1], 9, 7),
        (x[0], xb[0], *hx[1], xb[1], 9, 7));

// A coefficient of each column and an active scalar; integrals of columns; members of records.
ADSTENCIL_KERNEL __global__ void column_homes(real* un, const real* u, const real* k_column, ADSTENCIL_ACTIVE real a,
                                              int nx, int nz) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < nx)
    for (int k = 1; k < nz; ++k)
      un[k * nx + i] = k_column[i] * u[(k - 1) * nx + i] * u[k * nx + i] + a * u[k * nx + i];
}
COLUMNS(column_homes, never, arrays(out("un", 9 * 7), in("u", 9 * 7), in("k", 9), in("a", 1)), over(10).block(4),
        (x[0], x[1], x[2], *hx[3], 9, 7), (x[0], xb[0], x[1], xb[1], x[2], xb[2], *hx[3], xb[3], 9, 7));

ADSTENCIL_KERNEL __global__ void column_integral(real* s, const real* u, int nx, int nz) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < nx)
    for (int k = 0; k < nz; ++k)
      s[i] += u[k * nx + i] * u[k * nx + i + 1];
}
COLUMNS(column_integral, never, arrays(out("s", 9), in("u", 9 * 7 + 1)), over(10).block(4), (x[0], x[1], 9, 7),
        (x[0], xb[0], x[1], xb[1], 9, 7));

struct column_pair {
  real a, b;
};
ADSTENCIL_KERNEL __global__ void column_records(column_pair* y, const column_pair* u, int nx, int nz) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < nx)
    for (int k = 1; k < nz; ++k) {
      y[k * nx + i].b = u[k * nx + i].a * u[(k - 1) * nx + i].b;
      y[k * nx + i].a += u[k * nx + i].b;
    }
}
COLUMNS(column_records, always, arrays(out("y", 2 * 9 * 7), in("u", 2 * 9 * 7)), over(10).block(4),
        (reinterpret_cast<column_pair*>(x[0]), reinterpret_cast<column_pair*>(x[1]), 9, 7),
        (reinterpret_cast<column_pair*>(x[0]), reinterpret_cast<column_pair*>(xb[0]),
         reinterpret_cast<column_pair*>(x[1]), reinterpret_cast<column_pair*>(xb[1]), 9, 7));

// ---- loops that are no axis ----

// Each row depends on the one before.
ADSTENCIL_KERNEL __global__ void column_recurrence(real* v, const real* u, int nx, int nz) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < nx)
    for (int k = 1; k < nz; ++k)
      v[k * nx + i] = real(0.5) * v[(k - 1) * nx + i] + u[k * nx + i] * u[(k - 1) * nx + i];
}
ADJOINT_ONLY(column_recurrence, over(10).block(4), arrays(out("v", 9 * 7), in("u", 9 * 7)), (x[0], x[1], 9, 7),
             (x[0], xb[0], x[1], xb[1], 9, 7));

// Rows overlap: the last one that stores to a cell counts.
ADSTENCIL_KERNEL __global__ void column_overlapping(real* v, const real* u, int n, int pitch, int nz) {
  const int i = n * (blockIdx.x * blockDim.x + threadIdx.x);
  for (int k = 0; k < nz; ++k)
    for (int j = 0; j < n; ++j)
      v[i * nz + j + pitch * k] = u[i * nz + j + n * k] * u[i * nz + 1 + j + n * k];
}
ADJOINT_ONLY(column_overlapping, over(3).block(1), arrays(out("v", 3 * 5 * 6), in("u", 3 * 5 * 6 + 1)),
             (x[0], x[1], 5, 3, 6), (x[0], xb[0], x[1], xb[1], 5, 3, 6))
    .one_shape();

// Pointers say where the loop ends.
ADSTENCIL_KERNEL __global__ void column_end(real* v, const real* u, int nx, int nz) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= nx)
    return;
  const real* from = u + i;
  for (real *to = v + i, *end = to + nx * nz; to != end; to += nx, from += nx)
    *to = from[0] * from[1];
}
ADJOINT_ONLY(column_end, over(9).block(4), arrays(out("v", 9 * 6), in("u", 9 * 6 + 1)), (x[0], x[1], 9, 6),
             (x[0], xb[0], x[1], xb[1], 9, 6));

// How long the loop is depends on the thread.
ADSTENCIL_KERNEL __global__ void column_ragged(real* v, const real* u, const int* length, int nx) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < nx)
    for (int k = 0; k < length[i]; ++k)
      v[k * nx + i] = u[k * nx + i] * u[k * nx + i + nx];
}
ADJOINT_ONLY(column_ragged, over(9).block(4), arrays(out("v", 9 * 4), in("u", 9 * 5)), (x[0], x[1], ix[0], 9),
             (x[0], xb[0], x[1], xb[1], ix[0], 9))
    .integers({{0, 3, 1, 4, 2, 3, 0, 4, 1}});

// ---- indices of 32 bits without a sign ----

ADSTENCIL_KERNEL __global__ void unsigned_plane(real* un, const real* u, unsigned nx, unsigned ny) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y;
  if (i > 0 && i < nx - 1 && j > 0 && j < ny - 1) {
    const unsigned p = j * nx + i;
    un[p] = u[p] * (u[p - 1] + u[p + 1] + u[p - nx] + u[p + nx]);
  }
}
#define UNSIGNED(label, nx, ny)                                                                                        \
  CUDA_CASE_CALLS(unsigned_plane_##label, arrays(out("un", 9 * 8), in("u", 9 * 8)), over(9, 8).block(4, 2),            \
                  (unsigned_plane<<<at.grid, at.block>>>(x[0], x[1], nx, ny)),                                         \
                  (__vjp_unsigned_plane<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], nx, ny)),                     \
                  (__adjoint_unsigned_plane<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], nx, ny)),                 \
                  (__tangent_unsigned_plane<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], nx, ny)))                 \
      .bits(same_bits::always)
UNSIGNED(full, 9, 8);
UNSIGNED(point, 3, 3);
UNSIGNED(empty, 9, 2);
UNSIGNED(one, 1, 1);

ADSTENCIL_KERNEL __global__ void unsigned_volume(real* un, const real* u, unsigned nx, unsigned ny, unsigned nz) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y;
  if (i >= nx || j >= ny)
    return;
  for (unsigned k = 1; k < nz; k++)
    un[i + nx * (j + ny * k)] = u[i + nx * (j + ny * (k - 1))] * u[i + nx * (j + ny * k)];
}
COLUMNS(unsigned_volume, always, arrays(out("un", 5 * 4 * 6), in("u", 5 * 4 * 6)), over(6, 4).block(4, 2),
        (x[0], x[1], 5, 4, 6), (x[0], xb[0], x[1], xb[1], 5, 4, 6));

// A read that only some points make: at the others its index wraps around, and nothing is wrong with that.
ADSTENCIL_KERNEL __global__ void unsigned_condition(real* un, const real* u, unsigned nx, unsigned ny) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y;
  if (i < nx && j < ny)
    un[i + nx * j] = u[i + nx * j] * (j > 0 ? u[i + nx * (j - 1)] : real(1));
}
COLUMNS(unsigned_condition, launch, arrays(out("un", 9 * 8), in("u", 9 * 8)), over(9, 9).block(4, 2),
        (x[0], x[1], 9, 8), (x[0], xb[0], x[1], xb[1], 9, 8));

// A bound of a sum: the loop has two variables.
ADSTENCIL_KERNEL __global__ void unsigned_sum_bound(real* un, const real* u, unsigned nx, unsigned nz) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < nx)
    for (unsigned k = 0; k + 1 < nz; ++k)
      un[k * nx + i] = u[k * nx + i] * u[(k + 1) * nx + i];
}
COLUMNS(unsigned_sum_bound, always, arrays(out("un", 9 * 7), in("u", 9 * 7)), over(10).block(4), (x[0], x[1], 9, 7),
        (x[0], xb[0], x[1], xb[1], 9, 7));

// A number below 0 in unsigned arithmetic.
ADSTENCIL_KERNEL __global__ void unsigned_direction(real* un, const real* u, unsigned nx, unsigned nz, int to) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i == 0 || i + 1 >= nx)
    return;
  for (unsigned k = 0; k < nz; ++k)
    un[k * nx + i] = u[k * nx + i] * u[k * nx + i + to];
}
COLUMNS(unsigned_direction, launch, arrays(out("un", 9 * 7), in("u", 9 * 7)), over(10).block(4), (x[0], x[1], 9, 7, -1),
        (x[0], xb[0], x[1], xb[1], 9, 7, -1));

// What wraps around is masked, or taken modulo a number of 64 bits: nothing is wrong with that either.
ADSTENCIL_KERNEL __global__ void unsigned_periodic(real* un, const real* u, const real* c, unsigned n, std::size_t m) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n)
    un[i] = u[(i - 1) & (m - 1)] * c[i] * c[i + 1] + u[(i - 2u) % m];
}
COLUMNS(unsigned_periodic, never, arrays(out("un", 8), in("u", 8), in("c", 9)), over(9).block(4),
        (x[0], x[1], x[2], 8, 8), (x[0], xb[0], x[1], xb[1], x[2], xb[2], 8, 8));

// A part of the sum is below 0, the sum is not; a product with a number of 64 bits behind it.
ADSTENCIL_KERNEL __global__ void unsigned_below(real* un, const real* u, unsigned nx, std::size_t ny) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y;
  if (i < nx && j < ny)
    un[(i - 1) + (j - 2) * nx + 2 * nx + 1] = u[i + std::size_t(j) * nx] * u[2 * (i + nx * j)];
}
COLUMNS(unsigned_below, launch, arrays(out("un", 9 * 8), in("u", 2 * 9 * 8)), over(9, 9).block(4, 2),
        (x[0], x[1], 9, 8), (x[0], xb[0], x[1], xb[1], 9, 8));

} // namespace LAW_VARIANT
