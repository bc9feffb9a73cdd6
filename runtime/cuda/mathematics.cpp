// Device mathematics that the C library does not have.
//
// The plugin turns calls of CUDA's device library into calls of the C library where it can (plugin/device/
// Mathematics.def) and into these for the rest. Functions called `<operation>_rz`, `_rd` and `_ru` round towards zero,
// down and up; their operands and results go through volatile variables so that no operation is done at compile time or
// moved across the change of mode.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <bit>
#include <cfenv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>

namespace {

// ---- rounding ----

class rounding {
public:
  explicit rounding(int mode) : before_(std::fegetround()) { std::fesetround(mode); }
  ~rounding() { std::fesetround(before_); }
  rounding(const rounding&) = delete;
  rounding& operator=(const rounding&) = delete;

private:
  int before_;
};

template <class T>
T opaque(T value) {
  const volatile T kept = value;
  return kept;
}

template <class Operation, class... Operands>
auto rounded(int mode, Operation operation, Operands... operands) {
  const rounding guard(mode);
  return opaque(operation(opaque(operands)...));
}

// ---- norms: scaled, so that squares neither overflow nor vanish ----

template <class T>
T norm(const T* values, int count) {
  T largest = 0;
  for (int i = 0; i < count; ++i) {
    if (std::isinf(values[i]))
      return std::numeric_limits<T>::infinity();
    largest =
        std::isnan(values[i]) || std::isnan(largest) ? values[i] + largest : std::max(largest, std::abs(values[i]));
  }
  if (!(largest > 0))
    return largest;
  const T scale = std::ldexp(T(1), -std::ilogb(largest));
  T sum = 0;
  for (int i = 0; i < count; ++i)
    sum += (values[i] * scale) * (values[i] * scale);
  return std::sqrt(sum) / scale;
}

template <class T, class... Values>
T norm_of(Values... values) {
  const T all[] = {values...};
  return norm(all, sizeof...(values));
}

// ---- functions of pi x: exact reduction, then sine or cosine of at most pi / 4 ----

template <class T>
void sine_cosine_pi(T x, T& sine, T& cosine) {
  if (!std::isfinite(x)) {
    sine = cosine = std::numeric_limits<T>::quiet_NaN();
    return;
  }
  const T quarters = std::nearbyint(2 * x);
  const T angle = (x - quarters / 2) * std::numbers::pi_v<T>;
  const T s = std::sin(angle), c = std::cos(angle);
  switch (static_cast<int>(std::fmod(quarters, T(4)) + 4) % 4) {
  case 0:
    sine = s, cosine = c;
    break;
  case 1:
    sine = c, cosine = -s;
    break;
  case 2:
    sine = -s, cosine = -c;
    break;
  default:
    sine = -c, cosine = s;
  }
  if (x == std::trunc(x))
    sine = std::copysign(T(0), x);
}

// ---- error functions ----

/// A first guess of the inverse error function: M. Giles, "Approximating the erfinv function", GPU Computing Gems,
/// 2011.
double guess_erfinv(double w, double x) {
  if (w < 5) {
    w -= 2.5;
    const double p[] = {2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087,
                        -0.00125372503, -0.00417768164, 0.246640727,    1.50140941};
    double y = 0;
    for (double c : p)
      y = y * w + c;
    return y * x;
  }
  w = std::sqrt(w) - 3;
  const double p[] = {-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773,
                      -0.0076224613,   0.00943887047,  1.00167406,    2.83297682};
  double y = 0;
  for (double c : p)
    y = y * w + c;
  return y * x;
}

/// exp(x²) erfc(x): directly while both factors are normal numbers, then the continued fraction of Laplace.
double scaled_erfc(double x) {
  if (x < 20)
    return std::exp(x * x) * std::erfc(x);
  double fraction = 0;
  for (int k = 20; k > 0; --k)
    fraction = k / 2.0 / (x + fraction);
  return std::numbers::inv_sqrtpi / (x + fraction);
}

/// erfinv(1 - q), for q in (0, 1]: Newton's method for log(erfc(x)) = log(q), which is nearly a parabola in the tail,
/// then a step of Halley's for erfc(x) = q, which keeps the last digits.
double inverse_of_complement(double q) {
  const double w = -std::log(q * (2 - q));
  double x = w < 16 ? guess_erfinv(w, 1 - q) : std::sqrt(w - 0.5 * std::log(std::numbers::pi * w));
  for (int i = 0; i < 3; ++i)
    x += (std::log(std::erfc(x)) - std::log(q)) * scaled_erfc(x) / (2 * std::numbers::inv_sqrtpi);
  const double step = (std::erfc(x) - q) / (-2 * std::numbers::inv_sqrtpi * std::exp(-x * x));
  if (std::isfinite(step))
    x -= step / (1 + x * step);
  return x;
}

double inverse_erf(double x) {
  if (!(std::abs(x) <= 1))
    return std::numeric_limits<double>::quiet_NaN();
  if (std::abs(x) == 1)
    return std::copysign(std::numeric_limits<double>::infinity(), x);
  if (std::abs(x) > 0.5)
    return std::copysign(inverse_of_complement(1 - std::abs(x)), x);
  double y = guess_erfinv(-std::log1p(-x * x), x);
  for (int i = 0; i < 2; ++i) {
    const double step = (std::erf(y) - x) / (2 * std::numbers::inv_sqrtpi * std::exp(-y * y));
    y -= step / (1 + y * step);
  }
  return y;
}

double inverse_erfc(double x) {
  if (!(x >= 0 && x <= 2))
    return std::numeric_limits<double>::quiet_NaN();
  if (x == 0 || x == 2)
    return x == 0 ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity();
  return x <= 1 ? inverse_of_complement(x) : -inverse_of_complement(2 - x);
}

double normal(double x) { return 0.5 * std::erfc(-x * (1 / std::numbers::sqrt2)); }
double inverse_normal(double p) { return -std::numbers::sqrt2 * inverse_erfc(2 * p); }

double bessel_i(int order, double x) {
  const double value = std::cyl_bessel_i(static_cast<double>(order), std::abs(x));
  return order == 1 && x < 0 ? -value : value;
}

} // namespace

