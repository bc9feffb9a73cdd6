// Functions for both sides of a CUDA program.
//
// A point function or an accessor that kernels call has to be compiled for the device too; in a plain C++ file the same
// text must have no trace of that.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#if defined(__CUDA__) || defined(__CUDACC__)
/// Defined in files that are compiled as CUDA, on both sides.
#define ADSTENCIL_COMPILES_CUDA 1
#endif

#if defined(ADSTENCIL_COMPILES_CUDA) && defined(__clang__)
// The attributes themselves: the macros __host__ and __device__ come from a header that may not be included yet.
#define ADSTENCIL_HOST_DEVICE __attribute__((host, device))
#elif defined(ADSTENCIL_COMPILES_CUDA)
#define ADSTENCIL_HOST_DEVICE __host__ __device__
#else
/// Stands before a function, or between the [] and the parameters of a lambda, that kernels may call.
#define ADSTENCIL_HOST_DEVICE
#endif
