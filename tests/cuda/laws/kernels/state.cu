// Kernels that differ in what they do to memory: updates in place, increments, colours, time levels, several outputs,
// fluxes on staggered grids, atomic sums, indirect access.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../cuda_laws.h"

#include <algorithm>
#include <cmath>

namespace LAW_VARIANT {

__device__ inline int thread_x() { return blockIdx.x * blockDim.x + threadIdx.x; }
__device__ inline int thread_y() { return blockIdx.y * blockDim.y + threadIdx.y; }
__device__ inline int thread_z() { return blockIdx.z * blockDim.z + threadIdx.z; }

// In place and nonlinear: the old value has to be there for the reverse.
ADSTENCIL_KERNEL __global__ void square_in_place(real* u, int n) {
  const int i = thread_x();
  if (i < n)
    u[i] = u[i] * u[i];
}
CUDA_CASE(square_in_place, arrays(out("u", 33)), over(33).block(16), (x[0], 33), (x[0], xb[0], 33))
    .bits(same_bits::always)
    .reference([](call_arguments) {
      for (int i = 0; i < 33; ++i)
        xb[0][i] *= 2 * x[0][i];
    });

// In place with a second array, through a function.
ADSTENCIL_KERNEL __global__ void sine_in_place(real* u, const real* w, int n) {
  const int i = thread_x();
  if (i < n)
    u[i] = w[i] * std::sin(u[i]);
}
CUDA_CASE(sine_in_place, arrays(out("u", 20), in("w", 20)), over(20).block(8), (x[0], x[1], 20),
          (x[0], xb[0], x[1], xb[1], 20))
    .bits(same_bits::always)
    .reference([](call_arguments) {
      for (int i = 0; i < 20; ++i) {
        xb[1][i] += std::sin(x[0][i]) * xb[0][i];
        xb[0][i] *= x[1][i] * std::cos(x[0][i]);
      }
    });

// In place, linear: nothing but the shadow passes through.
ADSTENCIL_KERNEL __global__ void axpy_in_place(real* a, const real* b, real factor, int n) {
  const int i = thread_x();
  if (i < n)
    a[i] += factor * b[i];
}
CUDA_CASE(axpy_in_place, arrays(out("a", 20), in("b", 20)), over(20).block(8), (x[0], x[1], real(6.5), 20),
          (x[0], xb[0], x[1], xb[1], real(6.5), 20))
    .bits(same_bits::always)
    .reference([](call_arguments) {
      for (int i = 0; i < 20; ++i)
        xb[1][i] += real(6.5) * xb[0][i];
    });

// An increment that reads neighbours of another array.
ADSTENCIL_KERNEL __global__ void increment_from_neighbours(real* y, const real* u, int nx, int ny) {
  const int i = thread_x(), j = thread_y();
  if (i < 1 || i >= nx - 1 || j >= ny)
    return;
  const int p = i + nx * j;
  y[p] += u[p - 1] * u[p + 1];
  y[p] -= u[p] * u[p];
}
CUDA_CASE(increment_from_neighbours, arrays(out("y", 42), in("u", 42)), over(7, 6).block(4, 4), (x[0], x[1], 7, 6),
          (x[0], xb[0], x[1], xb[1], 7, 6));

// The same cell read, written, read again and written again.
ADSTENCIL_KERNEL __global__ void read_write_read(real* u, real* v, int n) {
  const int i = thread_x();
  if (i >= n)
    return;
  const real before = u[i];
  u[i] = before * before * v[i];
  v[i] = u[i] * before + v[i] * v[i];
  u[i] += v[i];
}
CUDA_CASE(read_write_read, arrays(out("u", 18), out("v", 18)), over(18).block(8), (x[0], x[1], 18),
          (x[0], xb[0], x[1], xb[1], 18))
    .bits(same_bits::always)
    .loosen(10);

// Written twice; the first value is read in between, and some threads write a third time.
ADSTENCIL_KERNEL __global__ void written_twice(real* y, const real* u, int n) {
  const int i = thread_x();
  if (i >= n)
    return;
  y[i] = u[i] * u[i];
  y[i] = y[i] * y[i] + u[i];
  if (i % 2 == 0)
    y[i] = 1 / u[i];
}
CUDA_CASE(written_twice, arrays(out("y", 11), in("u", 11)), over(11).block(8), (x[0], x[1], 11),
          (x[0], xb[0], x[1], xb[1], 11))
    .bits(same_bits::always)
    .reference([](call_arguments) {
      for (int i = 0; i < 11; ++i) {
        const real u = x[1][i];
        xb[1][i] += xb[0][i] * (i % 2 == 0 ? -1 / (u * u) : 4 * u * u * u + 1);
        xb[0][i] = 0;
      }
    });

// A thread stores to one of its three cells in turn; in every third thread they are the same cell, and the last one
// wins.
ADSTENCIL_KERNEL __global__ void overwritten_in_loop(real* y, const real* u, int n) {
  const int i = thread_x();
  if (i >= n)
    return;
  for (int k = 0; k < 3; ++k)
    y[3 * i + (k * i) % 3] = u[i] * u[i] * real(k + 1);
}
CUDA_CASE(overwritten_in_loop, arrays(out("y", 30), in("u", 10)), over(10).block(4), (x[0], x[1], 10),
          (x[0], xb[0], x[1], xb[1], 10))
    .bits(same_bits::always);

// Half a sweep of red-black Gauss-Seidel: one colour is updated from the other, in the same array.
ADSTENCIL_KERNEL __global__ void red_black_half_sweep(real* u, const real* f, real omega, int colour, int nx, int ny) {
  const int i = thread_x(), j = thread_y();
  if (i < 1 || j < 1 || i >= nx - 1 || j >= ny - 1 || (i + j) % 2 != colour)
    return;
  const int p = i + nx * j;
  const real relaxed = real(0.25) * (u[p - 1] * u[p + 1] + u[p - nx] + u[p + nx] + f[p]);
  u[p] = (1 - omega) * u[p] + omega * relaxed;
}
CUDA_CASE(red_black_half_sweep, arrays(out("u", 42), in("f", 42)), over(7, 6).block(4, 4),
          (x[0], x[1], real(1.2), 1, 7, 6), (x[0], xb[0], x[1], xb[1], real(1.2), 1, 7, 6))
    .reference([](call_arguments) {
      const real *u = x[0], omega = real(1.2);
      for (int j = 1; j < 5; ++j)
        for (int i = 1; i < 6; ++i) {
          if ((i + j) % 2 != 1)
            continue;
          const int p = i + 7 * j;
          const real seed = real(0.25) * omega * xb[0][p];
          xb[0][p - 1] += u[p + 1] * seed;
          xb[0][p + 1] += u[p - 1] * seed;
          xb[0][p - 7] += seed;
          xb[0][p + 7] += seed;
          xb[1][p] += seed;
          xb[0][p] *= 1 - omega;
        }
    });

// The same with the colour in the index arithmetic: every thread has a point.
ADSTENCIL_KERNEL __global__ void red_black_packed(real* u, const real* f, int colour, int nx, int ny) {
  const int j = thread_y() + 1, i = 1 + 2 * thread_x() + (j + colour) % 2;
  if (i >= nx - 1 || j >= ny - 1)
    return;
  const int p = i + nx * j;
  u[p] = real(0.25) * (u[p - 1] + u[p + 1] + u[p - nx] + u[p + nx] - f[p] * u[p] * u[p]);
}
CUDA_CASE(red_black_packed, arrays(out("u", 9 * 8), in("f", 9 * 8)), over(4, 6).block(2, 2), (x[0], x[1], 0, 9, 8),
          (x[0], xb[0], x[1], xb[1], 0, 9, 8));

// Boundary cells are made from the interior of the same array.
ADSTENCIL_KERNEL __global__ void boundary_from_interior(real* u, const real* inflow, int nx, int ny) {
  const int j = thread_x();
  if (j >= ny)
    return;
  u[nx * j] = 2 * inflow[j] - u[1 + nx * j];
  u[nx - 1 + nx * j] = u[nx - 2 + nx * j] * u[nx - 3 + nx * j];
}
CUDA_CASE(boundary_from_interior, arrays(out("u", 6 * 9), in("inflow", 9)), over(9).block(4), (x[0], x[1], 6, 9),
          (x[0], xb[0], x[1], xb[1], 6, 9))
    .bits(same_bits::always);

// Even cells from odd ones, in place.
ADSTENCIL_KERNEL __global__ void even_from_odd(real* u, int n) {
  const int i = thread_x();
  if (2 * i + 1 < n)
    u[2 * i] = u[2 * i] * u[2 * i + 1];
}
CUDA_CASE(even_from_odd, arrays(out("u", 24)), over(12).block(8), (x[0], 24), (x[0], xb[0], 24));

// Two time levels of the wave equation, three arrays.
ADSTENCIL_KERNEL __global__ void wave_3d(real* next, const real* now, const real* before, const real* c, int nx, int ny,
                                         int nz) {
  const int i = thread_x(), j = thread_y(), k = thread_z();
  if (i < 1 || j < 1 || k < 1 || i >= nx - 1 || j >= ny - 1 || k >= nz - 1)
    return;
  const int p = i + nx * (j + ny * k), sy = nx, sz = nx * ny;
  const real laplacian = now[p - 1] + now[p + 1] + now[p - sy] + now[p + sy] + now[p - sz] + now[p + sz] - 6 * now[p];
  next[p] = 2 * now[p] - before[p] + c[p] * c[p] * laplacian;
}
CUDA_CASE(wave_3d, arrays(out("next", 120), in("now", 120), in("before", 120), in("c", 120)),
          over(6, 5, 4).block(4, 2, 2), (x[0], x[1], x[2], x[3], 6, 5, 4),
          (x[0], xb[0], x[1], xb[1], x[2], xb[2], x[3], xb[3], 6, 5, 4));

// The older level is overwritten by the new one.
ADSTENCIL_KERNEL __global__ void wave_in_place(real* older, const real* now, const real* c, int nx, int ny) {
  const int i = thread_x(), j = thread_y();
  if (i < 1 || j < 1 || i >= nx - 1 || j >= ny - 1)
    return;
  const int p = i + nx * j;
  older[p] = 2 * now[p] - older[p] + c[p] * (now[p - 1] + now[p + 1] + now[p - nx] + now[p + nx] - 4 * now[p]);
}
CUDA_CASE(wave_in_place, arrays(out("older", 42), in("now", 42), in("c", 42)), over(7, 6).block(4, 4),
          (x[0], x[1], x[2], 7, 6), (x[0], xb[0], x[1], xb[1], x[2], xb[2], 7, 6))
    .reference([](call_arguments) {
      for (int j = 1; j < 5; ++j)
        for (int i = 1; i < 6; ++i) {
          const int p = i + 7 * j;
          const real seed = xb[0][p], *now = x[1];
          for (int q : {p - 1, p + 1, p - 7, p + 7})
            xb[1][q] += x[2][p] * seed;
          xb[1][p] += (2 - 4 * x[2][p]) * seed;
          xb[2][p] += (now[p - 1] + now[p + 1] + now[p - 7] + now[p + 7] - 4 * now[p]) * seed;
          xb[0][p] = -seed;
        }
    });

// Fluxes on the faces of a staggered grid: the arrays differ in their row length, several outputs.
ADSTENCIL_KERNEL __global__ void staggered_flux(real* qx, real* qy, const real* p, const real* k, int nx, int ny) {
  const int i = thread_x(), j = thread_y();
  if (i > 0 && i < nx && j < ny)
    qx[i + (nx + 1) * j] = real(-0.5) * (k[i - 1 + nx * j] + k[i + nx * j]) * (p[i + nx * j] - p[i - 1 + nx * j]);
  if (i < nx && j > 0 && j < ny)
    qy[i + nx * j] = -2 / (1 / k[i + nx * (j - 1)] + 1 / k[i + nx * j]) * (p[i + nx * j] - p[i + nx * (j - 1)]);
}
CUDA_CASE(staggered_flux, arrays(out("qx", 7 * 5), out("qy", 6 * 6), in("p", 6 * 5), in("k", 6 * 5)),
          over(6, 5).block(4, 4), (x[0], x[1], x[2], x[3], 6, 5),
          (x[0], xb[0], x[1], xb[1], x[2], xb[2], x[3], xb[3], 6, 5));

// The divergence of those fluxes, added to the pressure in place.
ADSTENCIL_KERNEL __global__ void staggered_divergence(real* p, const real* qx, const real* qy, const real* source,
                                                      real dt, int nx, int ny) {
  const int i = thread_x(), j = thread_y();
  if (i >= nx || j >= ny)
    return;
  const int c = i + nx * j;
  p[c] -= dt * (qx[i + 1 + (nx + 1) * j] - qx[i + (nx + 1) * j] + qy[i + nx * (j + 1)] - qy[c] - source[c] * p[c]);
}
CUDA_CASE(staggered_divergence, arrays(out("p", 6 * 5), in("qx", 7 * 5), in("qy", 6 * 6), in("source", 6 * 5)),
          over(6, 5).block(4, 4), (x[0], x[1], x[2], x[3], real(0.2), 6, 5),
          (x[0], xb[0], x[1], xb[1], x[2], xb[2], x[3], xb[3], real(0.2), 6, 5))
    .reference([](call_arguments) {
      const real dt = real(0.2);
      for (int j = 0; j < 5; ++j)
        for (int i = 0; i < 6; ++i) {
          const int c = i + 6 * j;
          const real seed = dt * xb[0][c];
          xb[1][i + 1 + 7 * j] -= seed;
          xb[1][i + 7 * j] += seed;
          xb[2][i + 6 * (j + 1)] -= seed;
          xb[2][c] += seed;
          xb[3][c] += x[0][c] * seed;
          xb[0][c] *= 1 + dt * x[3][c];
        }
    });

// Heat conduction whose conductivity is a power of the temperature.
ADSTENCIL_KERNEL __global__ void nonlinear_heat_2d(real* un, const real* u, real ratio, int nx, int ny) {
  const int i = thread_x(), j = thread_y();
  if (i < 1 || j < 1 || i >= nx - 1 || j >= ny - 1)
    return;
  const int p = i + nx * j;
  real sum = 0;
  const int neighbours[4] = {p - 1, p + 1, p - nx, p + nx};
  for (int q : neighbours) {
    const real mean = real(0.5) * (u[p] + u[q]);
    sum += mean * mean * mean * (u[q] - u[p]);
  }
  un[p] = u[p] + ratio * sum;
}
CUDA_CASE(nonlinear_heat_2d, arrays(out("un", 42), in("u", 42)), over(7, 6).block(4, 4), (x[0], x[1], real(0.15), 7, 6),
          (x[0], xb[0], x[1], xb[1], real(0.15), 7, 6));

// Ice flows downhill with the cube of the slope (the shallow-ice diffusivity), on cell corners.
ADSTENCIL_KERNEL __global__ void shallow_ice_flux(real* qx, real* qy, const real* h, const real* bed, real a, int nx,
                                                  int ny) {
  const int i = thread_x(), j = thread_y();
  if (i >= nx - 1 || j >= ny - 1)
    return;
  const int p = i + nx * j;
  const auto surface = [=](int q) { return h[q] + bed[q]; };
  const real sx = real(0.5) * (surface(p + 1) - surface(p) + surface(p + nx + 1) - surface(p + nx));
  const real sy = real(0.5) * (surface(p + nx) - surface(p) + surface(p + nx + 1) - surface(p + 1));
  const real thick = real(0.25) * (h[p] + h[p + 1] + h[p + nx] + h[p + nx + 1]);
  const real diffusivity = a * std::pow(thick, real(5)) * (sx * sx + sy * sy);
  qx[p] = -diffusivity * sx;
  qy[p] = -diffusivity * sy;
}
CUDA_CASE(shallow_ice_flux, arrays(out("qx", 42), out("qy", 42), in("h", 42), in("bed", 42)), over(7, 6).block(4, 4),
          (x[0], x[1], x[2], x[3], real(0.5), 7, 6),
          (x[0], xb[0], x[1], xb[1], x[2], xb[2], x[3], xb[3], real(0.5), 7, 6))
    .loosen(2);

// Reaction of two species in place.
ADSTENCIL_KERNEL __global__ void reaction_in_place(real* u, real* v, const real* lu, const real* lv,
                                                   ADSTENCIL_ACTIVE real feed, ADSTENCIL_ACTIVE real kill, int nx,
                                                   int ny) {
  const int i = thread_x(), j = thread_y();
  if (i >= nx || j >= ny)
    return;
  const int p = i + nx * j;
  const real reaction = u[p] * v[p] * v[p];
  u[p] += real(0.16) * lu[p] - reaction + feed * (1 - u[p]);
  v[p] += real(0.08) * lv[p] + reaction - (feed + kill) * v[p];
}
CUDA_CASE(reaction_in_place,
          arrays(out("u", 63), out("v", 63), in("lu", 63), in("lv", 63), in("feed", 1, 0.03, 0.04),
                 in("kill", 1, 0.05, 0.06)),
          over(9, 7).block(4, 4), (x[0], x[1], x[2], x[3], *hx[4], *hx[5], 9, 7),
          (x[0], xb[0], x[1], xb[1], x[2], xb[2], x[3], xb[3], *hx[4], xb[4], *hx[5], xb[5], 9, 7))
    .bits(same_bits::launch);

// Three outputs, one of them only in some cells.
ADSTENCIL_KERNEL __global__ void several_outputs(real* a, real* b, real* c, const real* u, int n) {
  const int i = thread_x();
  if (i >= n)
    return;
  a[i] = u[i] * u[i];
  b[i] = a[i] + 1 / u[i];
  if (i % 3 == 0)
    c[i / 3] = a[i] * b[i];
}
CUDA_CASE(several_outputs, arrays(out("a", 20), out("b", 20), out("c", 7), in("u", 20)), over(20).block(8),
          (x[0], x[1], x[2], x[3], 20), (x[0], xb[0], x[1], xb[1], x[2], xb[2], x[3], xb[3], 20));

// Two components in one array, n cells apart.
ADSTENCIL_KERNEL __global__ void components_apart(real* y, const real* u, int n) {
  const int i = thread_x();
  if (i >= n)
    return;
  y[i] = u[i] * u[i + n];
  y[i + n] = u[i] / u[i + n];
}
CUDA_CASE(components_apart, arrays(out("y", 40), in("u", 40)), over(20).block(8), (x[0], x[1], 20),
          (x[0], xb[0], x[1], xb[1], 20));

// A histogram: atomic sums through an index array. The adjoint of a sum is a read.
ADSTENCIL_KERNEL __global__ void histogram(real* bins, const real* weight, const int* bin, int n) {
  const int i = thread_x();
  if (i < n)
    atomicAdd(&bins[bin[i]], weight[i] * weight[i]);
}
CUDA_CASE(histogram, arrays(out("bins", 4), in("weight", 20)), over(20).block(8), (x[0], x[1], ix[0], 20),
          (x[0], xb[0], x[1], xb[1], ix[0], 20))
    .integers({{0, 1, 1, 3, 0, 2, 3, 3, 1, 0, 0, 0, 2, 2, 1, 3, 2, 2, 1, 0}})
    .reference([](call_arguments) {
      for (int i = 0; i < 20; ++i)
        xb[1][i] += 2 * x[1][i] * xb[0][ix[0][i]];
    });

// A sum into one cell, from a grid-stride loop.
ADSTENCIL_KERNEL __global__ void sum_to_one_cell(real* total, const real* u, const real* observed, int n) {
  real sum = 0;
  for (int i = thread_x(); i < n; i += gridDim.x * blockDim.x) {
    const real difference = u[i] - observed[i];
    sum += real(0.5) * difference * difference;
  }
  atomicAdd(total, sum);
}
CUDA_CASE(sum_to_one_cell, arrays(out("total", 1), in("u", 45), in("observed", 45)), over(16).block(8),
          (x[0], x[1], x[2], 45), (x[0], xb[0], x[1], xb[1], x[2], xb[2], 45))
    .reference([](call_arguments) {
      for (int i = 0; i < 45; ++i) {
        xb[1][i] += (x[1][i] - x[2][i]) * *xb[0];
        xb[2][i] -= (x[1][i] - x[2][i]) * *xb[0];
      }
    });

// Atomic sums of two kinds, some threads none: the mass of particles spread over the two nearest cells.
ADSTENCIL_KERNEL __global__ void cloud_in_cell(real* density, const real* mass, ADSTENCIL_INACTIVE const real* place,
                                               int n, int cells) {
  const int i = thread_x();
  if (i >= n)
    return;
  const int cell = int(place[i] * real(cells - 1));
  const real right = place[i] * real(cells - 1) - real(cell);
  atomicAdd(density + cell, (1 - right) * mass[i] * mass[i]);
  if (right > real(0.05))
    atomicAdd(density + cell + 1, right * mass[i]);
}
CUDA_CASE(cloud_in_cell, arrays(out("density", 6), in("mass", 20), inactive("place", 20, 0.0, 0.99)), over(20).block(8),
          (x[0], x[1], x[2], 20, 6), (x[0], xb[0], x[1], xb[1], x[2], 20, 6));

// A difference taken away from two cells: fluxes over edges of a graph.
ADSTENCIL_KERNEL __global__ void edge_fluxes(real* residual, const real* u, const real* conductivity, const int* from,
                                             const int* to, int edges) {
  const int e = thread_x();
  if (e >= edges)
    return;
  const real flux = conductivity[e] * (u[to[e]] - u[from[e]]) * u[from[e]];
  atomicAdd(&residual[from[e]], flux);
  atomicAdd(&residual[to[e]], -flux);
}
CUDA_CASE(edge_fluxes, arrays(out("residual", 5), in("u", 5), in("conductivity", 8)), over(8).block(4),
          (x[0], x[1], x[2], ix[0], ix[1], 8), (x[0], xb[0], x[1], xb[1], x[2], xb[2], ix[0], ix[1], 8))
    .integers({{0, 0, 1, 2, 3, 4, 4, 1}, {1, 2, 2, 3, 4, 0, 1, 3}})
    .reference([](call_arguments) {
      const real* u = x[1];
      for (int e = 0; e < 8; ++e) {
        const int a = ix[0][e], b = ix[1][e];
        const real seed = xb[0][a] - xb[0][b], k = x[2][e];
        xb[2][e] += (u[b] - u[a]) * u[a] * seed;
        xb[1][b] += k * u[a] * seed;
        xb[1][a] += k * (u[b] - 2 * u[a]) * seed;
      }
    });

// Indirect reads: the shadow is scattered to.
ADSTENCIL_KERNEL __global__ void gather_by_index(real* y, const real* u, const int* index, int n) {
  const int i = thread_x();
  if (i < n)
    y[i] = u[index[i]] * u[i];
}
CUDA_CASE(gather_by_index, arrays(out("y", 8), in("u", 8)), over(8).block(4), (x[0], x[1], ix[0], 8),
          (x[0], xb[0], x[1], xb[1], ix[0], 8))
    .integers({{3, 3, 0, 7, 1, 5, 3, 6}})
    .reference([](call_arguments) {
      for (int i = 0; i < 8; ++i) {
        const int k = ix[0][i];
        const real a = x[1][k], b = x[1][i];
        xb[1][k] += b * xb[0][i];
        xb[1][i] += a * xb[0][i];
        xb[0][i] = 0;
      }
    });

// Indirect writes through a permutation.
ADSTENCIL_KERNEL __global__ void scatter_by_permutation(real* y, const real* u, const int* index, int n) {
  const int i = thread_x();
  if (i < n)
    y[index[i]] = u[i] * u[i] + y[index[i]] * u[i];
}
CUDA_CASE(scatter_by_permutation, arrays(out("y", 8), in("u", 8)), over(8).block(4), (x[0], x[1], ix[0], 8),
          (x[0], xb[0], x[1], xb[1], ix[0], 8))
    .integers({{3, 5, 0, 7, 1, 2, 4, 6}})
    .reference([](call_arguments) {
      for (int i = 0; i < 8; ++i) {
        const int k = ix[0][i];
        xb[1][i] += (2 * x[1][i] + x[0][k]) * xb[0][k];
        xb[0][k] *= x[1][i];
      }
    });

// Writes to some cells only; the others keep value and cotangent.
ADSTENCIL_KERNEL __global__ void masked_update(real* u, const real* f, const int* mask, int nx, int ny) {
  const int i = thread_x(), j = thread_y();
  if (i >= nx || j >= ny || !mask[i + nx * j])
    return;
  u[i + nx * j] += f[i + nx * j] * u[i + nx * j];
}
CUDA_CASE(masked_update, arrays(out("u", 12), in("f", 12)), over(4, 3).block(4, 2), (x[0], x[1], ix[0], 4, 3),
          (x[0], xb[0], x[1], xb[1], ix[0], 4, 3))
    .integers({{1, 0, 0, 1, 1, 1, 0, 1, 0, 0, 1, 1}})
    .bits(same_bits::always);

} // namespace LAW_VARIANT
