// One text for three forms. A kernel file is compiled as a serial loop nest, as an OpenMP nest (-fopenmp and
// -DBENCH_OPENMP) and as CUDA (-x cuda); this header says what a loop over points, an addition that may collide and a
// call are in each.
//
//     BENCH_KERNEL void step(double* un, const double* u, int nx, int ny) {
//       BENCH_POINTS_2(1, nx - 1, 1, ny - 1) { const long c = x + long(nx) * y;  un[c] = ...; }
//     }
//
// is `for (y) for (x)` in a nest, with `#pragma omp parallel for` in front of it in the OpenMP form, and in CUDA a
// `__global__` function with one thread a point behind a guard.
//
// BENCH_KERNEL annotates the kernel. In the OpenMP form it does so only with BENCH_GENERATED_OPENMP; without, that form
// has the variants written by hand alone.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "registry.h"

#include <adstencil/adstencil.h>

#include <type_traits>

#define BENCH_PRAGMA(...) _Pragma(#__VA_ARGS__)

#if defined(__CUDA__)
#define BENCH_FORM cuda
#define BENCH_GLOBAL __global__
#define BENCH_DEVICE __host__ __device__
#define BENCH_KERNEL ADSTENCIL_KERNEL __global__
#elif defined(BENCH_OPENMP)
#define BENCH_FORM openmp
#define BENCH_GLOBAL
#define BENCH_DEVICE
#define BENCH_OMP(...) BENCH_PRAGMA(omp __VA_ARGS__)
#else
#define BENCH_FORM serial
#define BENCH_GLOBAL
#define BENCH_DEVICE
#define BENCH_KERNEL ADSTENCIL_KERNEL
#define BENCH_OMP(...)
#endif

#if defined(BENCH_OPENMP) && defined(BENCH_GENERATED_OPENMP)
#define BENCH_KERNEL ADSTENCIL_KERNEL
#elif defined(BENCH_OPENMP)
#define BENCH_KERNEL
#define BENCH_INACTIVE
#endif

/// A parameter without a shadow.
#if !defined(BENCH_INACTIVE)
#define BENCH_INACTIVE ADSTENCIL_INACTIVE
#endif

// Parts of an inner loop: a loop that calls something is not vectorised.
#define BENCH_INLINE __attribute__((always_inline)) inline
#define BENCH_INLINED __attribute__((always_inline))

// The interior of a gather written by hand: its iterations are independent, whatever the compiler can see of it.
#define BENCH_VECTORISE BENCH_PRAGMA(clang loop vectorize(assume_safety))

#if defined(__CUDA__)
#include <adstencil/cuda_error.h>

#define BENCH_POINTS_1(x0, x1)                                                                                         \
  const int x = blockIdx.x * blockDim.x + threadIdx.x;                                                                 \
  if (x >= (x0) && x < (x1))
#define BENCH_POINTS_2(x0, x1, y0, y1)                                                                                 \
  const int x = blockIdx.x * blockDim.x + threadIdx.x;                                                                 \
  const int y = blockIdx.y * blockDim.y + threadIdx.y;                                                                 \
  if (x >= (x0) && x < (x1) && y >= (y0) && y < (y1))
#define BENCH_POINTS_3(x0, x1, y0, y1, z0, z1)                                                                         \
  const int x = blockIdx.x * blockDim.x + threadIdx.x;                                                                 \
  const int y = blockIdx.y * blockDim.y + threadIdx.y;                                                                 \
  const int z = blockIdx.z * blockDim.z + threadIdx.z;                                                                 \
  if (x >= (x0) && x < (x1) && y >= (y0) && y < (y1) && z >= (z0) && z < (z1))

/// Calls `function` for the points of the largest array; form_traits::wait waits for it.
#define BENCH_CALL(function, field, ...) BENCH_CALL_FOR((field).extent(), function, __VA_ARGS__)
#define BENCH_CALL_FOR(extent, function, ...)                                                                          \
  do {                                                                                                                 \
    const ::bench::shape points = extent;                                                                              \
    const dim3 block(points.ny > 1 ? 64 : 256, points.nz > 1 ? 2 : points.ny > 1 ? 4 : 1, points.nz > 1 ? 2 : 1);      \
    const auto blocks = [](int count, unsigned threads) { return (count + threads - 1) / threads; };                   \
    const dim3 grid(blocks(points.nx, block.x), blocks(points.ny, block.y), blocks(points.nz, block.z));               \
    function<<<grid, block>>>(__VA_ARGS__);                                                                            \
    ADSTENCIL_CUDA_CHECK_LAUNCH();                                                                                     \
  } while (false)
#else
#define BENCH_POINTS_1(x0, x1)                                                                                         \
  BENCH_OMP(parallel for schedule(static))                                                                             \
  for (int x = (x0); x < (x1); ++x)
#define BENCH_POINTS_2(x0, x1, y0, y1)                                                                                 \
  BENCH_OMP(parallel for schedule(static))                                                                             \
  for (int y = (y0); y < (y1); ++y)                                                                                    \
    for (int x = (x0); x < (x1); ++x)
#define BENCH_POINTS_3(x0, x1, y0, y1, z0, z1)                                                                         \
  BENCH_OMP(parallel for collapse(2) schedule(static))                                                                 \
  for (int z = (z0); z < (z1); ++z)                                                                                    \
    for (int y = (y0); y < (y1); ++y)                                                                                  \
      for (int x = (x0); x < (x1); ++x)

#define BENCH_CALL(function, field, ...) function(__VA_ARGS__)
#endif

