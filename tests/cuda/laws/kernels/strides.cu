// Kernels with grid-stride loops, in launches of one thread, of fewer threads than points and of more. Where the
// adjoint is a gather it has the same bits for all of them.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../../random/random_cuda.h" // kept_shadows

#include <cstdint>

namespace LAW_VARIANT {

#define STRIDED(kernel, label, which, specs, where, primal, derivative)                                                \
  CUDA_CASE_CALLS(kernel##_##label, specs, where, (kernel<<<at.grid, at.block>>> primal),                              \
                  (__vjp_##kernel<<<at.grid, at.block>>> derivative),                                                  \
                  (__adjoint_##kernel<<<at.grid, at.block>>> derivative),                                              \
                  (__tangent_##kernel<<<at.grid, at.block>>> derivative))                                              \
      .bits(same_bits::which)
#define STRIDED_1D(kernel, which, specs, primal, derivative)                                                           \
  STRIDED(kernel, one, which, specs, over(1).block(1), primal, derivative);                                            \
  STRIDED(kernel, few, which, specs, over(9).block(4), primal, derivative);                                            \
  STRIDED(kernel, many, which, specs, over(100).block(32), primal, derivative)
#define STRIDED_2D(kernel, which, specs, primal, derivative)                                                           \
  STRIDED(kernel, one, which, specs, over(1).block(1), primal, derivative);                                            \
  STRIDED(kernel, few, which, specs, over(5, 3).block(2, 2), primal, derivative);                                      \
  STRIDED(kernel, many, which, specs, over(20, 17).block(8, 2), primal, derivative)

// The bounds are in the body.
ADSTENCIL_KERNEL __global__ void stride_guarded(real* un, const real* u, int n) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    if (i >= 1 && i < n - 1)
      un[i] = u[i - 1] * u[i + 1];
}
STRIDED_1D(stride_guarded, always, arrays(out("un", 41), in("u", 41)), (x[0], x[1], 41),
           (x[0], xb[0], x[1], xb[1], 41));

// The bounds are in the loop. Sizes that leave one point, none, and less than none.
ADSTENCIL_KERNEL __global__ void stride_bounded(real* un, const real* u, int n) {
  const int stride = blockDim.x * gridDim.x;
  for (int i = 1 + threadIdx.x + blockIdx.x * blockDim.x; i < n - 1; i += stride)
    un[i] = u[i - 1] * u[i] + u[i] * u[i + 1];
}
STRIDED_1D(stride_bounded, always, arrays(out("un", 35), in("u", 35)), (x[0], x[1], 35),
           (x[0], xb[0], x[1], xb[1], 35));
#define BOUNDED(label, n)                                                                                              \
  STRIDED(stride_bounded, label, always, arrays(out("un", 5), in("u", 5)), over(8).block(4), (x[0], x[1], n),          \
          (x[0], xb[0], x[1], xb[1], n))
BOUNDED(point, 3);
BOUNDED(empty, 2);
BOUNDED(zero, 0);
BOUNDED(negative, -7);

// A part of a row; `<=`.
ADSTENCIL_KERNEL __global__ void stride_part(real* un, const real* u, int first, int last) {
  const int thread = blockIdx.x * blockDim.x + threadIdx.x;
  for (int i = first + thread; i <= last; i += gridDim.x * blockDim.x)
    un[i] = u[i - 2] * u[i] - u[i + 1] * u[i + 1];
}
STRIDED_1D(stride_part, always, arrays(out("un", 40), in("u", 40)), (x[0], x[1], 7, 33),
           (x[0], xb[0], x[1], xb[1], 7, 33));

ADSTENCIL_KERNEL __global__ void stride_inclusive(real* un, const real* u, int n) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x + 1; i <= n - 2; i += gridDim.x * blockDim.x)
    un[i] = u[i - 1] * u[i + 1];
}
STRIDED_1D(stride_inclusive, always, arrays(out("un", 40), in("u", 40)), (x[0], x[1], 40),
           (x[0], xb[0], x[1], xb[1], 40));

// A row that begins in front of the array.
ADSTENCIL_KERNEL __global__ void stride_from_below(real* un, const real* u, int n) {
  for (int i = int(blockIdx.x * blockDim.x + threadIdx.x) - 3; i < n; i += gridDim.x * blockDim.x)
    if (i != -1 && i != n - 2)
      un[i + 3] = u[i + 3] * u[i + 4];
}
STRIDED_1D(stride_from_below, always, arrays(out("un", 30), in("u", 30)), (x[0], x[1], 26),
           (x[0], xb[0], x[1], xb[1], 26));

// 64 bits, with and without sign; 32 bits without.
ADSTENCIL_KERNEL __global__ void stride_size(real* un, const real* u, std::size_t n) {
  const std::size_t stride = std::size_t(gridDim.x) * blockDim.x;
  for (std::size_t i = std::size_t(blockIdx.x) * blockDim.x + threadIdx.x + 1; i < n - 1; i += stride)
    un[i] = u[i - 1] * u[i + 1] / u[i];
}
STRIDED_1D(stride_size, always, arrays(out("un", 45), in("u", 45)), (x[0], x[1], 45), (x[0], xb[0], x[1], xb[1], 45));

ADSTENCIL_KERNEL __global__ void stride_wide(real* un, const real* u, std::int64_t n) {
  for (std::int64_t i = std::int64_t(blockIdx.x) * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    if (i > 1)
      un[i] = u[i - 1] * u[i - 2];
}
STRIDED_1D(stride_wide, always, arrays(out("un", 45), in("u", 45)), (x[0], x[1], 45), (x[0], xb[0], x[1], xb[1], 45));

ADSTENCIL_KERNEL __global__ void stride_unsigned(real* un, const real* u, unsigned n) {
  for (unsigned i = blockIdx.x * blockDim.x + threadIdx.x; i + 1 < n; i += gridDim.x * blockDim.x)
    un[i] = u[i] * u[i + 1];
}
STRIDED_1D(stride_unsigned, always, arrays(out("un", 45), in("u", 45)), (x[0], x[1], 45),
           (x[0], xb[0], x[1], xb[1], 45));

// A bound that is a number.
ADSTENCIL_KERNEL __global__ void stride_constant(real* un, const real* u) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x + 2; i < 31; i += gridDim.x * blockDim.x)
    un[i] = u[i - 2] * u[i + 2];
}
STRIDED_1D(stride_constant, always, arrays(out("un", 33), in("u", 33)), (x[0], x[1]), (x[0], xb[0], x[1], xb[1]));

// Both axes, with guards in the body.
ADSTENCIL_KERNEL __global__ void stride_2d(real* un, const real* u, int nx, int ny) {
  for (int j = blockIdx.y * blockDim.y + threadIdx.y; j < ny; j += gridDim.y * blockDim.y)
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < nx; i += gridDim.x * blockDim.x) {
      if (i < 1 || i >= nx - 1 || j == 0 || j > ny - 2)
        continue;
      const int p = i + nx * j;
      un[p] = u[p] * (u[p - 1] + u[p + 1] + u[p - nx] + u[p + nx]);
    }
}
STRIDED_2D(stride_2d, always, arrays(out("un", 13 * 11), in("u", 13 * 11)), (x[0], x[1], 13, 11),
           (x[0], xb[0], x[1], xb[1], 13, 11));

