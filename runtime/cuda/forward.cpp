// The exported functions of the runtime interface, one per row of api_table.h.
//
// On the CPU the answer of adstencil::cuda_runtime::cpu is recorded as the thread's last error; a failed device answers
// for every function that would touch it. On a GPU the call goes to the CUDA runtime library, which does its own
// bookkeeping.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "api_table.h"
#include "device_choice.h"
#include "errors.h"

#include <string_view>

namespace adstencil::cuda_runtime {
namespace {

/// Functions that a failed device does not spoil: they do not need it, repair it, or look for themselves (launches,
/// which report a failure before them but not their own).
constexpr bool survives_failure(std::string_view name) {
  for (std::string_view survivor :
       {"cudaDeviceReset", "cudaGetDeviceCount", "cudaGetDevice", "cudaDriverGetVersion", "cudaRuntimeGetVersion",
        "cudaLaunchKernel", "cudaLaunchKernelExC", "cudaGraphLaunch"})
    if (name == survivor)
      return true;
  return false;
}

template <bool Survives>
cudaError_t finish(cudaError_t result) {
  if constexpr (!Survives)
    if (failure() != cudaSuccess)
      return report_failure();
  return record(result);
}

} // namespace
} // namespace adstencil::cuda_runtime

#define ADSTENCIL_CUDA_DEFINE(name, parameters, arguments)                                                             \
  extern "C" cudaError_t name parameters {                                                                             \
    using namespace adstencil::cuda_runtime;                                                                           \
    switch (chosen_device()) {                                                                                         \
    case device_kind::gpu: {                                                                                           \
      static const auto real = reinterpret_cast<decltype(&::name)>(gpu_symbol(#name));                                 \
      return real arguments;                                                                                           \
    }                                                                                                                  \
    case device_kind::none:                                                                                            \
      return record(cudaErrorNoDevice);                                                                                \
    default:                                                                                                           \
      return finish<survives_failure(#name)>(cpu::name arguments);                                                     \
    }                                                                                                                  \
  }
ADSTENCIL_CUDA_FUNCTIONS(ADSTENCIL_CUDA_DEFINE)
