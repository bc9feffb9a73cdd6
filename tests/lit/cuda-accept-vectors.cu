// Two or four numbers at once: vector types, by way of __ldg, or through a pointer of another type.
//
// RUN: %cuda_plan %s 2>&1 | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

ADSTENCIL_KERNEL __global__ void K(float* y, const float* x, const double2* a, double2* b, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n)
    return;
  const float4 v = reinterpret_cast<const float4*>(x)[i];
  reinterpret_cast<float4*>(y)[i] = make_float4(v.x * v.y, v.y * v.z, v.z * v.w, v.w * v.w);
  const double2 w = __ldg(&a[i]);
  b[i] = make_double2(w.x * w.y, w.x - w.y);
}
// CHECK: adjoint of K
// CHECK: a {{ *}}read {{ *}}own-point
// CHECK: stored: 0 B

void use(float* y, float* yb, const float* x, float* xb, const double2* a, double2* ab, double2* b, double2* bb) {
  __adjoint_K<<<4, 32>>>(y, yb, x, xb, a, ab, b, bb, 100);
}
