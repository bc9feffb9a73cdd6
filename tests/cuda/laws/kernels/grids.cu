// Kernels that differ in the shape of their grid and in how a thread finds its points.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../cuda_laws.h"

namespace LAW_VARIANT {

// 1-D, the guard is an if, linear.
ADSTENCIL_KERNEL __global__ void guard_if_1d(real* y, const real* u, real c, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i > 0 && i < n - 1)
    y[i] = u[i] + c * (u[i - 1] - 2 * u[i] + u[i + 1]);
}
CUDA_CASE(guard_if_1d, arrays(out("y", 40), in("u", 40)), over(40), (x[0], x[1], real(0.1), 40),
          (x[0], xb[0], x[1], xb[1], real(0.1), 40))
    .reference([](call_arguments) {
      for (int i = 1; i < 39; ++i) {
        const real seed = xb[0][i], c = real(0.1);
        xb[1][i - 1] += c * seed;
        xb[1][i] += (1 - 2 * c) * seed;
        xb[1][i + 1] += c * seed;
        xb[0][i] = 0;
      }
    });

// 1-D, the guards are early returns, nonlinear.
ADSTENCIL_KERNEL __global__ void guard_return_1d(real* y, const real* u, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n)
    return;
  if (i == 0)
    return;
  y[i] = u[i] * u[i - 1] - u[i] * u[i];
}
CUDA_CASE(guard_return_1d, arrays(out("y", 30), in("u", 30)), over(30).block(8), (x[0], x[1], 30),
          (x[0], xb[0], x[1], xb[1], 30))
    .reference([](call_arguments) {
      for (int i = 1; i < 30; ++i) {
        const real seed = xb[0][i];
        xb[1][i] += (x[1][i - 1] - 2 * x[1][i]) * seed;
        xb[1][i - 1] += x[1][i] * seed;
        xb[0][i] = 0;
      }
    });

// No neighbours: the derivative touches the thread's own cells only.
ADSTENCIL_KERNEL __global__ void own_point_1d(real* y, const real* u, const real* w, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n)
    y[i] = u[i] * u[i] * w[i] + y[i];
}
CUDA_CASE(own_point_1d, arrays(out("y", 45), in("u", 45), in("w", 45)), over(45), (x[0], x[1], x[2], 45),
          (x[0], xb[0], x[1], xb[1], x[2], xb[2], 45))
    .bits(same_bits::always)
    .reference([](call_arguments) {
      for (int i = 0; i < 45; ++i) {
        xb[1][i] += 2 * x[1][i] * x[2][i] * xb[0][i];
        xb[2][i] += x[1][i] * x[1][i] * xb[0][i];
      }
    });

// 2-D, five points.
ADSTENCIL_KERNEL __global__ void laplace_2d(real* y, const real* u, int nx, int ny) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y;
  if (i < 1 || j < 1 || i >= nx - 1 || j >= ny - 1)
    return;
  const int p = i + nx * j;
  y[p] = u[p - 1] + u[p + 1] + u[p - nx] + u[p + nx] - 4 * u[p];
}
CUDA_CASE(laplace_2d, arrays(out("y", 9 * 7), in("u", 9 * 7)), over(9, 7).block(4, 4), (x[0], x[1], 9, 7),
          (x[0], xb[0], x[1], xb[1], 9, 7))
    .reference([](call_arguments) {
      for (int j = 1; j < 6; ++j)
        for (int i = 1; i < 8; ++i) {
          const int p = i + 9 * j;
          for (int neighbour : {p - 1, p + 1, p - 9, p + 9})
            xb[1][neighbour] += xb[0][p];
          xb[1][p] -= 4 * xb[0][p];
          xb[0][p] = 0;
        }
    });

// 2-D, own points only: same bits whatever the blocks.
ADSTENCIL_KERNEL __global__ void own_point_2d(real* y, real* z, const real* u, int nx, int ny) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y;
  if (i < nx && j < ny) {
    const int p = i + nx * j;
    y[p] = u[p] * u[p];
    z[p] = u[p] * y[p] + z[p] * z[p];
  }
}
CUDA_CASE(own_point_2d, arrays(out("y", 9 * 7), out("z", 9 * 7), in("u", 9 * 7)), over(9, 7).block(4, 2),
          (x[0], x[1], x[2], 9, 7), (x[0], xb[0], x[1], xb[1], x[2], xb[2], 9, 7))
    .bits(same_bits::always);

