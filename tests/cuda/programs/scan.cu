// Prefix sums: by shuffles in a warp, through shared memory in a block, for types of four and eight bytes.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "check.h"

#include <vector>

template <class T>
__device__ T scan_warp(T value) {
  const int lane = threadIdx.x % 32;
  for (int distance = 1; distance < 32; distance *= 2) {
    const T other = __shfl_up_sync(0xffffffffu, value, distance);
    if (lane >= distance)
      value += other;
  }
  return value;
}

template <class T>
__global__ void scan(T* data, T* block_sums) {
  __shared__ T warp_sums[32];
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  const int warp = threadIdx.x / 32;
  T value = scan_warp(data[i]);
  if (threadIdx.x % 32 == 31)
    warp_sums[warp] = value;
  __syncthreads();
  if (warp == 0) {
    T sum = threadIdx.x < blockDim.x / 32 ? warp_sums[threadIdx.x] : T(0);
    warp_sums[threadIdx.x] = scan_warp(sum);
  }
  __syncthreads();
  if (warp > 0)
    value += warp_sums[warp - 1];
  data[i] = value;
  if (threadIdx.x == blockDim.x - 1)
    block_sums[blockIdx.x] = value;
}

/// Sums a warp in three other ways; all lanes get the sum.
__global__ void other_shuffles(int* out) {
  int down = threadIdx.x, butterfly = threadIdx.x;
  for (int distance = 16; distance > 0; distance /= 2) {
    down += __shfl_down_sync(0xffffffffu, down, distance);
    butterfly += __shfl_xor_sync(0xffffffffu, butterfly, distance);
  }
  const int from_first = __shfl_sync(0xffffffffu, down, 0);
  const int in_eights = __shfl_sync(0xffffffffu, static_cast<int>(threadIdx.x), 3, 8);
  out[threadIdx.x] = from_first == butterfly && in_eights == static_cast<int>(threadIdx.x / 8 * 8 + 3) ? butterfly : -1;
}

template <class T>
void test() {
  const int blocks = 3, threads = 256, n = blocks * threads;
  std::vector<T> host(n), result(n), sums(blocks);
  for (int i = 0; i < n; ++i)
    host[i] = static_cast<T>(i % 17);
  T *data, *block_sums;
  CHECK(cudaMalloc(&data, n * sizeof(T)));
  CHECK(cudaMalloc(&block_sums, blocks * sizeof(T)));
  CHECK(cudaMemcpy(data, host.data(), n * sizeof(T), cudaMemcpyHostToDevice));
  scan<<<blocks, threads>>>(data, block_sums);
  CHECK_LAUNCH();
  CHECK(cudaMemcpy(result.data(), data, n * sizeof(T), cudaMemcpyDeviceToHost));
  CHECK(cudaMemcpy(sums.data(), block_sums, blocks * sizeof(T), cudaMemcpyDeviceToHost));
  T sum = 0;
  for (int i = 0; i < n; ++i) {
    sum = i % threads == 0 ? host[i] : sum + host[i];
    REQUIRE(result[i] == sum);
    if (i % threads == threads - 1)
      REQUIRE(sums[i / threads] == sum);
  }
  CHECK(cudaFree(data));
  CHECK(cudaFree(block_sums));
}

int main() {
  test<int>();
  test<unsigned int>();
  test<long long>();
  test<float>();
  test<double>();
  int *out, host[32];
  CHECK(cudaMalloc(&out, sizeof host));
  other_shuffles<<<1, 32>>>(out);
  CHECK_LAUNCH();
  CHECK(cudaMemcpy(host, out, sizeof host, cudaMemcpyDeviceToHost));
  for (const int value : host)
    REQUIRE(value == 31 * 32 / 2);
  CHECK(cudaFree(out));
}
