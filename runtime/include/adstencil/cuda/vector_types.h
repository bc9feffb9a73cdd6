// CUDA's vector types and dim3: plain structs with the alignment that device code expects.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "host_defines.h"

#define ADSTENCIL_VECTOR_TYPES(name, type, align2, align4)                                                             \
  struct name##1 { type x; };                                                                                          \
  struct __attribute__((aligned(align2))) name##2 { type x, y; };                                                      \
  struct name##3 { type x, y, z; };                                                                                    \
  struct __attribute__((aligned(align4))) name##4 { type x, y, z, w; };

ADSTENCIL_VECTOR_TYPES(char, signed char, 2, 4)
ADSTENCIL_VECTOR_TYPES(uchar, unsigned char, 2, 4)
ADSTENCIL_VECTOR_TYPES(short, short, 4, 8)
ADSTENCIL_VECTOR_TYPES(ushort, unsigned short, 4, 8)
ADSTENCIL_VECTOR_TYPES(int, int, 8, 16)
ADSTENCIL_VECTOR_TYPES(uint, unsigned int, 8, 16)
ADSTENCIL_VECTOR_TYPES(long, long, 16, 16)
ADSTENCIL_VECTOR_TYPES(ulong, unsigned long, 16, 16)
ADSTENCIL_VECTOR_TYPES(longlong, long long, 16, 16)
ADSTENCIL_VECTOR_TYPES(ulonglong, unsigned long long, 16, 16)
ADSTENCIL_VECTOR_TYPES(float, float, 8, 16)
ADSTENCIL_VECTOR_TYPES(double, double, 16, 16)
#undef ADSTENCIL_VECTOR_TYPES

// Four elements of eight bytes also exist with their alignment in the name.
#define ADSTENCIL_ALIGNED_VECTOR_TYPES(name, type)                                                                     \
  struct __attribute__((aligned(16))) name##4_16a { type x, y, z, w; };                                                \
  struct __attribute__((aligned(32))) name##4_32a { type x, y, z, w; };

ADSTENCIL_ALIGNED_VECTOR_TYPES(long, long)
ADSTENCIL_ALIGNED_VECTOR_TYPES(ulong, unsigned long)
ADSTENCIL_ALIGNED_VECTOR_TYPES(longlong, long long)
ADSTENCIL_ALIGNED_VECTOR_TYPES(ulonglong, unsigned long long)
ADSTENCIL_ALIGNED_VECTOR_TYPES(double, double)
#undef ADSTENCIL_ALIGNED_VECTOR_TYPES

/// The extents of a grid or a block.
struct dim3 {
  unsigned int x, y, z;
#ifdef __cplusplus
  __host__ __device__ constexpr dim3(unsigned int vx = 1, unsigned int vy = 1, unsigned int vz = 1)
      : x(vx), y(vy), z(vz) {}
  __host__ __device__ constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
  __host__ __device__ constexpr operator uint3() const { return uint3{x, y, z}; }
#endif
};
#ifndef __cplusplus
typedef struct dim3 dim3;
#endif
