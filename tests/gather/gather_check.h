// The laws that every strategy has to keep, on one kernel and one domain:
//
//   - what the plan makes of the kernel and its sequential reverse agree to rounding;
//   - the dot product law <J v, w> = <v, Jᵀ w> against the tangent;
//   - cells that no point of the kernel touches keep their bits, even if they are NaNs, and are not accessed where
//     there is no memory; primal arrays keep theirs; __vjp_ leaves the shadows of written arrays alone;
//   - the same bits again in every run, wherever in memory the arrays are and however many threads OpenMP has.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "gather_laws.h"
#include "guarded_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

/// Null in a program without OpenMP.
extern "C" void omp_set_num_threads(int) __attribute__((weak));

namespace gather {

inline void set_threads(int count) {
  if (omp_set_num_threads)
    omp_set_num_threads(count);
}

template <class Real>
constexpr double agreement = sizeof(Real) == 8 ? 1e-13 : 1e-5;
template <class Real>
constexpr double dot_agreement = sizeof(Real) == 8 ? 1e-12 : 1e-5;

/// For code that need not round as it is written, bounds are larger by this factor.
inline double looser = 1;

template <class Real>
using data = std::vector<std::vector<Real>>;

template <class Real>
bool same_bits(const std::vector<Real>& a, const std::vector<Real>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(Real)) == 0);
}

/// One kernel on one domain.
template <class Real>
class laws {
public:
  laws(const law_case<Real>& c, const extents& n, unsigned seed)
      : kernel(c), n(n), random(seed), touched(c.arrays.size()) {
    for (int k = 0; k != c.masks; ++k) {
      std::vector<int> values(mask_cells);
      for (int& v : values)
        v = random() % 4 != 0;
      masks.push_back(std::move(values));
    }
    for (auto& m : masks)
      mask_pointers.push_back(m.data() + cells::before);
    kernel.touch(touched, n, mask_pointers.data());
    for (std::size_t k = 0; k != c.arrays.size(); ++k)
      if (c.arrays[k].is_scalar)
        touched.arrays[k].mark(0, cells::is_read);
    x0 = fill(cells::is_read);
    w = fill(cells::is_read | cells::is_written);
    v = fill(cells::is_read | cells::is_written);
    for (std::size_t k = 0; k != c.arrays.size(); ++k)
      if (c.arrays[k].is_inactive)
        std::fill(v[k].begin(), v[k].end(), Real(0)), std::fill(w[k].begin(), w[k].end(), Real(0));
  }

  void check() {
    const data<Real> jv = check_tangent();
    const data<Real> adjoint = check_pair("adjoint", kernel.planned.adjoint, kernel.sequential.adjoint, false);
    check_dot(jv, adjoint);
    const data<Real> vjp = check_pair("vjp", kernel.planned.vjp, kernel.sequential.vjp, false);
    check_vjp("vjp", vjp, adjoint, false);
    if (!kernel.planned.subset_vjp)
      return;
    const data<Real> subset =
        check_pair("adjoint of the subset", kernel.planned.subset_adjoint, kernel.sequential.subset_adjoint, true);
    check_close("adjoint of the subset and adjoint", subset, adjoint, [&](auto& a) { return a.is_in_subset; });
    check_vjp("vjp of the subset",
              check_pair("vjp of the subset", kernel.planned.subset_vjp, kernel.sequential.subset_vjp, true), adjoint,
              true);
  }

private:
  const law_case<Real>& kernel;
  const extents n;
  std::mt19937 random;
  recorder touched;
  std::vector<std::vector<int>> masks;
  std::vector<const int*> mask_pointers;
  data<Real> x0, w, v;
  data<Real> x_after; ///< primal values behind the last call

  std::string at(const char* what, std::size_t k) const {
    return std::string(what) + ", array " + kernel.arrays[k].name + ", extents " + std::to_string(n[0]) + " " +
           std::to_string(n[1]) + " " + std::to_string(n[2]);
  }

  /// Random numbers where cells are touched in one of these ways, canaries elsewhere.
  data<Real> fill(unsigned char how) {
    std::uniform_real_distribution<double> uniform(-1, 1);
    data<Real> result;
    for (const cells& c : touched.arrays) {
      std::vector<Real> values;
      for (long i = c.first; i != c.last; ++i)
        values.push_back(c.at(i) & how ? static_cast<Real>(uniform(random)) : canary(Real(), i - c.first));
      result.push_back(std::move(values));
    }
    return result;
  }

  /// Calls f on arrays with the values x0 and shadows with the given values. Returns the shadows.
  data<Real> run(const char* what, call<Real> f, const data<Real>& shadows, placement where) {
    std::vector<guarded_array<Real>> x, xb;
    std::vector<Real*> xp, xbp;
    for (std::size_t k = 0; k != kernel.arrays.size(); ++k) {
      const cells& c = touched.arrays[k];
      x.emplace_back(c.first, c.last, where).set(x0[k]);
      xb.emplace_back(c.first, c.last, where).set(shadows[k]);
      xp.push_back(x[k].pointer());
      xbp.push_back(xb[k].pointer());
    }
    f(n, xp.data(), xbp.data(), mask_pointers.data());
    x_after.clear();
    data<Real> result;
    for (std::size_t k = 0; k != kernel.arrays.size(); ++k) {
      EXPECT_TRUE(x[k].is_intact_around() && xb[k].is_intact_around()) << at(what, k) << ": written outside";
      x_after.push_back(x[k].values());
      result.push_back(xb[k].values());
      for (long i = c_first(k); i != touched.arrays[k].last; ++i)
        if (!touched.arrays[k].at(i) &&
            std::memcmp(&result[k][i - c_first(k)], &shadows[k][i - c_first(k)], sizeof(Real))) {
          ADD_FAILURE() << at(what, k) << ": shadow cell " << i << ", which no point touches, has changed";
          break;
        }
    }
    return result;
  }
  long c_first(std::size_t k) const { return touched.arrays[k].first; }