// The loops the other way round, staggered arrays, 64 bits.
ADSTENCIL_KERNEL __global__ void stride_staggered(real* q, const real* t, const real* k, long nx, long ny) {
  for (long i = long(blockIdx.x) * blockDim.x + threadIdx.x + 1; i < nx; i += long(gridDim.x) * blockDim.x)
    for (long j = long(blockIdx.y) * blockDim.y + threadIdx.y; j < ny; j += long(gridDim.y) * blockDim.y)
      q[i + (nx + 1) * j] = -k[i + nx * j] * (t[i + nx * j] - t[i - 1 + nx * j]);
}
STRIDED_2D(stride_staggered, always, arrays(out("q", 10 * 8), in("t", 9 * 8), in("k", 9 * 8)), (x[0], x[1], x[2], 9, 8),
           (x[0], xb[0], x[1], xb[1], x[2], xb[2], 9, 8));

// Threads along x, a loop along y.
ADSTENCIL_KERNEL __global__ void stride_rows(real* un, const real* u, const real* k, int nx, int ny) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < 1 || i >= nx - 1)
    return;
  for (int j = blockIdx.y * blockDim.y + threadIdx.y + 1; j < ny - 1; j += gridDim.y * blockDim.y)
    un[i + nx * j] = k[i] * u[i + nx * j] * u[i + 1 + nx * (j - 1)] + u[i - 1 + nx * (j + 1)];
}
#define ROWS(label, threads)                                                                                           \
  STRIDED(stride_rows, label, never, arrays(out("un", 12 * 15), in("u", 12 * 15), in("k", 12)),                        \
          over(12, threads).block(4, 2), (x[0], x[1], x[2], 12, 15), (x[0], xb[0], x[1], xb[1], x[2], xb[2], 12, 15))
