// On the CPU device the lanes of a branch are told apart by where they ask for the active mask, so equal calls of two
// branches stay two calls.
//
// RUN: %adstencil_clang -x cuda --cuda-host-only -nocudainc -nocudalib -fplugin-arg-adstencil-device=cpu -O2 -S \
// RUN:   -emit-llvm -o - %s | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <cuda_runtime.h>

// CHECK: call i32 @__adstencil_active_mask({{.*}}) #[[KEPT:[0-9]+]]
// CHECK: call i32 @__adstencil_active_mask({{.*}}) #[[KEPT]]
// CHECK: attributes #[[KEPT]] = { {{.*}}convergent{{.*}}nomerge
__global__ void branches(unsigned int* out) {
  unsigned int mask = 0;
  if (threadIdx.x % 4 == 0)
    mask = __activemask();
  else
    mask = __activemask();
  out[threadIdx.x] = mask;
}

void use(unsigned int* out) { branches<<<1, 32>>>(out); }
