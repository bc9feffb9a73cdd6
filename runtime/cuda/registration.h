// GPU code that the program registered.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

namespace adstencil::cuda_runtime {

/// Whether the program carries code for a GPU.
bool has_gpu_code();

/// The GPU was chosen: gives the CUDA runtime library all that was registered, in the order of registration. What is
/// registered later goes there at once.
void replay_registrations();

} // namespace adstencil::cuda_runtime
