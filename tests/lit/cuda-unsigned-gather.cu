// Indices of 32 bits without a sign are gathered where every point uses them; a launch in which one wraps around traps.
// Of an index that only some points use nothing is assumed.
//
// RUN: %cuda_plan %s 2>&1 | FileCheck %s
// RUN: %cuda_plan -O3 %s 2>&1 | FileCheck %s
// RUN: %cuda_clang -O3 -S -o - %s | FileCheck %s --check-prefix=PTX
// RUN: %cuda_clang -O0 -S -o - %s | FileCheck %s --check-prefix=PTX
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

// CHECK-LABEL: adjoint of some
// CHECK: {{^ *}}u {{ *}}read {{ *}}scatter
// CHECK-LABEL: adjoint of volume
// CHECK: {{^ *}}u {{ *}}read {{ *}}gather, 2 shifts
// CHECK: points of the grid, nest of 3: gather, 2 points a cell
// CHECK-LABEL: adjoint of plane
// CHECK: {{^ *}}u {{ *}}read {{ *}}gather, 5 shifts
// CHECK: points of the grid, nest of 2: gather, 5 points a cell

// PTX: .entry {{.*}}__adjoint_volume
// PTX-NOT: {{atom\.|red\.}}
// PTX: trap
// PTX-NOT: {{atom\.|red\.}}
// PTX: .entry {{.*}}__adjoint_plane
// PTX-NOT: {{atom\.|red\.}}
// PTX: trap
// PTX-NOT: {{atom\.|red\.}}

ADSTENCIL_KERNEL __global__ void plane(double* un, const double* u, unsigned nx, unsigned ny) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y;
  if (i > 0 && i < nx - 1 && j > 0 && j < ny - 1) {
    const unsigned p = j * nx + i;
    un[p] = u[p] * (u[p - 1] + u[p + 1] + u[p - nx] + u[p + nx]);
  }
}

ADSTENCIL_KERNEL __global__ void volume(double* un, const double* u, unsigned nx, unsigned ny, unsigned nz) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y;
  if (i >= nx || j >= ny)
    return;
  for (unsigned k = 1; k < nz; k++)
    un[i + nx * (j + ny * k)] = u[i + nx * (j + ny * (k - 1))] * u[i + nx * (j + ny * k)];
}

ADSTENCIL_KERNEL __global__ void some(double* un, const double* u, unsigned nx, unsigned ny) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y;
  if (i < nx && j < ny)
    un[i + nx * j] = u[i + nx * j] * (j > 0 ? u[i + nx * (j - 1)] : 1.0);
}

void use(double* y, double* yb, const double* u, double* ub) {
  __adjoint_plane<<<4, 32>>>(y, yb, u, ub, 100, 10);
  __adjoint_volume<<<4, 32>>>(y, yb, u, ub, 100, 10, 10);
  __adjoint_some<<<4, 32>>>(y, yb, u, ub, 100, 10);
}
