// Launches of CUDA kernels and of their derivatives by the header form: for templated kernels, which have no derivative
// to call by name.
//
//     template <class T> __global__ void axpy(T* y, const T* x, T a, int n);
//
//     adstencil::launch_config config{grid, block, 0, stream};
//     ADSTENCIL_CUDA_CHECK(adstencil::launch<&axpy<double>>(config, y, x, a, n));
//     adstencil::launch_vjp<&axpy<double>>(config, shadowed(y, y_bar), shadowed(x, x_bar), a, n);
//     adstencil::launch_adjoint<&axpy<double>>(config, shadowed(y, y_bar), x, shadowed(a, a_bar), n); // a is active
//
// Arguments come in the kernel's order; shadowed(primal, shadow) gives one a shadow, as for adstencil::vjp. The shadow
// of an active scalar is a pointer to one element of device memory, which receives the sum over the grid. Kernels with
// a name to derive one from are launched as __vjp_K<<<grid, block, shared, stream>>>(...) instead.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#ifdef __CUDA__

#include <adstencil/derivatives.h>

#include <cuda_runtime.h>

#include <cstddef>
#include <type_traits>

namespace adstencil {

/// What stands between <<< and >>>: blocks, threads of a block, bytes of dynamic shared memory, stream.
struct launch_config {
  dim3 grid = dim3(1);
  dim3 block = dim3(1);
  std::size_t shared = 0;
  cudaStream_t stream = nullptr;
};

namespace detail {

template <auto Kernel>
struct kernel_tag {};

/// Stands for a call of the tagged kernel inside a derivative: the plugin puts the kernel in its place. (It has a body
/// because functions of types without linkage, such as lambdas, must have one.)
template <class Tag, class... P>
__device__ __attribute__((noinline)) void call_kernel(P...) {
  __builtin_trap();
}

template <class... P>
struct parameter_list {
  template <class Tag, class... A>
  __device__ static void call(const A&... a) {
    static_assert(sizeof...(A) == sizeof...(P), "a derivative takes one argument (or shadowed pair) per parameter");
    call_kernel<Tag, P...>(static_cast<P>(a)...);
  }
};
template <class F>
struct parameters_of;
template <class... P>
struct parameters_of<void (*)(P...)> {
  using type = parameter_list<P...>;
};

template <class Mode, class... A>
__device__ constexpr request_text<A...> device_text_of{Mode::name};

template <class Mode, class Tag, class Parameters, class... Argument>
__global__ void derive_kernel(Argument... a) {
  __adstencil_request(device_text_of<Mode, Argument...>.text, &a.primal..., &a.shadow..., sizeof(a.primal)...);
  Parameters::template call<Tag>(a.primal...);
}

/// Launches a derivative. __adjoint_ has a parameter of its own behind all others: which phase of it runs. Its size
/// says whether there is a second one; on CPU cores both are in one launch, and there is no such parameter.
template <class Mode>
cudaError_t launch_phases(const void* derivative, const launch_config& config, void** arguments, std::size_t count) {
  unsigned long long phase = 0;
  std::size_t offset = 0, size = 0;
  const bool two = std::is_same_v<Mode, adjoint_mode> &&
                   cudaFuncGetParamInfo(derivative, count, &offset, &size) == cudaSuccess && size == sizeof(phase);
  arguments[count] = &phase;
  const cudaError_t launched =
      cudaLaunchKernel(derivative, config.grid, config.block, arguments, config.shared, config.stream);
  if (!two || launched != cudaSuccess)
    return launched;
  phase = 1;
  return cudaLaunchKernel(derivative, config.grid, config.block, arguments, config.shared, config.stream);
}

/// Bytes of the buffer in which blocks leave their sums of active scalars; 0 if there are none.
template <class Mode, class... P, class... S>
std::size_t partial_sum_bytes(const launch_config& config, const argument<P, S>&...) {
  if constexpr (std::is_same_v<Mode, tangent_mode>) {
    return 0;
  } else {
    constexpr auto is_sum = [](char letter, char mark) { return letter == 's' && mark == '+'; };
    constexpr std::size_t sums =
        ((is_sum(argument<P, S>::letter, argument<P, S>::mark) ? (sizeof(P) + 3) / 4 : 0) + ... + 0);
    constexpr std::size_t header = 16;
    return sums == 0 ? 0 : header + 8 * sums * config.grid.x * config.grid.y * config.grid.z;
  }
}

template <class Mode, auto Kernel, class... P, class... S>
cudaError_t launch_derivative(const launch_config& config, argument<P, S>... a) {
  using parameters = typename parameters_of<decltype(Kernel)>::type;
  void (*const derivative)(argument<P, S>...) = derive_kernel<Mode, kernel_tag<Kernel>, parameters, argument<P, S>...>;
  void* buffer = nullptr;
  void* arguments[] = {static_cast<void*>(&a)..., &buffer, nullptr};
  const std::size_t bytes = partial_sum_bytes<Mode>(config, a...);
  if (bytes > 0) {
    if (const cudaError_t error = cudaMallocAsync(&buffer, bytes, config.stream))
      return error;
    if (const cudaError_t error = cudaMemsetAsync(buffer, 0, 16, config.stream)) {
      (void)cudaFreeAsync(buffer, config.stream);
      return error;
    }
  }
  const cudaError_t launched =
      launch_phases<Mode>(reinterpret_cast<const void*>(derivative), config, arguments, sizeof...(a) + (bytes > 0));
  if (bytes > 0)
    (void)cudaFreeAsync(buffer, config.stream);
  return launched;
}

template <class... P>
struct plain_launch;
template <class... P>
struct plain_launch<void (*)(P...)> {
  static cudaError_t run(void (*kernel)(P...), const launch_config& config, P... p) {
    void* arguments[] = {static_cast<void*>(&p)..., nullptr};
    return cudaLaunchKernel(reinterpret_cast<const void*>(kernel), config.grid, config.block, arguments, config.shared,
                            config.stream);
  }
};

} // namespace detail

/// Launches the kernel. Returns the error of the launch, as cudaLaunchKernel does.
template <auto Kernel, class... A>
[[nodiscard]] cudaError_t launch(const launch_config& config, A... a) {
  return detail::plain_launch<decltype(Kernel)>::run(Kernel, config, a...);
}

/// Launches __vjp_ of the kernel: adds Jᵀ·(output cotangents) to the shadows of the inputs and leaves the shadows of
/// outputs as they are.
template <auto Kernel, class... A>
[[nodiscard]] cudaError_t launch_vjp(const launch_config& config, A... a) {
  return detail::launch_derivative<detail::vjp_mode, Kernel>(config, detail::wrap(a)...);
}
/// Launches __adjoint_ of the kernel: the exact reverse of executing it.
template <auto Kernel, class... A>
[[nodiscard]] cudaError_t launch_adjoint(const launch_config& config, A... a) {
  return detail::launch_derivative<detail::adjoint_mode, Kernel>(config, detail::wrap(a)...);
}
/// Launches __tangent_ of the kernel: runs it and its directional derivative.
template <auto Kernel, class... A>
[[nodiscard]] cudaError_t launch_tangent(const launch_config& config, A... a) {
  return detail::launch_derivative<detail::tangent_mode, Kernel>(config, detail::wrap(a)...);
}

} // namespace adstencil

#endif // __CUDA__
