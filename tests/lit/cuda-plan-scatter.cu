// Where the results go depends on data: what neighbours receive is added atomically, by scalar sums at the scope of the
// device.
//
// RUN: %cuda_plan %s 2>&1 | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %cuda_clang -O2 -S -emit-llvm -o - %s | FileCheck %s --check-prefix=IR
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

// CHECK-LABEL: adjoint of smooth
// CHECK: {{^ *}}y {{ *}}written {{ *}}own-point, shadow carried back
// CHECK: {{^ *}}u {{ *}}read {{ *}}scatter, atomic adds
// CHECK: no gather: where 'y' is stored to is not an affine function of the loop counters
// CHECK: stored: 0 B

// IR-LABEL: define {{.*}}__adjoint_smooth
// IR: atomicrmw fadd ptr {{.*}}, double {{.*}} syncscope("device")
// IR-NOT: cmpxchg
// IR-NOT: atomicrmw fadd ptr {{.*}}, <
ADSTENCIL_KERNEL __global__ void smooth(double* y, const double* u, const int* to, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i > 0 && i < n - 1)
    y[to[i]] = u[i - 1] + u[i + 1];
}

void use(double* y, double* yb, const double* u, double* ub, const int* to) {
  __adjoint_smooth<<<4, 32>>>(y, yb, u, ub, to, 100);
}
