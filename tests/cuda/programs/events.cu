// Times kernels with events.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "check.h"

#include <vector>

__global__ void relax(double* data, int n, int sweeps) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n)
    return;
  double x = data[i];
  for (int sweep = 0; sweep < sweeps; ++sweep)
    x = 0.5 * (x + 2.0 / x); // to the square root of 2
  data[i] = x;
}

int main() {
  const int n = 1 << 16;
  std::vector<double> host(n, 1.0);
  double* data;
  CHECK(cudaMalloc(&data, n * sizeof(double)));
  CHECK(cudaMemcpy(data, host.data(), n * sizeof(double), cudaMemcpyHostToDevice));
  cudaEvent_t begin, middle, end;
  CHECK(cudaEventCreate(&begin));
  CHECK(cudaEventCreate(&middle));
  CHECK(cudaEventCreateWithFlags(&end, cudaEventBlockingSync));
  relax<<<n / 256, 256>>>(data, n, 1); // the first launch loads code
  CHECK(cudaEventRecord(begin));
  relax<<<n / 256, 256>>>(data, n, 20);
  CHECK(cudaEventRecord(middle));
  relax<<<n / 256, 256>>>(data, n, 2000);
  CHECK(cudaEventRecord(end));
  CHECK(cudaEventSynchronize(end));
  REQUIRE(cudaEventQuery(begin) == cudaSuccess);
  float few = -1, many = -1, all = -1;
  CHECK(cudaEventElapsedTime(&few, begin, middle));
  CHECK(cudaEventElapsedTime(&many, middle, end));
  CHECK(cudaEventElapsedTime(&all, begin, end));
  REQUIRE(few >= 0 && many > few);
  REQUIRE(all > 0.99f * (few + many) && all < 1.01f * (few + many));
  CHECK(cudaMemcpy(host.data(), data, n * sizeof(double), cudaMemcpyDeviceToHost));
  for (const double x : host)
    REQUIRE(x > 1.414213562373 && x < 1.414213562374);
  CHECK(cudaEventDestroy(begin));
  CHECK(cudaEventDestroy(middle));
  CHECK(cudaEventDestroy(end));
  CHECK(cudaFree(data));
}
