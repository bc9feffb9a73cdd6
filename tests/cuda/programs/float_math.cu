// C's mathematics for float in a kernel, under the global name and that of std, against the host's library. Clang
// declares all of it; without a toolkit the bodies are adstencil's.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "check.h"

#include <cmath>
#include <vector>

// With a toolkit's headers clang declares them for devices, and nobody defines them.
#ifdef __CLANG_CUDA_RUNTIME_WRAPPER_H__
#define nanf __builtin_nanf
#define nan __builtin_nan
#endif

// X(name, arguments): every float function that clang declares for devices. a, b, c are float, n is int.
// clang-format off
#define FLOAT_FUNCTIONS(X) \
  X(abs, (b)) X(acos, (a)) X(acosh, (c)) X(asin, (a)) X(asinh, (a)) X(atan2, (a, b)) X(atan, (a)) X(atanh, (a)) \
  X(cbrt, (a)) X(ceil, (b)) X(copysign, (c, a)) X(cos, (b)) X(cosh, (b)) X(erfc, (b)) X(erf, (a)) X(exp2, (b)) \
  X(exp, (b)) X(expm1, (a)) X(fabs, (b)) X(fdim, (c, b)) X(floor, (b)) X(fma, (a, b, c)) X(fmax, (a, b)) \
  X(fmin, (a, b)) X(fmod, (c, a)) X(fpclassify, (a)) X(hypot, (a, b)) X(ilogb, (c)) X(isfinite, (b)) \
  X(isgreaterequal, (a, b)) X(isgreater, (a, b)) X(isinf, (b)) X(islessequal, (a, b)) X(isless, (a, b)) \
  X(islessgreater, (a, a)) X(isnan, (b)) X(isnormal, (c)) X(isunordered, (a, b)) X(ldexp, (a, n)) \
  X(lgamma, (c)) X(llrint, (b)) X(log10, (c)) X(log1p, (a)) X(log2, (c)) X(logb, (c)) X(log, (c)) X(lrint, (b)) \
  X(lround, (b)) X(llround, (b)) X(nearbyint, (b)) X(nextafter, (a, b)) X(pow, (c, b)) X(pow, (c, n)) \
  X(remainder, (c, a)) X(rint, (b)) X(round, (b)) X(scalbln, (a, 3L)) X(scalbn, (a, n)) X(signbit, (b)) \
  X(sin, (b)) X(sinh, (b)) X(sqrt, (c)) X(tan, (a)) X(tanh, (a)) X(tgamma, (c)) X(trunc, (b)) \
  X(isnan, (a * INFINITY)) X(isinf, (c * INFINITY)) X(isfinite, (c * INFINITY)) X(isnan, (nanf(""))) \
  X(fmin, (nanf(""), a)) X(fmax, (c, nanf(""))) X(isnan, (float(nan(""))))
// clang-format on

/// The functions that have a second result.
#define SECOND_RESULTS(put, space)                                                                                     \
  {                                                                                                                    \
    int exponent = 0, quotient = 0;                                                                                    \
    float whole = 0;                                                                                                   \
    put(space frexp(c, &exponent));                                                                                    \
    put(exponent);                                                                                                     \
    put(space modf(b, &whole));                                                                                        \
    put(whole);                                                                                                        \
    put(space remquo(c, a, &quotient));                                                                                \
    put(quotient & 7);                                                                                                 \
  }

__global__ void evaluate(float a, float b, float c, int n, double* out, int* count) {
  int k = 0;
#define PUT(value) out[k++] = static_cast<double>(value)
#define ON_DEVICE(name, arguments)                                                                                     \
  static_assert(sizeof(::name arguments) == sizeof(std::name arguments));                                              \
  PUT(::name arguments);                                                                                               \
  PUT(std::name arguments);
  FLOAT_FUNCTIONS(ON_DEVICE)
  SECOND_RESULTS(PUT, ::)
  SECOND_RESULTS(PUT, std::)
#undef PUT
  *count = k;
}

struct reference {
  const char* name;
  double value;
};

std::vector<reference> on_host(float a, float b, float c, int n) {
  std::vector<reference> result;
#define ON_HOST(name, arguments)                                                                                       \
  result.push_back({#name, static_cast<double>(std::name arguments)});                                                 \
  result.push_back({"std::" #name, static_cast<double>(std::name arguments)});
  FLOAT_FUNCTIONS(ON_HOST)
#define PUT(value) result.push_back({"frexp, modf, remquo", static_cast<double>(value)})
  SECOND_RESULTS(PUT, std::)
  SECOND_RESULTS(PUT, std::)
  return result;
}

int main() {
  double* out;
  int* count;
  CHECK(cudaMalloc(&out, 1000 * sizeof(double)));
  CHECK(cudaMalloc(&count, sizeof(int)));
  const float rows[][3] = {{0.71F, 1.3F, 2.9F}, {-0.25F, -2.5F, 1.75F}, {0.5F, 3.49F, 11.2F}, {-0.99F, 0.5F, 1.01F}};
  int n = -2;
  for (const auto& [a, b, c] : rows) {
    evaluate<<<1, 1>>>(a, b, c, ++n, out, count);
    CHECK_LAUNCH();
    const std::vector<reference> expected = on_host(a, b, c, n);
    int got = 0;
    CHECK(cudaMemcpy(&got, count, sizeof got, cudaMemcpyDeviceToHost));
    REQUIRE(got == static_cast<int>(expected.size()));
    std::vector<double> values(expected.size());
    CHECK(cudaMemcpy(values.data(), out, values.size() * sizeof(double), cudaMemcpyDeviceToHost));
    for (std::size_t k = 0; k < values.size(); ++k) {
      const double wanted = expected[k].value;
      // CUDA promises up to 11 units in the last place (tgamma); subtractions lose more in lgamma.
      const double tolerance = 16 * 1.2e-7 * (std::abs(wanted) + (wanted == std::trunc(wanted) ? 0 : 0.05));
      if (std::isnan(wanted) ? std::isnan(values[k]) : std::abs(values[k] - wanted) <= tolerance)
        continue;
      std::fprintf(stderr, "%s for a = %g, b = %g, c = %g, n = %d: %.9g, expected %.9g\n", expected[k].name, a, b, c, n,
                   values[k], wanted);
      return 1;
    }
  }
  CHECK(cudaFree(out));
  CHECK(cudaFree(count));
}
