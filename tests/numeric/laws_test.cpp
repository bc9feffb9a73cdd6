// The laws every derivative obeys, checked on every kernel of the library in every variant it was compiled for.
//
// A kernel maps the state x (all its arrays, and its active scalars) to a new state F(x). With J = F'(x):
//
//     second_difference    F(x+hv) - 2F(x) + F(x-hv) = O(h²): the data keeps away from kinks
//     taylor               F(x+hv) - F(x) - h·J v = O(h²), J v from __tangent_
//     dot_product          ⟨J v, w⟩ = ⟨v, Jᵀ w⟩ over the full state, J v from __tangent_, Jᵀ w from __adjoint_
//     vjp                  __vjp_ leaves the shadows of written arrays alone, bit for bit, and adds to the others
//                          what __adjoint_ adds, whatever they held before
//     primal_unchanged     __vjp_ and __adjoint_ leave every primal array as it was, bit for bit; nothing is written
//                          next to an array
//     repeatable           two runs give the same bits, or the same numbers to rounding where no more is promised
//     launches_agree       other shapes of the launch give the same bits or numbers
//     levels_agree         the adjoint is the one that -O0 gives, to rounding
//     precisions_agree     the float adjoint is the double one, to float rounding
//     reference            the adjoint is the one written by hand, where there is one
//     reference_itself     the hand-written adjoint obeys ⟨ΔF, w⟩ = ⟨v, Jᵀ w⟩ with difference quotients
//
// `--dump=FILE` writes, instead, a checksum of every result whose bits are promised, one a line: two runs under
// different conditions (numbers of threads) can be compared by comparing the files. When a case needs a device that is
// not there the program says SKIPPED and returns 77.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "laws.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <deque>
#include <exception>
#include <fstream>
#include <limits>
#include <string_view>
#include <tuple>

namespace {

using laws::law_case;
using laws::role;

template <class Real>
constexpr double dot_tolerance = std::is_same_v<Real, double> ? 1e-12 : 1e-5;

/// Numbers that are the same on every platform and in every run (splitmix64).
class random_numbers {
public:
  explicit random_numbers(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15u + 0x1234567u) {}
  double uniform() {
    state_ += 0x9e3779b97f4a7c15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return double((z ^ (z >> 31)) >> 11) * 0x1p-53;
  }

private:
  std::uint64_t state_;
};

/// An array between two guard zones. The guards are NaN: reading them shows in the results, writing them in
/// guards_intact.
template <class Real>
class buffer {
public:
  explicit buffer(std::size_t size) : cells_(size + 2 * guard, std::numeric_limits<Real>::quiet_NaN()) {}
  Real* data() { return cells_.data() + guard; }
  const Real* data() const { return cells_.data() + guard; }
  std::size_t size() const { return cells_.size() - 2 * guard; }
  std::vector<Real>& with_guards() { return cells_; }
  Real& operator[](std::size_t i) { return data()[i]; }
  Real operator[](std::size_t i) const { return data()[i]; }
  bool guards_intact() const {
    return std::all_of(cells_.begin(), cells_.begin() + guard, [](Real v) { return std::isnan(v); }) &&
           std::all_of(cells_.end() - guard, cells_.end(), [](Real v) { return std::isnan(v); });
  }
  bool same_bits(const buffer& other) const { return std::memcmp(data(), other.data(), size() * sizeof(Real)) == 0; }

