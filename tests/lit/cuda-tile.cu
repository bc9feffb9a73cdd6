// A heavy point function on a grid: its points are evaluated once each and exchanged through shared memory, without an
// atomic instruction. A light one stays a gather, a demand makes it a tile.
//
// RUN: %cuda_plan %s 2>&1 | FileCheck %s
// RUN: %cuda_clang -O3 -S -o %t.ptx %s
// RUN: FileCheck %s --input-file=%t.ptx --check-prefix=PTX
// RUN: FileCheck %s --input-file=%t.ptx --check-prefix=NOWHERE
// RUN: %cuda_clang -O0 -S -o %t.0.ptx %s
// RUN: FileCheck %s --input-file=%t.0.ptx --check-prefix=NOWHERE
// RUN: %cpu_device_clang -c -o /dev/null -fplugin-arg-adstencil-print-plan %s 2>&1 | FileCheck %s --check-prefix=CPU
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

// NOWHERE-LABEL: .entry {{.*}}__adjoint_weno
// NOWHERE-NOT: {{[[:space:]](atom|red)\.}}
// NOWHERE: ret;

// Plans are printed from the last kernel to the first.
// CHECK-LABEL: vjp of gathered at {{.*}}, demanded: gather
// CHECK: points of the grid, nest of 2: gather, 9 points a cell, merged{{$}}
// CHECK-LABEL: adjoint of weno
// CHECK: {{^ *}}u {{ *}}read {{ *}}tile, 11 shifts
// CHECK: loop 1{{.*}}, points of the grid, nest of 2: tile, each point once, 11 shifts, 256 points at a time for 251 cells, 32768 B shared, then a pass that carries back{{$}}
// CHECK-LABEL: vjp of light
// CHECK: points of the grid, nest of 2: gather, 5 points a cell{{$}}
// CHECK-LABEL: vjp of demanded at {{.*}}, demanded: tile
// CHECK: points of the grid, nest of 3: tile, each point once, 7 shifts, 512 points at a time for 420 cells, 36864 B shared{{$}}
// CHECK-LABEL: vjp of summed at {{.*}}, demanded: tile
// CHECK: points of the grid, nest of 3: tile, each point once, 8 shifts, 256 points at a time for 196 cells, 20480 B shared{{$}}
// CHECK-LABEL: vjp of far
// CHECK: points of the grid, nest of 1: gather, 2 points a cell (no tile: the surroundings of its points do not fit into the shared memory of a block){{$}}
//
// CPU-LABEL: adjoint of weno
// CPU: {{^ *}}u {{ *}}read {{ *}}gather, 11 shifts
// CPU-LABEL: vjp of demanded at {{.*}}, demanded: tile
// CPU: points of the grid, nest of 3: gather, 7 points a cell, 3 planes of cells together{{$}}

// Reads further apart than a plane is long: no tile, and why.
ADSTENCIL_KERNEL __global__ void far(double* un, const double* u, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < 300 || i >= n)
    return;
  un[i] = u[i] * u[i - 300];
}

// Beside active scalars there is less shared memory, and hence a smaller plane.
ADSTENCIL_STRATEGY("tile")
ADSTENCIL_KERNEL __global__ void summed(double* un, const double* u, ADSTENCIL_ACTIVE double a, int nx, int ny, int nz) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y,
            k = blockIdx.z * blockDim.z + threadIdx.z;
  if (i < 1 || i >= nx - 1 || j < 1 || j >= ny - 1 || k < 1 || k >= nz - 1)
    return;
  const int p = i + nx * (j + ny * k), s = nx * ny;
  un[p] = a * u[p] * (u[p - 1] + u[p + 1] + u[p - nx] + u[p + nx] + u[p - s] + u[p + s] + u[p + 1 + s]);
}

// The CPU device has no use for shared memory and gathers by rows, also where a tile is demanded.
ADSTENCIL_STRATEGY("tile")
ADSTENCIL_KERNEL __global__ void demanded(double* un, const double* u, int nx, int ny, int nz) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y,
            k = blockIdx.z * blockDim.z + threadIdx.z;
  if (i < 1 || i >= nx - 1 || j < 1 || j >= ny - 1 || k < 1 || k >= nz - 1)
    return;
  const int p = i + nx * (j + ny * k), s = nx * ny;
  un[p] = u[p] * (u[p - 1] + u[p + 1] + u[p - nx] + u[p + nx] + u[p - s] + u[p + s]);
}

