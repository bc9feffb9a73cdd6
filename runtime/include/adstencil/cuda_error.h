// Errors of the CUDA runtime as exceptions.
//
//     ADSTENCIL_CUDA_CHECK(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream));
//     step<<<grid, block, 0, stream>>>(u_new, u, n);
//     ADSTENCIL_CUDA_CHECK_LAUNCH();
//
// The exception can be caught anywhere; the macros need <cuda_runtime_api.h>, from a toolkit or from adstencil.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <adstencil/host_device.h>

#include <source_location>
#include <stdexcept>
#include <string>
#include <utility>

#ifdef ADSTENCIL_COMPILES_CUDA
#include <cuda_runtime.h>
#define ADSTENCIL_HAS_CUDA_API 1
#elif __has_include(<cuda_runtime_api.h>)
#include <cuda_runtime_api.h>
#define ADSTENCIL_HAS_CUDA_API 1
#endif

namespace adstencil {

/// Thrown when a call of the CUDA runtime fails. what() is one line: place, call, name and text of the error.
class cuda_error : public std::runtime_error {
public:
  /// `code` is a cudaError_t, `name` and `text` are what cudaGetErrorName and cudaGetErrorString say of it.
  cuda_error(int code, std::string name, std::string text, std::string call,
             std::source_location where = std::source_location::current())
      : std::runtime_error(std::string(where.file_name()) + ":" + std::to_string(where.line()) + ": " + call +
                           " failed: " + text + " (" + name + ")"),
        code_(code), name_(std::move(name)), text_(std::move(text)), call_(std::move(call)), where_(where) {}

  /// The cudaError_t. (An int, so that this class is the same with and without CUDA headers.)
  int code() const { return code_; }
  /// The enumerator's name, such as "cudaErrorMemoryAllocation".
  const std::string& name() const { return name_; }
  /// CUDA's description, such as "out of memory".
  const std::string& text() const { return text_; }
  /// The text of the call that failed.
  const std::string& call() const { return call_; }
  /// Where it stands.
  const std::source_location& where() const { return where_; }

private:
  int code_;
  std::string name_, text_, call_;
  std::source_location where_;
};

#ifdef ADSTENCIL_HAS_CUDA_API
/// Throws cuda_error unless `code` is cudaSuccess. An error that does not last is cleared, so that the next check of a
/// launch does not report it again.
inline void cuda_check(cudaError_t code, const char* call,
                       std::source_location where = std::source_location::current()) {
  if (code == cudaSuccess) [[likely]]
    return;
  (void)cudaGetLastError();
  throw cuda_error(code, cudaGetErrorName(code), cudaGetErrorString(code), call, where);
}
#endif

} // namespace adstencil

#ifdef ADSTENCIL_HAS_CUDA_API
/// Evaluates an expression of type cudaError_t and throws adstencil::cuda_error unless it is cudaSuccess.
#define ADSTENCIL_CUDA_CHECK(...) ::adstencil::cuda_check((__VA_ARGS__), #__VA_ARGS__)
/// Throws adstencil::cuda_error if the launch before it was refused. What goes wrong while a kernel runs is reported by
/// the next call that waits for it.
#define ADSTENCIL_CUDA_CHECK_LAUNCH() ::adstencil::cuda_check(cudaGetLastError(), "kernel launch")
#endif
