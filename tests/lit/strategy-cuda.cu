// A strategy of a CUDA kernel, in front of __global__ and behind it, on a GPU and on the CPU device, by name and through
// the header.
//
// RUN: %cuda_plan %s 2>&1 | FileCheck %s
// RUN: %cuda_clang -O2 -S -emit-llvm -o - %s | FileCheck %s --check-prefix=IR
// RUN: %cpu_device_clang -c -o /dev/null -fplugin-arg-adstencil-print-plan %s 2>&1 | FileCheck %s
// RUN: %cpu_device_clang -O2 -S -emit-llvm -o - %s | FileCheck %s --check-prefix=IR
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// IR: define
// IR-NOT: adstencil-strategy
// IR-NOT: adstencil.strategy
#include <adstencil/adstencil.h>
#include <adstencil/launch.h>

#include <cuda_runtime.h>

// CHECK-DAG: adjoint of before at {{.*}}, demanded: scatter
ADSTENCIL_STRATEGY("scatter") ADSTENCIL_KERNEL __global__ void before(double* y, const double* u) { *y = *u; }

// CHECK-DAG: adjoint of behind at {{.*}}, demanded: scatter
__global__ ADSTENCIL_KERNEL ADSTENCIL_STRATEGY("scatter") void behind(double* y, const double* u) { *y = *u; }

// CHECK-DAG: adjoint of templated<double>{{.*}}, demanded: scatter
template <class T> ADSTENCIL_STRATEGY("scatter") __global__ void templated(T* y, const T* u) { *y = *u; }

void use(double* y, double* yb, const double* u, double* ub) {
  using namespace adstencil;
  __adjoint_before<<<1, 1>>>(y, yb, u, ub);
  __adjoint_behind<<<1, 1>>>(y, yb, u, ub);
  (void)launch_adjoint<&templated<double>>(launch_config(), shadowed(y, yb), shadowed(u, ub));
}
