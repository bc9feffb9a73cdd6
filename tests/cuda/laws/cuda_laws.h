// What a CUDA kernel of the library says about itself. The laws and the engine are those of the host's kernels
// (tests/numeric/laws.h); a kernel file is compiled once for every variant, here too, and registers each kernel:
//
//     CUDA_CASE(scale, arrays(out("y", 20), in("x", 20)),
//               over(20).block(8),                      // the launch: 20 threads, in blocks of 8
//               (x[0], x[1], 20),                       // scale<<<...>>>(y, x, n)
//               (x[0], xb[0], x[1], xb[1], 20))         // __vjp_scale<<<...>>>, __adjoint_scale, __tangent_scale
//         .bits(same_bits::always);                     // the derivative only touches the thread's own cells
//
// `x`, `xb` and `ix` are in device memory. An active scalar is an array of one element, passed as `*hx[i], xb[i]`: its
// value from the host's copy, its shadow in device memory. Hand-written adjoints run on the host.
//
// The engine also tries other shapes of the launch: blocks that divide nothing, and more threads than points. A kernel
// whose result depends on its blocks says .one_shape().
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "../../numeric/laws.h"

#include <cuda_runtime.h>

namespace laws {

/// The device's memory, by way of the CUDA runtime.
const memory& cuda_memory();

/// Reports the error of a CUDA call as an exception.
void check_cuda(cudaError_t error, const char* what);

/// One launch.
struct launch_configuration {
  dim3 grid, block;
};

/// The launches of a kernel: threads wanted per axis, and the threads of a block.
class threads_over {
public:
  constexpr explicit threads_over(unsigned x, unsigned y = 1, unsigned z = 1) : threads_{x, y, z} {}
  constexpr threads_over block(unsigned x, unsigned y = 1, unsigned z = 1) const {
    threads_over result = *this;
    result.block_[0] = x, result.block_[1] = y, result.block_[2] = z;
    return result;
  }

  static constexpr unsigned shapes = 3;
  /// Shape 0 is the one asked for, 1 has blocks that divide nothing, 2 has whole blocks without work on every axis.
  launch_configuration at(unsigned shape) const {
    constexpr unsigned odd[3] = {7, 3, 2}, wide[3] = {32, 4, 2};
    unsigned block[3], grid[3];
    for (int axis = 0; axis < 3; ++axis) {
      const bool used = threads_[axis] > 1;
      block[axis] = shape == 0 || !used ? block_[axis] : shape == 1 ? odd[axis] : wide[axis];
      grid[axis] = (threads_[axis] + block[axis] - 1) / block[axis] + (shape == 2 && used ? 1 : 0);
    }
    return {dim3(grid[0], grid[1], grid[2]), dim3(block[0], block[1], block[2])};
  }

private:
  unsigned threads_[3];
  unsigned block_[3] = {16, 1, 1};
};
constexpr threads_over over(unsigned x, unsigned y = 1, unsigned z = 1) { return threads_over(x, y, z); }

} // namespace laws

#ifdef LAW_VARIANT

namespace LAW_VARIANT {
using laws::over, laws::same_bits;
} // namespace LAW_VARIANT

/// Statements in which `at` is the launch.
#define CUDA_CALL(where, ...)                                                                                          \
  [](call_arguments) {                                                                                                 \
    [[maybe_unused]] const laws::launch_configuration at = (where).at(shape);                                          \
    __VA_ARGS__;                                                                                                       \
  }

#ifdef __ADSTENCIL__
#define CUDA_DERIVATIVE CUDA_CALL
#else
#define CUDA_DERIVATIVE(where, ...) nullptr
#endif

/// A case whose calls are statements: kernels in namespaces, launches with preparations.
#define CUDA_CASE_CALLS(name, specs, where, primal, vjp, adjoint, tangent)                                             \
  [[maybe_unused]] static const laws::registration<real> law_of_##name =                                               \
      laws::add<real>(LAW_STRING(LAW_VARIANT), #name, specs, CUDA_CALL(where, primal), CUDA_DERIVATIVE(where, vjp),    \
                      CUDA_DERIVATIVE(where, adjoint), CUDA_DERIVATIVE(where, tangent))                                \
          .launched(laws::cuda_memory(), laws::threads_over::shapes)                                                   \
          .bits(laws::same_bits::never)

#define CUDA_CASE(kernel, specs, where, primal_arguments, derivative_arguments)                                        \
  CUDA_CASE_CALLS(kernel, specs, where, (kernel<<<at.grid, at.block>>> primal_arguments),                              \
                  (__vjp_##kernel<<<at.grid, at.block>>> derivative_arguments),                                        \
                  (__adjoint_##kernel<<<at.grid, at.block>>> derivative_arguments),                                    \
                  (__tangent_##kernel<<<at.grid, at.block>>> derivative_arguments))

#endif // LAW_VARIANT
