// Adjoints of grid-stride loops at the ends of their counters' types. Bounds that a counter cannot reach stop the
// kernel.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "check.h"

#include <adstencil/adstencil.h>

#include <climits>
#include <string_view>
#include <vector>

// The array begins at index `base`.
ADSTENCIL_KERNEL __global__ void part(double* y, const double* u, int first, int end, long base) {
  const int thread = blockIdx.x * blockDim.x + threadIdx.x;
  for (int i = first + thread; i < end; i += gridDim.x * blockDim.x)
    y[i - base] = u[i - base] * u[i - base + 1];
}

ADSTENCIL_KERNEL __global__ void wide(double* y, const double* u, long first, long end) {
  for (long i = long(blockIdx.x) * blockDim.x + threadIdx.x; i < end; i += gridDim.x * blockDim.x)
    if (i >= first)
      y[i - first] = u[i - first] * u[i - first + 1];
}

ADSTENCIL_KERNEL __global__ void counted(double* y, const double* u, unsigned end) {
  for (unsigned i = blockIdx.x * blockDim.x + threadIdx.x; i < end; i += gridDim.x * blockDim.x)
    y[i] = u[i] * u[i + 1];
}

// The array begins at index `base` of a row; an index is below 2^32 or wraps around.
ADSTENCIL_KERNEL __global__ void plane(double* y, const double* u, unsigned nx, unsigned ny, unsigned first,
                                       std::size_t base) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y;
  if (i < nx && j < ny) {
    const unsigned p = i + nx * (first + j);
    y[p - base] = u[p - base] * u[p - base + 1];
  }
}

// With n = 0 the first bound is the largest number, and so is the second: all threads have a point, or none.
ADSTENCIL_KERNEL __global__ void below(double* y, const double* u, unsigned n) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n - 1)
    y[i] = u[i] * u[i + 1];
}

ADSTENCIL_KERNEL __global__ void above(double* y, const double* u, unsigned n, unsigned m) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n && i > m - 1)
    y[i] = u[i] * u[i + 1];
}

/// Without an argument: launches that work, and one that stops itself. Otherwise that launch only.
int main(int argc, char** argv) {
  const std::string_view only = argc > 1 ? argv[1] : "";
  constexpr int cells = 11;
  double* memory;
  CHECK(cudaMalloc(&memory, 4 * cells * sizeof(double)));
  double *y = memory, *y_bar = y + cells, *u = y_bar + cells, *u_bar = u + cells;
  const auto prepare = [&] {
    std::vector<double> host(4 * cells, 0.0);
    for (int i = 0; i < cells; ++i)
      host[cells + i] = 1, host[2 * cells + i] = i + 1;
    CHECK(cudaMemcpy(memory, host.data(), host.size() * sizeof(double), cudaMemcpyHostToDevice));
  };
  const auto agrees = [&] {
    std::vector<double> bar(cells);
    CHECK(cudaMemcpy(bar.data(), u_bar, cells * sizeof(double), cudaMemcpyDeviceToHost));
    for (int i = 0; i < cells; ++i) // cell i is read with cell i + 1 by point i and with cell i - 1 by point i - 1
      if (bar[i] != (i < cells - 1 ? i + 2 : 0) + (i > 0 ? i : 0))
        return false;
    return true;
  };
  const int points = cells - 1;
  constexpr unsigned row = 5, rows = UINT_MAX / row; // 2^32 - 1 is 5 times this number
  const auto traps = [] { return cudaDeviceSynchronize() == cudaErrorLaunchFailure; };
  if (only == "plane") {
    __adjoint_plane<<<dim3(1, 2), dim3(row, 1)>>>(y, y_bar, u, u_bar, row, 2, rows - 1, row * (rows - 1));
    REQUIRE(traps());
    return 0;
  }
  if (only == "below") {
    __adjoint_below<<<1, points>>>(y, y_bar, u, u_bar, 0);
    REQUIRE(traps());
    return 0;
  }
  for (const dim3 block : {dim3(1), dim3(4), dim3(64)}) {
    prepare();
    __adjoint_part<<<2, block>>>(y, y_bar, u, u_bar, -3, points - 3, -3);
    REQUIRE(agrees());
    prepare();
    __adjoint_part<<<1, block>>>(y, y_bar, u, u_bar, INT_MIN, INT_MIN + points, INT_MIN);
    REQUIRE(agrees());
    prepare();
    __adjoint_part<<<1, 1>>>(y, y_bar, u, u_bar, INT_MAX - points, INT_MAX, INT_MAX - points);
    REQUIRE(agrees());
    prepare();
    __adjoint_wide<<<3, block>>>(y, y_bar, u, u_bar, 1L << 33, (1L << 33) + points);
    REQUIRE(agrees());
    prepare();
    __adjoint_counted<<<2, block>>>(y, y_bar, u, u_bar, unsigned(points));
    REQUIRE(agrees());
  }
  prepare();
  __adjoint_plane<<<dim3(1, 2), dim3(row, 1)>>>(y, y_bar, u, u_bar, row, 2, rows - 2, row * (rows - 2));
  REQUIRE(agrees());
  prepare();
  __adjoint_below<<<1, points + 3>>>(y, y_bar, u, u_bar, unsigned(points + 1));
  REQUIRE(agrees());
  __adjoint_above<<<1, points>>>(y, y_bar, u, u_bar, unsigned(points), 0);
  REQUIRE(cudaDeviceSynchronize() == cudaSuccess);
  __adjoint_counted<<<1, 1>>>(y, y_bar, u, u_bar, 3000000000u);
  REQUIRE(traps());
  return 0;
}
