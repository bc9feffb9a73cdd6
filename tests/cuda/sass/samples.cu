// Sample kernels whose derivatives are compiled to machine code for every architecture: what they cost in registers is
// recorded in registers.txt, and none of them may spill. They are written as solvers write them, with unguarded
// products in index arithmetic and pointers that promise not to overlap.
//
// The comment in front of a kernel tells the script which atomic instructions its derivatives may have:
//
//     // own-point: none
//     // gather: none
//     // scatter: scalar sums
//     // in-place: the same in __adjoint_; __vjp_ leaves the shadow of the array alone
//     // reduction: sums of active scalars, at most a counter of blocks
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

#include <cmath>

#ifndef SAMPLE_REAL
#define SAMPLE_REAL double
#endif
using real = SAMPLE_REAL;

#define POINT_2D const int i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y
#define POINT_3D POINT_2D, k = blockIdx.z * blockDim.z + threadIdx.z

// own-point
ADSTENCIL_KERNEL __global__ void update_pointwise(real* __restrict__ u, const real* __restrict__ rate, real dt, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n)
    u[i] += dt * rate[i] * u[i] * (1 - u[i]);
}

// gather
ADSTENCIL_KERNEL __global__ void heat_3d(real* __restrict__ un, const real* __restrict__ u, real c, int nx, int ny,
                                         int nz) {
  POINT_3D;
  if (i > 0 && j > 0 && k > 0 && i < nx - 1 && j < ny - 1 && k < nz - 1) {
    const int p = i + nx * (j + ny * k), sy = nx, sz = nx * ny;
    un[p] = u[p] + c * (u[p - 1] + u[p + 1] + u[p - sy] + u[p + sy] + u[p - sz] + u[p + sz] - 6 * u[p]);
  }
}

// gather
ADSTENCIL_KERNEL __global__ void heat_3d_conductivity(real* __restrict__ un, const real* __restrict__ u,
                                                      const real* __restrict__ cond, real dt, int nx, int ny, int nz) {
  POINT_3D;
  if (i < 1 || j < 1 || k < 1 || i >= nx - 1 || j >= ny - 1 || k >= nz - 1)
    return;
  const int p = i + nx * (j + ny * k), sy = nx, sz = nx * ny;
  const auto flux = [&](int q) { return 2 * cond[p] * cond[q] / (cond[p] + cond[q]) * (u[q] - u[p]); };
  un[p] = u[p] + dt * (flux(p - 1) + flux(p + 1) + flux(p - sy) + flux(p + sy) + flux(p - sz) + flux(p + sz));
}

// gather
ADSTENCIL_KERNEL __global__ void heat_3d_nonlinear(real* __restrict__ un, const real* __restrict__ u, real dt, int nx,
                                                   int ny, int nz) {
  POINT_3D;
  if (i < 1 || j < 1 || k < 1 || i >= nx - 1 || j >= ny - 1 || k >= nz - 1)
    return;
  const int p = i + nx * (j + ny * k), sy = nx, sz = nx * ny;
  const auto flux = [&](int q) {
    const real mean = real(0.5) * (u[p] + u[q]);
    return mean * mean * mean * (u[q] - u[p]);
  };
  un[p] = u[p] + dt * (flux(p - 1) + flux(p + 1) + flux(p - sy) + flux(p + sy) + flux(p - sz) + flux(p + sz));
}

// gather
ADSTENCIL_KERNEL __global__ void wave_3d(real* __restrict__ older, const real* __restrict__ now,
                                         const real* __restrict__ speed, int nx, int ny, int nz) {
  POINT_3D;
  if (i < 1 || j < 1 || k < 1 || i >= nx - 1 || j >= ny - 1 || k >= nz - 1)
    return;
  const int p = i + nx * (j + ny * k), sy = nx, sz = nx * ny;
  const real laplacian = now[p - 1] + now[p + 1] + now[p - sy] + now[p + sy] + now[p - sz] + now[p + sz] - 6 * now[p];
  older[p] = 2 * now[p] - older[p] + speed[p] * speed[p] * laplacian;
}

// scatter
ADSTENCIL_KERNEL __global__ void wave_3d_high_order(real* __restrict__ next, const real* __restrict__ now,
                                                    const real* __restrict__ weights, int nx, int ny, int nz) {
  constexpr int radius = 4;
  POINT_3D;
  if (i < radius || j < radius || k < radius || i >= nx - radius || j >= ny - radius || k >= nz - radius)
    return;
  const int p = i + nx * (j + ny * k), sy = nx, sz = nx * ny;
  real sum = 3 * weights[0] * now[p];
#pragma unroll
  for (int r = 1; r <= radius; ++r)
    sum +=
        weights[r] * (now[p - r] + now[p + r] + now[p - r * sy] + now[p + r * sy] + now[p - r * sz] + now[p + r * sz]);
  next[p] = sum;
}

