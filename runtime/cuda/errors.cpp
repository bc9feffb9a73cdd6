// The last error, the failure of the device, and the texts.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "errors.h"

#include "device_choice.h"

#include <atomic>

namespace adstencil::cuda_runtime {
namespace {

thread_local cudaError_t last_error = cudaSuccess;
std::atomic<cudaError_t> device_failure{cudaSuccess};
std::atomic<bool> failure_reported{false}; ///< by a call; before that the last error does not show it

struct error_text {
  cudaError_t code;
  const char* name;
  const char* text;
};
constexpr error_text error_texts[] = {
#define ADSTENCIL_CUDA_ERROR_TEXT(name, value, text) {cuda##name, "cuda" #name, text},
    ADSTENCIL_CUDA_ERRORS(ADSTENCIL_CUDA_ERROR_TEXT)
#undef ADSTENCIL_CUDA_ERROR_TEXT
};

const error_text* find_text(cudaError_t error) {
  for (const error_text& candidate : error_texts)
    if (candidate.code == error)
      return &candidate;
  return nullptr;
}

} // namespace

cudaError_t record(cudaError_t error) {
  // Not ready is an answer, not an error.
  if (error != cudaSuccess && error != cudaErrorNotReady)
    last_error = error;
  return error;
}

void fail(cudaError_t error) {
  cudaError_t none = cudaSuccess;
  device_failure.compare_exchange_strong(none, error); // the first failure is the one that counts
}

cudaError_t failure() { return device_failure.load(std::memory_order_relaxed); }

cudaError_t report_failure() {
  const cudaError_t failed = failure();
  if (failed != cudaSuccess)
    failure_reported = true;
  return record(failed);
}

void forget_failure() {
  device_failure = cudaSuccess;
  failure_reported = false;
  last_error = cudaSuccess;
}

} // namespace adstencil::cuda_runtime

using namespace adstencil::cuda_runtime;

extern "C" cudaError_t cudaGetLastError() {
  if (auto* real = gpu_function<cudaError_t()>("cudaGetLastError"))
    return real();
  const cudaError_t result = failure_reported ? failure() : last_error;
  last_error = cudaSuccess;
  return result;
}

extern "C" cudaError_t cudaPeekAtLastError() {
  if (auto* real = gpu_function<cudaError_t()>("cudaPeekAtLastError"))
    return real();
  return failure_reported ? failure() : last_error;
}

extern "C" const char* cudaGetErrorName(cudaError_t error) {
  if (auto* real = gpu_function<const char*(cudaError_t)>("cudaGetErrorName"))
    return real(error);
  const error_text* found = find_text(error);
  return found ? found->name : "unrecognized error code";
}

extern "C" const char* cudaGetErrorString(cudaError_t error) {
  if (auto* real = gpu_function<const char*(cudaError_t)>("cudaGetErrorString"))
    return real(error);
  const error_text* found = find_text(error);
  return found ? found->text : "unrecognized error code";
}