// 3-D, seven points, linear with a coefficient field.
ADSTENCIL_KERNEL __global__ void heat_linear_3d(real* un, const real* u, const real* k, real dt, int nx, int ny,
                                                int nz) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y,
            l = blockIdx.z * blockDim.z + threadIdx.z;
  if (i > 0 && j > 0 && l > 0 && i < nx - 1 && j < ny - 1 && l < nz - 1) {
    const int p = i + nx * (j + ny * l), sy = nx, sz = nx * ny;
    un[p] = u[p] + dt * k[p] * (u[p - 1] + u[p + 1] + u[p - sy] + u[p + sy] + u[p - sz] + u[p + sz] - 6 * u[p]);
  }
}
CUDA_CASE(heat_linear_3d, arrays(out("un", 6 * 5 * 4), in("u", 6 * 5 * 4), in("k", 6 * 5 * 4)),
          over(6, 5, 4).block(4, 2, 2), (x[0], x[1], x[2], real(0.1), 6, 5, 4),
          (x[0], xb[0], x[1], xb[1], x[2], xb[2], real(0.1), 6, 5, 4))
    .reference([](call_arguments) {
      for (int l = 1; l < 3; ++l)
        for (int j = 1; j < 4; ++j)
          for (int i = 1; i < 5; ++i) {
            const int p = i + 6 * (j + 5 * l);
            const real seed = xb[0][p], dt = real(0.1);
            real sum = -6 * x[1][p];
            for (int q : {p - 1, p + 1, p - 6, p + 6, p - 30, p + 30}) {
              sum += x[1][q];
              xb[1][q] += dt * x[2][p] * seed;
            }
            xb[1][p] += (1 - 6 * dt * x[2][p]) * seed;
            xb[2][p] += dt * sum * seed;
            xb[0][p] = 0;
          }
    });

// 3-D, nonlinear, harmonic and arithmetic means.
ADSTENCIL_KERNEL __global__ void heat_nonlinear_3d(real* un, const real* u, const real* k, real dt, int nx, int ny,
                                                   int nz) {
  const int ix = blockIdx.x * blockDim.x + threadIdx.x, iy = blockIdx.y * blockDim.y + threadIdx.y,
            iz = blockIdx.z * blockDim.z + threadIdx.z;
  if (ix < 1 || iy < 1 || iz < 1 || ix >= nx - 1 || iy >= ny - 1 || iz >= nz - 1)
    return;
  const int p = ix + nx * (iy + ny * iz), sy = nx, sz = nx * ny;
  const real cond = k[p] * (1 + u[p] * u[p]);
  const real west = 2 * cond * k[p - 1] / (cond + k[p - 1]), east = 2 * cond * k[p + 1] / (cond + k[p + 1]);
  const real south = real(0.5) * (cond + k[p - sy]), north = real(0.5) * (cond + k[p + sy]);
  const real below = real(0.5) * (cond + k[p - sz]), above = real(0.5) * (cond + k[p + sz]);
  un[p] = u[p] + dt * (east * (u[p + 1] - u[p]) - west * (u[p] - u[p - 1]) + north * (u[p + sy] - u[p]) -
                       south * (u[p] - u[p - sy]) + above * (u[p + sz] - u[p]) - below * (u[p] - u[p - sz]));
}
CUDA_CASE(heat_nonlinear_3d, arrays(out("un", 6 * 5 * 4), in("u", 6 * 5 * 4), in("k", 6 * 5 * 4)),
          over(6, 5, 4).block(3, 3, 3), (x[0], x[1], x[2], real(0.1), 6, 5, 4),
          (x[0], xb[0], x[1], xb[1], x[2], xb[2], real(0.1), 6, 5, 4));

// Grid-stride loop: fewer threads than points.
ADSTENCIL_KERNEL __global__ void grid_stride_1d(real* y, const real* u, int n) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    y[i] = u[i] * u[i] * u[i];
}
CUDA_CASE(grid_stride_1d, arrays(out("y", 50), in("u", 50)), over(12).block(4), (x[0], x[1], 50),
          (x[0], xb[0], x[1], xb[1], 50))
    .bits(same_bits::always)
    .reference([](call_arguments) {
      for (int i = 0; i < 50; ++i) {
        xb[1][i] += 3 * x[1][i] * x[1][i] * xb[0][i];
        xb[0][i] = 0;
      }
    });

