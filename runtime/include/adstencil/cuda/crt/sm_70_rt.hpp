// __match_any_sync and __match_all_sync for every type. clang's own intrinsics header, which defines the operations on
// 32 and 64 bits, includes this name.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#define ADSTENCIL_MATCH(type, bits, word)                                                                              \
  static __device__ __forceinline__ unsigned int __match_any_sync(unsigned int mask, type value) {                     \
    return __match##bits##_any_sync(mask, __builtin_bit_cast(word, value));                                            \
  }                                                                                                                    \
  static __device__ __forceinline__ unsigned int __match_all_sync(unsigned int mask, type value, int* predicate) {     \
    return __match##bits##_all_sync(mask, __builtin_bit_cast(word, value), predicate);                                 \
  }

ADSTENCIL_MATCH(int, 32, unsigned int)
ADSTENCIL_MATCH(unsigned int, 32, unsigned int)
ADSTENCIL_MATCH(float, 32, unsigned int)
ADSTENCIL_MATCH(long, 64, unsigned long long)
ADSTENCIL_MATCH(unsigned long, 64, unsigned long long)
ADSTENCIL_MATCH(long long, 64, unsigned long long)
ADSTENCIL_MATCH(unsigned long long, 64, unsigned long long)
ADSTENCIL_MATCH(double, 64, unsigned long long)
#undef ADSTENCIL_MATCH