// What the registration of a kernel gets for its generated derivatives: nothing in a form without them.
#if defined(BENCH_OPENMP) && !defined(BENCH_GENERATED_OPENMP)
#define BENCH_GENERATED(...) nullptr
#else
#define BENCH_GENERATED(...) __VA_ARGS__
#endif

#define BENCH_TEXT(word) BENCH_TEXT_OF(word)
#define BENCH_TEXT_OF(word) #word

namespace bench {
namespace BENCH_FORM {

/// See form_traits::stream; in stream.cpp.
void stream(const streams& arrays);

/// Where this form keeps its arrays and what it knows of threads.
inline form_traits this_form() {
  form_traits traits{.name = BENCH_TEXT(BENCH_FORM), .stream = stream};
#if defined(__CUDA__)
  traits.allocate = [](std::size_t bytes) {
    void* memory = nullptr;
    ADSTENCIL_CUDA_CHECK(cudaMallocManaged(&memory, bytes));
    return memory;
  };
  traits.release = [](void* memory) { (void)cudaFree(memory); };
  traits.wait = [] { ADSTENCIL_CUDA_CHECK(cudaDeviceSynchronize()); };
#elif defined(BENCH_OPENMP)
  traits.threaded = true;
#endif
  return traits;
}

/// target += value, where other points may add to the same element.
BENCH_DEVICE inline void add(double& target, double value) {
#if defined(__CUDA_ARCH__)
  atomicAdd(&target, value);
#elif defined(BENCH_OPENMP)
#pragma omp atomic
  target += value;
#else
  target += value;
#endif
}

/// What a cell of a gather has to ask before it reads a point: nothing, whether the point's row is one of the kernel's
/// (the same answer for all cells of a row), or whether the point is one of the kernel's.
enum class guard { none, rows, points };

/// The points p with low <= p < high along each axis: where a kernel is applied.
struct box {
  int x0, x1, y0 = 0, y1 = 1, z0 = 0, z1 = 1;

  template <guard G = guard::points>
  BENCH_DEVICE bool has([[maybe_unused]] int x, [[maybe_unused]] int y = 0, [[maybe_unused]] int z = 0) const {
    if constexpr (G == guard::none)
      return true;
    const bool in_row = y >= y0 && y < y1 && z >= z0 && z < z1;
    if constexpr (G == guard::rows)
      return in_row;
    return in_row && x >= x0 && x < x1;
  }
};

/// Applies a gather written by hand to all cells of an nx x ny x nz array. `cells.cell<guard>(x, y, z)` adds to cell
/// (x, y, z) what it receives; without guards where all points that could read the cell are points of the kernel. Those
/// cells are `inner`.
#if defined(__CUDA__)
template <class Cells>
__global__ void gather_kernel(Cells cells, box inner) {
  BENCH_POINTS_3(0, cells.nx, 0, cells.ny, 0, cells.nz) {
    if (inner.has(x, y, z))
      cells.template cell<guard::none>(x, y, z);
    else
      cells.template cell<guard::points>(x, y, z);
  }
}

template <class Cells>
inline void gather_cells(const Cells& cells, const box& inner) {
  BENCH_CALL_FOR((::bench::shape{cells.nx, cells.ny, cells.nz}), gather_kernel, cells, inner);
}

/// The same for one dimension.
template <class Cells>
inline void gather_line(const Cells& cells, const box& inner) {
  gather_cells(cells, inner);
}
#else
inline constexpr int line_block = 4096; ///< cells of a row that a thread takes at once: some pages of each array

template <guard G, class Cells>
BENCH_INLINE void gather_row(Cells cells, int y, int z, int x0, int x1) {
  if constexpr (G == guard::none) {
    for (; x0 < x1 && x0 % 8 != 0; ++x0) // up to a cache line's start: stores that straddle lines cost up to 30 %
      cells.template cell<G>(x0, y, z);
    BENCH_VECTORISE
    for (int x = x0; x < x1; ++x)
      cells.template cell<G>(x, y, z);
  } else {
    for (int x = x0; x < x1; ++x)
      cells.template cell<G>(x, y, z);
  }
}

template <class Cells>
inline void gather_rows(Cells cells, box inner, int y, int z) {
  if (inner.x0 >= inner.x1)
    return gather_row<guard::points>(cells, y, z, 0, cells.nx);
  gather_row<guard::points>(cells, y, z, 0, inner.x0);
  if (inner.has(inner.x0, y, z))
    gather_row<guard::none>(cells, y, z, inner.x0, inner.x1);
  else
    gather_row<guard::rows>(cells, y, z, inner.x0, inner.x1);
  gather_row<guard::points>(cells, y, z, inner.x1, cells.nx);
}

/// The same for one dimension, where the row itself is what threads share.
template <class Cells>
inline void gather_line(const Cells& cells, const box& inner) {
  const int first = inner.x0 < inner.x1 ? inner.x0 : cells.nx, last = inner.x0 < inner.x1 ? inner.x1 : cells.nx;
  gather_row<guard::points>(cells, 0, 0, 0, first);
  BENCH_OMP(parallel for schedule(static))
  for (int block = first; block < last; block += line_block)
    gather_row<guard::none>(cells, 0, 0, block, block + line_block < last ? block + line_block : last);
  gather_row<guard::points>(cells, 0, 0, last, cells.nx);
}

template <class Cells>
inline void gather_cells(const Cells& cells, const box& inner) {
  BENCH_OMP(parallel for collapse(2) schedule(static))
  for (int z = 0; z < cells.nz; ++z)
    for (int y = 0; y < cells.ny; ++y)
      gather_rows(cells, inner, y, z);
}
#endif

} // namespace BENCH_FORM
} // namespace bench
