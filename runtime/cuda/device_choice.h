// CPU or GPU: decided once, by the program's first call of the CUDA runtime. Registering GPU code before main decides
// nothing, so that main can set the variable.
//
//     ADSTENCIL_DEVICE=auto    (default) the GPU, if the program carries GPU code, a CUDA runtime library loads and it
//                              finds a device; the CPU otherwise
//     ADSTENCIL_DEVICE=cpu     the CPU
//     ADSTENCIL_DEVICE=cuda    the GPU; without one, a message and cudaErrorNoDevice from every call
//
// The library is libcudart.so.13, .12 or libcudart.so, or the one that ADSTENCIL_CUDART names.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

namespace adstencil::cuda_runtime {

enum class device_kind { undecided, cpu, gpu, none };

/// The device this program runs on. The first call decides.
device_kind chosen_device();

/// The function of the CUDA runtime library, which was loaded and has to have it: ends the program with a message
/// otherwise.
void* gpu_symbol(const char* name);

/// The function of the CUDA runtime library that a call is to be forwarded to; null when it runs on the CPU.
template <class Signature>
Signature* gpu_function(const char* name) {
  return chosen_device() == device_kind::gpu ? reinterpret_cast<Signature*>(gpu_symbol(name)) : nullptr;
}

} // namespace adstencil::cuda_runtime
