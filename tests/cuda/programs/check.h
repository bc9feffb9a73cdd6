// What the programs share: calls that must succeed, and a verdict.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cuda_runtime.h>

#include <cstdio>
#include <cstdlib>

/// Without a device there is nothing to check: ctest takes this exit code as "skipped". (The CPU device is always
/// there.)
inline const bool check_device = [] {
  int devices = 0;
  if (cudaGetDeviceCount(&devices) == cudaSuccess && devices > 0)
    return true;
  std::fprintf(stderr, "no CUDA device\n");
  std::exit(77);
}();

/// Ends the program if a call of the runtime fails.
#define CHECK(call)                                                                                                    \
  do {                                                                                                                 \
    const cudaError_t check_error = (call);                                                                            \
    if (check_error != cudaSuccess) {                                                                                  \
      std::fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call, cudaGetErrorString(check_error));             \
      std::exit(1);                                                                                                    \
    }                                                                                                                  \
  } while (0)

/// Checks the launch before it and waits for it.
#define CHECK_LAUNCH()                                                                                                 \
  do {                                                                                                                 \
    CHECK(cudaGetLastError());                                                                                         \
    CHECK(cudaDeviceSynchronize());                                                                                    \
  } while (0)

/// Ends the program if a condition does not hold.
#define REQUIRE(condition)                                                                                             \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      std::fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);                                   \
      std::exit(1);                                                                                                    \
    }                                                                                                                  \
  } while (0)