  static constexpr std::ptrdiff_t guard = 16;

private:
  std::vector<Real> cells_;
};

template <class Real>
using fields = std::vector<buffer<Real>>;

/// Everything a call works on.
template <class Real>
struct state {
  fields<Real> x, xb;
  std::vector<std::vector<int>> ix;
};

/// Fills every array of `c` by `value(spec, i, random)`, rounded to float so that both precisions see the same numbers.
template <class Real, class Value>
fields<Real> filled(const law_case<Real>& c, unsigned seed, Value value) {
  random_numbers random(seed);
  fields<Real> result;
  for (const auto& spec : c.arrays) {
    buffer<Real> cells(spec.size);
    for (std::size_t i = 0; i < spec.size; ++i)
      cells[i] = Real(float(value(spec, i, random.uniform())));
    result.push_back(std::move(cells));
  }
  return result;
}

template <class Real>
fields<Real> start_values(const law_case<Real>& c) {
  return filled(c, c.seed, [](const laws::array_spec& spec, std::size_t i, double random) {
    return spec.init ? spec.init(i, random) : spec.lo + (spec.hi - spec.lo) * random;
  });
}

/// Random numbers in [-1, 1] on the active arrays, 0 on the others.
template <class Real>
fields<Real> direction(const law_case<Real>& c, unsigned seed) {
  return filled(c, seed, [](const laws::array_spec& spec, std::size_t, double random) {
    return spec.kind == role::inactive || spec.kind == role::frozen ? 0 : 2 * random - 1;
  });
}

template <class Real>
state<Real> make_state(const law_case<Real>& c, fields<Real> shadows) {
  return {start_values(c), std::move(shadows), c.integers};
}

/// A host array in the memory a call works on, for as long as the call takes.
template <class T>
class resident {
public:
  resident(const laws::memory* where, std::vector<T>& host) : where_(where), host_(host) {
    if (!where_)
      return;
    block_ = where_->allocate(bytes());
    where_->upload(block_, host_.data(), bytes());
  }
  ~resident() {
    if (where_)
      where_->release(block_);
  }
  resident(const resident&) = delete;
  resident& operator=(const resident&) = delete;
  T* data() const { return where_ ? static_cast<T*>(block_) : host_.data(); }
  void bring_back() {
    if (where_)
      where_->download(host_.data(), block_, bytes());
  }

private:
  std::size_t bytes() const { return host_.size() * sizeof(T); }
  const laws::memory* where_;
  std::vector<T>& host_;
  void* block_ = nullptr;
};

template <class Real>
void call_in(const laws::memory* where, const law_case<Real>& c, laws::call<Real> function, state<Real>& s,
             unsigned shape) {
  std::deque<resident<Real>> arrays, shadows;
  std::deque<resident<int>> integers;
  std::vector<Real*> x, xb;
  std::vector<const Real*> hx;
  std::vector<int*> ix;
  for (std::size_t a = 0; a < s.x.size(); ++a) {
    constexpr auto guard = buffer<Real>::guard;
    hx.push_back(s.x[a].data());
    x.push_back(arrays.emplace_back(where, s.x[a].with_guards()).data() + guard);
    Real* shadow = shadows.emplace_back(where, s.xb[a].with_guards()).data() + guard;
    xb.push_back(c.arrays[a].kind == role::inactive ? nullptr : shadow);
  }
  for (auto& values : s.ix)
    ix.push_back(integers.emplace_back(where, values).data());
  function(x.data(), xb.data(), ix.data(), hx.data(), shape);
  if (!where)
    return;
  where->finish();
  for (auto* group : {&arrays, &shadows})
    for (auto& array : *group)
      array.bring_back();
  for (auto& values : integers)
    values.bring_back();
}

template <class Real>
void invoke(const law_case<Real>& c, laws::call<Real> function, state<Real>& s, unsigned shape = 0) {
  // Adjoints written by hand are ordinary code.
  const laws::memory* where = function == c.reference ? nullptr : c.where;
  try {
    call_in(where, c, function, s, shape);
  } catch (const std::exception& error) {
    FAIL() << error.what();
  }
  for (std::size_t a = 0; a < s.x.size(); ++a) {
    ASSERT_TRUE(s.x[a].guards_intact()) << "written next to " << c.arrays[a].name;
    ASSERT_TRUE(s.xb[a].guards_intact()) << "written next to the shadow of " << c.arrays[a].name;
  }
}

/// F(x + h v)
template <class Real>
fields<Real> primal_at(const law_case<Real>& c, const fields<Real>& v, double h) {
  state<Real> s = make_state(c, v);
  for (std::size_t a = 0; a < v.size(); ++a)
    for (std::size_t i = 0; i < v[a].size(); ++i)
      s.x[a][i] = Real(double(s.x[a][i]) + h * double(v[a][i]));
  invoke(c, c.primal, s);
  return s.x;
}

/// The shadows after `function` was called on the start values with shadows `before`.
template <class Real>
fields<Real> shadows_after(const law_case<Real>& c, laws::call<Real> function, const fields<Real>& before,
                           unsigned shape = 0) {
  state<Real> s = make_state(c, before);
  invoke(c, function, s, shape);
  return s.xb;
}

/// Euclidean norm of Σ_k factor_k · field_k over the active arrays.
template <class Real>
double norm(const law_case<Real>& c, std::initializer_list<std::pair<double, const fields<Real>*>> terms) {
  double sum = 0;
  for (std::size_t a = 0; a < c.arrays.size(); ++a) {
    if (c.arrays[a].kind == role::inactive)
      continue;
    for (std::size_t i = 0; i < c.arrays[a].size; ++i) {
      double value = 0;
      for (const auto& [factor, field] : terms)
        value += factor * double((*field)[a][i]);
      sum += value * value;
    }
  }
  return std::sqrt(sum);
}

struct inner_product {
  double value = 0;
  double magnitude = 0; ///< sum of the absolute values of the terms
};

template <class Real>
inner_product dot(const fields<Real>& p, const fields<Real>& q) {
  inner_product result;
  for (std::size_t a = 0; a < p.size(); ++a)
    for (std::size_t i = 0; i < p[a].size(); ++i) {
      const double term = double(p[a][i]) * double(q[a][i]);
      result.value += term;
      result.magnitude += std::abs(term);
    }
  return result;
}

/// Checks p ≈ q for each active array, relative to the largest value in it.
template <class P, class Q>
void expect_close(const law_case<P>& c, const fields<P>& p, const fields<Q>& q, double tolerance,
                  role only = role::inactive) {
  for (std::size_t a = 0; a < c.arrays.size(); ++a) {
    if (c.arrays[a].kind == role::inactive || (only != role::inactive && c.arrays[a].kind != only))
      continue;
    double largest = 0, error = 0;
    for (std::size_t i = 0; i < c.arrays[a].size; ++i) {
      ASSERT_TRUE(std::isfinite(p[a][i])) << c.arrays[a].name << "[" << i << "] = " << p[a][i];
      largest = std::max({largest, std::abs(double(p[a][i])), std::abs(double(q[a][i]))});
      error = std::max(error, std::abs(double(p[a][i]) - double(q[a][i])));
    }
    EXPECT_LE(error, tolerance * std::max(largest, 1e-3)) << "in the shadow of " << c.arrays[a].name;
  }
}

bool is_fast_math(const std::string& variant) { return variant.find("fast") != std::string::npos; }

/// Reassociation is allowed to cost a digit under -ffast-math.
template <class Real>
double tolerance(const law_case<Real>& c) {
  return dot_tolerance<Real> * c.loosen * (is_fast_math(c.variant) ? 10 : 1);
}

/// Checks that `remainder[k]`, taken at steps h/2^k, falls like h² wherever it is above the noise.
void expect_second_order(const std::vector<double>& remainder, double noise) {
  for (std::size_t k = 0; k + 1 < remainder.size(); ++k) {
    ASSERT_TRUE(std::isfinite(remainder[k]));
    if (remainder[k + 1] > noise)
      EXPECT_GT(std::log2(remainder[k] / remainder[k + 1]), 1.8)
          << "remainder " << remainder[k] << " -> " << remainder[k + 1] << " at half the step, noise " << noise;
  }
}

constexpr int halvings = 4;

template <class Real>
void second_difference(const law_case<Real>& c) {
  const fields<Real> v = direction(c, 11), base = primal_at(c, v, 0);
  // Differences of numbers of size |F| carry their rounding errors; 200 of them cover kernels that iterate.
  const double noise = 200 * c.loosen * std::numeric_limits<Real>::epsilon() * norm(c, {{1, &base}});
  std::vector<double> remainder;
  for (int k = 0; k < halvings; ++k) {
    const fields<Real> plus = primal_at(c, v, std::ldexp(c.step, -k)), minus = primal_at(c, v, -std::ldexp(c.step, -k));
    remainder.push_back(norm(c, {{1, &plus}, {-2, &base}, {1, &minus}}));
  }
  expect_second_order(remainder, noise);
}

/// In float the difference of two runs has few digits left: a loose comparison with a central difference.
template <class Real>
void taylor_loose(const law_case<Real>& c) {
  const double h = 5 * c.step;
  const fields<Real> v = direction(c, 11), jv = shadows_after(c, c.tangent, v), base = primal_at(c, v, 0);
  const fields<Real> plus = primal_at(c, v, h), minus = primal_at(c, v, -h);
  const double error = norm(c, {{0.5 / h, &plus}, {-0.5 / h, &minus}, {-1, &jv}});
  const double noise = 20 * c.loosen * std::numeric_limits<Real>::epsilon() * norm(c, {{1, &base}}) / h;
  EXPECT_LE(error, 0.02 * norm(c, {{1, &jv}}) + noise);
}

template <class Real>
void taylor(const law_case<Real>& c) {
  if (std::is_same_v<Real, float>)
    return taylor_loose(c);
  const fields<Real> v = direction(c, 11), base = primal_at(c, v, 0);
  state<Real> s = make_state(c, v);
  invoke(c, c.tangent, s);
  const fields<Real>& jv = s.xb;
  const double noise = 200 * c.loosen * std::numeric_limits<Real>::epsilon() * norm(c, {{1, &base}});
  EXPECT_LE(norm(c, {{1, &base}, {-1, &s.x}}), noise) << "the tangent does not run the kernel";
  std::vector<double> remainder;
  for (int k = 0; k < halvings; ++k) {
    const double h = std::ldexp(c.step, -k);
    const fields<Real> moved = primal_at(c, v, h);
    remainder.push_back(norm(c, {{1, &moved}, {-1, &base}, {-h, &jv}}));
  }
  expect_second_order(remainder, noise);
}

template <class Real>
void dot_product(const law_case<Real>& c) {
  for (unsigned seed : {21u, 22u, 23u}) {
    const fields<Real> v = direction(c, seed), w = direction(c, seed + 100);
    const inner_product left = dot(shadows_after(c, c.tangent, v), w), right = dot(v, shadows_after(c, c.adjoint, w));
    ASSERT_TRUE(std::isfinite(left.value) && std::isfinite(right.value)) << left.value << " " << right.value;
    EXPECT_NEAR(left.value, right.value, dot_tolerance<Real> * std::max(left.magnitude, right.magnitude));
  }
}

template <class Real>
void vjp(const law_case<Real>& c) {
  const fields<Real> w = direction(c, 31), by_vjp = shadows_after(c, c.vjp, w),
                     by_adjoint = shadows_after(c, c.adjoint, w);
  for (std::size_t a = 0; a < c.arrays.size(); ++a)
    if (c.arrays[a].kind == role::out)
      EXPECT_TRUE(by_vjp[a].same_bits(w[a])) << "__vjp_ changed the shadow of " << c.arrays[a].name;
  expect_close(c, by_vjp, by_adjoint, 10 * tolerance(c), role::in);

  // Started from zero on the inputs, it adds the same amount.
  fields<Real> from_zero = w;
  for (std::size_t a = 0; a < c.arrays.size(); ++a)
    if (c.arrays[a].kind == role::in)
      std::fill_n(from_zero[a].data(), from_zero[a].size(), Real(0));
  from_zero = shadows_after(c, c.vjp, from_zero);
  for (std::size_t a = 0; a < c.arrays.size(); ++a)
    if (c.arrays[a].kind == role::in)
      for (std::size_t i = 0; i < c.arrays[a].size; ++i)
        from_zero[a][i] += w[a][i];
  expect_close(c, by_vjp, from_zero, 10 * tolerance(c), role::in);
}

template <class Real>
void primal_unchanged(const law_case<Real>& c) {
  const fields<Real> start = start_values(c);
  for (laws::call<Real> function : {c.vjp, c.adjoint}) {
    state<Real> s = make_state(c, direction(c, 41));
    invoke(c, function, s);
    for (std::size_t a = 0; a < c.arrays.size(); ++a)
      EXPECT_TRUE(s.x[a].same_bits(start[a]))
          << (function == c.vjp ? "__vjp_" : "__adjoint_") << " changed " << c.arrays[a].name;
    EXPECT_EQ(s.ix, c.integers);
  }
}

/// Checks p = q bit for bit where that is promised, p ≈ q elsewhere.
template <class Real>
void expect_same(const law_case<Real>& c, const fields<Real>& p, const fields<Real>& q, bool bits) {
  if (!bits)
    return expect_close(c, p, q, 10 * tolerance(c));
  for (std::size_t a = 0; a < c.arrays.size(); ++a)
    EXPECT_TRUE(p[a].same_bits(q[a])) << "in " << c.arrays[a].name;
}

template <class Real>
void repeatable(const law_case<Real>& c) {
  const fields<Real> w = direction(c, 51);
  for (laws::call<Real> function : {c.vjp, c.adjoint, c.tangent})
    expect_same(c, shadows_after(c, function, w), shadows_after(c, function, w), c.bits != laws::same_bits::never);
}

template <class Real>
void launches_agree(const law_case<Real>& c) {
  const fields<Real> w = direction(c, 91);
  for (laws::call<Real> function : {c.primal, c.vjp, c.adjoint, c.tangent}) {
    if (!function)
      continue;
    state<Real> first = make_state(c, w);
    invoke(c, function, first);
    for (unsigned shape = 1; shape < c.shapes; ++shape) {
      SCOPED_TRACE("shape " + std::to_string(shape));
      state<Real> other = make_state(c, w);
      invoke(c, function, other, shape);
      expect_same(c, first.x, other.x, c.bits == laws::same_bits::always);
      expect_same(c, first.xb, other.xb, c.bits == laws::same_bits::always);
    }
  }
}

template <class Real>
const law_case<Real>* find_case(const std::string& variant, const std::string& kernel) {
  for (const auto& c : laws::cases<Real>())
    if (c.variant == variant && c.kernel == kernel)
      return &c;
  return nullptr;
}

std::string with_level(const std::string& variant, const std::string& level) {
  return level + variant.substr(variant.find('_'));
}

template <class Real>
void levels_agree(const law_case<Real>& c) {
  const law_case<Real>* plain = find_case<Real>(with_level(c.variant, "O0"), c.kernel);
  ASSERT_NE(plain, nullptr) << "not compiled at -O0";
  const fields<Real> w = direction(c, 61);
  expect_close(c, shadows_after(c, c.adjoint, w), shadows_after(*plain, plain->adjoint, w), 10 * tolerance(c));
  expect_close(c, shadows_after(c, c.tangent, w), shadows_after(*plain, plain->tangent, w), 10 * tolerance(c));
}

void precisions_agree(const law_case<double>&) {}
void precisions_agree(const law_case<float>& c) {
  const auto* twin = find_case<double>(c.variant.substr(0, c.variant.find('_')) + "_f64", c.kernel);
  ASSERT_NE(twin, nullptr) << "not compiled in double precision";
  expect_close(c, shadows_after(c, c.adjoint, direction(c, 71)),
               shadows_after(*twin, twin->adjoint, direction(*twin, 71)), 10 * tolerance(c));
}

template <class Real>
void reference(const law_case<Real>& c) {
  const fields<Real> w = direction(c, 81);
  expect_close(c, shadows_after(c, c.adjoint, w), shadows_after(c, c.reference, w), 10 * tolerance(c));
}

template <class Real>
void reference_itself(const law_case<Real>& c) {
  const double h = c.step / 4;
  const fields<Real> v = direction(c, 82), w = direction(c, 83);
  const fields<Real> plus = primal_at(c, v, h), minus = primal_at(c, v, -h);
  const inner_product up = dot(plus, w), down = dot(minus, w), right = dot(v, shadows_after(c, c.reference, w));
  const double left = (up.value - down.value) / (2 * h);
  EXPECT_NEAR(left, right.value, 1e-6 * c.loosen * (right.magnitude + up.magnitude));
}

template <class Real>
class law_test : public testing::Test {
public:
  law_test(void (*law)(const law_case<Real>&), const law_case<Real>& c) : law_(law), case_(c) {}
  void TestBody() override { law_(case_); }

private:
  void (*law_)(const law_case<Real>&);
  const law_case<Real>& case_;
};

template <class Real>
void register_laws() {
  const auto add = [](const law_case<Real>& c, const char* law, void (*check)(const law_case<Real>&)) {
    testing::RegisterTest((c.variant + "." + law).c_str(), c.kernel.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                          [=, &c]() -> testing::Test* { return new law_test<Real>(check, c); });
  };
  constexpr bool is_double = std::is_same_v<Real, double>;
  // gtest wants the tests of one suite together: laws outside, kernels inside.
  std::vector<const law_case<Real>*> sorted;
  for (const auto& c : laws::cases<Real>())
    sorted.push_back(&c);
  std::sort(sorted.begin(), sorted.end(),
            [](auto* a, auto* b) { return std::tie(a->variant, a) < std::tie(b->variant, b); });
  const auto each = [&](const char* law, void (*check)(const law_case<Real>&), auto wanted) {
    for (const auto* c : sorted)
      if (wanted(*c))
        add(*c, law, check);
  };
  const auto derived = [](const law_case<Real>& c) { return c.adjoint != nullptr; };
  const auto has_reference = [](const law_case<Real>& c) { return c.reference != nullptr; };
  each("second_difference", second_difference<Real>,
       [](const law_case<Real>& c) { return is_double && !is_fast_math(c.variant); });
  each("reference_itself", reference_itself<Real>,
       [&](const law_case<Real>& c) { return is_double && has_reference(c); });
  each("taylor", taylor<Real>, derived);
  each("dot_product", dot_product<Real>, derived);
  each("vjp", vjp<Real>, derived);
  each("primal_unchanged", primal_unchanged<Real>, derived);
  each("repeatable", repeatable<Real>, derived);
  each("launches_agree", launches_agree<Real>, [](const law_case<Real>& c) { return c.shapes > 1; });
  each("levels_agree", levels_agree<Real>, [&](const law_case<Real>& c) {
    return derived(c) && c.variant.rfind("O0", 0) != 0 && find_case<Real>(with_level(c.variant, "O0"), c.kernel);
  });
  each("precisions_agree", static_cast<void (*)(const law_case<Real>&)>(precisions_agree),
       [&](const law_case<Real>& c) { return derived(c) && !is_double && !c.one_precision; });
  each("reference", reference<Real>, [&](const law_case<Real>& c) { return derived(c) && has_reference(c); });
}

/// FNV-1a.
std::uint64_t checksum(const void* data, std::size_t bytes) {
  std::uint64_t sum = 0xcbf29ce484222325u;
  for (const auto* byte = static_cast<const unsigned char*>(data); bytes > 0; --bytes, ++byte)
    sum = (sum ^ *byte) * 0x100000001b3u;
  return sum;
}

template <class Real>
void dump(std::ostream& stream) {
  for (const law_case<Real>& c : laws::cases<Real>()) {
    if (c.bits == laws::same_bits::never || !c.adjoint)
      continue;
    const fields<Real> w = direction(c, 95);
    const std::pair<const char*, laws::call<Real>> functions[] = {
        {"vjp", c.vjp}, {"adjoint", c.adjoint}, {"tangent", c.tangent}};
    for (const auto& [name, function] : functions) {
      const fields<Real> result = shadows_after(c, function, w);
      for (std::size_t a = 0; a < result.size(); ++a)
        stream << c.variant << ' ' << c.kernel << ' ' << name << ' ' << c.arrays[a].name << ' ' << std::hex
               << checksum(result[a].data(), result[a].size() * sizeof(Real)) << '\n';
    }
  }
}

/// Why the cases of one precision cannot run here; empty if they can.
template <class Real>
std::string unavailable() {
  for (const law_case<Real>& c : laws::cases<Real>())
    if (c.where)
      return c.where->unavailable();
  return {};
}

} // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (const std::string& reason : {unavailable<double>(), unavailable<float>()})
    if (!reason.empty()) {
      std::printf("SKIPPED: %s\n", reason.c_str());
      return 77;
    }
  constexpr std::string_view option = "--dump=";
  if (argc == 2 && std::string_view(argv[1]).starts_with(option)) {
    std::ofstream stream(argv[1] + option.size());
    dump<double>(stream);
    dump<float>(stream);
    return stream.flush() && !testing::Test::HasFailure() ? 0 : 1;
  }
  register_laws<double>();
  register_laws<float>();
  return RUN_ALL_TESTS();
}
