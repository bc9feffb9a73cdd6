// Every row of the rule table against difference quotients in long double, and the conventions at kinks.
//
// The quotient is Richardson's extrapolation of two central differences, whose error at step h is O(h⁴): with 64 bits
// of mantissa and h = 1e-4 about 1e-15 relative to the function and its fifth derivative, so double partials are
// compared to 1e-11 and float partials to 1e-5.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "rules.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <math.h>

namespace {

using rules::active, rules::compiled_rule;
using wide = long double;

struct range {
  double lo, hi;
};

/// Where a function is sampled, and what it is.
struct sample_plan {
  std::function<wide(wide, wide, wide)> function;
  range x;
  range y = {0.4, 1.7};
  range z = {-1, 1};
  bool integer_second = false;
  double loosen = 1; ///< for functions whose partial is badly conditioned
};

#define UNARY(f) [](wide x, wide, wide) -> wide { return ::f##l(x); }
#define BINARY(f) [](wide x, wide y, wide) -> wide { return ::f##l(x, y); }
#define BINARY_INT(f) [](wide x, wide y, wide) -> wide { return ::f##l(x, int(y)); }

/// One entry a row. Ranges stay inside the domain and away from poles; jumps and kinks are tested by name below.
const std::map<std::string, sample_plan>& plans() {
  static const std::map<std::string, sample_plan> all = {
      {"sin", {UNARY(sin), {-7, 7}}},
      {"cos", {UNARY(cos), {-7, 7}}},
      {"tan", {UNARY(tan), {-1.3, 1.3}}},
      {"asin", {UNARY(asin), {-0.95, 0.95}}},
      {"acos", {UNARY(acos), {-0.95, 0.95}}},
      {"atan", {UNARY(atan), {-5, 5}}},
      {"atan2", {BINARY(atan2), {-2, 2}, {-2, 2}}},
      {"sinh", {UNARY(sinh), {-4, 4}}},
      {"cosh", {UNARY(cosh), {-4, 4}}},
      {"tanh", {UNARY(tanh), {-4, 4}}},
      {"asinh", {UNARY(asinh), {-5, 5}}},
      {"acosh", {UNARY(acosh), {1.05, 6}}},
      {"atanh", {UNARY(atanh), {-0.9, 0.9}}},
      {"exp", {UNARY(exp), {-5, 5}}},
      {"exp2", {UNARY(exp2), {-5, 5}}},
      {"exp10", {UNARY(exp10), {-2, 2}}},
      {"expm1", {UNARY(expm1), {-3, 3}}},
      {"log", {UNARY(log), {0.05, 9}}},
      {"log2", {UNARY(log2), {0.05, 9}}},
      {"log10", {UNARY(log10), {0.05, 9}}},
      {"log1p", {UNARY(log1p), {-0.9, 5}}},
      {"pow", {BINARY(pow), {0.1, 3}, {-2.5, 2.5}}},
      {"powi", {[](wide x, wide y, wide) -> wide { return ::powl(x, std::trunc(y)); }, {0.3, 2}, {-4, 4.9}, {}, true}},
      {"sqrt", {UNARY(sqrt), {0.05, 9}}},
      {"cbrt", {UNARY(cbrt), {0.05, 9}}},
      {"hypot", {BINARY(hypot), {-3, 3}, {-2, 2}}},
      {"erf", {UNARY(erf), {-2.5, 2.5}}},
      {"erfc", {UNARY(erfc), {-2.5, 2.5}}},
      {"tgamma", {UNARY(tgamma), {0.2, 6}, {}, {}, false, 10}},
      {"lgamma", {UNARY(lgamma), {0.2, 9}, {}, {}, false, 10}},
      {"j0", {UNARY(j0), {0.1, 12}, {}, {}, false, 10}},
      {"j1", {UNARY(j1), {0.1, 12}, {}, {}, false, 10}},
      {"y0", {UNARY(y0), {0.4, 12}, {}, {}, false, 10}},
      {"y1", {UNARY(y1), {0.4, 12}, {}, {}, false, 10}},
      {"fmin", {BINARY(fmin), {-2, 2}, {-1.9, 2.1}}},
      {"fmax", {BINARY(fmax), {-2, 2}, {-1.9, 2.1}}},
      {"fabs", {UNARY(fabs), {-2, 2.1}}},
      {"fdim", {BINARY(fdim), {-2, 2}, {-1.9, 2.1}}},
      {"copysign", {BINARY(copysign), {-2, 2.1}, {-1.9, 2}}},
      {"fmod", {BINARY(fmod), {-7, 7.3}, {0.6, 2.7}}},
      {"remainder", {BINARY(remainder), {-7, 7.3}, {0.6, 2.7}}},
      {"floor", {UNARY(floor), {-4, 4.1}}},
      {"ceil", {UNARY(ceil), {-4, 4.1}}},
      {"trunc", {UNARY(trunc), {-4, 4.1}}},
      {"round", {UNARY(round), {-4, 4.1}}},
      {"roundeven", {UNARY(roundeven), {-4, 4.1}}},
      {"rint", {UNARY(rint), {-4, 4.1}}},
      {"nearbyint", {UNARY(nearbyint), {-4, 4.1}}},
      {"logb", {UNARY(logb), {0.1, 9}}},
      // In long double the neighbour is the number itself to within the rounding of double.
      {"nextafter", {[](wide x, wide, wide) -> wide { return x; }, {0.4, 2}, {3, 4}}},
      {"fma", {[](wide x, wide y, wide z) -> wide { return x * y + z; }, {-2, 2}, {-2, 2}, {-2, 2}}},
      {"ldexp", {BINARY_INT(ldexp), {-2, 2}, {-4, 4.9}, {}, true}},
      {"scalbn", {BINARY_INT(scalbn), {-2, 2}, {-4, 4.9}, {}, true}},
  };
  return all;
}

constexpr int points = 32;

template <class Real>
using column = std::array<Real, points>;

/// Points of [lo, hi] that fill it evenly whatever their number (golden-ratio sequence), as numbers of type Real.
template <class Real>
column<Real> sample(range r, double start, bool integer = false) {
  column<Real> values;
  for (int i = 0; i < points; ++i) {
    double unused;
    const double value = r.lo + (r.hi - r.lo) * std::modf(start + i * 0.6180339887498949, &unused);
    values[i] = Real(integer ? std::trunc(value) : value);
  }
  return values;
}

/// ∂f/∂(argument k) at (x, y, z), and the size of the numbers it was computed from.
wide partial(const sample_plan& plan, std::array<wide, 3> at, int k) {
  const auto central = [&](wide h) {
    std::array<wide, 3> up = at, down = at;
    up[k] += h;
    down[k] -= h;
    return (plan.function(up[0], up[1], up[2]) - plan.function(down[0], down[1], down[2])) / (up[k] - down[k]);
  };
  const wide h = 1e-4L;
  return (4 * central(h / 2) - central(h)) / 3;
}

template <class Real>
void check_row(const compiled_rule<Real>& rule) {
  const auto found = plans().find(rule.name);
  ASSERT_NE(found, plans().end()) << "the rule table has a row '" << rule.name << "' without sample points here";
  const sample_plan& plan = found->second;
  ASSERT_EQ(plan.integer_second, rule.integer_second);

  const column<Real> x = sample<Real>(plan.x, 0.31), y = sample<Real>(plan.y, 0.77, plan.integer_second),
                     z = sample<Real>(plan.z, 0.13);
  const column<Real> seed = sample<Real>({0.5, 1.5}, 0.5);
  column<Real> r{}, rb = seed;
  std::array<column<Real>, 3> bars{}, dots;
  rule.adjoint(r.data(), rb.data(), x.data(), bars[0].data(), y.data(), bars[1].data(), z.data(), bars[2].data(),
               points);

  const double tolerance = plan.loosen * (std::is_same_v<Real, double> ? 1e-11 : 1e-5);
  for (int k = 0; k < 3; ++k) {
    const bool expected = k < rule.arity && !(k == 1 && plan.integer_second) &&
                          (rule.which == active::all || (rule.which == active::first) == (k == 0));
    dots.fill({});
    dots[k] = seed;
    column<Real> rd{};
    rule.tangent(r.data(), rd.data(), x.data(), dots[0].data(), y.data(), dots[1].data(), z.data(), dots[2].data(),
                 points);
    for (int i = 0; i < points; ++i) {
      const wide exact = expected ? seed[i] * partial(plan, {x[i], y[i], z[i]}, k) : 0;
      const double allowed = tolerance * (1 + std::abs(double(exact)));
      EXPECT_NEAR(double(bars[k][i]), double(exact), allowed)
          << "adjoint, argument " << k << " at " << x[i] << ", " << y[i];
      EXPECT_NEAR(double(rd[i]), double(exact), allowed) << "tangent, argument " << k << " at " << x[i] << ", " << y[i];
    }
  }
  for (int i = 0; i < points; ++i) {
    EXPECT_EQ(rb[i], 0) << "the cotangent of an overwritten output is used up";
    const wide value = plan.function(x[i], y[i], z[i]);
    EXPECT_NEAR(double(r[i]), double(value), tolerance * (1 + std::abs(double(value))))
        << "the tangent runs the kernel";
  }
}

template <class Real>
class row_test : public testing::Test {
public:
  explicit row_test(const compiled_rule<Real>& rule) : rule_(rule) {}
  void TestBody() override { check_row(rule_); }

private:
  const compiled_rule<Real>& rule_;
};

template <class Real>
void register_rows() {
  const char* which[] = {"", "_first_active", "_second_active"};
  for (const auto& rule : rules::compiled_rules<Real>()) {
    if (rule.integer_second && rule.which == active::second)
      continue;
    testing::RegisterTest((rule.variant + "." + rule.spelling).c_str(), (rule.name + which[int(rule.which)]).c_str(),
                          nullptr, nullptr, __FILE__, __LINE__,
                          [&rule]() -> testing::Test* { return new row_test<Real>(rule); });
  }
}

TEST(rule_table, every_row_is_compiled) {
  std::vector<std::string> names;
#define ADSTENCIL_RULE(name, arity, ...) names.push_back(#name);
#include "derive/Rules.def"
#undef ADSTENCIL_RULE
  EXPECT_GE(names.size(), 50u);
  for (const std::string& name : names) {
    EXPECT_TRUE(plans().count(name)) << name << " has no sample points";
    int compiled = 0;
    for (const auto& rule : rules::compiled_rules<double>())
      compiled += rule.name == name;
    for (const auto& rule : rules::compiled_rules<float>())
      compiled += rule.name == name;
    EXPECT_GE(compiled, 4) << name;
  }
}

} // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  register_rows<double>();
  register_rows<float>();
  return RUN_ALL_TESTS();
}
