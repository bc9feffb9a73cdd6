// Copies and kernels of several streams, with pinned memory, an event between two streams and a callback at the end.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "check.h"

#include <atomic>

__global__ void square(float* data, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n)
    data[i] *= data[i];
}

__global__ void add_all(const float* const* parts, int count, float* out, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n)
    return;
  float sum = 0;
  for (int part = 0; part < count; ++part)
    sum += parts[part][i];
  out[i] = sum;
}

int main() {
  constexpr int streams = 4;
  const int n = 10000;
  const std::size_t bytes = n * sizeof(float);
  cudaStream_t stream[streams];
  cudaEvent_t done[streams];
  float *host[streams], *device[streams], **parts, *out, *result;
  for (int s = 0; s < streams; ++s) {
    CHECK(cudaStreamCreateWithFlags(&stream[s], cudaStreamNonBlocking));
    CHECK(cudaEventCreateWithFlags(&done[s], cudaEventDisableTiming));
    CHECK(cudaMallocHost(&host[s], bytes));
    CHECK(cudaMalloc(&device[s], bytes));
    for (int i = 0; i < n; ++i)
      host[s][i] = static_cast<float>(s + i % 7);
  }
  CHECK(cudaMalloc(&parts, streams * sizeof(float*)));
  CHECK(cudaMalloc(&out, bytes));
  CHECK(cudaMallocHost(&result, bytes));
  CHECK(cudaMemcpy(parts, device, sizeof device, cudaMemcpyHostToDevice));

  static std::atomic<int> finished{0};
  for (int s = 0; s < streams; ++s) {
    CHECK(cudaMemcpyAsync(device[s], host[s], bytes, cudaMemcpyHostToDevice, stream[s]));
    square<<<(n + 255) / 256, 256, 0, stream[s]>>>(device[s], n);
    CHECK(cudaEventRecord(done[s], stream[s]));
    CHECK(cudaLaunchHostFunc(stream[s], [](void* counter) { ++*static_cast<std::atomic<int>*>(counter); }, &finished));
  }
  for (int s = 1; s < streams; ++s)
    CHECK(cudaStreamWaitEvent(stream[0], done[s], 0));
  add_all<<<(n + 255) / 256, 256, 0, stream[0]>>>(parts, streams, out, n);
  CHECK(cudaMemcpyAsync(result, out, bytes, cudaMemcpyDeviceToHost, stream[0]));
  for (int s = 0; s < streams; ++s)
    CHECK(cudaStreamSynchronize(stream[s]));
  REQUIRE(finished == streams);
  for (int i = 0; i < n; ++i) {
    float expected = 0;
    for (int s = 0; s < streams; ++s)
      expected += static_cast<float>((s + i % 7) * (s + i % 7));
    REQUIRE(result[i] == expected);
  }
  for (int s = 0; s < streams; ++s) {
    CHECK(cudaStreamDestroy(stream[s]));
    CHECK(cudaEventDestroy(done[s]));
    CHECK(cudaFreeHost(host[s]));
    CHECK(cudaFree(device[s]));
  }
  CHECK(cudaFree(parts));
  CHECK(cudaFree(out));
  CHECK(cudaFreeHost(result));
}
