// A stencil on a grid is gathered: a nest of points, one writer a cell, no atomic instruction for a GPU. The second phase
// of __adjoint_ is a second launch, in the host stub and nowhere else.
//
// RUN: %cuda_plan %s 2>&1 | FileCheck %s
// RUN: %cuda_clang -O3 -S -o - %s | FileCheck %s --check-prefix=PTX
// RUN: %cuda_clang -O0 -S -o - %s | FileCheck %s --check-prefix=PLAIN
// RUN: %cpu_device_clang -O3 -S -emit-llvm -o - %s | FileCheck %s --check-prefix=CPU
// RUN: %cpu_device_clang -fplugin-arg-adstencil-device=cuda -S -emit-llvm -o - %s | FileCheck %s --check-prefix=HOST
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

// CHECK-LABEL: adjoint of heat
// CHECK: {{^ *}}un {{ *}}written {{ *}}own-point, shadow carried back
// CHECK: {{^ *}}u {{ *}}read {{ *}}gather, 5 shifts
// CHECK: loop 1{{.*}}, points of the grid, nest of 2: gather, 5 points a cell, then a pass that carries back{{$}}
// CHECK-NEXT: u at (-1,0) (0,-1) (0,0) (0,1) (1,0)
// CHECK-NEXT: stored: 0 B
// CHECK-LABEL: vjp of heat
// CHECK: {{^ *}}un {{ *}}written {{ *}}own-point, shadow unchanged
// CHECK: loop 1{{.*}}, points of the grid, nest of 2: gather, 5 points a cell{{$}}

// PTX-NOT: {{atom\.|red\.}}
// PTX: ld.global.nc
// PTX-NOT: {{atom\.|red\.}}

// PLAIN-NOT: {{atom\.|red\.}}
// PLAIN: .entry {{.*}}__adjoint_heat
// PLAIN-NOT: {{atom\.|red\.}}

// CPU-NOT: atomicrmw
// CPU: define internal {{.*}}__adjoint_heat{{.*}}.row(
// CPU: load <{{[0-9]+}} x double>
// CPU-NOT: atomicrmw

// HOST: define{{.*}}__device_stub____adjoint_heat
// HOST: call {{.*}}@cudaFuncGetParamInfo
// HOST: call {{.*}}@cudaLaunchKernel
// HOST: call {{.*}}@cudaLaunchKernel
// HOST: define{{.*}}__device_stub____vjp_heat
// HOST-NOT: call {{.*}}@cudaFuncGetParamInfo
// HOST: call {{.*}}@cudaLaunchKernel
// HOST-NOT: call {{.*}}@cudaLaunchKernel
ADSTENCIL_KERNEL __global__ void heat(double* un, const double* u, double dt, int nx, int ny) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y;
  if (i < 1 || i >= nx - 1 || j < 1 || j >= ny - 1)
    return;
  const int p = i + nx * j;
  un[p] = u[p] + dt * u[p] * (u[p - 1] + u[p + 1] + u[p - nx] + u[p + nx] - 4 * u[p]);
}

void use(double* y, double* yb, const double* u, double* ub) {
  __adjoint_heat<<<4, 32>>>(y, yb, u, ub, 0.1, 100, 100);
  __vjp_heat<<<4, 32>>>(y, yb, u, ub, 0.1, 100, 100);
}