// Grid-stride loop with neighbours, 64-bit indices, interior only.
ADSTENCIL_KERNEL __global__ void grid_stride_neighbours(real* y, const real* u, std::size_t n) {
  const std::size_t stride = std::size_t(gridDim.x) * blockDim.x;
  for (std::size_t i = std::size_t(blockIdx.x) * blockDim.x + threadIdx.x + 1; i < n - 1; i += stride)
    y[i] = u[i - 1] * u[i + 1] / u[i];
}
CUDA_CASE(grid_stride_neighbours, arrays(out("y", 50), in("u", 50)), over(12).block(4), (x[0], x[1], 50),
          (x[0], xb[0], x[1], xb[1], 50));

// Grid-stride loops in two dimensions.
ADSTENCIL_KERNEL __global__ void grid_stride_2d(real* y, const real* u, int nx, int ny) {
  for (int j = blockIdx.y * blockDim.y + threadIdx.y; j < ny; j += blockDim.y * gridDim.y)
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < nx; i += blockDim.x * gridDim.x)
      y[i + nx * j] = u[i + nx * j] * (1 + u[i + nx * j]);
}
CUDA_CASE(grid_stride_2d, arrays(out("y", 11 * 9), in("u", 11 * 9)), over(6, 4).block(2, 2), (x[0], x[1], 11, 9),
          (x[0], xb[0], x[1], xb[1], 11, 9))
    .bits(same_bits::always);

// Several consecutive points per thread, constant count.
ADSTENCIL_KERNEL __global__ void four_points_per_thread(real* y, const real* u, int n) {
  const int first = 4 * (blockIdx.x * blockDim.x + threadIdx.x);
#pragma unroll
  for (int k = 0; k < 4; ++k) {
    const int i = first + k;
    if (i > 0 && i < n)
      y[i] = u[i] * u[i - 1];
  }
}
CUDA_CASE(four_points_per_thread, arrays(out("y", 39), in("u", 39)), over(10).block(4), (x[0], x[1], 39),
          (x[0], xb[0], x[1], xb[1], 39));

// Several points per thread, a whole grid apart; the number of them comes at run time.
ADSTENCIL_KERNEL __global__ void points_apart(real* y, const real* u, int n, int per_thread) {
  const int threads = gridDim.x * blockDim.x;
  for (int k = 0; k < per_thread; ++k) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x + k * threads;
    if (i < n)
      y[i] = 1 / (1 + u[i]);
  }
}
CUDA_CASE(points_apart, arrays(out("y", 40), in("u", 40)), over(16).block(8), (x[0], x[1], 40, 3),
          (x[0], xb[0], x[1], xb[1], 40, 3))
    .bits(same_bits::always);

// A 2-D grid whose threads march in z.
ADSTENCIL_KERNEL __global__ void march_in_z(real* y, const real* u, int nx, int ny, int nz) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y;
  if (i >= nx || j >= ny)
    return;
  int p = i + nx * j + nx * ny;
  for (int k = 1; k < nz - 1; ++k) {
    y[p] = u[p] * (u[p + nx * ny] - u[p - nx * ny]);
    p += nx * ny;
  }
}
CUDA_CASE(march_in_z, arrays(out("y", 5 * 4 * 6), in("u", 5 * 4 * 6)), over(5, 4).block(4, 2), (x[0], x[1], 5, 4, 6),
          (x[0], xb[0], x[1], xb[1], 5, 4, 6));

// One thread per row of unknown length.
ADSTENCIL_KERNEL __global__ void thread_per_row(real* y, const real* u, int nx, int ny) {
  const int j = blockIdx.x * blockDim.x + threadIdx.x;
  if (j < ny)
    for (int i = 1; i < nx; ++i)
      y[i + nx * j] = u[i + nx * j] * u[i - 1 + nx * j];
}
CUDA_CASE(thread_per_row, arrays(out("y", 7 * 20), in("u", 7 * 20)), over(20), (x[0], x[1], 7, 20),
          (x[0], xb[0], x[1], xb[1], 7, 20));

