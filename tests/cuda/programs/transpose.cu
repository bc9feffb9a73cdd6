// Transposes a matrix through tiles in shared memory, with a column of padding against bank conflicts.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "check.h"

#include <vector>

constexpr int tile = 16;

__global__ void transpose(float* out, const float* in, int width, int height) {
  __shared__ float block[tile][tile + 1];
  int x = blockIdx.x * tile + threadIdx.x;
  int y = blockIdx.y * tile + threadIdx.y;
  if (x < width && y < height)
    block[threadIdx.y][threadIdx.x] = in[y * width + x];
  __syncthreads();
  x = blockIdx.y * tile + threadIdx.x;
  y = blockIdx.x * tile + threadIdx.y;
  if (x < height && y < width)
    out[y * height + x] = block[threadIdx.x][threadIdx.y];
}

int main() {
  const int width = 130, height = 75;
  std::vector<float> in(width * height), out(width * height);
  for (int i = 0; i < width * height; ++i)
    in[i] = static_cast<float>(i);
  float *device_in, *device_out;
  CHECK(cudaMalloc(&device_in, in.size() * sizeof(float)));
  CHECK(cudaMalloc(&device_out, out.size() * sizeof(float)));
  CHECK(cudaMemcpy(device_in, in.data(), in.size() * sizeof(float), cudaMemcpyHostToDevice));
  const dim3 grid((width + tile - 1) / tile, (height + tile - 1) / tile);
  transpose<<<grid, dim3(tile, tile)>>>(device_out, device_in, width, height);
  CHECK_LAUNCH();
  CHECK(cudaMemcpy(out.data(), device_out, out.size() * sizeof(float), cudaMemcpyDeviceToHost));
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      REQUIRE(out[x * height + y] == in[y * width + x]);
  CHECK(cudaFree(device_in));
  CHECK(cudaFree(device_out));
}
