// What CUDA's mathematics has beyond clang's device headers: overloads for float, of C's functions (clang declares them
// and leaves the bodies to the toolkit) and of those that C does not know, the mixed forms of min and max, and the same
// functions on the host.
//
// Device functions call libdevice by name (__nv_rsqrt, …): differentiation and the CPU device know these names.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <math.h>

// ---- device: float overloads ----
#define ADSTENCIL_FLOAT_OVERLOAD(name)                                                                                 \
  static __device__ __forceinline__ float name(float a) { return name##f(a); }
ADSTENCIL_FLOAT_OVERLOAD(acosh)
ADSTENCIL_FLOAT_OVERLOAD(asinh)
ADSTENCIL_FLOAT_OVERLOAD(atanh)
ADSTENCIL_FLOAT_OVERLOAD(cbrt)
ADSTENCIL_FLOAT_OVERLOAD(erf)
ADSTENCIL_FLOAT_OVERLOAD(erfc)
ADSTENCIL_FLOAT_OVERLOAD(exp2)
ADSTENCIL_FLOAT_OVERLOAD(expm1)
ADSTENCIL_FLOAT_OVERLOAD(lgamma)
ADSTENCIL_FLOAT_OVERLOAD(log1p)
ADSTENCIL_FLOAT_OVERLOAD(log2)
ADSTENCIL_FLOAT_OVERLOAD(logb)
ADSTENCIL_FLOAT_OVERLOAD(nearbyint)
ADSTENCIL_FLOAT_OVERLOAD(rint)
ADSTENCIL_FLOAT_OVERLOAD(round)
ADSTENCIL_FLOAT_OVERLOAD(tgamma)
ADSTENCIL_FLOAT_OVERLOAD(trunc)
ADSTENCIL_FLOAT_OVERLOAD(rsqrt)
ADSTENCIL_FLOAT_OVERLOAD(rcbrt)
ADSTENCIL_FLOAT_OVERLOAD(exp10)
ADSTENCIL_FLOAT_OVERLOAD(sinpi)
ADSTENCIL_FLOAT_OVERLOAD(cospi)
ADSTENCIL_FLOAT_OVERLOAD(erfinv)
ADSTENCIL_FLOAT_OVERLOAD(erfcinv)
ADSTENCIL_FLOAT_OVERLOAD(erfcx)
ADSTENCIL_FLOAT_OVERLOAD(normcdf)
ADSTENCIL_FLOAT_OVERLOAD(normcdfinv)
ADSTENCIL_FLOAT_OVERLOAD(cyl_bessel_i0)
ADSTENCIL_FLOAT_OVERLOAD(cyl_bessel_i1)
ADSTENCIL_FLOAT_OVERLOAD(j0)
ADSTENCIL_FLOAT_OVERLOAD(j1)
ADSTENCIL_FLOAT_OVERLOAD(y0)
ADSTENCIL_FLOAT_OVERLOAD(y1)
#undef ADSTENCIL_FLOAT_OVERLOAD
#define ADSTENCIL_FLOAT_OVERLOAD(name)                                                                                 \
  static __device__ __forceinline__ float name(float a, float b) { return name##f(a, b); }
ADSTENCIL_FLOAT_OVERLOAD(copysign)
ADSTENCIL_FLOAT_OVERLOAD(fdim)
ADSTENCIL_FLOAT_OVERLOAD(fmax)
ADSTENCIL_FLOAT_OVERLOAD(fmin)
ADSTENCIL_FLOAT_OVERLOAD(hypot)
ADSTENCIL_FLOAT_OVERLOAD(nextafter)
ADSTENCIL_FLOAT_OVERLOAD(remainder)
#undef ADSTENCIL_FLOAT_OVERLOAD
#define ADSTENCIL_FLOAT_OVERLOAD(result, name)                                                                         \
  static __device__ __forceinline__ result name(float a) { return name##f(a); }
ADSTENCIL_FLOAT_OVERLOAD(int, ilogb)
ADSTENCIL_FLOAT_OVERLOAD(long, lrint)
ADSTENCIL_FLOAT_OVERLOAD(long, lround)
ADSTENCIL_FLOAT_OVERLOAD(long long, llrint)
ADSTENCIL_FLOAT_OVERLOAD(long long, llround)
#undef ADSTENCIL_FLOAT_OVERLOAD
static __device__ __forceinline__ float fma(float a, float b, float c) { return fmaf(a, b, c); }
static __device__ __forceinline__ float scalbn(float a, int n) { return scalbnf(a, n); }
static __device__ __forceinline__ float scalbln(float a, long n) { return scalblnf(a, n); }
static __device__ __forceinline__ float remquo(float a, float b, int* quotient) { return remquof(a, b, quotient); }
static __device__ __forceinline__ double nan(const char* tag) { return __nv_nan((const signed char*)tag); }
static __device__ __forceinline__ float nanf(const char* tag) { return __nv_nanf((const signed char*)tag); }
static __device__ __forceinline__ float fdivide(float a, float b) { return a / b; }
static __device__ __forceinline__ float rhypot(float a, float b) { return rhypotf(a, b); }
static __device__ __forceinline__ void sincos(float a, float* s, float* c) { sincosf(a, s, c); }
static __device__ __forceinline__ void sincospi(float a, float* s, float* c) { sincospif(a, s, c); }
static __device__ __forceinline__ float jn(int n, float a) { return jnf(n, a); }
static __device__ __forceinline__ float yn(int n, float a) { return ynf(n, a); }
static __device__ __forceinline__ float norm3d(float a, float b, float c) { return norm3df(a, b, c); }
static __device__ __forceinline__ float rnorm3d(float a, float b, float c) { return rnorm3df(a, b, c); }
static __device__ __forceinline__ float norm4d(float a, float b, float c, float d) { return norm4df(a, b, c, d); }
static __device__ __forceinline__ float rnorm4d(float a, float b, float c, float d) { return rnorm4df(a, b, c, d); }

// ---- device: min and max ----
// Mixed signs compare as unsigned, as in C. `long` has 64 bits wherever the CPU device runs.
#define ADSTENCIL_MIN_MAX(type, a_type, b_type, suffix)                                                                \
  static __device__ __forceinline__ type min(a_type a, b_type b) { return __nv_##suffix##min((type)a, (type)b); }      \
  static __device__ __forceinline__ type max(a_type a, b_type b) { return __nv_##suffix##max((type)a, (type)b); }
ADSTENCIL_MIN_MAX(unsigned int, unsigned int, unsigned int, u)
ADSTENCIL_MIN_MAX(unsigned int, int, unsigned int, u)
ADSTENCIL_MIN_MAX(unsigned int, unsigned int, int, u)
ADSTENCIL_MIN_MAX(long, long, long, ll)
ADSTENCIL_MIN_MAX(unsigned long, unsigned long, unsigned long, ull)
ADSTENCIL_MIN_MAX(unsigned long, long, unsigned long, ull)
ADSTENCIL_MIN_MAX(unsigned long, unsigned long, long, ull)
ADSTENCIL_MIN_MAX(long long, long long, long long, ll)
ADSTENCIL_MIN_MAX(unsigned long long, unsigned long long, unsigned long long, ull)
ADSTENCIL_MIN_MAX(unsigned long long, long long, unsigned long long, ull)
ADSTENCIL_MIN_MAX(unsigned long long, unsigned long long, long long, ull)
#undef ADSTENCIL_MIN_MAX
#define ADSTENCIL_MIN_MAX(type, a_type, b_type, suffix)                                                                \
  static __device__ __forceinline__ type min(a_type a, b_type b) { return __nv_fmin##suffix(a, b); }                   \
  static __device__ __forceinline__ type max(a_type a, b_type b) { return __nv_fmax##suffix(a, b); }
ADSTENCIL_MIN_MAX(float, float, float, f)
ADSTENCIL_MIN_MAX(double, double, double, )
ADSTENCIL_MIN_MAX(double, float, double, )
ADSTENCIL_MIN_MAX(double, double, float, )
#undef ADSTENCIL_MIN_MAX

// ---- host ----
#define ADSTENCIL_HOST_MIN_MAX(type)                                                                                   \
  static __host__ __inline__ type min(type a, type b) { return b < a ? b : a; }                                        \
  static __host__ __inline__ type max(type a, type b) { return a < b ? b : a; }
ADSTENCIL_HOST_MIN_MAX(int)
ADSTENCIL_HOST_MIN_MAX(unsigned int)
ADSTENCIL_HOST_MIN_MAX(long)
ADSTENCIL_HOST_MIN_MAX(unsigned long)
ADSTENCIL_HOST_MIN_MAX(long long)
ADSTENCIL_HOST_MIN_MAX(unsigned long long)
#undef ADSTENCIL_HOST_MIN_MAX
static __host__ __inline__ float min(float a, float b) { return ::fminf(a, b); }
static __host__ __inline__ float max(float a, float b) { return ::fmaxf(a, b); }
static __host__ __inline__ double min(double a, double b) { return ::fmin(a, b); }
static __host__ __inline__ double max(double a, double b) { return ::fmax(a, b); }

// In the precision of the argument, like the device's. sinpi and cospi reduce their argument first: it is exact.
#define ADSTENCIL_HOST_MATH(T, f)                                                                                      \
  static __host__ __inline__ T rsqrt##f(T a) { return T(1) / __builtin_sqrt##f(a); }                                   \
  static __host__ __inline__ T rcbrt##f(T a) { return T(1) / __builtin_cbrt##f(a); }                                   \
  static __host__ __inline__ void sincospi##f(T a, T* s, T* c) {                                                       \
    const T half_turns = __builtin_rint##f(a + a), rest = a - half_turns / 2;                                          \
    const T pi = T(3.141592653589793238462643383279502884L), x = rest * pi;                                            \
    const int quadrant = (int)__builtin_fmod##f(half_turns, T(4)) & 3;                                                 \
    const T sine = __builtin_sin##f(x), cosine = __builtin_cos##f(x);                                                  \
    *s = quadrant == 0 ? sine : quadrant == 1 ? cosine : quadrant == 2 ? -sine : -cosine;                              \
    *c = quadrant == 0 ? cosine : quadrant == 1 ? -sine : quadrant == 2 ? -cosine : sine;                              \
  }                                                                                                                    \
  static __host__ __inline__ T sinpi##f(T a) {                                                                         \
    T s, c;                                                                                                            \
    sincospi##f(a, &s, &c);                                                                                            \
    return s;                                                                                                          \
  }                                                                                                                    \
  static __host__ __inline__ T cospi##f(T a) {                                                                         \
    T s, c;                                                                                                            \
    sincospi##f(a, &s, &c);                                                                                            \
    return c;                                                                                                          \
  }                                                                                                                    \
  static __host__ __inline__ T normcdf##f(T a) {                                                                       \
    return __builtin_erfc##f(a * T(-0.707106781186547524400844362104849039L)) / 2;                                     \
  }                                                                                                                    \
  static __host__ __inline__ T rhypot##f(T a, T b) { return T(1) / __builtin_hypot##f(a, b); }                         \
  static __host__ __inline__ T norm3d##f(T a, T b, T c) { return __builtin_hypot##f(__builtin_hypot##f(a, b), c); }    \
  static __host__ __inline__ T rnorm3d##f(T a, T b, T c) { return T(1) / norm3d##f(a, b, c); }                         \
  static __host__ __inline__ T norm4d##f(T a, T b, T c, T d) {                                                         \
    return __builtin_hypot##f(__builtin_hypot##f(a, b), __builtin_hypot##f(c, d));                                     \
  }                                                                                                                    \
  static __host__ __inline__ T rnorm4d##f(T a, T b, T c, T d) { return T(1) / norm4d##f(a, b, c, d); }                 \
  static __host__ __inline__ T fdivide##f(T a, T b) { return a / b; }
ADSTENCIL_HOST_MATH(double, )
ADSTENCIL_HOST_MATH(float, f)
#undef ADSTENCIL_HOST_MATH
static __host__ __inline__ float rsqrt(float a) { return rsqrtf(a); }
static __host__ __inline__ float rcbrt(float a) { return rcbrtf(a); }
static __host__ __inline__ float sinpi(float a) { return sinpif(a); }
static __host__ __inline__ float cospi(float a) { return cospif(a); }
static __host__ __inline__ void sincospi(float a, float* s, float* c) { sincospif(a, s, c); }
static __host__ __inline__ float normcdf(float a) { return normcdff(a); }
