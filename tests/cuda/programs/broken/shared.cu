// Asks for one element of shared memory less than its threads use.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <cuda_runtime.h>

extern __shared__ float values[];

__global__ void reverse(float* data) {
  values[threadIdx.x] = data[threadIdx.x];
  __syncthreads();
  data[threadIdx.x] = values[blockDim.x - 1 - threadIdx.x];
}

int main() {
  float* data;
  cudaMalloc(&data, 64 * sizeof(float));
  cudaMemset(data, 0, 64 * sizeof(float));
  reverse<<<1, 64, 63 * sizeof(float)>>>(data);
  cudaDeviceSynchronize();
  cudaFree(data);
}
