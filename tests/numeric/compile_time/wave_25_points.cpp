// An acoustic wave equation of eighth order in space: 25 points. See compile_time.py.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

namespace {
constexpr double w0 = -205.0 / 72, w1 = 8.0 / 5, w2 = -1.0 / 5, w3 = 8.0 / 315, w4 = -1.0 / 560;
}

ADSTENCIL_KERNEL void wave(double* next, const double* u, const double* last, const double* c, int nx, int ny, int nz) {
#pragma omp parallel for schedule(static)
  for (int z = 4; z < nz - 4; ++z)
    for (int y = 4; y < ny - 4; ++y)
      for (int x = 4; x < nx - 4; ++x) {
        const long sy = nx, sz = static_cast<long>(nx) * ny, at = x + sy * y + sz * z;
        const double laplacian =
            3 * w0 * u[at] + w1 * (u[at - 1] + u[at + 1] + u[at - sy] + u[at + sy] + u[at - sz] + u[at + sz]) +
            w2 * (u[at - 2] + u[at + 2] + u[at - 2 * sy] + u[at + 2 * sy] + u[at - 2 * sz] + u[at + 2 * sz]) +
            w3 * (u[at - 3] + u[at + 3] + u[at - 3 * sy] + u[at + 3 * sy] + u[at - 3 * sz] + u[at + 3 * sz]) +
            w4 * (u[at - 4] + u[at + 4] + u[at - 4 * sy] + u[at + 4 * sy] + u[at - 4 * sz] + u[at + 4 * sz]);
        next[at] = 2 * u[at] - last[at] + c[at] * c[at] * laplacian;
      }
}

void run(double* next, double* next_bar, const double* u, double* u_bar, const double* last, double* last_bar,
         const double* c, double* c_bar, int nx, int ny, int nz) {
#ifdef __ADSTENCIL__
  __vjp_wave(next, next_bar, u, u_bar, last, last_bar, c, c_bar, nx, ny, nz);
  __adjoint_wave(next, next_bar, u, u_bar, last, last_bar, c, c_bar, nx, ny, nz);
#endif
  wave(next, u, last, c, nx, ny, nz);
}
