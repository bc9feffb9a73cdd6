// Voting barriers, ballots and matches: compaction of an array with the help of all three.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "check.h"

#include <cstring>
#include <vector>

/// Counts the numbers above the limit in each block, in two ways, and notes whether all or any are.
__global__ void count(const int* data, int limit, int4* out) {
  const bool above = data[blockIdx.x * blockDim.x + threadIdx.x] > limit;
  __shared__ int by_ballot;
  if (threadIdx.x == 0)
    by_ballot = 0;
  __syncthreads();
  const unsigned int ballot = __ballot_sync(0xffffffffu, above);
  if (threadIdx.x % 32 == 0)
    atomicAdd(&by_ballot, __popc(ballot));
  const int counted = __syncthreads_count(above);
  const int all = __syncthreads_and(above);
  const int any = __syncthreads_or(above);
  if (threadIdx.x == 0)
    out[blockIdx.x] = make_int4(counted, all != 0, any != 0, by_ballot);
}

/// Keeps the numbers that are divisible, in order within a warp.
__global__ void compact(const int* data, int n, int divisor, int* out, int* size) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  const bool keep = i < n && data[i] % divisor == 0;
  const unsigned int kept = __ballot_sync(0xffffffffu, keep);
  const int lane = threadIdx.x % 32;
  int first = 0;
  if (lane == 0)
    first = atomicAdd(size, __popc(kept));
  first = __shfl_sync(0xffffffffu, first, 0);
  if (keep)
    out[first + __popc(kept & ((1u << lane) - 1))] = data[i];
}

__global__ void groups(unsigned int* out) {
  const int key = threadIdx.x % 5;
  unsigned int ok = __match_any_sync(0xffffffffu, key) & 1u << threadIdx.x ? 1 : 0;
  int same = -1;
  ok += __match_all_sync(0xffffffffu, 7, &same) == 0xffffffffu && same ? 2 : 0;
  ok += __all_sync(0xffffffffu, key < 5) && !__all_sync(0xffffffffu, key < 4) ? 4 : 0;
  ok += __any_sync(0xffffffffu, key == 4) && !__any_sync(0xffffffffu, key == 5) ? 8 : 0;
  __syncwarp();
  if (threadIdx.x % 2 == 0) // half of the warp by itself
    ok += __popc(__ballot_sync(0x55555555u, 1)) == 16 ? 16 : 0;
  else
    ok += 16;
  out[threadIdx.x] = ok;
}

/// Two branches with the same call, which may not become one.
__global__ void branches(unsigned int* out) {
  unsigned int mask = 0;
  if (threadIdx.x % 4 == 0)
    mask = __activemask();
  else
    mask = __activemask();
  out[threadIdx.x] = mask;
}

int main() {
  const int blocks = 4, threads = 96, n = blocks * threads;
  std::vector<int> host(n);
  for (int i = 0; i < n; ++i)
    host[i] = i < threads ? 100 : i < 2 * threads ? 0 : (i * 13) % 50;
  int *data, *out, *size;
  int4* counts;
  unsigned int* flags;
  CHECK(cudaMalloc(&data, n * sizeof(int)));
  CHECK(cudaMalloc(&out, n * sizeof(int)));
  CHECK(cudaMalloc(&size, sizeof(int)));
  CHECK(cudaMalloc(&counts, blocks * sizeof(int4)));
  CHECK(cudaMalloc(&flags, 32 * sizeof(unsigned int)));
  CHECK(cudaMemset(size, 0, sizeof(int)));
  CHECK(cudaMemcpy(data, host.data(), n * sizeof(int), cudaMemcpyHostToDevice));
  count<<<blocks, threads>>>(data, 20, counts);
  compact<<<blocks, threads>>>(data, n, 3, out, size);
  groups<<<1, 32>>>(flags);
  CHECK_LAUNCH();
  std::vector<int4> results(blocks);
  CHECK(cudaMemcpy(results.data(), counts, blocks * sizeof(int4), cudaMemcpyDeviceToHost));
  for (int block = 0; block < blocks; ++block) {
    int above = 0;
    for (int i = 0; i < threads; ++i)
      above += host[block * threads + i] > 20;
    REQUIRE(results[block].x == above && results[block].w == above);
    REQUIRE(results[block].y == (above == threads) && results[block].z == (above > 0));
  }
  int kept = 0, expected_kept = 0;
  long long sum = 0, expected_sum = 0;
  CHECK(cudaMemcpy(&kept, size, sizeof(int), cudaMemcpyDeviceToHost));
  std::vector<int> compacted(n);
  CHECK(cudaMemcpy(compacted.data(), out, kept * sizeof(int), cudaMemcpyDeviceToHost));
  for (const int value : host)
    if (value % 3 == 0) {
      ++expected_kept;
      expected_sum += value;
    }
  for (int i = 0; i < kept; ++i)
    sum += compacted[i];
  REQUIRE(kept == expected_kept && sum == expected_sum);
  std::vector<unsigned int> ok(32);
  CHECK(cudaMemcpy(ok.data(), flags, 32 * sizeof(unsigned int), cudaMemcpyDeviceToHost));
  for (const unsigned int flag : ok)
    REQUIRE(flag == 31);
  cudaDeviceProp properties;
  CHECK(cudaGetDeviceProperties(&properties, 0));
  if (std::strncmp(properties.name, "CPU", 3) == 0) { // compilers for GPUs may merge the calls
    branches<<<1, 32>>>(flags);
    CHECK_LAUNCH();
    CHECK(cudaMemcpy(ok.data(), flags, 32 * sizeof(unsigned int), cudaMemcpyDeviceToHost));
    for (int lane = 0; lane < 32; ++lane)
      REQUIRE(ok[lane] == (lane % 4 == 0 ? 0x11111111u : 0xeeeeeeeeu));
  }
  for (void* pointer : {static_cast<void*>(data), static_cast<void*>(out), static_cast<void*>(size),
                        static_cast<void*>(counts), static_cast<void*>(flags)})
    CHECK(cudaFree(pointer));
}
