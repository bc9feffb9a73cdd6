// The gradient of a misfit after 100 steps of heat conduction, with respect to where the heat was and to what it went
// through; see README.md.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>
#include <adstencil/command_line.h>
#include <adstencil/cuda_error.h>
#include <adstencil/device.h>
#include <adstencil/device_field.h>
#include <adstencil/gradient_check.h>

#include <cmath>
#include <cstdio>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

/// One explicit step of du/dt = div(k grad u), with r = dt / dx^2 and k averaged on the faces between cells. The rim of
/// u_new is not written.
ADSTENCIL_KERNEL __global__ void step(double* __restrict__ u_new, const double* __restrict__ u,
                                      const double* __restrict__ k, double r, int nx, int ny, int nz) {
  const int ix = blockIdx.x * blockDim.x + threadIdx.x;
  const int iy = blockIdx.y * blockDim.y + threadIdx.y;
  const int iz = blockIdx.z * blockDim.z + threadIdx.z;
  if (ix < 1 || ix >= nx - 1 || iy < 1 || iy >= ny - 1 || iz < 1 || iz >= nz - 1)
    return;
  const int sy = nx;
  const int sz = nx * ny;
  const int c = ix + sy * iy + sz * iz;
  const double west = 0.5 * (k[c - 1] + k[c]) * (u[c] - u[c - 1]);
  const double east = 0.5 * (k[c] + k[c + 1]) * (u[c + 1] - u[c]);
  const double south = 0.5 * (k[c - sy] + k[c]) * (u[c] - u[c - sy]);
  const double north = 0.5 * (k[c] + k[c + sy]) * (u[c + sy] - u[c]);
  const double below = 0.5 * (k[c - sz] + k[c]) * (u[c] - u[c - sz]);
  const double above = 0.5 * (k[c] + k[c + sz]) * (u[c + sz] - u[c]);
  u_new[c] = u[c] + r * (east - west + north - south + above - below);
}

namespace {

struct choices {
  int n = 48;
  int steps = 100;
  int directions = 3;
  std::string device = "auto";
};

/// Relative error above which a directional derivative counts as wrong.
constexpr double gradient_tolerance = 1e-6;
/// dt / dx^2; explicit steps are stable below 1 / (6 k), and k is at most 1.
constexpr double r = 0.15;

/// The initial temperature: a hot ball at x, which is given in units of the box.
std::vector<double> hot_ball(int n, double x) {
  std::vector<double> u(static_cast<std::size_t>(n) * n * n);
  std::size_t cell = 0;
  for (int iz = 0; iz < n; ++iz)
    for (int iy = 0; iy < n; ++iy)
      for (int ix = 0; ix < n; ++ix) {
        const double dx = (ix + 0.5) / n - x, dy = (iy + 0.5) / n - 0.5, dz = (iz + 0.5) / n - 0.5;
        u[cell++] = std::exp(-50 * (dx * dx + dy * dy + dz * dz));
      }
  return u;
}

/// The conductivity: 1, and `insulation` in the slab 0.55 < x < 0.65.
std::vector<double> slab(int n, double insulation) {
  std::vector<double> k(static_cast<std::size_t>(n) * n * n);
  for (std::size_t cell = 0; cell < k.size(); ++cell) {
    const double x = (static_cast<double>(cell % static_cast<std::size_t>(n)) + 0.5) / n;
    k[cell] = x > 0.55 && x < 0.65 ? insulation : 1;
  }
  return k;
}

/// Milliseconds of device time that `work` takes.
double device_time(const std::function<void()>& work) {
  cudaEvent_t start, stop;
  ADSTENCIL_CUDA_CHECK(cudaEventCreate(&start));
  ADSTENCIL_CUDA_CHECK(cudaEventCreate(&stop));
  ADSTENCIL_CUDA_CHECK(cudaEventRecord(start));
  work();
  ADSTENCIL_CUDA_CHECK(cudaEventRecord(stop));
  ADSTENCIL_CUDA_CHECK(cudaEventSynchronize(stop));
  float milliseconds = 0;
  ADSTENCIL_CUDA_CHECK(cudaEventElapsedTime(&milliseconds, start, stop));
  ADSTENCIL_CUDA_CHECK(cudaEventDestroy(start));
  ADSTENCIL_CUDA_CHECK(cudaEventDestroy(stop));
  return milliseconds;
}

/// The loop in time and its adjoint. All time levels are kept: the derivative of a step with respect to k needs the u
/// that the step started from, and the one with respect to u needs k.
class heat {
public:
  heat(int n, int steps) : n_(n), k_(n, n, n) {
    for (int t = 0; t <= steps; ++t)
      u_.emplace_back(n, n, n);
  }

  /// Runs all steps from u_0 with conductivity k; returns the final state.
  std::vector<double> run(std::span<const double> u_0, std::span<const double> k) {
    u_.front().copy_from_host(u_0);
    k_.copy_from_host(k);
    forward_time = device_time([&] {
      for (std::size_t t = 0; t + 1 < u_.size(); ++t)
        step<<<grid(), block>>>(u_[t + 1].data(), u_[t].data(), k_.data(), r, n_, n_, n_);
      ADSTENCIL_CUDA_CHECK_LAUNCH();
    });
    std::vector<double> result(static_cast<std::size_t>(k_.size()));
    u_.back().copy_to_host(result);
    return result;
  }

