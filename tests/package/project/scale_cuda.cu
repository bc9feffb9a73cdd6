// The same kernel and adjoint as a CUDA program on CPU cores, with the installed headers, runtime and CMake function.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>
#include <cuda_runtime.h>

#include <cstdio>

ADSTENCIL_KERNEL __global__ void scale(double* y, const double* x, double a, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n)
    y[i] = a * x[i] * x[i];
}

int main() {
  constexpr int n = 3;
  const double x[n] = {1, 2, 3}, y_bar[n] = {1, 1, 10}, expected[n] = {1, 2, 30};
  double x_bar[n];
  double* device[4];
  for (double*& array : device) {
    cudaMalloc(&array, sizeof x);
    cudaMemset(array, 0, sizeof x);
  }
  cudaMemcpy(device[1], y_bar, sizeof x, cudaMemcpyHostToDevice);
  cudaMemcpy(device[2], x, sizeof x, cudaMemcpyHostToDevice);
  __adjoint_scale<<<1, 32>>>(device[0], device[1], device[2], device[3], 0.5, n);
  cudaMemcpy(x_bar, device[3], sizeof x, cudaMemcpyDeviceToHost);
  for (double* array : device)
    cudaFree(array);
  if (const cudaError_t error = cudaGetLastError(); error != cudaSuccess) {
    std::printf("CUDA: %s\n", cudaGetErrorString(error));
    return 1;
  }
  for (int i = 0; i < n; ++i)
    if (x_bar[i] != expected[i]) {
      std::printf("at %d: x_bar = %g, expected %g\n", i, x_bar[i], expected[i]);
      return 1;
    }
}
