// CUDA's mathematics in every spelling. Each function has outputs of its own, so that no derivative hides behind
// another.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../cuda_laws.h"

#include <cmath>

// The C name of a function in this precision: sinf or sin.
#if LAW_IS_FLOAT
#define F(name) name##f
#else
#define F(name) name
#endif

namespace LAW_VARIANT {

__device__ inline int thread_x() { return blockIdx.x * blockDim.x + threadIdx.x; }

// Writes values side by side, `Count` for each thread.
template <int Count>
struct results {
  real* y;
  int i;
  __device__ void operator()(int which, real value) const { y[Count * i + which] = value; }
};

// All of them have the points 0.2 … 0.8 in their domains, or are moved there.
ADSTENCIL_KERNEL __global__ void trigonometric(real* y, const real* u, const real* w, int n) {
  const int i = thread_x();
  if (i >= n)
    return;
  const results<9> put{y, i};
  const real a = u[i], b = w[i];
  put(0, F(sin)(a));
  put(1, F(cos)(a));
  put(2, F(tan)(a));
  put(3, F(asin)(a));
  put(4, F(acos)(a));
  put(5, F(atan)(a));
  put(6, F(atan2)(a, b));
  put(7, F(sinpi)(a));
  put(8, F(cospi)(a));
}
CUDA_CASE(trigonometric, arrays(out("y", 9 * 6), in("u", 6, 0.2, 0.8), in("w", 6, 0.2, 0.8)), over(6).block(4),
          (x[0], x[1], x[2], 6), (x[0], xb[0], x[1], xb[1], x[2], xb[2], 6))
    .bits(same_bits::always);

ADSTENCIL_KERNEL __global__ void hyperbolic(real* y, const real* u, int n) {
  const int i = thread_x();
  if (i >= n)
    return;
  const results<6> put{y, i};
  const real a = u[i];
  put(0, F(sinh)(a));
  put(1, F(cosh)(a));
  put(2, F(tanh)(a));
  put(3, F(asinh)(a));
  put(4, F(acosh)(1 + a));
  put(5, F(atanh)(a));
}
CUDA_CASE(hyperbolic, arrays(out("y", 6 * 6), in("u", 6, 0.2, 0.8)), over(6).block(4), (x[0], x[1], 6),
          (x[0], xb[0], x[1], xb[1], 6))
    .bits(same_bits::always);

ADSTENCIL_KERNEL __global__ void exponentials(real* y, const real* u, const real* w, int n) {
  const int i = thread_x();
  if (i >= n)
    return;
  const results<14> put{y, i};
  const real a = u[i], b = w[i];
  put(0, F(exp)(a));
  put(1, F(exp2)(a));
  put(2, F(exp10)(a));
  put(3, F(expm1)(a));
  put(4, F(log)(a));
  put(5, F(log2)(a));
  put(6, F(log10)(a));
  put(7, F(log1p)(a));
  put(8, F(pow)(a, b));
  put(9, F(pow)(a, 3));
  put(10, F(sqrt)(a));
  put(11, F(rsqrt)(a));
  put(12, F(cbrt)(a));
  put(13, F(rcbrt)(a));
}
CUDA_CASE(exponentials, arrays(out("y", 14 * 6), in("u", 6, 0.2, 0.8), in("w", 6, 0.2, 0.8)), over(6).block(4),
          (x[0], x[1], x[2], 6), (x[0], xb[0], x[1], xb[1], x[2], xb[2], 6))
    .bits(same_bits::always)
    .reference([](call_arguments) {
      const double ln2 = 0.693147180559945309417, ln10 = 2.30258509299404568402;
      for (int i = 0; i < 6; ++i) {
        const double a = x[1][i], b = x[2][i];
        const double slope[14] = {std::exp(a),
                                  ln2 * std::exp2(a),
                                  ln10 * std::pow(10.0, a),
                                  std::exp(a),
                                  1 / a,
                                  1 / (ln2 * a),
                                  1 / (ln10 * a),
                                  1 / (1 + a),
                                  b * std::pow(a, b - 1),
                                  3 * a * a,
                                  0.5 / std::sqrt(a),
                                  -0.5 / (a * std::sqrt(a)),
                                  1 / (3 * std::cbrt(a * a)),
                                  -1 / (3 * a * std::cbrt(a))};
        xb[2][i] += real(std::pow(a, b) * std::log(a) * double(xb[0][14 * i + 8]));
        for (int row = 0; row < 14; ++row) {
          xb[1][i] += real(slope[row] * double(xb[0][14 * i + row]));
          xb[0][14 * i + row] = 0;
        }
      }
    });

ADSTENCIL_KERNEL __global__ void norms(real* y, const real* u, const real* v, const real* w, int n) {
  const int i = thread_x();
  if (i >= n)
    return;
  const results<6> put{y, i};
  const real a = u[i], b = v[i], c = w[i];
  put(0, F(hypot)(a, b));
  put(1, F(rhypot)(a, b));
  put(2, F(norm3d)(a, b, c));
  put(3, F(rnorm3d)(a, b, c));
  put(4, F(norm4d)(a, b, c, 2 * a));
  put(5, F(rnorm4d)(a, b, c, 2 * b));
}
CUDA_CASE(norms, arrays(out("y", 6 * 6), in("u", 6), in("v", 6, either_sign), in("w", 6)), over(6).block(4),
          (x[0], x[1], x[2], x[3], 6), (x[0], xb[0], x[1], xb[1], x[2], xb[2], x[3], xb[3], 6))
    .bits(same_bits::always)
    .reference([](call_arguments) {
      for (int i = 0; i < 6; ++i) {
        const double a = x[1][i], b = x[2][i], c = x[3][i];
        const double r2 = std::hypot(a, b), r3 = std::hypot(a, b, c), r4 = std::hypot(r3, 2 * a),
                     q4 = std::hypot(r3, 2 * b);
        const auto seed = [&](int row) { return double(xb[0][6 * i + row]); };
        const double s2 = seed(0) / r2 - seed(1) / (r2 * r2 * r2), s3 = seed(2) / r3 - seed(3) / (r3 * r3 * r3),
                     s4 = seed(4) / r4, t4 = -seed(5) / (q4 * q4 * q4);
        xb[1][i] += real(a * (s2 + s3 + 5 * s4 + t4));
        xb[2][i] += real(b * (s2 + s3 + s4 + 5 * t4));
        xb[3][i] += real(c * (s3 + s4 + t4));
        for (int row = 0; row < 6; ++row)
          xb[0][6 * i + row] = 0;
      }
    });

// Functions with two results.
ADSTENCIL_KERNEL __global__ void sine_and_cosine(real* y, const real* u, int n) {
  const int i = thread_x();
  if (i >= n)
    return;
  const results<3> put{y, i};
  real s, c, sp, cp;
  F(sincos)(u[i], &s, &c);
  F(sincospi)(u[i], &sp, &cp);
  put(0, s * c);
  put(1, sp);
  put(2, cp * cp);
}
CUDA_CASE(sine_and_cosine, arrays(out("y", 3 * 8), in("u", 8, -1, 1)), over(8).block(4), (x[0], x[1], 8),
          (x[0], xb[0], x[1], xb[1], 8))
    .bits(same_bits::always)
    .reference([](call_arguments) {
      const double pi = 3.14159265358979323846;
      for (int i = 0; i < 8; ++i) {
        const double u = x[1][i];
        xb[1][i] += real(std::cos(2 * u) * double(xb[0][3 * i]) + pi * std::cos(pi * u) * double(xb[0][3 * i + 1]) -
                         pi * std::sin(2 * pi * u) * double(xb[0][3 * i + 2]));
        xb[0][3 * i] = xb[0][3 * i + 1] = xb[0][3 * i + 2] = 0;
      }
    });

ADSTENCIL_KERNEL __global__ void special_functions(real* y, const real* u, int n) {
  const int i = thread_x();
  if (i >= n)
    return;
  const results<13> put{y, i};
  const real a = u[i];
  put(0, F(erf)(a));
  put(1, F(erfc)(a));
  put(2, F(erfinv)(a));
  put(3, F(erfcinv)(a));
  put(4, F(erfcx)(a));
  put(5, F(normcdf)(a));
  put(6, F(normcdfinv)(a));
  put(7, F(tgamma)(1 + a));
  put(8, F(lgamma)(1 + a));
  put(9, F(j0)(a));
  put(10, F(j1)(a));
  put(11, F(y0)(1 + a));
  put(12, F(y1)(1 + a));
}
CUDA_CASE(special_functions, arrays(out("y", 13 * 6), in("u", 6, 0.2, 0.8)), over(6).block(4), (x[0], x[1], 6),
          (x[0], xb[0], x[1], xb[1], 6))
    .bits(same_bits::always)
    .loosen(10);

ADSTENCIL_KERNEL __global__ void piecewise(real* y, const real* u, const real* w, int n) {
  const int i = thread_x();
  if (i >= n)
    return;
  const results<13> put{y, i};
  const real a = u[i], b = w[i];
  put(0, F(fmin)(a, b));
  put(1, F(fmax)(a, b));
  put(2, min(a, b));
  put(3, max(a, b));
  put(4, F(fabs)(a));
  put(5, F(fdim)(a, b));
  put(6, F(copysign)(a, b));
  put(7, F(fmod)(a, b));
  put(8, a * F(floor)(b));
  put(9, a * F(ceil)(b) + F(trunc)(b));
  put(10, a * F(rint)(b) + F(round)(a));
  put(11, F(ldexp)(a, 3) + F(scalbn)(b, -2));
  put(12, F(fma)(a, b, a));
}
CUDA_CASE(piecewise, arrays(out("y", 13 * 12), in("u", 12, either_sign), in("w", 12, either_sign)), over(12).block(8),
          (x[0], x[1], x[2], 12), (x[0], xb[0], x[1], xb[1], x[2], xb[2], 12))
    .bits(same_bits::always)
    .seed(3);

// Arithmetic with a rounding of its own.
ADSTENCIL_KERNEL __global__ void rounded_arithmetic(real* y, const real* u, const real* w, int n) {
  const int i = thread_x();
  if (i >= n)
    return;
  const results<6> put{y, i};
  const real a = u[i], b = w[i];
#if LAW_IS_FLOAT
  put(0, __fadd_rn(a, b) * __fsub_rn(a, b));
  put(1, __fmul_rn(a, b));
  put(2, __fdiv_rn(a, b));
  put(3, __fmaf_rn(a, b, a));
  put(4, __frcp_rn(a) + __fsqrt_rn(b));
  put(5, __fadd_rz(a, b) * __fmul_rd(a, b));
#else
  put(0, __dadd_rn(a, b) * __dsub_rn(a, b));
  put(1, __dmul_rn(a, b));
  put(2, __ddiv_rn(a, b));
  put(3, __fma_rn(a, b, a));
  put(4, __drcp_rn(a) + __dsqrt_rn(b));
  put(5, __dadd_rz(a, b) * __dmul_rd(a, b));
#endif
}
CUDA_CASE(rounded_arithmetic, arrays(out("y", 6 * 8), in("u", 8), in("w", 8)), over(8).block(4), (x[0], x[1], x[2], 8),
          (x[0], xb[0], x[1], xb[1], x[2], xb[2], 8))
    .bits(same_bits::always)
    .reference([](call_arguments) {
      for (int i = 0; i < 8; ++i) {
        const double a = x[1][i], b = x[2][i];
        const auto seed = [&](int row) { return double(xb[0][6 * i + row]); };
        xb[1][i] += real(2 * a * seed(0) + b * seed(1) + seed(2) / b + (b + 1) * seed(3) - seed(4) / (a * a) +
                         (2 * a * b + b * b) * seed(5));
        xb[2][i] += real(-2 * b * seed(0) + a * seed(1) - a / (b * b) * seed(2) + a * seed(3) +
                         0.5 / std::sqrt(b) * seed(4) + (a * a + 2 * a * b) * seed(5));
        for (int row = 0; row < 6; ++row)
          xb[0][6 * i + row] = 0;
      }
    });

// The spellings of the C++ library.
ADSTENCIL_KERNEL __global__ void standard_spellings(real* y, const real* u, const real* w, int n) {
  const int i = thread_x();
  if (i >= n)
    return;
  const results<9> put{y, i};
  const real a = u[i], b = w[i];
  put(0, std::sin(a) * std::cos(b) + std::tan(a));
  put(1, std::exp(a) + std::log(b));
  put(2, std::pow(a, b));
  put(3, std::sqrt(a) * std::cbrt(b));
  put(4, std::hypot(a, b) + std::atan2(a, b));
  put(5, std::fma(a, b, a) + std::fabs(a) + std::abs(b));
  put(6, std::tanh(a) * std::erf(b));
  put(7, std::fmin(a, b) + std::fmax(a, 2 * b) + std::copysign(a, b));
  put(8, std::log1p(a) + std::expm1(b) + std::exp2(a));
}
CUDA_CASE(standard_spellings, arrays(out("y", 9 * 8), in("u", 8), in("w", 8)), over(8).block(4), (x[0], x[1], x[2], 8),
          (x[0], xb[0], x[1], xb[1], x[2], xb[2], 8))
    .bits(same_bits::always);

// The C++ overloads, without std::.
ADSTENCIL_KERNEL __global__ void overloaded_spellings(real* y, const real* u, const real* w, int n) {
  const int i = thread_x();
  if (i >= n)
    return;
  const results<5> put{y, i};
  const real a = u[i], b = w[i];
  put(0, sin(a) * cos(b) + tanh(a));
  put(1, exp(a) + log(b) + rsqrt(a));
  put(2, pow(a, b));
  put(3, sqrt(a) + cbrt(b));
  put(4, fma(a, b, a) + fabs(b) + fmin(a, 2 * b));
}
CUDA_CASE(overloaded_spellings, arrays(out("y", 5 * 8), in("u", 8), in("w", 8)), over(8).block(4),
          (x[0], x[1], x[2], 8), (x[0], xb[0], x[1], xb[1], x[2], xb[2], 8))
    .bits(same_bits::always);

#if LAW_IS_FLOAT
// The fast functions, which exist in single precision only. Their values are a few units off in the last places.
ADSTENCIL_KERNEL __global__ void fast_functions(real* y, const real* u, const real* w, int n) {
  const int i = thread_x();
  if (i >= n)
    return;
  const results<8> put{y, i};
  const real a = u[i], b = w[i];
  real s, c;
  __sincosf(a, &s, &c);
  put(0, __sinf(a) * __cosf(b));
  put(1, __tanf(a));
  put(2, __expf(a) + __exp10f(b));
  put(3, __logf(a) + __log2f(b) + __log10f(a * b));
  put(4, __powf(a, b));
  put(5, __fdividef(a, b));
  put(6, __frsqrt_rn(a) + __saturatef(b));
  put(7, s * c);
}
CUDA_CASE(fast_functions, arrays(out("y", 8 * 8), in("u", 8, 0.2, 0.8), in("w", 8, 0.2, 0.8)), over(8).block(4),
          (x[0], x[1], x[2], 8), (x[0], xb[0], x[1], xb[1], x[2], xb[2], 8))
    .bits(same_bits::always)
    .one_precision()
    .loosen(20)
    .reference([](call_arguments) {
      const double ln2 = 0.693147180559945309417, ln10 = 2.30258509299404568402;
      for (int i = 0; i < 8; ++i) {
        const double a = x[1][i], b = x[2][i];
        const auto seed = [&](int row) { return double(xb[0][8 * i + row]); };
        const double tangent = std::tan(a);
        xb[1][i] += real(std::cos(a) * std::cos(b) * seed(0) + (1 + tangent * tangent) * seed(1) +
                         std::exp(a) * seed(2) + (1 + 1 / ln10) / a * seed(3) + b * std::pow(a, b - 1) * seed(4) +
                         seed(5) / b - 0.5 / (a * std::sqrt(a)) * seed(6) + std::cos(2 * a) * seed(7));
        xb[2][i] += real(-std::sin(a) * std::sin(b) * seed(0) + ln10 * std::pow(10.0, b) * seed(2) +
                         (1 / ln2 + 1 / ln10) / b * seed(3) + std::pow(a, b) * std::log(a) * seed(4) -
                         a / (b * b) * seed(5) + seed(6));
        for (int row = 0; row < 8; ++row)
          xb[0][8 * i + row] = 0;
      }
    });
#endif

} // namespace LAW_VARIANT