extern "C" {

#define ADSTENCIL_ROUNDED(result, name, parameters, operation, ...)                                                    \
  result __adstencil_math_##name##_rz parameters { return rounded(FE_TOWARDZERO, operation, __VA_ARGS__); }            \
  result __adstencil_math_##name##_rd parameters { return rounded(FE_DOWNWARD, operation, __VA_ARGS__); }              \
  result __adstencil_math_##name##_ru parameters { return rounded(FE_UPWARD, operation, __VA_ARGS__); }
#define ADSTENCIL_ROUNDED_PAIR(name, parameters_of, expression_of, ...)                                                \
  ADSTENCIL_ROUNDED(double, d##name, parameters_of(double), expression_of(double), __VA_ARGS__)                        \
  ADSTENCIL_ROUNDED(float, f##name, parameters_of(float), expression_of(float), __VA_ARGS__)
#define ADSTENCIL_ONE(T) (T x)
#define ADSTENCIL_TWO(T) (T x, T y)
#define ADSTENCIL_THREE(T) (T x, T y, T z)
#define ADSTENCIL_ADD(T) [](T a, T b) { return a + b; }
#define ADSTENCIL_SUBTRACT(T) [](T a, T b) { return a - b; }
#define ADSTENCIL_MULTIPLY(T) [](T a, T b) { return a * b; }
#define ADSTENCIL_DIVIDE(T) [](T a, T b) { return a / b; }
#define ADSTENCIL_RECIPROCAL(T) [](T a) { return T(1) / a; }
#define ADSTENCIL_ROOT(T) [](T a) { return std::sqrt(a); }
#define ADSTENCIL_FUSED(T) [](T a, T b, T c) { return std::fma(a, b, c); }
ADSTENCIL_ROUNDED_PAIR(add, ADSTENCIL_TWO, ADSTENCIL_ADD, x, y)
ADSTENCIL_ROUNDED_PAIR(sub, ADSTENCIL_TWO, ADSTENCIL_SUBTRACT, x, y)
ADSTENCIL_ROUNDED_PAIR(mul, ADSTENCIL_TWO, ADSTENCIL_MULTIPLY, x, y)
ADSTENCIL_ROUNDED_PAIR(div, ADSTENCIL_TWO, ADSTENCIL_DIVIDE, x, y)
ADSTENCIL_ROUNDED_PAIR(rcp, ADSTENCIL_ONE, ADSTENCIL_RECIPROCAL, x)
ADSTENCIL_ROUNDED_PAIR(sqrt, ADSTENCIL_ONE, ADSTENCIL_ROOT, x)
ADSTENCIL_ROUNDED(double, fma, ADSTENCIL_THREE(double), ADSTENCIL_FUSED(double), x, y, z)
ADSTENCIL_ROUNDED(float, fmaf, ADSTENCIL_THREE(float), ADSTENCIL_FUSED(float), x, y, z)
ADSTENCIL_ROUNDED(float, fmaf_ieee, ADSTENCIL_THREE(float), ADSTENCIL_FUSED(float), x, y, z)

#define ADSTENCIL_CONVERT(name, from, to)                                                                              \
  ADSTENCIL_ROUNDED(to, name, (from x), [](from a) { return static_cast<to>(a); }, x)
ADSTENCIL_CONVERT(ll2double, long long, double)
ADSTENCIL_CONVERT(ull2double, unsigned long long, double)
ADSTENCIL_CONVERT(int2float, int, float)
ADSTENCIL_CONVERT(uint2float, unsigned, float)
ADSTENCIL_CONVERT(ll2float, long long, float)
ADSTENCIL_CONVERT(ull2float, unsigned long long, float)
ADSTENCIL_CONVERT(double2float, double, float)

#define ADSTENCIL_PAIR(name, parameters_of, ...)                                                                       \
  double __adstencil_math_##name parameters_of(double) {                                                               \
    using T = double;                                                                                                  \
    return static_cast<T>(__VA_ARGS__);                                                                                \
  }                                                                                                                    \
  float __adstencil_math_##name##f parameters_of(float) {                                                              \
    using T = float;                                                                                                   \
    return static_cast<T>(__VA_ARGS__);                                                                                \
  }
#define ADSTENCIL_FOUR(T) (T x, T y, T z, T w)
#define ADSTENCIL_ARRAY(T) (int n, const T* values)
ADSTENCIL_PAIR(rcbrt, ADSTENCIL_ONE, 1 / std::cbrt(x))
ADSTENCIL_PAIR(rhypot, ADSTENCIL_TWO, 1 / std::hypot(x, y))
ADSTENCIL_PAIR(norm3d, ADSTENCIL_THREE, norm_of<T>(x, y, z))
ADSTENCIL_PAIR(rnorm3d, ADSTENCIL_THREE, 1 / norm_of<T>(x, y, z))
ADSTENCIL_PAIR(norm4d, ADSTENCIL_FOUR, norm_of<T>(x, y, z, w))
ADSTENCIL_PAIR(rnorm4d, ADSTENCIL_FOUR, 1 / norm_of<T>(x, y, z, w))
ADSTENCIL_PAIR(norm, ADSTENCIL_ARRAY, norm<T>(values, n))
ADSTENCIL_PAIR(rnorm, ADSTENCIL_ARRAY, 1 / norm<T>(values, n))
ADSTENCIL_PAIR(cyl_bessel_i0, ADSTENCIL_ONE, bessel_i(0, x))
ADSTENCIL_PAIR(cyl_bessel_i1, ADSTENCIL_ONE, bessel_i(1, x))
ADSTENCIL_PAIR(erfinv, ADSTENCIL_ONE, inverse_erf(x))
ADSTENCIL_PAIR(erfcinv, ADSTENCIL_ONE, inverse_erfc(x))
ADSTENCIL_PAIR(erfcx, ADSTENCIL_ONE, scaled_erfc(x))
ADSTENCIL_PAIR(normcdf, ADSTENCIL_ONE, normal(x))
ADSTENCIL_PAIR(normcdfinv, ADSTENCIL_ONE, inverse_normal(x))

void __adstencil_math_sincospi(double x, double* sine, double* cosine) { sine_cosine_pi(x, *sine, *cosine); }
void __adstencil_math_sincospif(float x, float* sine, float* cosine) { sine_cosine_pi(x, *sine, *cosine); }
double __adstencil_math_sinpi(double x) {
  double sine, cosine;
  sine_cosine_pi(x, sine, cosine);
  return sine;
}
float __adstencil_math_sinpif(float x) {
  float sine, cosine;
  sine_cosine_pi(x, sine, cosine);
  return sine;
}
double __adstencil_math_cospi(double x) {
  double sine, cosine;
  sine_cosine_pi(x, sine, cosine);
  return cosine;
}
float __adstencil_math_cospif(float x) {
  float sine, cosine;
  sine_cosine_pi(x, sine, cosine);
  return cosine;
}

/// The reciprocal in the upper half of a double; the lower half is zero.
double __adstencil_math_rcp64h(double x) {
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(1 / x) & 0xffffffff00000000u);
}

