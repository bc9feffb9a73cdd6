// Clamped and periodic neighbours of CUDA kernels are gathered, without an atomic instruction: threads at the rim of the
// grid look at the other end, and that cells have one writer each is proved with the bounds at which a neighbour is read.
//
// RUN: %cuda_plan %s 2>&1 | FileCheck %s
// RUN: %cuda_plan -O3 %s 2>&1 | FileCheck %s
// RUN: %cuda_clang -O3 -S -o - %s | FileCheck %s --check-prefix=PTX
// RUN: %cuda_clang -O0 -S -o - %s | FileCheck %s --check-prefix=PTX
// RUN: %cpu_device_clang -O3 -S -emit-llvm -o - %s | FileCheck %s --check-prefix=CPU
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

// CHECK-LABEL: adjoint of sizes
// CHECK: {{^ *}}u {{ *}}read {{ *}}gather, 7 shifts
// CHECK: points of the grid, nest of 2: gather, 7 points a cell (no tile: it reads at the other end of the grid), then a pass
// CHECK-LABEL: adjoint of stride
// CHECK: {{^ *}}u {{ *}}read {{ *}}gather, 5 shifts
// CHECK: points of the grid, nest of 1: gather, 5 points a cell (no tile: it reads at the other end of the grid), then a pass
// CHECK-LABEL: adjoint of column
// CHECK: {{^ *}}u {{ *}}read {{ *}}gather, 5 shifts
// CHECK: points of the grid, nest of 2: gather, 5 points a cell (no tile: it reads at the other end of the grid), then a pass
// CHECK-LABEL: adjoint of around
// CHECK: {{^ *}}u {{ *}}read {{ *}}gather, 13 shifts
// CHECK: points of the grid, nest of 3: gather, 13 points a cell (no tile: it reads at the other end of the grid), then a pass
// CHECK-LABEL: adjoint of clamped
// CHECK: {{^ *}}u {{ *}}read {{ *}}gather, 7 shifts
// CHECK: points of the grid, nest of 2: gather, 7 points a cell, then a pass

// PTX-NOT: {{atom\.|red\.}}
// PTX: .entry {{.*}}__adjoint_stride
// PTX-NOT: {{atom\.|red\.}}
// PTX: .entry {{.*}}__adjoint_clamped
// PTX-NOT: {{atom\.|red\.}}

// CPU-NOT: atomicrmw
// CPU: define internal {{.*}}__adjoint_
// CPU-NOT: atomicrmw

ADSTENCIL_KERNEL __global__ void clamped(double* un, const double* u, int nx, int ny) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y;
  if (i >= nx || j >= ny)
    return;
  const int left = max(i - 1, 0), right = min(i + 1, nx - 1), below = j > 0 ? j - 1 : 0, above = j < ny - 1 ? j + 1 : j;
  un[i + nx * j] = u[i + nx * j] * (u[left + nx * j] + u[right + nx * j] + u[i + nx * below] + u[i + nx * above]) +
                   u[max(i - 2, 0) + nx * j] + u[min(i + 2, nx - 1) + nx * j];
}

ADSTENCIL_KERNEL __global__ void around(double* un, const double* u, int nx, int ny, int nz) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y,
            k = blockIdx.z * blockDim.z + threadIdx.z;
  if (i < nx && j < ny && k < nz) {
    auto at = [&](int i, int j, int k) { return u[(i + nx) % nx + nx * ((j + ny) % ny + ny * ((k + nz) % nz))]; };
    un[i + nx * (j + ny * k)] = at(i, j, k) * (at(i - 1, j, k) + at(i + 1, j, k) + at(i, j - 1, k) + at(i, j + 1, k) +
                                               at(i, j, k - 1) + at(i, j, k + 1));
  }
}

ADSTENCIL_KERNEL __global__ void column(double* un, const double* u, int nx, int nz) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= nx)
    return;
  for (int k = 0; k < nz; ++k) {
    const int below = k > 0 ? k - 1 : 0, above = k < nz - 1 ? k + 1 : nz - 1, right = (i + 1) % nx;
    un[i + nx * k] = u[i + nx * k] * (u[i + nx * below] + u[i + nx * above] + u[right + nx * k]);
  }
}

ADSTENCIL_KERNEL __global__ void stride(double* un, const double* u, int n) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    un[i] = u[i] * (u[i == 0 ? n - 1 : i - 1] - u[i == n - 1 ? 0 : i + 1]);
}

ADSTENCIL_KERNEL __global__ void sizes(double* un, const double* u, size_t nx, size_t ny) {
  const size_t i = blockIdx.x * size_t(blockDim.x) + threadIdx.x, j = blockIdx.y * size_t(blockDim.y) + threadIdx.y;
  if (i >= nx || j >= ny)
    return;
  const size_t left = i > 0 ? i - 1 : 0, right = (i + 1) % nx, below = j == 0 ? ny - 1 : j - 1,
               above = j < ny - 1 ? j + 1 : ny - 1;
  un[i + nx * j] = u[i + nx * j] * (u[left + nx * j] + u[right + nx * j] + u[i + nx * below] + u[i + nx * above]);
}

void use(double* y, double* yb, const double* u, double* ub, int n) {
  __adjoint_clamped<<<1, 64>>>(y, yb, u, ub, n, n);
  __adjoint_around<<<1, 64>>>(y, yb, u, ub, n, n, n);
  __adjoint_column<<<1, 64>>>(y, yb, u, ub, n, n);
  __adjoint_stride<<<1, 64>>>(y, yb, u, ub, n);
  __adjoint_sizes<<<1, 64>>>(y, yb, u, ub, n, n);
}
