// Remarks on CUDA kernels come from the device's half of the compilation; on the CPU device from the compilation inside
// that of the host, once.
//
// RUN: %cuda_clang -S -o /dev/null -Rpass=adstencil -Rpass-missed=adstencil %s 2>&1 | FileCheck %s
// RUN: %cuda_clang -O2 -S -o /dev/null -Rpass=adstencil -Rpass-missed=adstencil %s 2>&1 | FileCheck %s
// RUN: %cpu_device_clang -c -o /dev/null -Rpass=adstencil -Rpass-missed=adstencil %s 2>&1 | FileCheck %s
// RUN: %cpu_device_clang -O2 -c -o /dev/null -Rpass=adstencil -Rpass-missed=adstencil %s 2>&1 | FileCheck %s
// RUN: %cpu_device_clang -c -o /dev/null -Rpass-missed=adstencil %s 2>&1 | FileCheck %s --check-prefix=MISSED
// RUN: %cpu_device_clang -c -o /dev/null %s 2>&1 | FileCheck %s --check-prefix=SILENT --allow-empty
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

// CHECK: remark-cuda.cu:[[#@LINE+19]]:34: remark: adjoint of smooth
// CHECK-NEXT: y: written, own-point, shadow carried back
// CHECK-NEXT: u: read, gather, 2 shifts
// CHECK: remark-cuda.cu:[[#@LINE+13]]:{{[0-9]+}}: remark: adjoint of scattered: 'u' is not gathered
// CHECK: remark-cuda.cu:[[#@LINE+9]]:34: remark: adjoint of scattered
// CHECK-NEXT: y: written, own-point
// CHECK-NEXT: u: read, scatter, atomic adds
// CHECK: remark-cuda.cu:{{[0-9]+}}:{{[0-9]+}}: remark: adjoint of scattered: the grid is not a gather: where 'y' is stored
// CHECK-NOT: remark: adjoint
// MISSED-NOT: -Rpass=
// MISSED: remark: adjoint of scattered: 'u' is not gathered
// MISSED-NOT: remark: adjoint of smooth
// SILENT-NOT: remark
ADSTENCIL_KERNEL __global__ void scattered(double* y, const double* u, const int* to, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i > 0 && i < n - 1)
    y[to[i]] = u[i - 1] + u[i + 1];
}

ADSTENCIL_KERNEL __global__ void smooth(double* y, const double* u, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i > 0 && i < n - 1)
    y[i] = u[i - 1] + u[i + 1];
}

void use(double* y, double* yb, const double* u, double* ub, const int* to) {
  __adjoint_smooth<<<4, 32>>>(y, yb, u, ub, 100);
  __adjoint_scattered<<<4, 32>>>(y, yb, u, ub, to, 100);
}
