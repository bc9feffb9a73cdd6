// The CPU device alone makes no code for a GPU: without --cuda-host-only clang would go on to one.
//
// RUN: not %cuda_clang -fplugin-arg-adstencil-device=cpu -S -o /dev/null %s 2>&1 | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <cuda_runtime.h>

// CHECK: error: adstencil: device=cpu makes no code for GPUs
// CHECK-NEXT: note: add --cuda-host-only
__global__ void K(double* y) { y[threadIdx.x] = 1; }
