// Shared memory whose size the launch gives: an n-body sum by tiles, and a request for more than 48 KiB.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "check.h"

#include <cmath>
#include <vector>

extern __shared__ float4 bodies[];

__global__ void accelerate(float3* out, const float4* in, int n) {
  __shared__ int tiles;
  if (threadIdx.x == 0)
    tiles = (n + blockDim.x - 1) / blockDim.x;
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  const float4 self = i < n ? in[i] : make_float4(0, 0, 0, 0);
  float3 sum = make_float3(0, 0, 0);
  __syncthreads();
  for (int tile = 0; tile < tiles; ++tile) {
    const int j = tile * blockDim.x + threadIdx.x;
    bodies[threadIdx.x] = j < n ? in[j] : make_float4(0, 0, 0, 0);
    __syncthreads();
    for (int k = 0; k < static_cast<int>(blockDim.x); ++k) {
      const float4 other = bodies[k];
      const float dx = other.x - self.x, dy = other.y - self.y, dz = other.z - self.z;
      const float inverse = rsqrtf(dx * dx + dy * dy + dz * dz + 0.01f);
      const float force = other.w * inverse * inverse * inverse;
      sum.x += force * dx;
      sum.y += force * dy;
      sum.z += force * dz;
    }
    __syncthreads();
  }
  if (i < n)
    out[i] = sum;
}

__global__ void reverse_large(int* data, int n) {
  int* shared = reinterpret_cast<int*>(bodies);
  for (int i = threadIdx.x; i < n; i += blockDim.x)
    shared[i] = data[i];
  __syncthreads();
  for (int i = threadIdx.x; i < n; i += blockDim.x)
    data[i] = shared[n - 1 - i];
}

int main() {
  const int n = 300, block = 64;
  std::vector<float4> host(n);
  std::vector<float3> result(n);
  for (int i = 0; i < n; ++i)
    host[i] = make_float4(std::sin(1.0f * i), std::cos(2.0f * i), std::sin(3.0f * i), 1.0f + i % 3);
  float4* in;
  float3* out;
  CHECK(cudaMalloc(&in, n * sizeof(float4)));
  CHECK(cudaMalloc(&out, n * sizeof(float3)));
  CHECK(cudaMemcpy(in, host.data(), n * sizeof(float4), cudaMemcpyHostToDevice));
  accelerate<<<(n + block - 1) / block, block, block * sizeof(float4)>>>(out, in, n);
  CHECK_LAUNCH();
  CHECK(cudaMemcpy(result.data(), out, n * sizeof(float3), cudaMemcpyDeviceToHost));
  for (int i = 0; i < n; ++i) {
    double x = 0;
    for (int j = 0; j < n; ++j) {
      const double dx = host[j].x - host[i].x, dy = host[j].y - host[i].y, dz = host[j].z - host[i].z;
      x += host[j].w * dx / std::pow(dx * dx + dy * dy + dz * dz + 0.01, 1.5);
    }
    REQUIRE(std::abs(result[i].x - x) < 1e-2 * (1 + std::abs(x)));
  }

  const int large = 20000; // 80 000 bytes
  std::vector<int> numbers(large), reversed(large);
  for (int i = 0; i < large; ++i)
    numbers[i] = i;
  int* data;
  CHECK(cudaMalloc(&data, large * sizeof(int)));
  CHECK(cudaMemcpy(data, numbers.data(), large * sizeof(int), cudaMemcpyHostToDevice));
  reverse_large<<<1, 128, large * sizeof(int)>>>(data, large);
  REQUIRE(cudaGetLastError() == cudaErrorInvalidValue); // not without asking for it
  CHECK(cudaFuncSetAttribute(reverse_large, cudaFuncAttributeMaxDynamicSharedMemorySize, large * sizeof(int)));
  reverse_large<<<1, 128, large * sizeof(int)>>>(data, large);
  CHECK_LAUNCH();
  CHECK(cudaMemcpy(reversed.data(), data, large * sizeof(int), cudaMemcpyDeviceToHost));
  for (int i = 0; i < large; ++i)
    REQUIRE(reversed[i] == large - 1 - i);
  CHECK(cudaFree(in));
  CHECK(cudaFree(out));
  CHECK(cudaFree(data));
}
