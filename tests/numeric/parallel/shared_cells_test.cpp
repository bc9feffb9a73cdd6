// What is added to cells that share memory (rows that run into each other, a coefficient of a layer) comes in one
// order: the same bits whatever the number of threads, of gathers, of gathers with cells of several planes together, of
// gathers with kept cotangents, and of tiles.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

extern "C" void omp_set_num_threads(int);

namespace {

#define POINTS                                                                                                         \
  for (int z = 2; z < nz - 2; ++z)                                                                                     \
    for (int y = 2; y < ny - 2; ++y)                                                                                   \
      for (int x = 2; x < nx - 2; ++x)
#define PARALLEL _Pragma("omp parallel for")
#define SERIAL
#define PARAMETERS                                                                                                     \
  [[maybe_unused]] double *out, const double *u, [[maybe_unused]] const double *c, [[maybe_unused]] const double *k,   \
      int nx, int ny, int nz, long sy, long sz

// The kernel and, to compare with, the same reversed in order.
#define KERNEL(name, strategy, ...)                                                                                    \
  ADSTENCIL_KERNEL strategy void name(PARAMETERS) {                                                                    \
    PARALLEL POINTS {                                                                                                  \
      const long p = x + nx * (y + static_cast<long>(ny) * z), q = x + sy * y + sz * z;                                \
      __VA_ARGS__;                                                                                                     \
    }                                                                                                                  \
  }                                                                                                                    \
  ADSTENCIL_KERNEL ADSTENCIL_STRATEGY("sequential") void name##_in_order(PARAMETERS) {                                 \
    SERIAL POINTS {                                                                                                    \
      const long p = x + nx * (y + static_cast<long>(ny) * z), q = x + sy * y + sz * z;                                \
      __VA_ARGS__;                                                                                                     \
    }                                                                                                                  \
  }

#define STAR(u, s1, s2, s3) (u[q - s1] + u[q + s1] + u[q - s2] + u[q + s2] + u[q - s3] + u[q + s3])

KERNEL(planes, , out[p] = STAR(u, 1, sy, sz) - 6 * u[q])
KERNEL(kept, , out[p] = c[p] * c[p] * (1.3 * STAR(u, 1, sy, sz) - 0.1 * STAR(u, 2, 2 * sy, 2 * sz) - 7 * u[q]))
KERNEL(tile, ADSTENCIL_STRATEGY("tile"), out[p] = c[p] * std::sqrt(2 + std::sin(STAR(u, 1, sy, sz))))
KERNEL(layers, , out[p] = k[z] * (STAR(u, 1, sy, sz) - 6 * u[q]))
KERNEL(tiled_layers, ADSTENCIL_STRATEGY("tile"), out[p] = k[y] * std::sqrt(2 + std::sin(STAR(u, 1, sy, sz))))

constexpr int nx = 20, ny = 80, nz = 70;

struct data {
  std::vector<double> out = values(1), u = values(2), c = values(3), k = values(4);
  std::vector<double> out_bar = values(5), u_bar = zeros(), c_bar = zeros(), k_bar = zeros();

  static std::vector<double> zeros() { return std::vector<double>(nx * ny * nz); }
  static std::vector<double> values(int seed) {
    std::vector<double> v = zeros();
    for (std::size_t i = 0; i < v.size(); ++i)
      v[i] = 1 + 0.5 * std::sin(0.7 * static_cast<double>(i) + seed);
    return v;
  }
};

template <class Vjp>
data run(Vjp vjp, long sy, long sz, int threads) {
  data d;
  omp_set_num_threads(threads);
  vjp(d.out.data(), d.out_bar.data(), d.u.data(), d.u_bar.data(), d.c.data(), d.c_bar.data(), d.k.data(),
      d.k_bar.data(), nx, ny, nz, sy, sz);
  return d;
}

template <class Vjp, class InOrder>
void check(Vjp vjp, InOrder in_order) {
  for (auto [sy, sz] : {std::pair<long, long>(nx, nx * ny), {nx, nx}, {1, nx}, {1, 1}, {nx, 2 * nx}, {0, nx}, {3, 0}}) {
    const data serial = run(vjp, sy, sz, 1), reference = run(in_order, sy, sz, 1);
    for (int threads : {2, 3, 5, 8}) {
      const data d = run(vjp, sy, sz, threads);
      EXPECT_TRUE(d.u_bar == serial.u_bar && d.c_bar == serial.c_bar && d.k_bar == serial.k_bar)
          << threads << " threads, strides " << sy << " and " << sz;
    }
    for (auto of : {&data::u_bar, &data::c_bar, &data::k_bar})
      for (int i = 0; i < nx * ny * nz; ++i)
        ASSERT_NEAR((serial.*of)[i], (reference.*of)[i], 1e-11 * (1 + std::abs((reference.*of)[i])))
            << i << ", strides " << sy << " and " << sz;
  }
}

#define CHECK(name)                                                                                                    \
  TEST(shared_cells, name) {                                                                                           \
    check([](auto... a) { __vjp_##name(a...); }, [](auto... a) { __vjp_##name##_in_order(a...); });                    \
  }
CHECK(planes)
CHECK(kept)
CHECK(tile)
CHECK(layers)
CHECK(tiled_layers)

} // namespace
