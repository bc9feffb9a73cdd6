// Reads what another thread of the block writes, without the barrier between them.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <cuda_runtime.h>

__global__ void rotate(int* data) {
  __shared__ int values[64];
  values[threadIdx.x] = data[threadIdx.x];
  // __syncthreads() is missing here.
  data[threadIdx.x] = values[(threadIdx.x + 1) % 64];
  __syncthreads();
}

int main() {
  int* data;
  cudaMalloc(&data, 64 * sizeof(int));
  cudaMemset(data, 0, 64 * sizeof(int));
  rotate<<<1, 64>>>(data);
  cudaDeviceSynchronize();
  cudaFree(data);
}