ROWS(one, 1);
ROWS(few, 5);
ROWS(many, 20);

// Threads along x without a bound: the launch is the Domain along x.
ADSTENCIL_KERNEL __global__ void stride_rows_exact(real* un, const real* u, int ny) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  for (int j = blockIdx.y * blockDim.y + threadIdx.y; j < ny; j += gridDim.y * blockDim.y)
    un[i + 12 * j] = u[i + 12 * j] * u[i + 12 * (j + 1)];
}
STRIDED(stride_rows_exact, few, always, arrays(out("un", 12 * 15), in("u", 12 * 16)), over(12, 4).block(4, 2),
        (x[0], x[1], 15), (x[0], xb[0], x[1], xb[1], 15))
    .one_shape();

// Planes of threads, a loop along z.
ADSTENCIL_KERNEL __global__ void stride_planes(real* un, const real* u, int nx, int ny, int nz) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y;
  if (i < 1 || i >= nx - 1 || j < 1 || j >= ny - 1)
    return;
  for (int k = blockIdx.z * blockDim.z + threadIdx.z + 1; k < nz - 1; k += gridDim.z * blockDim.z) {
    const int p = i + nx * (j + ny * k);
    un[p] = u[p - 1] * u[p + 1] + u[p - nx] * u[p + nx] + u[p - nx * ny] * u[p + nx * ny];
  }
}
#define PLANES(label, threads)                                                                                         \
  STRIDED(stride_planes, label, always, arrays(out("un", 7 * 6 * 9), in("u", 7 * 6 * 9)),                              \
          over(7, 6, threads).block(4, 2, 2), (x[0], x[1], 7, 6, 9), (x[0], xb[0], x[1], xb[1], 7, 6, 9))
PLANES(one, 1);
PLANES(few, 3);
PLANES(many, 14);

// Three loops.
ADSTENCIL_KERNEL __global__ void stride_3d(real* un, const real* u, real dt, int nx, int ny, int nz) {
  for (int k = blockIdx.z * blockDim.z + threadIdx.z + 1; k < nz - 1; k += gridDim.z * blockDim.z)
    for (int j = blockIdx.y * blockDim.y + threadIdx.y + 1; j < ny - 1; j += gridDim.y * blockDim.y)
      for (int i = blockIdx.x * blockDim.x + threadIdx.x + 1; i < nx - 1; i += gridDim.x * blockDim.x) {
        const int p = i + nx * (j + ny * k);
        un[p] = u[p] + dt * u[p] * (u[p - 1] + u[p + 1] + u[p - nx] + u[p + nx] + u[p - nx * ny] + u[p + nx * ny]);
      }
}
STRIDED(stride_3d, one, always, arrays(out("un", 6 * 7 * 5), in("u", 6 * 7 * 5)), over(1).block(1),
        (x[0], x[1], real(0.2), 6, 7, 5), (x[0], xb[0], x[1], xb[1], real(0.2), 6, 7, 5));
STRIDED(stride_3d, few, always, arrays(out("un", 6 * 7 * 5), in("u", 6 * 7 * 5)), over(3, 2, 2).block(2, 2, 1),
        (x[0], x[1], real(0.2), 6, 7, 5), (x[0], xb[0], x[1], xb[1], real(0.2), 6, 7, 5));
STRIDED(stride_3d, many, always, arrays(out("un", 6 * 7 * 5), in("u", 6 * 7 * 5)), over(9, 9, 9).block(4, 2, 2),
        (x[0], x[1], real(0.2), 6, 7, 5), (x[0], xb[0], x[1], xb[1], real(0.2), 6, 7, 5));