  /// Takes the derivative of a function of the final state; afterwards u_bar and k_bar hold its gradient.
  void reverse(std::span<const double> final_bar, std::span<double> u_bar, std::span<double> k_bar) {
    for (auto& u : u_)
      u.zero_shadow();
    k_.zero_shadow();
    u_.back().copy_shadow_from_host(final_bar);
    reverse_time = device_time([&] {
      for (std::size_t t = u_.size() - 1; t-- > 0;)
        __adjoint_step<<<grid(), block>>>(u_[t + 1].data(), u_[t + 1].shadow(), u_[t].data(), u_[t].shadow(), k_.data(),
                                          k_.shadow(), r, n_, n_, n_);
      ADSTENCIL_CUDA_CHECK_LAUNCH();
    });
    u_.front().copy_shadow_to_host(u_bar);
    k_.copy_shadow_to_host(k_bar);
  }

  double forward_time = 0; ///< milliseconds of the last run
  double reverse_time = 0;

private:
  static constexpr dim3 block{32, 8, 1};
  dim3 grid() const { return dim3((n_ + block.x - 1) / block.x, (n_ + block.y - 1) / block.y, n_); }

  int n_;
  std::vector<adstencil::device_field<double, 3>> u_; ///< by time level
  adstencil::device_field<double, 3> k_;
};

/// J = 1/2 sum over cells of (u_T - observed)^2; writes dJ/du_T.
double misfit(std::span<const double> u_T, std::span<const double> observed, std::span<double> u_T_bar) {
  double loss = 0;
  for (std::size_t cell = 0; cell < u_T.size(); ++cell) {
    u_T_bar[cell] = u_T[cell] - observed[cell];
    loss += 0.5 * u_T_bar[cell] * u_T_bar[cell];
  }
  return loss;
}

int solve(const choices& chosen) {
  if (chosen.n < 4 || chosen.n > 512 || chosen.steps < 1 || chosen.directions < 0)
    throw adstencil::usage_error("--n must be from 4 to 512, --steps positive, --directions not negative");
  if (chosen.device != "auto" && chosen.device != "cpu" && chosen.device != "cuda")
    throw adstencil::usage_error("--device can be auto, cpu or cuda");
  std::printf("device: %s\n", adstencil::use_device(chosen.device).c_str());

  heat model(chosen.n, chosen.steps);
  const auto observed = model.run(hot_ball(chosen.n, 0.4), slab(chosen.n, 0.1));

  // The gradient where nothing is known of the slab and the ball is in the wrong place.
  const auto u_0 = hot_ball(chosen.n, 0.45), k = slab(chosen.n, 0.8);
  const std::size_t cells = u_0.size();
  std::vector<double> u_T_bar(cells), u_bar(cells), k_bar(cells);
  const double loss = misfit(model.run(u_0, k), observed, u_T_bar);
  model.reverse(u_T_bar, u_bar, k_bar);
  std::printf("%d^3 cells, %d steps: loss %.6e\n", chosen.n, chosen.steps, loss);
  std::printf("forward %.2f ms, reverse %.2f ms for the gradient with respect to %zu numbers\n", model.forward_time,
              model.reverse_time, 2 * cells);

  bool right = true;
  const auto check = [&](const char* unknown, std::span<const double> at, std::span<const double> gradient, double h,
                         const adstencil::scalar_function& f) {
    for (int d = 0; d < chosen.directions; ++d) {
      const auto direction = adstencil::random_direction(cells, static_cast<unsigned>(d + 1));
      const auto result = adstencil::check_direction(f, at, gradient, direction, h);
      std::printf("dJ/d%-4s adjoint %17.10e   finite difference %17.10e   relative error %.1e\n", unknown,
                  result.adjoint, result.finite_difference, result.relative_error);
      right = right && result.relative_error <= gradient_tolerance;
    }
  };
  // J is quadratic in u_0, so that no step is too long for its central difference; in k it is not.
  std::vector<double> unused(cells);
  check("u_0", u_0, u_bar, 1e-2, [&](std::span<const double> x) { return misfit(model.run(x, k), observed, unused); });
  check("k", k, k_bar, 1e-4, [&](std::span<const double> x) { return misfit(model.run(u_0, x), observed, unused); });
  if (!right)
    std::fprintf(stderr, "11-heat-3d-cuda: the gradient is wrong (a relative error exceeds %.0e)\n",
                 gradient_tolerance);
  return right ? adstencil::exit_status::success : adstencil::exit_status::wrong_result;
}

int run(int argc, char** argv) {
  choices chosen;
  adstencil::command_line line("11-heat-3d-cuda",
                               "The gradient of a misfit after many steps of heat conduction in three dimensions.",
                               "11-heat-3d-cuda --n 64 --device cpu");
  line.option("n", chosen.n, "cells along each axis");
  line.option("steps", chosen.steps, "explicit steps in time");
  line.option("directions", chosen.directions, "random directions in which each gradient is checked");
  line.option("device", chosen.device, "auto, cpu or cuda");
  if (const auto exit_code = line.parse(argc, argv))
    return *exit_code;
  return solve(chosen);
}

} // namespace

int main(int argc, char** argv) {
  return adstencil::run_program("11-heat-3d-cuda", [&] { return run(argc, argv); });
}
