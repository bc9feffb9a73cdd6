// See verify.h.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "verify.h"

#include "threads.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>

namespace bench {

namespace {

/// Sums of a few dozen terms in another order, and fused multiply-adds in some variants, differ by some 1e-15 of the
/// largest element; conditions on rounded values do not occur in these kernels except on sets of measure zero.
constexpr double tolerance = 1e-10;
/// Central differences with a step of 1e-5 have errors of about 1e-10 from truncation and 1e-10 from rounding.
constexpr double difference_tolerance = 1e-6;

[[noreturn]] void fail(const kernel& k, const char* variant, const char* array, const std::string& what) {
  throw wrong_result(std::string(k.name) + ", " + k.form.name + ", " + variant + ": " + array + " " + what);
}

/// Throws unless |got - expected| <= tolerance max|expected| everywhere. A NaN is an error.
void compare(const kernel& k, const char* variant, const char* name, const double* got, const double* expected,
             std::size_t count) {
  double scale = 0, worst = 0;
  std::size_t where = 0;
  for (std::size_t e = 0; e < count; ++e) {
    scale = std::max(scale, std::abs(expected[e]));
    const double error = std::abs(got[e] - expected[e]);
    if (!(error <= worst)) {
      worst = error;
      where = e;
    }
  }
  if (worst <= tolerance * scale)
    return;
  char text[160];
  std::snprintf(text, sizeof text, "differs at element %zu: %.17g, expected %.17g", where, got[where], expected[where]);
  fail(k, variant, name, text);
}

void expect_initial_values(const kernel& k, const char* variant, const fields& f) {
  for (std::size_t a = 0; a < k.arrays.size(); ++a)
    for (std::size_t e = 0; e < f.count(a); ++e)
      if (f[a][e] != f.initial(a, false, e))
        fail(k, variant, k.arrays[a].name, "was changed by a derivative");
}

/// The shadows of outputs after a vjp (assigned = null) or an adjoint, where elements that the kernel assigns are
/// cleared: those whose value in `assigned` is not the initial one.
void expect_output_shadow(const kernel& k, const char* variant, const fields& f, std::size_t a,
                          const fields* assigned) {
  for (std::size_t e = 0; e < f.count(a); ++e) {
    const bool cleared = assigned && k.arrays[a].kind == role::output && (*assigned)[a][e] != f.initial(a, false, e);
    if (f.bar(a)[e] != (cleared ? 0 : f.initial(a, true, e)))
      fail(k, variant, k.arrays[a].name, "has a wrong shadow at element " + std::to_string(e));
  }
}

double dot(const double* a, const double* b, std::size_t count) {
  double sum = 0;
  for (std::size_t e = 0; e < count; ++e)
    sum += a[e] * b[e];
  return sum;
}

} // namespace

void verify(const kernel& k, const kernel& reference, const shape& size) {
  const fields expected(size, k.arrays, {}), f(size, k.arrays, k.form);
  reference.scatter(expected); // before the primal: it needs the values from before
  reference.primal(expected);

  k.call(k.primal, f);
  for (std::size_t a = 0; a < k.arrays.size(); ++a)
    compare(k, "primal", k.arrays[a].name, f[a], expected[a], f.count(a));
  f.reset_values();

  const auto check = [&](const char* variant, const action& run, bool adjoint) {
    if (!run)
      return;
    f.reset_bars();
    k.call(run, f);
    for (std::size_t a = 0; a < k.arrays.size(); ++a)
      if (k.arrays[a].kind == role::input)
        compare(k, variant, k.arrays[a].name, f.bar(a), expected.bar(a), f.count(a));
      else
        expect_output_shadow(k, variant, f, a, adjoint ? &expected : nullptr);
    expect_initial_values(k, variant, f);
  };
  check("vjp", k.vjp, false);
  check("adjoint", k.adjoint, true);
  check("gather", k.gather, false);
  check("scatter", k.scatter, false);
}

void verify_reference(const kernel& k, const shape& size) {
  constexpr double h = 1e-5;
  const fields f(size, k.arrays, {}), plus(size, k.arrays, {}), minus(size, k.arrays, {});
  // The direction is the initial shadow of the inputs, the weights are that of the outputs.
  for (std::size_t a = 0; a < k.arrays.size(); ++a)
    if (k.arrays[a].kind == role::input)
      for (std::size_t e = 0; e < f.count(a); ++e) {
        plus[a][e] += h * f.bar(a)[e];
        minus[a][e] -= h * f.bar(a)[e];
        f.bar(a)[e] = 0;
      }
  k.primal(plus);
  k.primal(minus);
  k.scatter(f);
  double difference = 0, adjoint = 0, size_of_terms = 0;
  for (std::size_t a = 0; a < k.arrays.size(); ++a) {
    if (k.arrays[a].kind == role::input) {
      const double term = dot(f.bar(a), plus.bar(a), f.count(a));
      adjoint += term;
      size_of_terms += std::abs(term);
    } else {
      for (std::size_t e = 0; e < f.count(a); ++e)
        difference += f.bar(a)[e] * (plus[a][e] - minus[a][e]) / (2 * h);
    }
  }
  if (std::abs(difference - adjoint) <= difference_tolerance * size_of_terms)
    return;
  char text[160];
  std::snprintf(text, sizeof text, "slope %.10e, by central differences %.10e", adjoint, difference);
  fail(k, "reference", "all:", text);
}

std::optional<bool> repeatable(const kernel& k, const shape& size) {
  if (!k.vjp)
    return std::nullopt;
  const fields first(size, k.arrays, k.form), again(size, k.arrays, k.form);
  bool same = true;
  for (int run = 0; run < 3; ++run) {
    const thread_count threads(k.form.threaded ? run == 0 ? 1 : run == 1 ? 2 : 0 : 0);
    const fields& f = run == 0 ? first : again;
    f.reset_bars();
    k.call(k.vjp, f);
    for (std::size_t a = 0; run > 0 && a < k.arrays.size(); ++a)
      same = same && std::memcmp(first.bar(a), again.bar(a), first.count(a) * sizeof(double)) == 0;
  }
  return same;
}

} // namespace bench
