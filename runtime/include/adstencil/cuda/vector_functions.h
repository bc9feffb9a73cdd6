// make_float2(x, y) and the other constructors of vector types.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "vector_types.h"

#define ADSTENCIL_MAKE_VECTORS(name, type)                                                                             \
  static __inline__ __host__ __device__ name##1 make_##name##1(type x) { return name##1 {x}; }                         \
  static __inline__ __host__ __device__ name##2 make_##name##2(type x, type y) { return name##2 {x, y}; }              \
  static __inline__ __host__ __device__ name##3 make_##name##3(type x, type y, type z) { return name##3 {x, y, z}; }   \
  static __inline__ __host__ __device__ name##4 make_##name##4(type x, type y, type z, type w) {                       \
    return name##4 {x, y, z, w};                                                                                       \
  }

ADSTENCIL_MAKE_VECTORS(char, signed char)
ADSTENCIL_MAKE_VECTORS(uchar, unsigned char)
ADSTENCIL_MAKE_VECTORS(short, short)
ADSTENCIL_MAKE_VECTORS(ushort, unsigned short)
ADSTENCIL_MAKE_VECTORS(int, int)
ADSTENCIL_MAKE_VECTORS(uint, unsigned int)
ADSTENCIL_MAKE_VECTORS(long, long)
ADSTENCIL_MAKE_VECTORS(ulong, unsigned long)
ADSTENCIL_MAKE_VECTORS(longlong, long long)
ADSTENCIL_MAKE_VECTORS(ulonglong, unsigned long long)
ADSTENCIL_MAKE_VECTORS(float, float)
ADSTENCIL_MAKE_VECTORS(double, double)
#undef ADSTENCIL_MAKE_VECTORS

#define ADSTENCIL_MAKE_ALIGNED_VECTORS(name, type)                                                                     \
  static __inline__ __host__ __device__ name##4_16a make_##name##4_16a(type x, type y, type z, type w) {               \
    return name##4_16a {x, y, z, w};                                                                                   \
  }                                                                                                                    \
  static __inline__ __host__ __device__ name##4_32a make_##name##4_32a(type x, type y, type z, type w) {               \
    return name##4_32a {x, y, z, w};                                                                                   \
  }

ADSTENCIL_MAKE_ALIGNED_VECTORS(long, long)
ADSTENCIL_MAKE_ALIGNED_VECTORS(ulong, unsigned long)
ADSTENCIL_MAKE_ALIGNED_VECTORS(longlong, long long)
ADSTENCIL_MAKE_ALIGNED_VECTORS(ulonglong, unsigned long long)
ADSTENCIL_MAKE_ALIGNED_VECTORS(double, double)
#undef ADSTENCIL_MAKE_ALIGNED_VECTORS
