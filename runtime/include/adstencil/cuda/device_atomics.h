// atomicAdd and its family. Each name is one of the operations that clang's device functions give on the three scopes:
// the device (no suffix), the block (_block) and the system (_system).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#define ADSTENCIL_ATOMIC_SCOPE(name, builtin, type, word, scope)                                                       \
  static __device__ __forceinline__ type name##scope(type* address, type value) {                                      \
    return (type)builtin##scope((word*)address, (word)value);                                                          \
  }
#define ADSTENCIL_ATOMIC(name, builtin, type, word)                                                                    \
  ADSTENCIL_ATOMIC_SCOPE(name, builtin, type, word, )                                                                  \
  ADSTENCIL_ATOMIC_SCOPE(name, builtin, type, word, _block)                                                            \
  ADSTENCIL_ATOMIC_SCOPE(name, builtin, type, word, _system)

#define ADSTENCIL_ATOMIC_SUB_SCOPE(type, unsigned_type, builtin, scope)                                                \
  static __device__ __forceinline__ type atomicSub##scope(type* address, type value) {                                 \
    return (type)builtin##scope((unsigned_type*)address, (unsigned_type)0 - (unsigned_type)value);                     \
  }
#define ADSTENCIL_ATOMIC_SUB(type, unsigned_type, builtin)                                                             \
  ADSTENCIL_ATOMIC_SUB_SCOPE(type, unsigned_type, builtin, )                                                           \
  ADSTENCIL_ATOMIC_SUB_SCOPE(type, unsigned_type, builtin, _block)                                                     \
  ADSTENCIL_ATOMIC_SUB_SCOPE(type, unsigned_type, builtin, _system)

#define ADSTENCIL_ATOMIC_CAS_SCOPE(type, word, builtin, scope)                                                         \
  static __device__ __forceinline__ type atomicCAS##scope(type* address, type compare, type value) {                   \
    return (type)builtin##scope((word*)address, (word)compare, (word)value);                                           \
  }
#define ADSTENCIL_ATOMIC_CAS(type, word, builtin)                                                                      \
  ADSTENCIL_ATOMIC_CAS_SCOPE(type, word, builtin, )                                                                    \
  ADSTENCIL_ATOMIC_CAS_SCOPE(type, word, builtin, _block)                                                              \
  ADSTENCIL_ATOMIC_CAS_SCOPE(type, word, builtin, _system)

typedef unsigned long long adstencil_ull;

ADSTENCIL_ATOMIC(atomicAdd, __iAtomicAdd, int, int)
ADSTENCIL_ATOMIC(atomicAdd, __uAtomicAdd, unsigned int, unsigned int)
ADSTENCIL_ATOMIC(atomicAdd, __ullAtomicAdd, adstencil_ull, adstencil_ull)
ADSTENCIL_ATOMIC(atomicAdd, __fAtomicAdd, float, float)
ADSTENCIL_ATOMIC(atomicAdd, __dAtomicAdd, double, double)
ADSTENCIL_ATOMIC_SUB(int, unsigned int, __uAtomicAdd)
ADSTENCIL_ATOMIC_SUB(unsigned int, unsigned int, __uAtomicAdd)
ADSTENCIL_ATOMIC(atomicExch, __iAtomicExch, int, int)
ADSTENCIL_ATOMIC(atomicExch, __uAtomicExch, unsigned int, unsigned int)
ADSTENCIL_ATOMIC(atomicExch, __ullAtomicExch, adstencil_ull, adstencil_ull)
ADSTENCIL_ATOMIC(atomicExch, __fAtomicExch, float, float)
ADSTENCIL_ATOMIC(atomicMin, __iAtomicMin, int, int)
ADSTENCIL_ATOMIC(atomicMin, __uAtomicMin, unsigned int, unsigned int)
ADSTENCIL_ATOMIC(atomicMin, __illAtomicMin, long long, long long)
ADSTENCIL_ATOMIC(atomicMin, __ullAtomicMin, adstencil_ull, adstencil_ull)
ADSTENCIL_ATOMIC(atomicMax, __iAtomicMax, int, int)
ADSTENCIL_ATOMIC(atomicMax, __uAtomicMax, unsigned int, unsigned int)
ADSTENCIL_ATOMIC(atomicMax, __illAtomicMax, long long, long long)
ADSTENCIL_ATOMIC(atomicMax, __ullAtomicMax, adstencil_ull, adstencil_ull)
ADSTENCIL_ATOMIC(atomicInc, __uAtomicInc, unsigned int, unsigned int)
ADSTENCIL_ATOMIC(atomicDec, __uAtomicDec, unsigned int, unsigned int)
ADSTENCIL_ATOMIC_CAS(int, int, __iAtomicCAS)
ADSTENCIL_ATOMIC_CAS(unsigned int, unsigned int, __uAtomicCAS)
ADSTENCIL_ATOMIC_CAS(adstencil_ull, adstencil_ull, __ullAtomicCAS)
ADSTENCIL_ATOMIC(atomicAnd, __iAtomicAnd, int, int)
ADSTENCIL_ATOMIC(atomicAnd, __uAtomicAnd, unsigned int, unsigned int)
ADSTENCIL_ATOMIC(atomicAnd, __ullAtomicAnd, adstencil_ull, adstencil_ull)
ADSTENCIL_ATOMIC(atomicOr, __iAtomicOr, int, int)
ADSTENCIL_ATOMIC(atomicOr, __uAtomicOr, unsigned int, unsigned int)
ADSTENCIL_ATOMIC(atomicOr, __ullAtomicOr, adstencil_ull, adstencil_ull)
ADSTENCIL_ATOMIC(atomicXor, __iAtomicXor, int, int)
ADSTENCIL_ATOMIC(atomicXor, __uAtomicXor, unsigned int, unsigned int)
ADSTENCIL_ATOMIC(atomicXor, __ullAtomicXor, adstencil_ull, adstencil_ull)

#undef ADSTENCIL_ATOMIC
#undef ADSTENCIL_ATOMIC_SCOPE
#undef ADSTENCIL_ATOMIC_SUB
#undef ADSTENCIL_ATOMIC_SUB_SCOPE
#undef ADSTENCIL_ATOMIC_CAS
#undef ADSTENCIL_ATOMIC_CAS_SCOPE
