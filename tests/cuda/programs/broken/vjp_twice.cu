// The shadow of u cannot be kept: with b = 0 a thread stores to u[a * j] twice. The derivative tests that when it runs
// and stops, and the program goes on with an error.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

#include <cstdio>

ADSTENCIL_KERNEL __global__ void boundary(double* u, int a, int b) {
  const int j = threadIdx.x;
  u[a * j] = 2 * u[a * j + 1];
  u[b + a * j] = u[b + a * j + 1] * u[b + a * j + 1];
}

int main() {
  double *u = nullptr, *u_bar = nullptr;
  cudaMalloc(&u, 100 * sizeof(double));
  cudaMalloc(&u_bar, 100 * sizeof(double));
  cudaMemset(u, 0, 100 * sizeof(double));
  cudaMemset(u_bar, 0, 100 * sizeof(double));
  __vjp_boundary<<<1, 4>>>(u, u_bar, 10, 5);
  std::fprintf(stderr, "b = 5: %s\n", cudaGetErrorName(cudaDeviceSynchronize()));
  __vjp_boundary<<<1, 4>>>(u, u_bar, 10, 0);
  std::fprintf(stderr, "b = 0: %s\n", cudaGetErrorName(cudaDeviceSynchronize()));
}
