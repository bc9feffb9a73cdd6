// Writes one element behind an array in device memory.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <cuda_runtime.h>

__global__ void fill(double* out, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i <= n) // should be <
    out[i] = i;
}

int main() {
  double* out;
  cudaMalloc(&out, 100 * sizeof(double));
  fill<<<4, 32>>>(out, 100);
  cudaDeviceSynchronize();
  cudaFree(out);
}
