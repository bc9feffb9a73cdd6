// A filter with its weights in constant memory, and variables of the device that host and kernels share.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "check.h"

#include <vector>

struct settings {
  float scale;
  int offset;
};

__constant__ float weights[5];
__constant__ settings options = {2.0f, 1};
__device__ int calls = 40;
__device__ double table[3] = {0.5, 0.25, 0.125};

__global__ void filter(float* out, const float* in, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i == 0)
    atomicAdd(&calls, 1);
  if (i >= n)
    return;
  float sum = 0;
  for (int k = -2; k <= 2; ++k) {
    const int j = i + k;
    if (j >= 0 && j < n)
      sum += weights[k + 2] * in[j];
  }
  out[i] = options.scale * sum + options.offset;
}

__global__ void fill_table(double value) { table[threadIdx.x] = value * (threadIdx.x + 1); }

int main() {
  const int n = 500;
  const float host_weights[5] = {1, 2, 4, 2, 1};
  CHECK(cudaMemcpyToSymbol(weights, host_weights, sizeof host_weights));
  const int offset = 3;
  CHECK(cudaMemcpyToSymbol(options, &offset, sizeof offset, offsetof(settings, offset)));
  std::vector<float> in(n), out(n);
  for (int i = 0; i < n; ++i)
    in[i] = static_cast<float>(i % 11);
  float *device_in, *device_out;
  CHECK(cudaMalloc(&device_in, n * sizeof(float)));
  CHECK(cudaMalloc(&device_out, n * sizeof(float)));
  CHECK(cudaMemcpy(device_in, in.data(), n * sizeof(float), cudaMemcpyHostToDevice));
  filter<<<4, 128>>>(device_out, device_in, n);
  filter<<<4, 128>>>(device_out, device_in, n);
  CHECK_LAUNCH();
  CHECK(cudaMemcpy(out.data(), device_out, n * sizeof(float), cudaMemcpyDeviceToHost));
  for (int i = 0; i < n; ++i) {
    float sum = 0;
    for (int k = -2; k <= 2; ++k)
      if (i + k >= 0 && i + k < n)
        sum += host_weights[k + 2] * in[i + k];
    REQUIRE(out[i] == 2 * sum + 3);
  }
  int count = 0;
  CHECK(cudaMemcpyFromSymbol(&count, calls, sizeof count));
  REQUIRE(count == 42);

  double values[3];
  CHECK(cudaMemcpyFromSymbol(values, table, sizeof values));
  REQUIRE(values[0] == 0.5 && values[2] == 0.125);
  fill_table<<<1, 3>>>(10.0);
  CHECK_LAUNCH();
  double* address = nullptr;
  std::size_t size = 0;
  CHECK(cudaGetSymbolAddress(reinterpret_cast<void**>(&address), table));
  CHECK(cudaGetSymbolSize(&size, table));
  REQUIRE(size == sizeof values);
  CHECK(cudaMemcpy(values, address, size, cudaMemcpyDeviceToHost));
  REQUIRE(values[0] == 10 && values[1] == 20 && values[2] == 30);
  CHECK(cudaFree(device_in));
  CHECK(cudaFree(device_out));
}
