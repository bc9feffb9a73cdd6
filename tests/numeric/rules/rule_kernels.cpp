// One kernel for each row of the rule table, in the C spelling (sin, sinf) and the C++ spelling (std::sin).
//
// Rules.def itself generates the kernels, so a new row is tested as soon as it is there; rules_test.cpp fails until it
// also has sample points. The build defines RULE_REAL (float or double), RULE_IS_FLOAT (1 or 0) and RULE_VARIANT, a
// namespace: the same file is compiled with and without -fno-math-errno, which turns library calls into LLVM
// intrinsics.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "rules.h"

#include <adstencil/adstencil.h>

#include <cmath>
#include <math.h>
#include <string_view>
#include <type_traits>

// The row `powi` is an intrinsic without a C name.
inline double powi(double x, int y) { return __builtin_powi(x, y); }
inline float powif(float x, int y) { return __builtin_powif(x, y); }

namespace RULE_VARIANT {

using real = RULE_REAL;
using rules::active;

constexpr bool takes_int(std::string_view name) { return name == "ldexp" || name == "scalbn" || name == "powi"; }
template <bool TakesInt>
using second_t = std::conditional_t<TakesInt, int, real>;

/// The second argument as the kernel wants it: the array itself, or a copy as integers.
template <class T>
struct second_argument {
  const real* values;
  second_argument(const real* y, int) : values(y) {}
  const real* data() const { return values; }
};
template <>
struct second_argument<int> {
  std::vector<int> values;
  second_argument(const real* y, int n) : values(y, y + n) {}
  const int* data() const { return values.data(); }
};

#define RULE_ARGUMENTS                                                                                                 \
  real *r, real *rb, const real *x, [[maybe_unused]] real *xb, [[maybe_unused]] const real *y,                         \
      [[maybe_unused]] real *yb, [[maybe_unused]] const real *z, [[maybe_unused]] real *zb, int n

#define RULE_REGISTER(kernel, name, spelling, arity, which, adjoint, tangent)                                          \
  static const bool kernel##_added =                                                                                   \
      (rules::compiled_rules<real>().push_back(                                                                        \
           {RULE_VARIANT_NAME, name, spelling, arity, which, takes_int(name), adjoint, tangent}),                      \
       true);

#define RULE_KERNEL_1(kernel, name, spelling, call)                                                                    \
  ADSTENCIL_KERNEL void kernel(real* r, const real* x, int n) {                                                        \
    for (int i = 0; i < n; ++i)                                                                                        \
      r[i] = call(x[i]);                                                                                               \
  }                                                                                                                    \
  RULE_REGISTER(                                                                                                       \
      kernel, name, spelling, 1, active::all, [](RULE_ARGUMENTS) { __adjoint_##kernel(r, rb, x, xb, n); },             \
      [](RULE_ARGUMENTS) { __tangent_##kernel(r, rb, x, xb, n); })

#define RULE_KERNEL_2_ALL(kernel, name, spelling, call)                                                                \
  ADSTENCIL_KERNEL void kernel(real* r, const real* x, const second_t<takes_int(name)>* y, int n) {                    \
    for (int i = 0; i < n; ++i)                                                                                        \
      r[i] = call(x[i], y[i]);                                                                                         \
  }                                                                                                                    \
  inline constexpr auto kernel##_adjoint = [](RULE_ARGUMENTS) {                                                        \
    [&](auto second) {                                                                                                 \
      if constexpr (takes_int(name))                                                                                   \
        __adjoint_##kernel(r, rb, x, xb, second.data(), n);                                                            \
      else                                                                                                             \
        __adjoint_##kernel(r, rb, x, xb, second.data(), yb, n);                                                        \
    }(second_argument<second_t<takes_int(name)>>(y, n));                                                               \
  };                                                                                                                   \
  inline constexpr auto kernel##_tangent = [](RULE_ARGUMENTS) {                                                        \
    [&](auto second) {                                                                                                 \
      if constexpr (takes_int(name))                                                                                   \
        __tangent_##kernel(r, rb, x, xb, second.data(), n);                                                            \
      else                                                                                                             \
        __tangent_##kernel(r, rb, x, xb, second.data(), yb, n);                                                        \
    }(second_argument<second_t<takes_int(name)>>(y, n));                                                               \
  };                                                                                                                   \
  RULE_REGISTER(kernel, name, spelling, 2, active::all, kernel##_adjoint, kernel##_tangent)

#define RULE_KERNEL_2_FIRST(kernel, name, spelling, call)                                                              \
  ADSTENCIL_KERNEL void kernel(real* r, const real* x, ADSTENCIL_INACTIVE const second_t<takes_int(name)>* y, int n) { \
    for (int i = 0; i < n; ++i)                                                                                        \
      r[i] = call(x[i], y[i]);                                                                                         \
  }                                                                                                                    \
  RULE_REGISTER(                                                                                                       \
      kernel, name, spelling, 2, active::first,                                                                        \
      [](RULE_ARGUMENTS) {                                                                                             \
        __adjoint_##kernel(r, rb, x, xb, second_argument<second_t<takes_int(name)>>(y, n).data(), n);                  \
      },                                                                                                               \
      [](RULE_ARGUMENTS) {                                                                                             \
        __tangent_##kernel(r, rb, x, xb, second_argument<second_t<takes_int(name)>>(y, n).data(), n);                  \
      })

// A real second argument that alone is active; where it is an int, the converted value of an inactive array.
#define RULE_KERNEL_2_SECOND(kernel, name, spelling, call)                                                             \
  ADSTENCIL_KERNEL void kernel(real* r, ADSTENCIL_INACTIVE const real* x, const real* y, int n) {                      \
    for (int i = 0; i < n; ++i)                                                                                        \
      if constexpr (takes_int(name))                                                                                   \
        r[i] = y[i];                                                                                                   \
      else                                                                                                             \
        r[i] = call(x[i], y[i]);                                                                                       \
  }                                                                                                                    \
  RULE_REGISTER(                                                                                                       \
      kernel, name, spelling, 2, active::second, [](RULE_ARGUMENTS) { __adjoint_##kernel(r, rb, x, y, yb, n); },       \
      [](RULE_ARGUMENTS) { __tangent_##kernel(r, rb, x, y, yb, n); })

#define RULE_KERNEL_2(kernel, name, spelling, call)                                                                    \
  RULE_KERNEL_2_ALL(kernel, name, spelling, call)                                                                      \
  RULE_KERNEL_2_FIRST(kernel##_first, name, spelling, call)                                                            \
  RULE_KERNEL_2_SECOND(kernel##_second, name, spelling, call)

#define RULE_KERNEL_3(kernel, name, spelling, call)                                                                    \
  ADSTENCIL_KERNEL void kernel(real* r, const real* x, const real* y, const real* z, int n) {                          \
    for (int i = 0; i < n; ++i)                                                                                        \
      r[i] = call(x[i], y[i], z[i]);                                                                                   \
  }                                                                                                                    \
  RULE_REGISTER(                                                                                                       \
      kernel, name, spelling, 3, active::all,                                                                          \
      [](RULE_ARGUMENTS) { __adjoint_##kernel(r, rb, x, xb, y, yb, z, zb, n); },                                       \
      [](RULE_ARGUMENTS) { __tangent_##kernel(r, rb, x, xb, y, yb, z, zb, n); })

// C names: sin for double, sinf for float.
#if RULE_IS_FLOAT
#define RULE_C_NAME(name) name##f
#else
#define RULE_C_NAME(name) name
#endif
#define ADSTENCIL_RULE(name, arity, ...) RULE_KERNEL_##arity(c_##name, #name, "c", ::RULE_C_NAME(name))
#include "derive/Rules.def"
#undef ADSTENCIL_RULE

// The overloads of namespace std where there are some, else the C function after a conversion (exp10, j0).
namespace overloaded {
using namespace std;
#define ADSTENCIL_RULE(name, arity, ...) RULE_KERNEL_##arity(std_##name, #name, "std", name)
#include "derive/Rules.def"
#undef ADSTENCIL_RULE
} // namespace overloaded

} // namespace RULE_VARIANT
