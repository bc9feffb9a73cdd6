// How fast is the CPU device? A typical CUDA kernel, one thread a point behind a guard, against a loop nest written by
// hand for the same cores.
//
//     cuda_speed [cells along an axis] [repetitions]
//
// Both compute the same step in turns, and the results are compared before any time is believed. The program prints the
// medians and fails when the kernel reaches less than 0.8 of the speed of the loop nest in the better of two shapes of
// blocks that people use.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "by_hand.h"
#include "point.h"

#include <adstencil/cuda_error.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <vector>

namespace {

constexpr double r = 0.01;
constexpr double least_ratio = 0.8;

} // namespace

__global__ void heat_step(double* __restrict__ u_new, const double* __restrict__ u, double r, int nx, int ny, int nz) {
  const int x = blockIdx.x * blockDim.x + threadIdx.x;
  const int y = blockIdx.y * blockDim.y + threadIdx.y;
  const int z = blockIdx.z * blockDim.z + threadIdx.z;
  if (x < 1 || y < 1 || z < 1 || x >= nx - 1 || y >= ny - 1 || z >= nz - 1)
    return;
  const long sy = nx;
  const long sz = sy * ny;
  const long c = x + sy * y + sz * z;
  u_new[c] = heat_point(u, c, sy, sz, r);
}

namespace {

template <class Work>
double seconds(Work work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> times) {
  std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
  return times[times.size() / 2];
}

int measure(int n, int repetitions) {
  const std::size_t cells = static_cast<std::size_t>(n) * n * n;
  std::vector<double> u(cells), by_hand(cells), result(cells);
  for (std::size_t c = 0; c < cells; ++c)
    u[c] = std::sin(0.001 * static_cast<double>(c % 100003));

  double *device_u = nullptr, *device_result = nullptr;
  ADSTENCIL_CUDA_CHECK(cudaMalloc(&device_u, cells * sizeof(double)));
  ADSTENCIL_CUDA_CHECK(cudaMalloc(&device_result, cells * sizeof(double)));
  ADSTENCIL_CUDA_CHECK(cudaMemcpy(device_u, u.data(), cells * sizeof(double), cudaMemcpyHostToDevice));
  ADSTENCIL_CUDA_CHECK(cudaMemset(device_result, 0, cells * sizeof(double)));

  struct shape {
    dim3 block;
    std::vector<double> times;
  };
  shape shapes[] = {{dim3(32, 8, 1), {}}, {dim3(256, 1, 1), {}}};
  const auto blocks = [n](unsigned threads) { return (n + threads - 1) / threads; };
  std::vector<double> hand_times;
  const auto launch = [&](const dim3& block) {
    heat_step<<<dim3(blocks(block.x), blocks(block.y), blocks(block.z)), block>>>(device_result, device_u, r, n, n, n);
    ADSTENCIL_CUDA_CHECK_LAUNCH();
    ADSTENCIL_CUDA_CHECK(cudaDeviceSynchronize());
  };

  for (int repetition = -1; repetition < repetitions; ++repetition) {
    const double hand = seconds([&] { heat_by_hand(by_hand.data(), u.data(), r, n, n, n); });
    for (shape& s : shapes) {
      const double kernel = seconds([&] { launch(s.block); });
      if (repetition < 0) { // the first turn warms up and is checked
        ADSTENCIL_CUDA_CHECK(cudaMemcpy(result.data(), device_result, cells * sizeof(double), cudaMemcpyDeviceToHost));
        for (std::size_t c = 0; c < cells; ++c)
          if (!(std::abs(result[c] - by_hand[c]) <= 1e-14)) {
            std::printf("cell %zu: %.17g, by hand %.17g\n", c, result[c], by_hand[c]);
            return 1;
          }
        ADSTENCIL_CUDA_CHECK(cudaMemset(device_result, 0, cells * sizeof(double)));
      } else {
        s.times.push_back(kernel);
      }
    }
    if (repetition >= 0)
      hand_times.push_back(hand);
  }

  const double hand = median(hand_times);
  const auto bandwidth = [&](double time) { return 2 * static_cast<double>(cells) * sizeof(double) / time / 1e9; };
  std::printf("heat-3d, double, %d^3, median of %d\n", n, repetitions);
  std::printf("  oneTBB by hand            %8.2f ms  %6.2f GB/s\n", 1e3 * hand, bandwidth(hand));
  double best = 0;
  for (const shape& s : shapes) {
    const double time = median(s.times);
    best = std::max(best, hand / time);
    std::printf("  kernel, block %3u x %u x %u %8.2f ms  %6.2f GB/s  ratio %.2f\n", s.block.x, s.block.y, s.block.z,
                1e3 * time, bandwidth(time), hand / time);
  }
  ADSTENCIL_CUDA_CHECK(cudaFree(device_u));
  ADSTENCIL_CUDA_CHECK(cudaFree(device_result));
  if (best < least_ratio)
    std::printf("the kernel reaches %.2f of the speed of the loop nest, %.1f are required\n", best, least_ratio);
  return best < least_ratio ? 1 : 0;
}

} // namespace

int main(int argc, char** argv) {
  try {
    return measure(argc > 1 ? std::atoi(argv[1]) : 256, argc > 2 ? std::atoi(argv[2]) : 9);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "cuda_speed: %s\n", error.what());
    return 3;
  }
}