  double scale(std::size_t k, const std::vector<Real>& values) const {
    double largest = 1;
    for (long i = 0; i != static_cast<long>(values.size()); ++i)
      if (touched.arrays[k].at(c_first(k) + i))
        largest = std::max(largest, std::fabs(static_cast<double>(values[i])));
    if (kernel.arrays[k].is_scalar) // as many contributions as points, which may cancel
      largest += static_cast<double>(n[0] * n[1] * n[2]);
    return largest;
  }

  template <class Selected>
  void check_close(const char* what, const data<Real>& a, const data<Real>& b, Selected selected) {
    for (std::size_t k = 0; k != a.size(); ++k) {
      if (!selected(kernel.arrays[k]))
        continue;
      const double bound = looser * agreement<Real> * scale(k, b[k]);
      for (long i = 0; i != static_cast<long>(a[k].size()); ++i)
        if (touched.arrays[k].at(c_first(k) + i) && !(std::fabs(double(a[k][i]) - double(b[k][i])) <= bound)) {
          ADD_FAILURE() << at(what, k) << ": cell " << c_first(k) + i << " is " << a[k][i] << " and " << b[k][i];
          break;
        }
    }
  }

  /// Runs the primal and the tangent; returns J v.
  data<Real> check_tangent() {
    set_threads(3);
    run("primal", kernel.primal, v, placement::at_end);
    const data<Real> primal = x_after;
    data<Real> jv = run("tangent", kernel.tangent, v, placement::at_start);
    check_close("tangent and primal", x_after, primal, [](auto& a) { return a.is_written; });
    set_threads(2);
    check_same("tangent", jv, run("tangent", kernel.tangent, v, placement::at_end));
    return jv;
  }

  /// A derivative as planned, several times, and in sequence. Returns the shadows of the first.
  data<Real> check_pair(const char* what, call<Real> planned, call<Real> sequential, bool subset) {
    set_threads(1);
    const data<Real> first = run(what, planned, w, placement::at_end);
    check_primal(what);
    set_threads(2);
    check_same(what, first, run(what, planned, w, placement::at_start));
    set_threads(8);
    check_same(what, first, run(what, planned, w, placement::at_end));
    if (omp_set_num_threads) {
      set_threads(3);
      check_same(what, first, run(what, planned, w, placement::at_end));
    }
    const data<Real> reference = run(what, sequential, w, placement::at_end);
    check_primal(what);
    check_close((std::string(what) + ", planned and sequential").c_str(), first, reference, [](auto&) { return true; });
    for (std::size_t k = 0; subset && k != first.size(); ++k)
      if (!kernel.arrays[k].is_in_subset)
        EXPECT_TRUE(same_bits(first[k], w[k])) << at(what, k) << ": the shadow is none of its business";
    return first;
  }

  void check_same(const char* what, const data<Real>& a, const data<Real>& b) {
    for (std::size_t k = 0; k != a.size(); ++k)
      for (std::size_t i = 0; i != a[k].size(); ++i)
        if (std::memcmp(&a[k][i], &b[k][i], sizeof(Real)) != 0) {
          ADD_FAILURE() << at(what, k) << ": not the same bits in every run, cell " << c_first(k) + static_cast<long>(i)
                        << " is " << a[k][i] << " and " << b[k][i] << ", difference " << a[k][i] - b[k][i];
          break;
        }
  }

  void check_primal(const char* what) {
    for (std::size_t k = 0; k != x0.size(); ++k)
      EXPECT_TRUE(same_bits(x0[k], x_after[k])) << at(what, k) << ": primal values have changed";
  }

  void check_vjp(const char* what, const data<Real>& vjp, const data<Real>& adjoint, bool subset) {
    for (std::size_t k = 0; k != vjp.size(); ++k)
      if (kernel.arrays[k].is_written)
        EXPECT_TRUE(same_bits(vjp[k], w[k])) << at(what, k) << ": the shadow of a written array has changed";
    check_close((std::string(what) + " and adjoint").c_str(), vjp, adjoint,
                [&](auto& a) { return !a.is_written && (!subset || a.is_in_subset); });
  }

  void check_dot(const data<Real>& jv, const data<Real>& jtw) {
    double left = 0, right = 0, absolute = 0;
    for (std::size_t k = 0; k != jv.size(); ++k)
      for (long i = 0; i != static_cast<long>(jv[k].size()); ++i)
        if (touched.arrays[k].at(c_first(k) + i)) {
          const double l = double(jv[k][i]) * double(w[k][i]), r = double(v[k][i]) * double(jtw[k][i]);
          left += l;
          right += r;
          absolute += std::fabs(l) + std::fabs(r);
        }
    EXPECT_LE(std::fabs(left - right), looser * dot_agreement<Real> * absolute)
        << "dot product law, extents " << n[0] << " " << n[1] << " " << n[2] << ": " << left << " and " << right;
  }
};

} // namespace gather
