// A sum by compare-and-swap, as it was written before atomicAdd for double.
//
// RUN: %cuda_verify %s
// RUN: %cuda_verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

ADSTENCIL_KERNEL __global__ void K(double* y, const double* u, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  auto* bits = reinterpret_cast<unsigned long long*>(y);
  unsigned long long seen = *bits, expected;
  do {
    expected = seen;
    seen = atomicCAS(bits, expected, __double_as_longlong(u[i] + __longlong_as_double(expected))); // expected-error-re {{cannot differentiate 'K': {{.*}}atomicCAS}} expected-note {{use atomicAdd}}
  } while (expected != seen);
}

void use(double* y, double* yb, const double* u, double* ub) {
  __adjoint_K<<<4, 32>>>(y, yb, u, ub, 100);
}
