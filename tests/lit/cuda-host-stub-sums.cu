// The host stub of a derivative with an active scalar brings the buffer of its sums, whatever the linkage of the
// kernel.
//
// RUN: %cpu_device_clang -fplugin-arg-adstencil-device=cuda -S -emit-llvm -o - %s | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

ADSTENCIL_KERNEL static __global__ void S(double* y, ADSTENCIL_ACTIVE double a) { y[threadIdx.x] = a; }
namespace {
ADSTENCIL_KERNEL __global__ void T(double* y, ADSTENCIL_ACTIVE double a) { y[threadIdx.x] = a; }
} // namespace

// CHECK: define{{.*}}__device_stub____adjoint_S
// CHECK: call {{.*}}@cudaMallocAsync
// CHECK: call {{.*}}@cudaLaunchKernel
// CHECK: call {{.*}}@cudaFreeAsync
// CHECK: define{{.*}}__device_stub____vjp_T
// CHECK: call {{.*}}@cudaMallocAsync

void use(double* y, double* yb, double* ab) {
  __adjoint_S<<<1, 1>>>(y, yb, 1, ab);
  __vjp_T<<<1, 1>>>(y, yb, 1, ab);
}
