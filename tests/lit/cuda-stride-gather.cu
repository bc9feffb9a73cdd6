// Grid-stride loops are gathered: no atomic instruction, whatever the bounds are written as, along some axes or all.
//
// RUN: %cuda_plan %s 2>&1 | FileCheck %s
// RUN: %cuda_plan -O3 %s 2>&1 | FileCheck %s
// RUN: %cuda_clang -O3 -S -o - %s | FileCheck %s --check-prefix=PTX
// RUN: %cuda_clang -O0 -S -o - %s | FileCheck %s --check-prefix=PTX
// RUN: %cpu_device_clang -O3 -S -emit-llvm -o - %s | FileCheck %s --check-prefix=CPU
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

// CHECK-LABEL: adjoint of counted
// CHECK: {{^ *}}u {{ *}}read {{ *}}gather, 2 shifts
// CHECK: points of the grid, nest of 1: gather
// CHECK-LABEL: adjoint of volume
// CHECK: {{^ *}}u {{ *}}read {{ *}}gather, 2 shifts
// CHECK: points of the grid, nest of 3: gather, 2 points a cell, then
// CHECK-LABEL: adjoint of rows
// CHECK: {{^ *}}u {{ *}}read {{ *}}gather, 2 shifts
// CHECK: points of the grid, nest of 2: gather, 2 points a cell, then
// CHECK-LABEL: adjoint of plane
// CHECK: {{^ *}}u {{ *}}read {{ *}}gather, 5 shifts
// CHECK: points of the grid, nest of 2: gather, 5 points a cell
// CHECK-LABEL: adjoint of bounded
// CHECK: {{^ *}}u {{ *}}read {{ *}}gather, 3 shifts
// CHECK: points of the grid, nest of 1: gather, 3 points a cell
// CHECK-LABEL: adjoint of guarded
// CHECK: {{^ *}}un {{ *}}written {{ *}}own-point, shadow carried back
// CHECK: {{^ *}}u {{ *}}read {{ *}}gather, 2 shifts
// CHECK: points of the grid, nest of 1: gather, 2 points a cell, then a pass that carries back{{$}}
// CHECK-NEXT: u at (-1) (1)

// The 32-bit counter without a sign may have more points than its index can count, and n - 1 without a sign may wrap.
// PTX-NOT: {{atom\.|red\.}}
// PTX: .entry {{.*}}__adjoint_counted
// PTX: trap
// PTX-NOT: {{atom\.|red\.}}
// PTX: .entry {{.*}}__adjoint_volume
// PTX-NOT: {{atom\.|red\.|trap}}
// PTX: .entry {{.*}}__adjoint_bounded
// PTX-NOT: {{atom\.|red\.}}
// PTX: trap
// PTX-NOT: {{atom\.|red\.|trap}}

// CPU-NOT: atomicrmw
// CPU: define internal {{.*}}__adjoint_
// CPU-NOT: atomicrmw

ADSTENCIL_KERNEL __global__ void guarded(double* un, const double* u, int n) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    if (i >= 1 && i < n - 1)
      un[i] = u[i - 1] + u[i + 1] * u[i + 1];
}

ADSTENCIL_KERNEL __global__ void bounded(double* un, const double* u, unsigned long n) {
  const unsigned long stride = (unsigned long)gridDim.x * blockDim.x;
  for (unsigned long i = (unsigned long)blockIdx.x * blockDim.x + threadIdx.x + 1; i < n - 1; i += stride)
    un[i] = u[i - 1] * u[i + 1] / u[i];
}

ADSTENCIL_KERNEL __global__ void plane(double* un, const double* u, int nx, int ny) {
  for (int j = 1 + blockIdx.y * blockDim.y + threadIdx.y; j < ny - 1; j += gridDim.y * blockDim.y)
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < nx; i += gridDim.x * blockDim.x) {
      if (i == 0 || i > nx - 2)
        continue;
      const int p = i + nx * j;
      un[p] = u[p] * (u[p - 1] + u[p + 1] + u[p - nx] + u[p + nx]);
    }
}

ADSTENCIL_KERNEL __global__ void rows(double* un, const double* u, int nx, int ny) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < 1 || i >= nx)
    return;
  for (int j = blockIdx.y * blockDim.y + threadIdx.y; j < ny; j += gridDim.y * blockDim.y)
    un[i + nx * j] = un[i + nx * j] * u[i + nx * j] * u[i - 1 + nx * j];
}

ADSTENCIL_KERNEL __global__ void volume(double* un, const double* u, int nx, int ny, int nz) {
  for (int k = blockIdx.z * blockDim.z + threadIdx.z + 1; k < nz; k += gridDim.z * blockDim.z)
    for (int j = blockIdx.y * blockDim.y + threadIdx.y; j < ny; j += gridDim.y * blockDim.y)
      for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < nx; i += gridDim.x * blockDim.x)
        un[i + nx * (j + ny * k)] = u[i + nx * (j + ny * k)] * u[i + nx * (j + ny * (k - 1))];
}

ADSTENCIL_KERNEL __global__ void counted(double* un, const double* u, unsigned n) {
  for (unsigned i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    un[i] = u[i] * u[i + 1];
}

void use(double* y, double* yb, const double* u, double* ub) {
  __adjoint_guarded<<<4, 32>>>(y, yb, u, ub, 100);
  __adjoint_bounded<<<4, 32>>>(y, yb, u, ub, 100);
  __adjoint_plane<<<4, 32>>>(y, yb, u, ub, 100, 10);
  __adjoint_rows<<<4, 32>>>(y, yb, u, ub, 100, 10);
  __adjoint_volume<<<4, 32>>>(y, yb, u, ub, 100, 10, 10);
  __adjoint_counted<<<4, 32>>>(y, yb, u, ub, 100);
}