// One flat index; row and column come from division and remainder.
ADSTENCIL_KERNEL __global__ void flat_index_2d(real* y, const real* u, int nx, int ny) {
  const int p = blockIdx.x * blockDim.x + threadIdx.x;
  if (p >= nx * ny)
    return;
  const int i = p % nx, j = p / nx;
  y[p] = i > 0 && j > 0 ? u[p] * u[p - 1] + u[p - nx] * real(i + 2 * j) : u[p];
}
CUDA_CASE(flat_index_2d, arrays(out("y", 35), in("u", 35)), over(35).block(8), (x[0], x[1], 7, 5),
          (x[0], xb[0], x[1], xb[1], 7, 5));

// The axes of the grid stand for others: x runs over rows.
ADSTENCIL_KERNEL __global__ void swapped_axes(real* y, const real* u, int nx, int ny) {
  const int j = blockIdx.x * blockDim.x + threadIdx.x, i = blockIdx.y * blockDim.y + threadIdx.y;
  if (i < nx && j < ny)
    y[i + nx * j] = u[j + ny * i] * u[j + ny * i];
}
CUDA_CASE(swapped_axes, arrays(out("y", 6 * 9), in("u", 6 * 9)), over(9, 6).block(4, 4), (x[0], x[1], 6, 9),
          (x[0], xb[0], x[1], xb[1], 6, 9));

// Threads count down, and are shifted into the interior.
ADSTENCIL_KERNEL __global__ void shifted_and_reversed(real* y, const real* u, int n) {
  const int i = n - 2 - int(blockIdx.x * blockDim.x + threadIdx.x);
  if (i >= 1)
    y[i] = u[i + 1] / u[i - 1];
}
CUDA_CASE(shifted_and_reversed, arrays(out("y", 25), in("u", 25)), over(23).block(8), (x[0], x[1], 25),
          (x[0], xb[0], x[1], xb[1], 25));

// The index arithmetic is in helper functions, on built-in and on structured types.
__device__ inline int global_x() { return blockIdx.x * blockDim.x + threadIdx.x; }
__device__ inline int global_y() { return blockIdx.y * blockDim.y + threadIdx.y; }
__host__ __device__ constexpr int row_major(int i, int j, int nx) { return i + nx * j; }
ADSTENCIL_KERNEL __global__ void index_helpers(real* y, const real* u, int nx, int ny) {
  const int i = global_x(), j = global_y();
  if (i > 0 && i < nx && j < ny - 1)
    y[row_major(i, j, nx)] = u[row_major(i - 1, j, nx)] * u[row_major(i, j + 1, nx)];
}
CUDA_CASE(index_helpers, arrays(out("y", 9 * 7), in("u", 9 * 7)), over(9, 7).block(4, 4), (x[0], x[1], 9, 7),
          (x[0], xb[0], x[1], xb[1], 9, 7));

struct index_3d {
  int i, j, k;
  __device__ static index_3d here() {
    return {int(blockIdx.x * blockDim.x + threadIdx.x), int(blockIdx.y * blockDim.y + threadIdx.y),
            int(blockIdx.z * blockDim.z + threadIdx.z)};
  }
  __device__ index_3d moved(int di, int dj, int dk) const { return {i + di, j + dj, k + dk}; }
};
struct extents_3d {
  int nx, ny, nz;
  __host__ __device__ bool holds(const index_3d& p, int margin) const {
    return p.i >= margin && p.j >= margin && p.k >= margin && p.i < nx - margin && p.j < ny - margin &&
           p.k < nz - margin;
  }
  __host__ __device__ int operator()(const index_3d& p) const { return p.i + nx * (p.j + ny * p.k); }
};
ADSTENCIL_KERNEL __global__ void index_structs(real* y, const real* u, extents_3d n) {
  const index_3d p = index_3d::here();
  if (!n.holds(p, 1))
    return;
  y[n(p)] =
      u[n(p)] * (u[n(p.moved(1, 0, 0))] - u[n(p.moved(-1, 0, 0))]) + u[n(p.moved(0, 1, 0))] * u[n(p.moved(0, 0, -1))];
}
CUDA_CASE(index_structs, arrays(out("y", 6 * 5 * 4), in("u", 6 * 5 * 4)), over(6, 5, 4).block(4, 2, 2),
          (x[0], x[1], extents_3d{6, 5, 4}), (x[0], xb[0], x[1], xb[1], extents_3d{6, 5, 4}));

