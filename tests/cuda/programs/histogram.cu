// Counts bytes: atomics on shared memory within a block, on global memory between blocks.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "check.h"

#include <vector>

__global__ void histogram(const unsigned char* data, int n, unsigned int* bins, unsigned long long* total,
                          int* largest) {
  __shared__ unsigned int local[256];
  for (int bin = threadIdx.x; bin < 256; bin += blockDim.x)
    local[bin] = 0;
  __syncthreads();
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
    atomicAdd(&local[data[i]], 1u);
    atomicMax(largest, static_cast<int>(data[i]));
  }
  __syncthreads();
  for (int bin = threadIdx.x; bin < 256; bin += blockDim.x) {
    atomicAdd(&bins[bin], local[bin]);
    atomicAdd(total, static_cast<unsigned long long>(local[bin]));
  }
}

/// Adds to a double the way one had to before there was an instruction for it.
__global__ void add_by_cas(double* sum, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n)
    return;
  auto* bits = reinterpret_cast<unsigned long long*>(sum);
  unsigned long long old = *bits, seen;
  do {
    seen = old;
    old = atomicCAS(bits, seen, __double_as_longlong(__longlong_as_double(seen) + i));
  } while (old != seen);
}

int main() {
  const int n = 50000;
  std::vector<unsigned char> data(n);
  std::vector<unsigned int> expected(256), result(256);
  unsigned int state = 1;
  for (unsigned char& byte : data) {
    state = state * 1664525u + 1013904223u;
    byte = static_cast<unsigned char>((state >> 24) % 251);
    ++expected[byte];
  }
  unsigned char* device_data;
  unsigned int* bins;
  unsigned long long* total;
  int* largest;
  double* sum;
  CHECK(cudaMalloc(&device_data, n));
  CHECK(cudaMalloc(&bins, 256 * sizeof(unsigned int)));
  CHECK(cudaMalloc(&total, sizeof *total));
  CHECK(cudaMalloc(&largest, sizeof *largest));
  CHECK(cudaMalloc(&sum, sizeof *sum));
  CHECK(cudaMemcpy(device_data, data.data(), n, cudaMemcpyHostToDevice));
  CHECK(cudaMemset(bins, 0, 256 * sizeof(unsigned int)));
  CHECK(cudaMemset(total, 0, sizeof *total));
  CHECK(cudaMemset(largest, 0, sizeof *largest));
  CHECK(cudaMemset(sum, 0, sizeof *sum));
  histogram<<<20, 128>>>(device_data, n, bins, total, largest);
  add_by_cas<<<10, 100>>>(sum, 999);
  CHECK_LAUNCH();
  CHECK(cudaMemcpy(result.data(), bins, 256 * sizeof(unsigned int), cudaMemcpyDeviceToHost));
  REQUIRE(result == expected);
  unsigned long long count = 0;
  int most = 0;
  double added = 0;
  CHECK(cudaMemcpy(&count, total, sizeof count, cudaMemcpyDeviceToHost));
  CHECK(cudaMemcpy(&most, largest, sizeof most, cudaMemcpyDeviceToHost));
  CHECK(cudaMemcpy(&added, sum, sizeof added, cudaMemcpyDeviceToHost));
  REQUIRE(count == n);
  REQUIRE(most == 250);
  REQUIRE(added == 998.0 * 999.0 / 2);
  for (void* pointer : {static_cast<void*>(device_data), static_cast<void*>(bins), static_cast<void*>(total),
                        static_cast<void*>(largest), static_cast<void*>(sum)})
    CHECK(cudaFree(pointer));
}
