// A loop that each thread has for itself along an axis that the launch does not have is an axis of the nest: gathered,
// without an atomic instruction, and in place without a record.
//
// RUN: %cuda_plan %s 2>&1 | FileCheck %s
// RUN: %cuda_plan -O3 %s 2>&1 | FileCheck %s
// RUN: %cuda_clang -O3 -S -o - %s | FileCheck %s --check-prefix=PTX
// RUN: %cuda_clang -O0 -S -o - %s | FileCheck %s --check-prefix=PTX
// RUN: %cpu_device_clang -O3 -S -emit-llvm -o - %s | FileCheck %s --check-prefix=CPU
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

// CHECK-LABEL: adjoint of carried
// CHECK: {{^ *}}u {{ *}}read {{ *}}gather, 5 shifts
// CHECK: points of the grid, nest of 3: gather, 5 points a cell
// CHECK-LABEL: adjoint of in_place
// CHECK: points of the grid, nest of 2: each point once, in any order
// CHECK-LABEL: adjoint of two
// CHECK: {{^ *}}u {{ *}}read {{ *}}gather, 4 shifts
// CHECK: points of the grid, nest of 3: gather, 4 points a cell
// CHECK-LABEL: adjoint of down
// CHECK: {{^ *}}u {{ *}}read {{ *}}gather, 2 shifts
// CHECK: points of the grid, nest of 2: gather, 2 points a cell
// CHECK-LABEL: adjoint of position
// CHECK: {{^ *}}u {{ *}}read {{ *}}gather, 3 shifts
// CHECK: points of the grid, nest of 3: gather, 3 points a cell
// CHECK-LABEL: adjoint of planes
// CHECK: {{^ *}}u {{ *}}read {{ *}}gather, 7 shifts
// CHECK: points of the grid, nest of 3: gather, 7 points a cell

// PTX-NOT: {{atom\.|red\.}}
// PTX: .entry {{.*}}__adjoint_carried
// PTX-NOT: {{atom\.|red\.}}
// PTX: .entry {{.*}}__adjoint_in_place
// PTX-NOT: {{atom\.|red\.}}
// PTX: .entry {{.*}}__adjoint_planes
// PTX-NOT: {{atom\.|red\.}}

// CPU-NOT: atomicrmw
// CPU: define internal {{.*}}__adjoint_
// CPU-NOT: atomicrmw

ADSTENCIL_KERNEL __global__ void planes(double* un, const double* u, int nx, int ny, int nz) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y;
  if (i > 0 && i < nx - 1 && j > 0 && j < ny - 1)
    for (int k = 1; k < nz - 1; ++k) {
      const int p = (k * ny + j) * nx + i;
      un[p] = u[p] * (u[p - 1] + u[p + 1] + u[p - nx] + u[p + nx] + u[p - nx * ny] + u[p + nx * ny]);
    }
}

ADSTENCIL_KERNEL __global__ void position(double* un, const double* u, int nx, int ny, int nz) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y;
  if (i < 1 || i >= nx || j >= ny)
    return;
  int p = i + nx * j;
  for (int k = 0; k < nz - 1; ++k) {
    un[p] = u[p] * u[p - 1] + u[p + nx * ny] * u[p + nx * ny];
    p += nx * ny;
  }
}

ADSTENCIL_KERNEL __global__ void down(double* un, const double* u, int nx, int nz) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < nx)
    for (int k = nz - 2; k > 0; --k)
      un[k * nx + i] = u[(k - 1) * nx + i] * u[(k + 1) * nx + i];
}

ADSTENCIL_KERNEL __global__ void two(double* un, const double* u, int nx, int ny, int nz) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < 1 || i >= nx - 1)
    return;
  for (int k = 1; k < nz - 1; ++k)
    for (int j = 1; j < ny - 1; ++j) {
      const int p = (k * ny + j) * nx + i;
      un[p] = u[p - 1] * u[p + nx] + u[p - nx * ny] * u[p + nx * ny];
    }
}

ADSTENCIL_KERNEL __global__ void in_place(double* u, const double* a, int nx, int nz) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < nx)
    for (int k = 0; k < nz; ++k)
      u[k * nx + i] = u[k * nx + i] * u[k * nx + i] * a[k * nx + i];
}

// What is kept for the next iteration is loaded again.
ADSTENCIL_KERNEL __global__ void carried(double* un, const double* u, int nx, int ny, int nz) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y;
  if (i < 1 || j < 1 || i >= nx - 1 || j >= ny - 1)
    return;
  int p = i + nx * j;
  double below = u[p], here = u[p + nx * ny];
  for (int k = 1; k < nz - 1; ++k) {
    p += nx * ny;
    const double above = u[p + nx * ny];
    un[p] = here * (below + above + u[p - 1] + u[p + 1]);
    below = here;
    here = above;
  }
}

void use(double* y, double* yb, const double* u, double* ub) {
  __adjoint_planes<<<4, 32>>>(y, yb, u, ub, 100, 10, 10);
  __adjoint_position<<<4, 32>>>(y, yb, u, ub, 100, 10, 10);
  __adjoint_down<<<4, 32>>>(y, yb, u, ub, 100, 10);
  __adjoint_two<<<4, 32>>>(y, yb, u, ub, 100, 10, 10);
  __adjoint_in_place<<<4, 32>>>(y, yb, u, ub, 100, 10);
  __adjoint_carried<<<4, 32>>>(y, yb, u, ub, 100, 10, 10);
}
