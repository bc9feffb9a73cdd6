// The sum of an array: each block reduces its part in shared memory, one more launch sums the blocks.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "check.h"

#include <vector>

__global__ void sum_blocks(const double* in, double* out, int n) {
  __shared__ double partial[256];
  const int thread = threadIdx.x;
  double sum = 0;
  for (int i = blockIdx.x * blockDim.x + thread; i < n; i += gridDim.x * blockDim.x)
    sum += in[i];
  partial[thread] = sum;
  __syncthreads();
  for (int half = blockDim.x / 2; half > 0; half /= 2) {
    if (thread < half)
      partial[thread] += partial[thread + half];
    __syncthreads();
  }
  if (thread == 0)
    out[blockIdx.x] = partial[0];
}

int main() {
  const int n = 100003;
  const int blocks = 37;
  std::vector<double> host(n);
  for (int i = 0; i < n; ++i)
    host[i] = i % 1000;
  double expected = 0;
  for (const double value : host)
    expected += value;

  double *in, *partial, *total;
  CHECK(cudaMalloc(&in, n * sizeof(double)));
  CHECK(cudaMalloc(&partial, blocks * sizeof(double)));
  CHECK(cudaMalloc(&total, sizeof(double)));
  CHECK(cudaMemcpy(in, host.data(), n * sizeof(double), cudaMemcpyHostToDevice));
  sum_blocks<<<blocks, 256>>>(in, partial, n);
  sum_blocks<<<1, 256>>>(partial, total, blocks);
  CHECK_LAUNCH();
  double result = 0;
  CHECK(cudaMemcpy(&result, total, sizeof(double), cudaMemcpyDeviceToHost));
  REQUIRE(result == expected); // whole numbers: exact in any order
  CHECK(cudaFree(in));
  CHECK(cudaFree(partial));
  CHECK(cudaFree(total));
}