ADSTENCIL_KERNEL __global__ void light(double* un, const double* u, int nx, int ny) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y;
  if (i < 1 || i >= nx - 1 || j < 1 || j >= ny - 1)
    return;
  const int p = i + nx * j;
  un[p] = u[p] * (u[p - 1] + u[p + 1] + u[p - nx] + u[p + nx]);
}

__device__ double square(double v) { return v * v; }
__device__ double reconstruct(double v0, double v1, double v2, double v3, double v4) {
  const double b0 = 13.0 / 12 * square(v0 - 2 * v1 + v2) + 0.25 * square(v0 - 4 * v1 + 3 * v2);
  const double b1 = 13.0 / 12 * square(v1 - 2 * v2 + v3) + 0.25 * square(v1 - v3);
  const double b2 = 13.0 / 12 * square(v2 - 2 * v3 + v4) + 0.25 * square(3 * v2 - 4 * v3 + v4);
  const double w0 = 0.1 / square(1e-6 + b0), w1 = 0.6 / square(1e-6 + b1), w2 = 0.3 / square(1e-6 + b2);
  return (w0 * (2 * v0 - 7 * v1 + 11 * v2) + w1 * (5 * v2 - v1 + 2 * v3) + w2 * (2 * v2 + 5 * v3 - v4)) /
         (6 * (w0 + w1 + w2));
}

// Eleven buffers and a window of five rows, of 256 doubles each. One code for a point, its contributions between two
// barriers, one addition to each cell; the second phase is another one.
//
// PTX-LABEL: .entry {{.*}}__adjoint_weno
// PTX: .shared .align 16 .b8 {{.*}}__adjoint_weno{{.*}}[32768];
// PTX: bar.sync
// PTX-NOT: ld.shared
// PTX: st.shared.b64
// PTX-NOT: ld.shared
// PTX: bar.sync
// PTX-NOT: bar.sync
// PTX: ld.shared.b64
// PTX: st.global.b64
// PTX-NOT: bar.sync
// PTX: ret;
ADSTENCIL_KERNEL __global__ void weno(double* un, const double* u, double a, double b, int nx, int ny) {
  const int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x < 3 || x >= nx - 2 || y < 3 || y >= ny - 2)
    return;
  const int s = nx, c = x + s * y;
  const double east = reconstruct(u[c - 2], u[c - 1], u[c], u[c + 1], u[c + 2]);
  const double west = reconstruct(u[c - 3], u[c - 2], u[c - 1], u[c], u[c + 1]);
  const double north = reconstruct(u[c - 2 * s], u[c - s], u[c], u[c + s], u[c + 2 * s]);
  const double south = reconstruct(u[c - 3 * s], u[c - 2 * s], u[c - s], u[c], u[c + s]);
  un[c] = u[c] - a * (east - west) - b * (north - south);
}

ADSTENCIL_STRATEGY("gather")
ADSTENCIL_KERNEL __global__ void gathered(double* un, const double* u, int nx, int ny) {
  const int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x < 2 || x >= nx - 2 || y < 2 || y >= ny - 2)
    return;
  const int c = x + nx * y;
  un[c] = reconstruct(u[c - 2], u[c - 1], u[c], u[c + 1], u[c + 2]) *
          reconstruct(u[c - 2 * nx], u[c - nx], u[c], u[c + nx], u[c + 2 * nx]);
}

void use(double* y, double* yb, const double* u, double* ub) {
  __adjoint_weno<<<4, 32>>>(y, yb, u, ub, 0.1, 0.1, 100, 100);
  __vjp_gathered<<<4, 32>>>(y, yb, u, ub, 100, 100);
  __vjp_light<<<4, 32>>>(y, yb, u, ub, 100, 100);
  __vjp_demanded<<<4, 32>>>(y, yb, u, ub, 100, 100, 100);
  __vjp_summed<<<4, 32>>>(y, yb, u, ub, 0.1, ub, 100, 100, 100);
  __vjp_far<<<4, 32>>>(y, yb, u, ub, 1000);
}
