// Asks the device for a launch shape and covers any array with it by a grid-stride loop.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "check.h"

#include <vector>

__global__ void __launch_bounds__(512) saxpy(float a, const float* x, float* y, int n) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += blockDim.x * gridDim.x)
    y[i] += a * x[i];
}

int main() {
  int devices = 0;
  CHECK(cudaGetDeviceCount(&devices));
  REQUIRE(devices >= 1);
  cudaDeviceProp properties;
  CHECK(cudaGetDeviceProperties(&properties, 0));
  REQUIRE(properties.warpSize == 32 && properties.maxThreadsPerBlock >= 512 && properties.multiProcessorCount > 0);
  int multiprocessors = 0;
  CHECK(cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, 0));
  REQUIRE(multiprocessors == properties.multiProcessorCount);

  int grid = 0, block = 0, active = 0;
  CHECK(cudaOccupancyMaxPotentialBlockSize(&grid, &block, saxpy, 0, 0));
  REQUIRE(block > 0 && block <= 512 && block % 32 == 0 && grid > 0);
  CHECK(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&active, saxpy, block, 0));
  REQUIRE(active * multiprocessors == grid);
  cudaFuncAttributes attributes;
  CHECK(cudaFuncGetAttributes(&attributes, saxpy));
  REQUIRE(attributes.maxThreadsPerBlock == 512 && attributes.sharedSizeBytes == 0);

  for (const int n : {1, 1000, 123457}) {
    std::vector<float> x(n), y(n, 1.0f), result(n);
    for (int i = 0; i < n; ++i)
      x[i] = static_cast<float>(i % 100);
    float *device_x, *device_y;
    CHECK(cudaMalloc(&device_x, n * sizeof(float)));
    CHECK(cudaMalloc(&device_y, n * sizeof(float)));
    CHECK(cudaMemcpy(device_x, x.data(), n * sizeof(float), cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(device_y, y.data(), n * sizeof(float), cudaMemcpyHostToDevice));
    saxpy<<<grid, block>>>(3.0f, device_x, device_y, n);
    CHECK_LAUNCH();
    CHECK(cudaMemcpy(result.data(), device_y, n * sizeof(float), cudaMemcpyDeviceToHost));
    for (int i = 0; i < n; ++i)
      REQUIRE(result[i] == 1 + 3 * x[i]);
    CHECK(cudaFree(device_x));
    CHECK(cudaFree(device_y));
  }
}