// In place at the own point, and a second array that is gathered: a pass that carries back.
ADSTENCIL_KERNEL __global__ void stride_in_place(real* u, const real* v, const real* a, int n) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    if (i > 0 && i < n - 1)
      u[i] = u[i] * u[i] * a[i] + v[i + 1] * v[i - 1];
}
STRIDED_1D(stride_in_place, always, arrays(out("u", 37), in("v", 37), in("a", 37)), (x[0], x[1], x[2], 37),
           (x[0], xb[0], x[1], xb[1], x[2], xb[2], 37));

// Own-point only.
ADSTENCIL_KERNEL __global__ void stride_scaled(real* u, const real* a, int n) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    u[i] *= a[i];
}
STRIDED(stride_scaled, few, always, arrays(out("u", 37), in("a", 37)), over(9).block(4), (x[0], x[1], 37),
        (x[0], xb[0], x[1], xb[1], 37));

// Increments; records of two members, one updated and one new.
ADSTENCIL_KERNEL __global__ void stride_increment(real* y, const real* u, int n) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x + 1; i < n; i += gridDim.x * blockDim.x)
    y[i] += u[i] * u[i - 1];
}
STRIDED_1D(stride_increment, always, arrays(out("y", 37), in("u", 37)), (x[0], x[1], 37),
           (x[0], xb[0], x[1], xb[1], 37));

struct stride_pair {
  real a, b;
};
ADSTENCIL_KERNEL __global__ void stride_records(stride_pair* y, const real* u, int n) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x + 1; i < n; i += gridDim.x * blockDim.x) {
    y[i].b = u[i] * u[i];
    y[i].a += u[i] * u[i - 1];
  }
}
STRIDED_1D(stride_records, always, arrays(out("y", 2 * 37), in("u", 37)),
           (reinterpret_cast<stride_pair*>(x[0]), x[1], 37),
           (reinterpret_cast<stride_pair*>(x[0]), reinterpret_cast<stride_pair*>(xb[0]), x[1], xb[1], 37));

// An active scalar, a coefficient per column and one through an index.
ADSTENCIL_KERNEL __global__ void stride_scalar(real* un, const real* u, ADSTENCIL_ACTIVE real dt, int nx, int ny) {
  for (int j = blockIdx.y * blockDim.y + threadIdx.y; j < ny; j += gridDim.y * blockDim.y)
    for (int i = blockIdx.x * blockDim.x + threadIdx.x + 1; i < nx; i += gridDim.x * blockDim.x)
      un[i + nx * j] = u[i + nx * j] + dt * dt * u[i - 1 + nx * j];
}
STRIDED_2D(stride_scalar, launch, arrays(out("un", 13 * 11), in("u", 13 * 11), in("dt", 1)),
           (x[0], x[1], *hx[2], 13, 11), (x[0], xb[0], x[1], xb[1], *hx[2], xb[2], 13, 11));

ADSTENCIL_KERNEL __global__ void stride_homes(real* un, const real* u, const real* k, const int* at, int n) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x + 1; i < n; i += gridDim.x * blockDim.x)
    un[i] = k[0] * u[i] * u[i - 1] + k[at[i]] * u[i];
}
#define HOMES(label, where)                                                                                            \
  STRIDED(stride_homes, label, never, arrays(out("un", 9), in("u", 9), in("k", 4)), where,                             \
          (x[0], x[1], x[2], ix[0], 9), (x[0], xb[0], x[1], xb[1], x[2], xb[2], ix[0], 9))                             \
      .integers({{0, 3, 1, 1, 2, 3, 3, 0, 1}})
HOMES(one, over(1).block(1));
HOMES(few, over(4).block(2));
HOMES(many, over(30).block(8));

// ---- loops that are not points, where only one thread, or order, makes the kernel one without races ----

