// Loops of derivatives that are shared out among threads give the bits of the serial loop.
//
// The marker that emission writes in front of such a loop (plugin/emit/Parallel.h) is called by its own name here, so
// that loops of any form can stand behind it; a tangent keeps the call in its place. The tests of the lengths make the
// call stand in the preheader. Loops that are not of the promised form stay serial; their results must be right all the
// same. tests/lit/openmp-tangent.cpp looks at which is which.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/derivatives.h>

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

extern "C" void parallel(bool ok) __asm__("adstencil.parallel");
extern "C" void omp_set_num_threads(int);

namespace {

struct data {
  std::vector<double> y, dy, u, du;
  std::vector<int> index;
  explicit data(int n) {
    for (int i = 0; i < n; ++i) {
      u.push_back(std::sin(i + 1.0));
      du.push_back(std::cos(3.0 * i));
      y.push_back(0.25 * i);
      dy.push_back(1.0 / (i + 1));
      index.push_back((i * 7) % 4);
    }
  }
  bool same_bits(const data& other) const {
    return std::memcmp(y.data(), other.y.data(), y.size() * sizeof(double)) == 0 &&
           std::memcmp(dy.data(), other.dy.data(), dy.size() * sizeof(double)) == 0;
  }
};

using adstencil::shadowed;

using kernel = void(double* y, const double* u, const int* index, int n, bool ok);

// Values of all types go into the loop, more than a runtime passes on in registers.
void many_values(double* y, const double* u, const int* index, int n, bool ok) {
  const double a = y[0], b = y[1], c = y[2], d = y[3], e = u[0], f = u[1], g = u[2], h = u[3];
  const float single = float(index[1]) / 3;
  const bool flag = index[2] > 1;
  const short small = short(index[3]);
  const double* const shifted = u + index[0];
  if (n <= 4)
    return;
  parallel(ok);
  for (long i = 4; i < n; ++i)
    y[i] = a * u[i] + b * shifted[i - 4] * c - d * u[i - 1] * e + (flag ? f * u[i] : g) * single + h * double(small);
}

// A variable that is each iteration's own, and one that is only read.
void local_arrays(double* y, const double* u, const int* index, int n, bool ok) {
  double weights[4], mine[4];
  for (int k = 0; k < 4; ++k)
    weights[index[k]] = u[k] * u[k];
  if (n <= 4)
    return;
  parallel(ok);
  for (long i = 4; i < n; ++i) {
    for (int k = 0; k < 4; ++k)
      mine[k] = u[i - k] * u[i];
    y[i] = mine[index[i]] * weights[index[i - 1]] + mine[index[i - 2]];
  }
}

// A nest, over rows that start in front of the array.
void nest(double* y, const double* u, const int*, int n, bool ok) {
  const long width = 10, rows = n / width;
  double* const y_from = y + 3 * width;
  const double* const u_from = u + 3 * width;
  if (rows <= 1)
    return;
  parallel(ok);
  for (long j = -2; j < rows - 3; ++j)
    for (long i = 1; i < width - 1; ++i)
      y_from[i + width * j] = u_from[i - 1 + width * j] * u_from[i + 1 + width * j] - u_from[i + width * (j - 1)];
}

// A value that goes from one iteration to the next: not the promised form.
void carried(double* y, const double* u, const int*, int n, bool ok) {
  double left = u[0];
  parallel(ok);
  for (long i = 1; i < n; ++i) {
    y[i] = left * u[i];
    left = left / 2 + u[i];
  }
}

// A value that leaves the loop, and a variable that iterations share.
void leaves(double* y, const double* u, const int* index, int n, bool ok) {
  double last = 0, table[4] = {0, 0, 0, 0};
  parallel(ok);
  for (long i = 1; i < n; ++i) {
    last = u[i] * u[i - 1];
    y[i] = last * last;
  }
  parallel(ok);
  for (long i = 0; i < n; ++i)
    table[index[i]] += u[i] * u[i];
  y[0] = last + (table[0] * table[1] + table[2] * table[3]) / n;
}

// Counts down; a step that is not one.
void other_steps(double* y, const double* u, const int*, int n, bool ok) {
  parallel(ok);
  for (long i = n - 1; i > 0; --i)
    y[i] = u[i] * u[i - 1];
  parallel(ok);
  for (long i = 0; i < n; i += 3)
    y[i] += u[i] * u[i];
}

// One marked loop in another.
void marked_twice(double* y, const double* u, const int*, int n, bool ok) {
  const long width = 10;
  if (n / width <= 0)
    return;
  parallel(ok);
  for (long j = 0; j < n / width; ++j) {
    parallel(ok);
    for (long i = 0; i < width; ++i)
      y[i + width * j] = u[i + width * j] * u[i];
  }
}

template <kernel* K>
data run(int n, bool ok, int threads) {
  data d(n < 4 ? 4 : n);
  omp_set_num_threads(threads);
  adstencil::tangent<K>(shadowed(d.y.data(), d.dy.data()), shadowed(d.u.data(), d.du.data()), d.index.data(), n, ok);
  return d;
}

/// The same bits whatever the number of threads; and a derivative, by comparison with a difference quotient.
template <kernel* K>
void check() {
  for (int n : {4, 5, 6, 10, 41, 200, 1003}) {
    const data serial = run<K>(n, false, 1);
    for (int threads : {1, 2, 3, 8})
      for (int repeat = 0; repeat < 3; ++repeat)
        EXPECT_TRUE(run<K>(n, true, threads).same_bits(serial)) << threads << " threads, n = " << n;
    data plus(n), minus(n);
    const double step = 1e-6;
    for (int i = 0; i < n; ++i) {
      plus.y[i] += step * plus.dy[i];
      plus.u[i] += step * plus.du[i];
      minus.y[i] -= step * minus.dy[i];
      minus.u[i] -= step * minus.du[i];
    }
    K(plus.y.data(), plus.u.data(), plus.index.data(), n, false);
    K(minus.y.data(), minus.u.data(), minus.index.data(), n, false);
    for (int i = 0; i < n; ++i)
      EXPECT_NEAR(serial.dy[i], (plus.y[i] - minus.y[i]) / (2 * step), 2e-8 * (1 + std::abs(serial.dy[i]))) << i;
  }
}

TEST(parallel_loops, many_values) { check<many_values>(); }
TEST(parallel_loops, local_arrays) { check<local_arrays>(); }
TEST(parallel_loops, nest) { check<nest>(); }
TEST(parallel_loops, carried) { check<carried>(); }
TEST(parallel_loops, leaves) { check<leaves>(); }
TEST(parallel_loops, other_steps) { check<other_steps>(); }
TEST(parallel_loops, marked_twice) { check<marked_twice>(); }

} // namespace

// The kernels themselves keep their calls.
void parallel(bool) {}
