// Errors: what wrong calls return, what a launch reports, and what a failed assertion leaves behind.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "check.h"

#undef NDEBUG // assert is what this program is about, in release builds too
#include <cassert>
#include <cstring>

__global__ void store(int* out, int value) { out[threadIdx.x] = value; }
__global__ void insist(int value) { assert(value == 1); }

/// An error that a call returned and that is then the last error, once.
void require_error(cudaError_t returned, cudaError_t expected) {
  if (returned != expected)
    std::fprintf(stderr, "got %s, expected %s\n", cudaGetErrorName(returned), cudaGetErrorName(expected));
  REQUIRE(returned == expected);
  REQUIRE(cudaPeekAtLastError() == expected);
  REQUIRE(cudaGetLastError() == expected);
  REQUIRE(cudaGetLastError() == cudaSuccess);
}

int main() {
  int* data;
  int host[4] = {};
  CHECK(cudaMalloc(&data, 4 * sizeof(int)));
  require_error(cudaMemcpy(data, host, sizeof host, static_cast<cudaMemcpyKind>(17)), cudaErrorInvalidMemcpyDirection);
  require_error(cudaMemcpy(nullptr, host, sizeof host, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  require_error(cudaSetDevice(1000), cudaErrorInvalidDevice);
  void* huge = nullptr;
  require_error(cudaMalloc(&huge, std::size_t(1) << 62), cudaErrorMemoryAllocation);

  store<<<1, 2048>>>(data, 1); // no block is that large
  require_error(cudaPeekAtLastError(), cudaErrorInvalidConfiguration);
  store<<<0, 32>>>(data, 1);
  require_error(cudaPeekAtLastError(), cudaErrorInvalidConfiguration);
  store<<<1, 1, 100 << 20>>>(data, 1); // so much shared memory
  require_error(cudaPeekAtLastError(), cudaErrorInvalidValue);
  REQUIRE(std::strcmp(cudaGetErrorString(cudaErrorInvalidConfiguration), "invalid configuration argument") == 0);
  REQUIRE(std::strcmp(cudaGetErrorName(cudaErrorMemoryAllocation), "cudaErrorMemoryAllocation") == 0);

  store<<<1, 4>>>(data, 7); // after all that the device works
  CHECK_LAUNCH();
  CHECK(cudaMemcpy(host, data, sizeof host, cudaMemcpyDeviceToHost));
  REQUIRE(host[0] == 7 && host[3] == 7);
  CHECK(cudaFree(data));

  insist<<<1, 32>>>(1);
  CHECK_LAUNCH();
  insist<<<2, 32>>>(2);
  CHECK(cudaGetLastError()); // the launch itself is fine
  REQUIRE(cudaDeviceSynchronize() == cudaErrorAssert);
  REQUIRE(cudaMalloc(&data, 16) == cudaErrorAssert); // a failed device does nothing more
  CHECK(cudaDeviceReset());
  CHECK(cudaMalloc(&data, 4 * sizeof(int)));
  store<<<1, 4>>>(data, 8);
  CHECK_LAUNCH();
  CHECK(cudaMemcpy(host, data, sizeof host, cudaMemcpyDeviceToHost));
  REQUIRE(host[2] == 8);
  CHECK(cudaFree(data));
}
