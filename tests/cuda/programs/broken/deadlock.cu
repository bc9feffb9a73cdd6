// Half of a warp waits at the barrier while the other half waits for all lanes in a shuffle.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <cuda_runtime.h>

#include <cstdio>

__global__ void diverge(int* out) {
  if (threadIdx.x < 16)
    __syncthreads();
  else
    out[threadIdx.x] = __shfl_sync(0xffffffffu, 1, 0); // names lanes that are elsewhere
}

int main() {
  int* out;
  cudaMalloc(&out, 32 * sizeof(int));
  diverge<<<1, 32>>>(out);
  std::printf("%s\n", cudaGetErrorString(cudaDeviceSynchronize()));
  cudaFree(out);
}
