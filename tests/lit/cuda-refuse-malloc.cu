// Memory from the heap of the device.
//
// RUN: %cuda_verify %s
// RUN: %cuda_verify -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

ADSTENCIL_KERNEL __global__ void K(double* y, const double* u, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  auto* work = static_cast<double*>(malloc(2 * sizeof(double))); // expected-error-re {{cannot differentiate 'K': {{.*}}allocates memory inside the kernel}} expected-note {{allocate before the kernel}}
  work[0] = u[i];
  y[i] = work[0] * u[i];
  free(work);
}

void use(double* y, double* yb, const double* u, double* ub) {
  __adjoint_K<<<4, 32>>>(y, yb, u, ub, 100);
}