// scatter
ADSTENCIL_KERNEL __global__ void staggered_flux(real* __restrict__ qx, real* __restrict__ qy,
                                                const real* __restrict__ p, const real* __restrict__ k, real dx, int nx,
                                                int ny) {
  POINT_2D;
  if (i > 0 && i < nx && j < ny)
    qx[i + (nx + 1) * j] = real(-0.5) * (k[i - 1 + nx * j] + k[i + nx * j]) * (p[i + nx * j] - p[i - 1 + nx * j]) / dx;
  if (i < nx && j > 0 && j < ny)
    qy[i + nx * j] = real(-0.5) * (k[i + nx * (j - 1)] + k[i + nx * j]) * (p[i + nx * j] - p[i + nx * (j - 1)]) / dx;
}

// gather
ADSTENCIL_KERNEL __global__ void staggered_divergence(real* __restrict__ p, const real* __restrict__ qx,
                                                      const real* __restrict__ qy, real dt, int nx, int ny) {
  POINT_2D;
  if (i < nx && j < ny)
    p[i + nx * j] -= dt * (qx[i + 1 + (nx + 1) * j] - qx[i + (nx + 1) * j] + qy[i + nx * (j + 1)] - qy[i + nx * j]);
}

// gather
ADSTENCIL_KERNEL __global__ void shallow_ice(real* __restrict__ qx, real* __restrict__ qy, const real* __restrict__ h,
                                             const real* __restrict__ bed, const real* __restrict__ softness,
                                             real spacing, int nx, int ny) {
  POINT_2D;
  if (i >= nx - 1 || j >= ny - 1)
    return;
  const int p = i + nx * j;
  const auto surface = [=](int q) { return h[q] + bed[q]; };
  const real sx = (surface(p + 1) - surface(p) + surface(p + nx + 1) - surface(p + nx)) / (2 * spacing);
  const real sy = (surface(p + nx) - surface(p) + surface(p + nx + 1) - surface(p + 1)) / (2 * spacing);
  const real thick = real(0.25) * (h[p] + h[p + 1] + h[p + nx] + h[p + nx + 1]);
  const real diffusivity = softness[p] * thick * thick * thick * thick * thick * (sx * sx + sy * sy);
  qx[p] = -diffusivity * sx;
  qy[p] = -diffusivity * sy;
}

// reduction
ADSTENCIL_KERNEL __global__ void active_scalars(real* __restrict__ y, const real* __restrict__ u,
                                                ADSTENCIL_ACTIVE real a, ADSTENCIL_ACTIVE real b, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n)
    y[i] = a * u[i] * u[i] + b * u[i];
}

// own-point
ADSTENCIL_KERNEL __global__ void misfit(real* __restrict__ loss, const real* __restrict__ u,
                                        const real* __restrict__ observed, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n)
    loss[i] = real(0.5) * (u[i] - observed[i]) * (u[i] - observed[i]);
}

// in-place
ADSTENCIL_KERNEL __global__ void red_black(real* __restrict__ u, const real* __restrict__ f, real omega, int colour,
                                           int nx, int ny) {
  POINT_2D;
  if (i < 1 || j < 1 || i >= nx - 1 || j >= ny - 1 || (i + j) % 2 != colour)
    return;
  const int p = i + nx * j;
  u[p] += omega * (real(0.25) * (u[p - 1] + u[p + 1] + u[p - nx] + u[p + nx] + f[p]) - u[p]);
}

// own-point
ADSTENCIL_KERNEL __global__ void mathematics(real* __restrict__ y, const real* __restrict__ u,
                                             const real* __restrict__ w, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n)
    y[i] = std::exp(-u[i]) * rsqrt(w[i]) + std::pow(u[i], w[i]) + std::tanh(u[i]) * std::log(w[i]) +
           std::sqrt(u[i] * w[i]) + std::erf(w[i]) + std::cbrt(u[i]);
}

// own-point
ADSTENCIL_KERNEL __global__ void trigonometry(real* __restrict__ y, const real* __restrict__ u, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n)
    y[i] = std::sin(u[i]) * std::cos(2 * u[i]) + std::atan2(u[i], real(2));
}

// Derivatives are compiled where they are used.
#define DERIVATIVES(kernel)                                                                                            \
  reinterpret_cast<const void*>(&__vjp_##kernel), reinterpret_cast<const void*>(&__adjoint_##kernel),                  \
      reinterpret_cast<const void*>(&__tangent_##kernel)
extern const void* const derivatives[];
const void* const derivatives[] = {
    DERIVATIVES(update_pointwise),  DERIVATIVES(heat_3d),      DERIVATIVES(heat_3d_conductivity),
    DERIVATIVES(heat_3d_nonlinear), DERIVATIVES(wave_3d),      DERIVATIVES(wave_3d_high_order),
    DERIVATIVES(staggered_flux),    DERIVATIVES(shallow_ice),  DERIVATIVES(staggered_divergence),
    DERIVATIVES(active_scalars),    DERIVATIVES(misfit),       DERIVATIVES(red_black),
    DERIVATIVES(mathematics),       DERIVATIVES(trigonometry),
};
