// Derivatives with an active scalar in a graph. Their launch allocates memory in the stream, for the sums of the
// blocks, and frees it there: both become part of the graph.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "check.h"

#include <adstencil/adstencil.h>
#include <adstencil/launch.h>

#include <vector>

ADSTENCIL_KERNEL __global__ void scale(double* y, const double* u, ADSTENCIL_ACTIVE double a, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n)
    y[i] = a * u[i] * u[i];
}

template <class T>
__global__ void scale_all(T* y, const T* u, T a, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n)
    y[i] = a * u[i] * u[i];
}

constexpr int n = 1000;
constexpr double a = 0.75;

/// Device memory with n numbers.
struct numbers {
  double* data;
  explicit numbers(const std::vector<double>& host) {
    CHECK(cudaMalloc(&data, n * sizeof(double)));
    CHECK(cudaMemcpy(data, host.data(), n * sizeof(double), cudaMemcpyHostToDevice));
  }
  ~numbers() { CHECK(cudaFree(data)); }
  std::vector<double> host() const {
    std::vector<double> result(n);
    CHECK(cudaMemcpy(result.data(), data, n * sizeof(double), cudaMemcpyDeviceToHost));
    return result;
  }
};

struct state {
  numbers y, y_bar, u, u_bar, a_bar;
  state(const std::vector<double>& some, const std::vector<double>& none)
      : y(some), y_bar(none), u(some), u_bar(none), a_bar(none) {}
};

/// Seeds the shadow of y and runs the adjoint, which consumes it.
template <class Adjoint>
void enqueue(cudaStream_t stream, const state& s, const numbers& seed, Adjoint adjoint) {
  CHECK(cudaMemcpyAsync(s.y_bar.data, seed.data, n * sizeof(double), cudaMemcpyDeviceToDevice, stream));
  adjoint(stream, s);
  CHECK(cudaGetLastError());
}

template <class Adjoint>
void compare(Adjoint adjoint) {
  std::vector<double> some(n), none(n);
  double expected = 0;
  for (int i = 0; i < n; ++i) {
    some[i] = (i * 37 % 101) / 16.0;
    expected += 2 * some[i] * some[i] * some[i]; // both launches
  }
  const numbers seed(some);
  const state direct(some, none), replayed(some, none);
  cudaStream_t stream;
  CHECK(cudaStreamCreate(&stream));
  for (int launch = 0; launch < 2; ++launch)
    enqueue(stream, direct, seed, adjoint);

  cudaGraph_t graph;
  cudaGraphExec_t executable;
  CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
  enqueue(stream, replayed, seed, adjoint);
  CHECK(cudaStreamEndCapture(stream, &graph));
  CHECK(cudaStreamSynchronize(stream));
  REQUIRE(replayed.u_bar.host() == none); // nothing ran
  CHECK(cudaGraphInstantiate(&executable, graph, nullptr, nullptr, 0));
  CHECK(cudaGraphDestroy(graph)); // the executable has what it needs
  for (int launch = 0; launch < 2; ++launch)
    CHECK(cudaGraphLaunch(executable, stream));
  CHECK(cudaStreamSynchronize(stream));
  CHECK(cudaGraphExecDestroy(executable));
  CHECK(cudaStreamDestroy(stream));

  REQUIRE(replayed.y_bar.host() == none && direct.y_bar.host() == none);
  REQUIRE(replayed.u_bar.host() == direct.u_bar.host());
  REQUIRE(replayed.a_bar.host() == direct.a_bar.host());
  REQUIRE(replayed.u_bar.host()[1] == 2 * (2 * a * some[1] * some[1]));
  const double sum = replayed.a_bar.host()[0];
  REQUIRE(sum > expected * (1 - 1e-12) && sum < expected * (1 + 1e-12));
}

int main() {
  compare([](cudaStream_t stream, const state& s) {
    __adjoint_scale<<<8, 128, 0, stream>>>(s.y.data, s.y_bar.data, s.u.data, s.u_bar.data, a, s.a_bar.data, n);
  });
  compare([](cudaStream_t stream, const state& s) {
    const double* u = s.u.data;
    CHECK(adstencil::launch_adjoint<&scale_all<double>>(
        adstencil::launch_config{dim3(8), dim3(128), 0, stream}, adstencil::shadowed(s.y.data, s.y_bar.data),
        adstencil::shadowed(u, s.u_bar.data), adstencil::shadowed(a, s.a_bar.data), n));
  });
}
