// Kernels that differ in the shape of their loop nest: dimension, order, direction, stride, tiling, index type.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../laws.h"

#include <cmath>
#include <cstddef>

namespace LAW_VARIANT {

// 1-D, int index, linear three-point stencil.
ADSTENCIL_KERNEL void smooth_1d(real* y, const real* u, real c, int n) {
  for (int i = 1; i < n - 1; ++i)
    y[i] = u[i] + c * (u[i - 1] - 2 * u[i] + u[i + 1]);
}
LAW_CASE(smooth_1d, arrays(out("y", 40), in("u", 40)), (x[0], x[1], real(0.1), 40),
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

// unsigned index, nonlinear.
ADSTENCIL_KERNEL void product_unsigned(real* y, const real* u, unsigned n) {
  for (unsigned i = 1; i < n; ++i)
    y[i - 1] = u[i] * u[i - 1] - u[i] * u[i];
}
LAW_CASE(product_unsigned, arrays(out("y", 30), in("u", 30)), (x[0], x[1], 30u), (x[0], xb[0], x[1], xb[1], 30u))
    .reference([](call_arguments) {
      for (int i = 1; i < 30; ++i) {
        const real seed = xb[0][i - 1];
        xb[1][i] += (x[1][i - 1] - 2 * x[1][i]) * seed;
        xb[1][i - 1] += x[1][i] * seed;
        xb[0][i - 1] = 0;
      }
    });

// size_t index, counting down.
ADSTENCIL_KERNEL void down_size_t(real* y, const real* u, std::size_t n) {
  for (std::size_t i = n - 1; i-- > 1;)
    y[i] = u[i + 1] / u[i - 1];
}
LAW_CASE(down_size_t, arrays(out("y", 25), in("u", 25)), (x[0], x[1], std::size_t(25)),
         (x[0], xb[0], x[1], xb[1], std::size_t(25)));

// ptrdiff_t index that runs through negative values.
ADSTENCIL_KERNEL void centred_ptrdiff(real* y, const real* u, std::ptrdiff_t half) {
  real* yc = y + half;
  const real* uc = u + half;
  for (std::ptrdiff_t i = -half; i <= half; ++i)
    yc[i] = uc[-i] * uc[i] * uc[i];
}
LAW_CASE(centred_ptrdiff, arrays(out("y", 21), in("u", 21)), (x[0], x[1], std::ptrdiff_t(10)),
         (x[0], xb[0], x[1], xb[1], std::ptrdiff_t(10)));

// Stride 3, and a second loop with a run-time stride.
ADSTENCIL_KERNEL void strided(real* y, const real* u, int n, int stride) {
  for (int i = 0; i < n; i += 3)
    y[i] = u[i] * u[i];
  for (int i = 1; i < n; i += stride)
    y[i] = 2 * u[i] * u[i - 1];
}
LAW_CASE(strided, arrays(out("y", 40), in("u", 40)), (x[0], x[1], 40, 6), (x[0], xb[0], x[1], xb[1], 40, 6));

// 2-D, row-major.
ADSTENCIL_KERNEL void laplace_2d(real* y, const real* u, int nx, int ny) {
  for (int j = 1; j < ny - 1; ++j)
    for (int i = 1; i < nx - 1; ++i)
      y[i + nx * j] =
          u[i - 1 + nx * j] + u[i + 1 + nx * j] + u[i + nx * (j - 1)] + u[i + nx * (j + 1)] - 4 * u[i + nx * j];
}
LAW_CASE(laplace_2d, arrays(out("y", 9 * 7), in("u", 9 * 7)), (x[0], x[1], 9, 7), (x[0], xb[0], x[1], xb[1], 9, 7))
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

// The same nest the other way round, both loops down, nonlinear.
ADSTENCIL_KERNEL void swapped_down_2d(real* y, const real* u, int nx, int ny) {
  for (int i = nx - 2; i >= 1; --i)
    for (int j = ny - 2; j >= 1; --j)
      y[i + nx * j] = u[i - 1 + nx * j] * u[i + 1 + nx * j] - u[i + nx * (j - 1)] * u[i + nx * (j + 1)];
}
LAW_CASE(swapped_down_2d, arrays(out("y", 8 * 9), in("u", 8 * 9)), (x[0], x[1], 8, 9),
         (x[0], xb[0], x[1], xb[1], 8, 9));

// Pointer to array: the compiler knows the row length.
ADSTENCIL_KERNEL void array_pointer_2d(real (*y)[8], const real (*u)[8], int ny) {
  for (int j = 1; j < ny - 1; ++j)
    for (int i = 1; i < 7; ++i)
      y[j][i] = u[j][i] * (u[j - 1][i] + u[j + 1][i]) + u[j][i - 1] * u[j][i + 1];
}
LAW_CASE(array_pointer_2d, arrays(out("y", 8 * 6), in("u", 8 * 6)),
         (reinterpret_cast<real (*)[8]>(x[0]), reinterpret_cast<const real (*)[8]>(x[1]), 6),
         (reinterpret_cast<real (*)[8]>(x[0]), reinterpret_cast<real (*)[8]>(xb[0]),
          reinterpret_cast<const real (*)[8]>(x[1]), reinterpret_cast<real (*)[8]>(xb[1]), 6));

// Nonlinear heat equation with seven points and harmonic means.
ADSTENCIL_KERNEL void heat_7_point(real* un, const real* u, const real* k, real dt, int nx, int ny, int nz) {
  for (int iz = 1; iz < nz - 1; ++iz)
    for (int iy = 1; iy < ny - 1; ++iy)
      for (int ix = 1; ix < nx - 1; ++ix) {
        const int p = ix + nx * (iy + ny * iz), sy = nx, sz = nx * ny;
        const real cond = k[p] * (1 + u[p] * u[p]);
        const real west = 2 * cond * k[p - 1] / (cond + k[p - 1]), east = 2 * cond * k[p + 1] / (cond + k[p + 1]);
        const real south = 0.5 * (cond + k[p - sy]), north = 0.5 * (cond + k[p + sy]);
        const real below = 0.5 * (cond + k[p - sz]), above = 0.5 * (cond + k[p + sz]);
        un[p] = u[p] + dt * (east * (u[p + 1] - u[p]) - west * (u[p] - u[p - 1]) + north * (u[p + sy] - u[p]) -
                             south * (u[p] - u[p - sy]) + above * (u[p + sz] - u[p]) - below * (u[p] - u[p - sz]));
      }
}
LAW_CASE(heat_7_point, arrays(out("un", 6 * 5 * 4), in("u", 6 * 5 * 4), in("k", 6 * 5 * 4)),
         (x[0], x[1], x[2], real(0.1), 6, 5, 4), (x[0], xb[0], x[1], xb[1], x[2], xb[2], real(0.1), 6, 5, 4));

// 3-D in the order (middle, slow, fast), mixed directions and index types.
ADSTENCIL_KERNEL void mixed_order_3d(real* y, const real* u, int nx, int ny, int nz) {
  for (unsigned j = 1; j + 1 < unsigned(ny); ++j)
    for (int k = nz - 2; k > 0; --k)
      for (std::size_t i = 1; i < std::size_t(nx) - 1; ++i) {
        const std::size_t p = i + std::size_t(nx) * (j + std::size_t(ny) * std::size_t(k));
        y[p] = u[p - 1] * u[p + std::size_t(nx)] + u[p + std::size_t(nx * ny)] * u[p];
      }
}
LAW_CASE(mixed_order_3d, arrays(out("y", 5 * 6 * 4), in("u", 5 * 6 * 4)), (x[0], x[1], 5, 6, 4),
         (x[0], xb[0], x[1], xb[1], 5, 6, 4));

// 4-D.
ADSTENCIL_KERNEL void stencil_4d(real* y, const real* u, const real* w, int n) {
  for (int l = 1; l < n - 1; ++l)
    for (int k = 1; k < n - 1; ++k)
      for (int j = 1; j < n - 1; ++j)
        for (int i = 1; i < n - 1; ++i) {
          const int p = i + n * (j + n * (k + n * l));
          y[p] =
              w[p] * (u[p - 1] * u[p + 1] + u[p - n] * u[p + n] + u[p - n * n] + u[p + n * n * n] * u[p - n * n * n]);
        }
}
LAW_CASE(stencil_4d, arrays(out("y", 256), in("u", 256), in("w", 256)), (x[0], x[1], x[2], 4),
         (x[0], xb[0], x[1], xb[1], x[2], xb[2], 4));

// Tiles with ragged ends.
ADSTENCIL_KERNEL void tiled_2d(real* y, const real* u, int nx, int ny) {
  constexpr int tile = 4;
  for (int jj = 1; jj < ny - 1; jj += tile)
    for (int ii = 1; ii < nx - 1; ii += tile) {
      const int jend = jj + tile < ny - 1 ? jj + tile : ny - 1;
      const int iend = ii + tile < nx - 1 ? ii + tile : nx - 1;
      for (int j = jj; j < jend; ++j)
        for (int i = ii; i < iend; ++i)
          y[i + nx * j] =
              u[i + nx * j] * (u[i + 1 + nx * j] - u[i - 1 + nx * j]) + u[i + nx * (j + 1)] * u[i + nx * (j - 1)];
    }
}
LAW_CASE(tiled_2d, arrays(out("y", 11 * 8), in("u", 11 * 8)), (x[0], x[1], 11, 8), (x[0], xb[0], x[1], xb[1], 11, 8));

// Lower triangle of a product of matrices: the inner bounds are outer indices.
ADSTENCIL_KERNEL void triangular(real* c, const real* a, int n) {
  for (int i = 0; i < n; ++i)
    for (int j = 0; j <= i; ++j) {
      real sum = 0;
      for (int k = j; k < n; ++k)
        sum += a[i * n + k] * a[j * n + k];
      c[i * n + j] = sum;
    }
}
LAW_CASE(triangular, arrays(out("c", 36), in("a", 36)), (x[0], x[1], 6), (x[0], xb[0], x[1], xb[1], 6));

// Loops that do not run at all, known only at run time.
ADSTENCIL_KERNEL void zero_trip(real* y, const real* u, int n, int inner, int none) {
  for (int i = 0; i < n; ++i) {
    y[i] = u[i] * u[i];
    for (int k = 0; k < inner * (i % 2); ++k)
      y[i] += u[k] * u[i];
  }
  for (int i = 0; i < none; ++i)
    y[i] = u[n + i];
}
LAW_CASE(zero_trip, arrays(out("y", 12), in("u", 12)), (x[0], x[1], 12, 3, 0), (x[0], xb[0], x[1], xb[1], 12, 3, 0));

// Interior, then the boundary as loops of their own that read what the interior wrote.
ADSTENCIL_KERNEL void boundary_and_interior(real* y, const real* u, int nx, int ny) {
  for (int j = 1; j < ny - 1; ++j)
    for (int i = 1; i < nx - 1; ++i)
      y[i + nx * j] = u[i + nx * j] * u[i - 1 + nx * j] + u[i + nx * (j + 1)] * u[i + nx * (j - 1)];
  for (int i = 1; i < nx - 1; ++i) {
    y[i] = y[i + nx];
    y[i + nx * (ny - 1)] = 2 * y[i + nx * (ny - 2)] - u[i];
  }
  for (int j = 0; j < ny; ++j) {
    y[nx * j] = -y[1 + nx * j];
    y[nx - 1 + nx * j] = y[nx - 2 + nx * j] * u[nx * j];
  }
}
LAW_CASE(boundary_and_interior, arrays(out("y", 7 * 6), in("u", 7 * 6)), (x[0], x[1], 7, 6),
         (x[0], xb[0], x[1], xb[1], 7, 6));

// Staggered grid: the flux array has one column more than the cell array.
ADSTENCIL_KERNEL void staggered_2d(real* qx, real* qy, const real* p, const real* k, int nx, int ny) {
  for (int j = 0; j < ny; ++j)
    for (int i = 1; i < nx; ++i)
      qx[i + (nx + 1) * j] = -0.5 * (k[i - 1 + nx * j] + k[i + nx * j]) * (p[i + nx * j] - p[i - 1 + nx * j]);
  for (int j = 1; j < ny; ++j)
    for (int i = 0; i < nx; ++i)
      qy[i + nx * j] = -2 / (1 / k[i + nx * (j - 1)] + 1 / k[i + nx * j]) * (p[i + nx * j] - p[i + nx * (j - 1)]);
}
LAW_CASE(staggered_2d, arrays(out("qx", 7 * 5), out("qy", 6 * 6), in("p", 6 * 5), in("k", 6 * 5)),
         (x[0], x[1], x[2], x[3], 6, 5), (x[0], xb[0], x[1], xb[1], x[2], xb[2], x[3], xb[3], 6, 5));

// One flat loop; row and column come from division and remainder.
ADSTENCIL_KERNEL void flat_index_2d(real* y, const real* u, int nx, int ny) {
  for (int p = 0; p < nx * ny; ++p) {
    const int i = p % nx, j = p / nx;
    if (i > 0 && j > 0)
      y[p] = u[p] * u[p - 1] + u[p - nx] * real(i + 2 * j);
    else
      y[p] = u[p];
  }
}
LAW_CASE(flat_index_2d, arrays(out("y", 35), in("u", 35)), (x[0], x[1], 7, 5), (x[0], xb[0], x[1], xb[1], 7, 5));

// Pointers that walk.
ADSTENCIL_KERNEL void walking_pointers(real* y, const real* u, int n) {
  const real* end = u + n;
  for (const real* p = u + 1; p != end; ++p)
    *y++ = p[0] * p[-1];
  const real* q = end;
  while (q-- > u)
    *y++ = *q * *q;
}
LAW_CASE(walking_pointers, arrays(out("y", 30), in("u", 15)), (x[0], x[1], 15), (x[0], xb[0], x[1], xb[1], 15));

// do-while with two counters, one of them multiplied.
ADSTENCIL_KERNEL void doubling_index(real* y, const real* u, int n) {
  int k = 1, count = 0;
  do {
    y[count] = u[k] * u[k - 1];
    k *= 2;
    ++count;
  } while (k < n);
}
LAW_CASE(doubling_index, arrays(out("y", 8), in("u", 64)), (x[0], x[1], 64), (x[0], xb[0], x[1], xb[1], 64));

// Two counters in one loop, towards each other.
ADSTENCIL_KERNEL void from_both_ends(real* y, const real* u, int n) {
  for (int i = 0, j = n - 1; i < j; ++i, --j) {
    y[i] = u[i] * u[j];
    y[j] = u[i] - u[j] * u[j];
  }
}
LAW_CASE(from_both_ends, arrays(out("y", 17), in("u", 17)), (x[0], x[1], 17), (x[0], xb[0], x[1], xb[1], 17));

// Constants whose squares no float can hold: the result is used for the partial of a quotient, but not its square.
ADSTENCIL_KERNEL void over_small_and_large(real* y, const real* u, int n) {
  for (int i = 0; i < n; ++i)
    y[i] = (real(1e-25) / (2 + u[i])) * real(1e25) + (real(1e25) / (3 + u[i])) * real(1e-25);
}
LAW_CASE(over_small_and_large, arrays(out("y", 20), in("u", 20)), (x[0], x[1], 20), (x[0], xb[0], x[1], xb[1], 20))
    .reference([](call_arguments) {
      for (int i = 0; i < 20; ++i) {
        const real u = x[1][i];
        xb[1][i] -= (1 / ((2 + u) * (2 + u)) + 1 / ((3 + u) * (3 + u))) * xb[0][i];
        xb[0][i] = 0;
      }
    });

// Two time levels in one array, a step without products: __vjp_ leaves the shadow of an array alone that the kernel
// stores to, so that __adjoint_ cannot have what it adds to the older level from there.
ADSTENCIL_KERNEL void next_level(real* u, int n) {
  for (int i = 1; i < n - 1; ++i)
    u[i + n] = u[i] + real(0.25) * (u[i - 1] - 2 * u[i] + u[i + 1]);
}
LAW_CASE(next_level, arrays(out("u", 80)), (x[0], 40), (x[0], xb[0], 40)).reference([](call_arguments) {
  for (int i = 1; i < 39; ++i) {
    const real seed = xb[0][i + 40];
    xb[0][i - 1] += real(0.25) * seed;
    xb[0][i] += real(0.5) * seed;
    xb[0][i + 1] += real(0.25) * seed;
    xb[0][i + 40] = 0;
  }
});

// A tile whose points share a flux, scaled by an active number that is read in front of the nest.
static real steep_flux(real a, real b) {
  return std::sqrt(1 + a * a + b * b) * std::exp(real(0.1) * (a - b)) / (2 + a * b);
}
ADSTENCIL_KERNEL ADSTENCIL_STRATEGY("tile") void shared_flux_scaled(real* y, const real* u, const real* w, int nx,
                                                                    int ny) {
  const real a = w[0];
  for (int j = 0; j < ny; ++j)
    for (int i = 1; i < nx - 1; ++i) {
      const int p = i + nx * j;
      y[p] = u[p] - a * (steep_flux(u[p + 1], u[p]) - steep_flux(u[p], u[p - 1]));
    }
}
LAW_CASE(shared_flux_scaled, arrays(out("y", 63), in("u", 63), in("w", 1)), (x[0], x[1], x[2], 9, 7),
         (x[0], xb[0], x[1], xb[1], x[2], xb[2], 9, 7));

// What the last point reads at the other end of a row, and the last row of the first one, where no point reads a
// neighbour.
ADSTENCIL_KERNEL void other_end(real* un, const real* u, int nx, int ny) {
  for (int j = 0; j < ny; ++j)
    for (int i = 0; i < nx; ++i) {
      real sum = u[i + nx * j] * u[i + nx * j];
      if (i == nx - 1)
        sum += real(3) * u[nx * j];
      if (j == ny - 1)
        sum *= u[i];
      un[i + nx * j] = sum;
    }
}
LAW_CASE(other_end, arrays(out("un", 9 * 7), in("u", 9 * 7)), (x[0], x[1], 9, 7), (x[0], xb[0], x[1], xb[1], 9, 7));

// The same where that cell is in front of all that is read otherwise.
ADSTENCIL_KERNEL void other_end_in_front(real* un, const real* u, int n) {
  for (int i = 0; i < n; ++i)
    un[i] = u[i + 1] * u[i + 1] + (i == n - 1 ? real(3) * u[0] : real(0));
}
LAW_CASE(other_end_in_front, arrays(out("un", 23), in("u", 24)), (x[0], x[1], 23), (x[0], xb[0], x[1], xb[1], 23));

// Around one axis and beside along the other: rows of a helix, and the first column as seen from the row below.
ADSTENCIL_KERNEL void helix(real* un, const real* u, int nx, int ny) {
  for (int j = 0; j < ny; ++j)
    for (int i = 0; i < nx; ++i)
      un[i + nx * j] = real(2) * (i > 0 ? u[i - 1 + nx * j] : u[nx - 1 + nx * (j + 1)]);
}
LAW_CASE(helix, arrays(out("un", 5 * 4), in("u", 5 * 5)), (x[0], x[1], 5, 4), (x[0], xb[0], x[1], xb[1], 5, 4));

ADSTENCIL_KERNEL void around_and_below(real* un, const real* u, int nx, int ny) {
  for (int j = 0; j < ny; ++j)
    for (int i = 0; i < nx; ++i)
      un[i + nx * j] = u[i + nx * j] * (i < nx - 1 ? u[i + 1 + nx * j] : u[(j > 0 ? j - 1 : 0) * nx]);
}
LAW_CASE(around_and_below, arrays(out("un", 5 * 4), in("u", 5 * 4)), (x[0], x[1], 5, 4),
         (x[0], xb[0], x[1], xb[1], 5, 4));

// A window of a row that moves on with the loop: what it keeps is loaded again, and the nest is a gather.
ADSTENCIL_KERNEL void moving_window(real* un, const real* u, int n) {
  real left = u[0], here = u[1];
  for (int i = 1; i < n - 1; ++i) {
    const real right = u[i + 1];
    un[i] = here * (left + right);
    left = here;
    here = right;
  }
}
LAW_CASE(moving_window, arrays(out("un", 23), in("u", 23)), (x[0], x[1], 23), (x[0], xb[0], x[1], xb[1], 23));

// Rows from above to below, with the row above of another array at first: that one is carried.
ADSTENCIL_KERNEL void carried_rows(real* un, const real* u, const real* top, int nx, int ny) {
  for (int i = 0; i < nx; ++i) {
    real above = top[i], here = u[i];
    for (int j = 0; j < ny - 1; ++j) {
      const real below = u[i + nx * (j + 1)];
      un[i + nx * j] = above - real(2) * here + below * real(0.5);
      above = here;
      here = below;
    }
  }
}
LAW_CASE(carried_rows, arrays(out("un", 7 * 6), in("u", 7 * 6), in("top", 7)), (x[0], x[1], x[2], 7, 6),
         (x[0], xb[0], x[1], xb[1], x[2], xb[2], 7, 6));

} // namespace LAW_VARIANT
