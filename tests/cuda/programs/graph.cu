// A time loop captured once and launched many times, with a fork into a second stream.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "check.h"

#include <vector>

__global__ void step(double* next, const double* now, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n)
    next[i] = (i == 0 || i == n - 1) ? now[i] : 0.25 * (now[i - 1] + 2 * now[i] + now[i + 1]);
}

__global__ void count_up(int* counter) { ++*counter; }

int main() {
  const int n = 200, rounds = 10;
  std::vector<double> host(n), expected, scratch(n), result(n);
  for (int i = 0; i < n; ++i)
    host[i] = (i * 37) % 101;
  expected = host;
  for (int round = 0; round < 2 * rounds; ++round) {
    for (int i = 0; i < n; ++i)
      scratch[i] = (i == 0 || i == n - 1) ? expected[i] : 0.25 * (expected[i - 1] + 2 * expected[i] + expected[i + 1]);
    expected.swap(scratch);
  }
  double *a, *b;
  int* counter;
  CHECK(cudaMalloc(&a, n * sizeof(double)));
  CHECK(cudaMalloc(&b, n * sizeof(double)));
  CHECK(cudaMalloc(&counter, sizeof(int)));
  CHECK(cudaMemcpy(a, host.data(), n * sizeof(double), cudaMemcpyHostToDevice));
  CHECK(cudaMemset(counter, 0, sizeof(int)));

  cudaStream_t stream, side;
  cudaEvent_t fork, join;
  CHECK(cudaStreamCreate(&stream));
  CHECK(cudaStreamCreate(&side));
  CHECK(cudaEventCreateWithFlags(&fork, cudaEventDisableTiming));
  CHECK(cudaEventCreateWithFlags(&join, cudaEventDisableTiming));
  int calls = 0;
  CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
  CHECK(cudaEventRecord(fork, stream));
  CHECK(cudaStreamWaitEvent(side, fork, 0));
  count_up<<<1, 1, 0, side>>>(counter);
  CHECK(cudaEventRecord(join, side));
  step<<<2, 128, 0, stream>>>(b, a, n);
  step<<<2, 128, 0, stream>>>(a, b, n);
  CHECK(cudaStreamWaitEvent(stream, join, 0));
  CHECK(cudaLaunchHostFunc(stream, [](void* count) { ++*static_cast<int*>(count); }, &calls));
  cudaGraph_t graph;
  CHECK(cudaStreamEndCapture(stream, &graph));
  std::size_t nodes = 0;
  CHECK(cudaGraphGetNodes(graph, nullptr, &nodes));
  REQUIRE(nodes == 4);
  cudaGraphExec_t executable;
  CHECK(cudaGraphInstantiate(&executable, graph, nullptr, nullptr, 0));
  CHECK(cudaGraphDestroy(graph));
  for (int round = 0; round < rounds; ++round)
    CHECK(cudaGraphLaunch(executable, stream));
  CHECK(cudaStreamSynchronize(stream));
  int count = 0;
  CHECK(cudaMemcpy(result.data(), a, n * sizeof(double), cudaMemcpyDeviceToHost));
  CHECK(cudaMemcpy(&count, counter, sizeof(int), cudaMemcpyDeviceToHost));
  REQUIRE(result == expected); // sums of quarters of small whole numbers: nearly all steps are exact, and all the same
  REQUIRE(count == rounds && calls == rounds);
  CHECK(cudaGraphExecDestroy(executable));
  CHECK(cudaStreamDestroy(stream));
  CHECK(cudaStreamDestroy(side));
  CHECK(cudaEventDestroy(fork));
  CHECK(cudaEventDestroy(join));
  CHECK(cudaFree(a));
  CHECK(cudaFree(b));
  CHECK(cudaFree(counter));
}