#define ADJOINT_ONLY(kernel, where, specs, primal, derivative)                                                         \
  CUDA_CASE_CALLS(kernel, specs, where, (kernel<<<at.grid, at.block>>> primal),                                        \
                  (kept_shadows(specs, xb), __adjoint_##kernel<<<at.grid, at.block>>> derivative),                     \
                  (__adjoint_##kernel<<<at.grid, at.block>>> derivative),                                              \
                  (__tangent_##kernel<<<at.grid, at.block>>> derivative))                                              \
      .one_shape()

// Two points have the same cell. With one thread the last one wins.
ADSTENCIL_KERNEL __global__ void stride_shared_cell(real* un, const real* u, int n) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x + 1; i < n; i += gridDim.x * blockDim.x)
    un[i / 2] = u[i] * u[i - 1];
}
ADJOINT_ONLY(stride_shared_cell, over(1).block(1), arrays(out("un", 20), in("u", 40)), (x[0], x[1], 40),
             (x[0], xb[0], x[1], xb[1], 40));

// All points have the same cell.
ADSTENCIL_KERNEL __global__ void stride_single_cell(real* un, const real* u, int n) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x + 1; i < n; i += gridDim.x * blockDim.x)
    un[0] = real(0.5) * un[0] + u[i] * u[i - 1];
}
ADJOINT_ONLY(stride_single_cell, over(1).block(1), arrays(out("un", 1), in("u", 12)), (x[0], x[1], 12),
             (x[0], xb[0], x[1], xb[1], 12));

// Rows overlap: nx is not the length of a row.
ADSTENCIL_KERNEL __global__ void stride_overlapping(real* un, const real* u, int nx, int ny, int pitch) {
  for (int j = blockIdx.y * blockDim.y + threadIdx.y; j < ny; j += gridDim.y * blockDim.y)
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < nx; i += gridDim.x * blockDim.x)
      un[i + pitch * j] = u[i + nx * j] * u[i + 1 + nx * j];
}
ADJOINT_ONLY(stride_overlapping, over(1).block(1), arrays(out("un", 40), in("u", 51)), (x[0], x[1], 10, 5, 7),
             (x[0], xb[0], x[1], xb[1], 10, 5, 7));

// A point reads what an earlier one of the same thread has stored.
ADSTENCIL_KERNEL __global__ void stride_chain(real* u, const real* v, int n) {
  const int stride = gridDim.x * blockDim.x;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x + stride; i < n; i += stride)
    u[i] = u[i - stride] * real(0.5) + v[i] * v[i - 1];
}
ADJOINT_ONLY(stride_chain, over(4).block(4), arrays(out("u", 30), in("v", 30)), (x[0], x[1], 30),
             (x[0], xb[0], x[1], xb[1], 30));

// ---- one point a thread, which it stores to more than once or reads in two ways ----

// A loop inside a point stores to one cell again and again: the last value counts.
ADSTENCIL_KERNEL __global__ void stored_again(real* y, const real* u, const int* last, int n, int m) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x + 1;
  if (i >= n)
    return;
  for (int k = 0; k < m; ++k)
    if (k % 3 == last[i])
      y[i] = u[i - 1] * real(k) + u[i];
}
#define STORED_AGAIN arrays(out("y", 14), in("u", 14))
CUDA_CASE_CALLS(stored_again, STORED_AGAIN, over(14).block(4),
                (stored_again<<<at.grid, at.block>>>(x[0], x[1], ix[0], 14, 8)),
                (kept_shadows(STORED_AGAIN, xb),
                 __adjoint_stored_again<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], ix[0], 14, 8)),
                (__adjoint_stored_again<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], ix[0], 14, 8)),
                (__tangent_stored_again<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], ix[0], 14, 8)))
    .integers({{0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1}});

// Where it is decided at run time which part of an array is read and which is stored to, both may be one.
ADSTENCIL_KERNEL __global__ void levels(real* u, const real* v, int n, int to, int from) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x + 1;
  if (i < n)
    u[i + to] = real(3) * u[i + from] + v[i - 1] * v[i];
}
#define LEVELS(label, to, from)                                                                                        \
  CUDA_CASE_CALLS(levels_##label, arrays(out("u", 40), in("v", 15)), over(15).block(4),                                \
                  (levels<<<at.grid, at.block>>>(x[0], x[1], 15, to, from)),                                           \
                  (__vjp_levels<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], 15, to, from)),                       \
                  (__adjoint_levels<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], 15, to, from)),                   \
                  (__tangent_levels<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], 15, to, from)))
LEVELS(one, 7, 7);
LEVELS(two, 0, 20);

} // namespace LAW_VARIANT
