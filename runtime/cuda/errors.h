// Errors as CUDA reports them: a code from every call, the last one of each host thread, and a failure of the device.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "adstencil/cuda/cuda_runtime_api.h"

namespace adstencil::cuda_runtime {

/// Remembers an error of a call as the last one of the calling thread, and returns it.
cudaError_t record(cudaError_t error);

/// The device has failed while a kernel ran ("sticky" in CUDA's words): every later call reports this, until
/// cudaDeviceReset. The launch itself still returns cudaSuccess, and cudaGetLastError right after it too, as on a GPU,
/// where the host is long past it.
void fail(cudaError_t error);
/// What the device failed with, or cudaSuccess.
cudaError_t failure();
/// The same, as the answer of a call: it is the last error of every thread from now on.
cudaError_t report_failure();
/// Forgets failure and last error.
void forget_failure();

} // namespace adstencil::cuda_runtime