/// PTX's prmt in its default mode: each nibble of `selector` chooses a byte of b:a, or copies of its sign.
std::uint32_t __adstencil_math_byte_perm(std::uint32_t a, std::uint32_t b, std::uint32_t selector) {
  const std::uint64_t bytes = (std::uint64_t(b) << 32) | a;
  std::uint32_t result = 0;
  for (int i = 0; i < 4; ++i) {
    const std::uint32_t control = selector >> (4 * i) & 0xf;
    std::uint32_t byte = bytes >> (8 * (control & 7)) & 0xff;
    if (control & 8)
      byte = byte & 0x80 ? 0xff : 0;
    result |= byte << (8 * i);
  }
  return result;
}

/// PTX's fns: the position of the n-th set bit from `base` upwards (n > 0), downwards (n < 0), or at it (n = 0).
std::uint32_t __adstencil_math_fns(std::uint32_t mask, std::uint32_t base, std::int32_t n) {
  if (n == 0)
    return base < 32 && (mask >> base & 1) ? base : 0xffffffffu;
  const int step = n > 0 ? 1 : -1;
  int left = n > 0 ? n : -n;
  for (int at = static_cast<int>(base); at >= 0 && at < 32; at += step)
    if ((mask >> at & 1) && --left == 0)
      return at;
  return 0xffffffffu;
}

/// PTX's globaltimer.
std::uint64_t __adstencil_math_nanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

} // extern "C"
