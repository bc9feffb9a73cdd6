// CUDA as a program sees it, for clang without a toolkit:
//
//     clang++ -x cuda -nocudainc -nocudalib -include adstencil/cuda/cuda_runtime.h …
//
// Like nvcc, and like clang with a toolkit, CUDA mode includes this header before everything else: clang turns
// constexpr functions of the C++ library into host and device functions unless their device versions are known first.
//
// Most of the device's language comes with clang: its index variables, its wrappers of libdevice and of the PTX
// intrinsics, which it otherwise uses together with NVIDIA's headers. Around them stand types, atomics, what is left of
// the mathematics, and the runtime interface. In a C++ file only types and runtime interface are there.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "host_defines.h"

#ifdef __CUDA__

#if defined(_GLIBCXX_CMATH) || defined(_LIBCPP_CMATH)
#error "in CUDA mode the compiler has to read this header first: add -include adstencil/cuda/cuda_runtime.h"
#endif

#ifndef __CUDACC__
#define __CUDACC__ // libstdc++ does without __float128 then
#endif

#include "cuda.h" // clang's headers want CUDA_VERSION

#include <__clang_cuda_math_forward_declares.h>

// ---- what device code calls in the system ----
extern "C" {
__device__ int vprintf(const char* format, const char* packed);
__device__ int printf(const char* format, ...); ///< clang packs the arguments for vprintf
__device__ void free(void*) __attribute__((nothrow));
__device__ void* malloc(__SIZE_TYPE__) __attribute__((nothrow, malloc));
__device__ void __assertfail(const char* message, const char* file, unsigned int line, const char* function,
                             __SIZE_TYPE__ char_size);
/// What assert() of the C library calls.
static __inline__ __device__ void __assert_fail(const char* message, const char* file, unsigned int line,
                                                const char* function) {
  __assertfail(message, file, line, function, sizeof(char));
}
} // extern "C"

#include <climits>
#include <cmath>
#include <cstdlib>
#include <stdlib.h>
#include <string.h>

#include <__clang_cuda_builtin_vars.h>

#include "vector_functions.h"
#include "vector_types.h"

#include <__clang_cuda_libdevice_declares.h>

#include <__clang_cuda_device_functions.h>
#include <__clang_cuda_math.h>

// ---- index variables as values ----
#define ADSTENCIL_INDEX_CONVERSIONS(name)                                                                              \
  __device__ inline __cuda_builtin_##name##_t::operator dim3() const { return dim3(x, y, z); }                         \
  __device__ inline __cuda_builtin_##name##_t::operator uint3() const { return uint3{x, y, z}; }
ADSTENCIL_INDEX_CONVERSIONS(threadIdx)
ADSTENCIL_INDEX_CONVERSIONS(blockIdx)
ADSTENCIL_INDEX_CONVERSIONS(blockDim)
ADSTENCIL_INDEX_CONVERSIONS(gridDim)
#undef ADSTENCIL_INDEX_CONVERSIONS

#include "math_functions.h"

// ---- address spaces, as clang's intrinsics expect them ----
typedef unsigned int cuuint32_t;
#define ADSTENCIL_IS_SPACE(name, builtin)                                                                              \
  static __device__ __forceinline__ __attribute__((const)) unsigned int name(const void* pointer) {                    \
    return builtin(pointer);                                                                                           \
  }
ADSTENCIL_IS_SPACE(__isGlobal, __nvvm_isspacep_global)
ADSTENCIL_IS_SPACE(__isShared, __nvvm_isspacep_shared)
ADSTENCIL_IS_SPACE(__isConstant, __nvvm_isspacep_const)
ADSTENCIL_IS_SPACE(__isLocal, __nvvm_isspacep_local)
#undef ADSTENCIL_IS_SPACE
static __device__ __forceinline__ size_t __cvta_generic_to_shared(const void* pointer) {
  return (size_t)(__attribute__((address_space(3))) const void*)pointer;
}

#include <__clang_cuda_cmath.h>
#include <__clang_cuda_complex_builtins.h>
#include <__clang_cuda_intrinsics.h> // includes crt/sm_70_rt.hpp

#include "device_atomics.h"

#else

#include "vector_functions.h"

#endif // __CUDA__

#include "cuda_runtime_api.h"
#ifdef __cplusplus
#include "runtime_templates.h"
#endif