// dim3 arithmetic: the thread's number within the whole grid, counted by hand.
ADSTENCIL_KERNEL __global__ void linear_thread_number(real* y, const real* u, unsigned n) {
  const unsigned block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  const unsigned thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  const unsigned i = block * (blockDim.x * blockDim.y * blockDim.z) + thread;
  if (i < n)
    y[i] = u[i] * u[i] * real(0.5);
}
CUDA_CASE(linear_thread_number, arrays(out("y", 70), in("u", 70)), over(6, 4, 4).block(2, 2, 2), (x[0], x[1], 70),
          (x[0], xb[0], x[1], xb[1], 70));

// Blocks along y are independent problems; x runs within one.
ADSTENCIL_KERNEL __global__ void batch_in_block_index(real* y, const real* u, const real* scale, int n) {
  const int i = threadIdx.x + blockIdx.x * blockDim.x, batch = blockIdx.y;
  if (i + 1 < n)
    y[batch * n + i] = scale[batch] * (u[batch * n + i + 1] - u[batch * n + i]);
}
CUDA_CASE(batch_in_block_index, arrays(out("y", 4 * 12), in("u", 4 * 12), in("scale", 4)), over(12, 4).block(8, 1),
          (x[0], x[1], x[2], 12), (x[0], xb[0], x[1], xb[1], x[2], xb[2], 12))
    .one_shape();

// A single block that uses threadIdx alone.
ADSTENCIL_KERNEL __global__ void single_block(real* y, const real* u) {
  const unsigned i = threadIdx.x;
  y[i] = u[i] * u[blockDim.x - 1 - i];
}
CUDA_CASE(single_block, arrays(out("y", 24), in("u", 24)), over(24).block(24), (x[0], x[1]), (x[0], xb[0], x[1], xb[1]))
    .one_shape();

// A single thread that works on everything.
ADSTENCIL_KERNEL __global__ void single_thread(real* y, const real* u, int n) {
  if (blockIdx.x == 0 && threadIdx.x == 0)
    for (int i = 1; i < n; ++i)
      y[i] = u[i] * u[i - 1];
}
CUDA_CASE(single_thread, arrays(out("y", 20), in("u", 20)), over(1).block(1), (x[0], x[1], 20),
          (x[0], xb[0], x[1], xb[1], 20));

// Launch bounds.
ADSTENCIL_KERNEL __global__ void __launch_bounds__(128, 2) launch_bounds(real* y, const real* u, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n)
    y[i] = u[i] / (1 + u[i] * u[i]);
}
CUDA_CASE(launch_bounds, arrays(out("y", 30), in("u", 30)), over(30).block(128), (x[0], x[1], 30),
          (x[0], xb[0], x[1], xb[1], 30))
    .bits(same_bits::always);

// Periodic neighbours by remainder and by conditional.
ADSTENCIL_KERNEL __global__ void periodic(real* y, const real* u, int nx, int ny) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y;
  if (i >= nx || j >= ny)
    return;
  const int west = (i + nx - 1) % nx, east = i + 1 < nx ? i + 1 : 0, north = (j + 1) % ny,
            south = j == 0 ? ny - 1 : j - 1;
  y[i + nx * j] = u[west + nx * j] * u[east + nx * j] - u[i + nx * north] * u[i + nx * south] * u[i + nx * j];
}
CUDA_CASE(periodic, arrays(out("y", 30), in("u", 30)), over(6, 5).block(4, 4), (x[0], x[1], 6, 5),
          (x[0], xb[0], x[1], xb[1], 6, 5))
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

// Each thread makes one of two staggered kinds of points, by its parity.
ADSTENCIL_KERNEL __global__ void two_kinds_of_threads(real* even, real* odd, const real* u, int n) {
  const int t = blockIdx.x * blockDim.x + threadIdx.x;
  if (t >= 2 * n)
    return;
  if (t % 2 == 0)
    even[t / 2] = u[t / 2] * u[t / 2];
  else
    odd[t / 2] = real(0.5) * (u[t / 2] + u[t / 2 + 1]);
}
CUDA_CASE(two_kinds_of_threads, arrays(out("even", 12), out("odd", 12), in("u", 13)), over(24).block(8),
          (x[0], x[1], x[2], 12), (x[0], xb[0], x[1], xb[1], x[2], xb[2], 12));

} // namespace LAW_VARIANT
