// The CPU device takes the kernels of one file at a time: separate compilation of device code is refused, once and in words.
//
// RUN: not %cpu_device_clang -fgpu-rdc -c -o %t.o %s 2>&1 | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

// CHECK: error: {{.*}}the CPU device does not link device code of several files (-fgpu-rdc)
// CHECK-NEXT: note: compile without -fgpu-rdc
// CHECK-NOT: Stack dump
ADSTENCIL_KERNEL __global__ void K(double* y, const double* u, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n)
    y[i] = u[i] * u[i];
}
