// Finite differences on structured grids, named as in ParallelStencil.jl's FiniteDifferences1D, 2D and 3D, as functions
// of an array and a point.
//
//     using namespace adstencil::finite_difference;
//     inn(T_new, i, j) = inn(T, i, j) + dt * (d2_xi(T, i, j) / (dx * dx) + d2_yi(T, i, j) / (dy * dy));
//
// An array is anything that is called with its indices, such as adstencil::view; the number of indices says whether the
// 1-D, 2-D or 3-D function is meant. The point (i, j, k) is that of the *result*: results are numbered from 0, so that
// results of different functions that have the same size belong together, which is what makes the line above right.
//
// Names. d: difference of neighbours, d2: second difference, av: arithmetic mean, harm: harmonic mean, inn: inner
// points, all: the array itself. x, y, z: the axes along which that happens. At the end, `a`: all points of the other
// axes; `i`: inner points only, that is, without the first and the last. In 1-D there is nothing to tell apart: d, d2,
// av, harm.
//
//   function                      reads along its own axes          along the others            result, own x others
//   d_xa, av_xa, harm_xa          i, i + 1                          j, k                        n - 1 x n
//   d_xi, av_xi, harm_xi          i, i + 1                          j + 1, k + 1                n - 1 x n - 2
//   av_xya, harm_xya              i, i + 1; j, j + 1                k                           n - 1 x n
//   av_xyi, harm_xyi              i, i + 1; j, j + 1                k + 1                       n - 1 x n - 2
//   av, harm                      both neighbours along each axis                               n - 1
//   d2_xa                         i, i + 1, i + 2                   j, k                        n - 2 x n
//   d2_xi                         i, i + 1, i + 2                   j + 1, k + 1                n - 2 x n - 2
//   inn_x, inn_xy                 i + 1                             j, k                        n - 2 x n
//   inn                           i + 1, j + 1, k + 1                                           n - 2
//   maxloc, minloc                inn and its neighbours along each axis                        n - 2
//   all                           i, j, k                                                       n
//
// A function may be called for points from 0 to the result's size minus one in each axis, n being the array's; nothing
// checks that. within_inn(A, i, j) and its kin tell whether a point is below the upper end of what inn(A, i, j)
// selects.
//
// S. Omlin and L. Räss, High-performance xPU stencil computations in Julia, Proc. JuliaCon Conf. 6, 138, 2024, describe
// the notation. Differences to it: indices count from 0, and maxloc and minloc, written with comparisons, select the
// middle at a tie and do not spread NaN.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <adstencil/host_device.h>

#include <type_traits>

namespace adstencil::finite_difference {
namespace detail {

// By value: what is computed has the type of the elements, and so have the constants, also for float.
template <class T>
ADSTENCIL_HOST_DEVICE constexpr T second(T a, T b, T c) {
  return (c - b) - (b - a);
}
template <class T, class... U>
ADSTENCIL_HOST_DEVICE constexpr T average(T first, U... others) {
  return (first + ... + others) * (T(1) / T(1 + sizeof...(U)));
}
template <class T, class... U>
ADSTENCIL_HOST_DEVICE constexpr T harmonic(T first, U... others) {
  return T(1 + sizeof...(U)) / ((T(1) / first) + ... + (T(1) / others));
}
template <class T, class... U>
ADSTENCIL_HOST_DEVICE constexpr T largest(T value, U... others) {
  ((value = value < others ? others : value), ...);
  return value;
}
template <class T, class... U>
ADSTENCIL_HOST_DEVICE constexpr T smallest(T value, U... others) {
  ((value = others < value ? others : value), ...);
  return value;
}

} // namespace detail

// One line a function; they differ in nothing but indices.
// clang-format off
#define ADSTENCIL_DIFFERENCE template <class View> ADSTENCIL_HOST_DEVICE constexpr auto
#define ADSTENCIL_SELECTION template <class View> ADSTENCIL_HOST_DEVICE constexpr decltype(auto)
#define ADSTENCIL_PREDICATE template <class View> ADSTENCIL_HOST_DEVICE constexpr bool

// ---- 1-D ----

// Differences along one axis.
ADSTENCIL_DIFFERENCE d(const View& A, int i) { return A(i + 1) - A(i); }
ADSTENCIL_DIFFERENCE d2(const View& A, int i) { return detail::second(A(i), A(i + 1), A(i + 2)); }

// Selections; they may be assigned to.
ADSTENCIL_SELECTION all(const View& A, int i) { return A(i); }
ADSTENCIL_SELECTION inn(const View& A, int i) { return A(i + 1); }

// Arithmetic means.
ADSTENCIL_DIFFERENCE av(const View& A, int i) { return detail::average(A(i), A(i + 1)); }

// Harmonic means.
ADSTENCIL_DIFFERENCE harm(const View& A, int i) { return detail::harmonic(A(i), A(i + 1)); }

// Extremes over a point and its face neighbours.
ADSTENCIL_DIFFERENCE maxloc(const View& A, int i) { return detail::largest(A(i + 1), A(i), A(i + 2)); }
ADSTENCIL_DIFFERENCE minloc(const View& A, int i) { return detail::smallest(A(i + 1), A(i), A(i + 2)); }

// Whether a point is in the range of a selection.
ADSTENCIL_PREDICATE within_all(const View& A, int i) { return i < A.extent(0); }
ADSTENCIL_PREDICATE within_inn(const View& A, int i) { return i < A.extent(0) - 2; }

// ---- 2-D ----

// Differences along one axis.
ADSTENCIL_DIFFERENCE d_xa(const View& A, int i, int j) { return A(i + 1, j) - A(i, j); }
ADSTENCIL_DIFFERENCE d_ya(const View& A, int i, int j) { return A(i, j + 1) - A(i, j); }
ADSTENCIL_DIFFERENCE d_xi(const View& A, int i, int j) { return A(i + 1, j + 1) - A(i, j + 1); }
ADSTENCIL_DIFFERENCE d_yi(const View& A, int i, int j) { return A(i + 1, j + 1) - A(i + 1, j); }
ADSTENCIL_DIFFERENCE d2_xa(const View& A, int i, int j) { return detail::second(A(i, j), A(i + 1, j), A(i + 2, j)); }
ADSTENCIL_DIFFERENCE d2_ya(const View& A, int i, int j) { return detail::second(A(i, j), A(i, j + 1), A(i, j + 2)); }
ADSTENCIL_DIFFERENCE d2_xi(const View& A, int i, int j) {
  return detail::second(A(i, j + 1), A(i + 1, j + 1), A(i + 2, j + 1));
}
ADSTENCIL_DIFFERENCE d2_yi(const View& A, int i, int j) {
  return detail::second(A(i + 1, j), A(i + 1, j + 1), A(i + 1, j + 2));
}

// Selections; they may be assigned to.
ADSTENCIL_SELECTION all(const View& A, int i, int j) { return A(i, j); }
ADSTENCIL_SELECTION inn(const View& A, int i, int j) { return A(i + 1, j + 1); }
ADSTENCIL_SELECTION inn_x(const View& A, int i, int j) { return A(i + 1, j); }
ADSTENCIL_SELECTION inn_y(const View& A, int i, int j) { return A(i, j + 1); }

// Arithmetic means.
ADSTENCIL_DIFFERENCE av(const View& A, int i, int j) {
  return detail::average(A(i, j), A(i + 1, j), A(i, j + 1), A(i + 1, j + 1));
}
ADSTENCIL_DIFFERENCE av_xa(const View& A, int i, int j) { return detail::average(A(i, j), A(i + 1, j)); }
ADSTENCIL_DIFFERENCE av_ya(const View& A, int i, int j) { return detail::average(A(i, j), A(i, j + 1)); }
ADSTENCIL_DIFFERENCE av_xi(const View& A, int i, int j) { return detail::average(A(i, j + 1), A(i + 1, j + 1)); }
ADSTENCIL_DIFFERENCE av_yi(const View& A, int i, int j) { return detail::average(A(i + 1, j), A(i + 1, j + 1)); }

// Harmonic means.
ADSTENCIL_DIFFERENCE harm(const View& A, int i, int j) {
  return detail::harmonic(A(i, j), A(i + 1, j), A(i, j + 1), A(i + 1, j + 1));
}
ADSTENCIL_DIFFERENCE harm_xa(const View& A, int i, int j) { return detail::harmonic(A(i, j), A(i + 1, j)); }
ADSTENCIL_DIFFERENCE harm_ya(const View& A, int i, int j) { return detail::harmonic(A(i, j), A(i, j + 1)); }
ADSTENCIL_DIFFERENCE harm_xi(const View& A, int i, int j) { return detail::harmonic(A(i, j + 1), A(i + 1, j + 1)); }
ADSTENCIL_DIFFERENCE harm_yi(const View& A, int i, int j) { return detail::harmonic(A(i + 1, j), A(i + 1, j + 1)); }

// Extremes over a point and its face neighbours.
ADSTENCIL_DIFFERENCE maxloc(const View& A, int i, int j) {
  return detail::largest(A(i + 1, j + 1), A(i, j + 1), A(i + 2, j + 1), A(i + 1, j), A(i + 1, j + 2));
}
ADSTENCIL_DIFFERENCE minloc(const View& A, int i, int j) {
  return detail::smallest(A(i + 1, j + 1), A(i, j + 1), A(i + 2, j + 1), A(i + 1, j), A(i + 1, j + 2));
}

// Whether a point is in the range of a selection.
ADSTENCIL_PREDICATE within_all(const View& A, int i, int j) { return i < A.extent(0) && j < A.extent(1); }
ADSTENCIL_PREDICATE within_inn(const View& A, int i, int j) { return i < A.extent(0) - 2 && j < A.extent(1) - 2; }
ADSTENCIL_PREDICATE within_inn_x(const View& A, int i, int j) { return i < A.extent(0) - 2 && j < A.extent(1); }
ADSTENCIL_PREDICATE within_inn_y(const View& A, int i, int j) { return i < A.extent(0) && j < A.extent(1) - 2; }

// ---- 3-D ----

// Differences along one axis.
ADSTENCIL_DIFFERENCE d_xa(const View& A, int i, int j, int k) { return A(i + 1, j, k) - A(i, j, k); }
ADSTENCIL_DIFFERENCE d_ya(const View& A, int i, int j, int k) { return A(i, j + 1, k) - A(i, j, k); }
ADSTENCIL_DIFFERENCE d_za(const View& A, int i, int j, int k) { return A(i, j, k + 1) - A(i, j, k); }
ADSTENCIL_DIFFERENCE d_xi(const View& A, int i, int j, int k) { return A(i + 1, j + 1, k + 1) - A(i, j + 1, k + 1); }
ADSTENCIL_DIFFERENCE d_yi(const View& A, int i, int j, int k) { return A(i + 1, j + 1, k + 1) - A(i + 1, j, k + 1); }
ADSTENCIL_DIFFERENCE d_zi(const View& A, int i, int j, int k) { return A(i + 1, j + 1, k + 1) - A(i + 1, j + 1, k); }
ADSTENCIL_DIFFERENCE d2_xa(const View& A, int i, int j, int k) {
  return detail::second(A(i, j, k), A(i + 1, j, k), A(i + 2, j, k));
}
ADSTENCIL_DIFFERENCE d2_ya(const View& A, int i, int j, int k) {
  return detail::second(A(i, j, k), A(i, j + 1, k), A(i, j + 2, k));
}
ADSTENCIL_DIFFERENCE d2_za(const View& A, int i, int j, int k) {
  return detail::second(A(i, j, k), A(i, j, k + 1), A(i, j, k + 2));
}
ADSTENCIL_DIFFERENCE d2_xi(const View& A, int i, int j, int k) {
  return detail::second(A(i, j + 1, k + 1), A(i + 1, j + 1, k + 1), A(i + 2, j + 1, k + 1));
}
ADSTENCIL_DIFFERENCE d2_yi(const View& A, int i, int j, int k) {
  return detail::second(A(i + 1, j, k + 1), A(i + 1, j + 1, k + 1), A(i + 1, j + 2, k + 1));
}
ADSTENCIL_DIFFERENCE d2_zi(const View& A, int i, int j, int k) {
  return detail::second(A(i + 1, j + 1, k), A(i + 1, j + 1, k + 1), A(i + 1, j + 1, k + 2));
}

// Selections; they may be assigned to.
ADSTENCIL_SELECTION all(const View& A, int i, int j, int k) { return A(i, j, k); }
ADSTENCIL_SELECTION inn(const View& A, int i, int j, int k) { return A(i + 1, j + 1, k + 1); }
ADSTENCIL_SELECTION inn_x(const View& A, int i, int j, int k) { return A(i + 1, j, k); }
ADSTENCIL_SELECTION inn_y(const View& A, int i, int j, int k) { return A(i, j + 1, k); }
ADSTENCIL_SELECTION inn_z(const View& A, int i, int j, int k) { return A(i, j, k + 1); }
ADSTENCIL_SELECTION inn_xy(const View& A, int i, int j, int k) { return A(i + 1, j + 1, k); }
ADSTENCIL_SELECTION inn_xz(const View& A, int i, int j, int k) { return A(i + 1, j, k + 1); }
ADSTENCIL_SELECTION inn_yz(const View& A, int i, int j, int k) { return A(i, j + 1, k + 1); }

// Arithmetic means.
ADSTENCIL_DIFFERENCE av(const View& A, int i, int j, int k) {
  return detail::average(A(i, j, k), A(i + 1, j, k), A(i, j + 1, k), A(i + 1, j + 1, k), A(i, j, k + 1),
      A(i + 1, j, k + 1), A(i, j + 1, k + 1), A(i + 1, j + 1, k + 1));
}
ADSTENCIL_DIFFERENCE av_xa(const View& A, int i, int j, int k) { return detail::average(A(i, j, k), A(i + 1, j, k)); }
ADSTENCIL_DIFFERENCE av_ya(const View& A, int i, int j, int k) { return detail::average(A(i, j, k), A(i, j + 1, k)); }
ADSTENCIL_DIFFERENCE av_za(const View& A, int i, int j, int k) { return detail::average(A(i, j, k), A(i, j, k + 1)); }
ADSTENCIL_DIFFERENCE av_xi(const View& A, int i, int j, int k) {
  return detail::average(A(i, j + 1, k + 1), A(i + 1, j + 1, k + 1));
}
ADSTENCIL_DIFFERENCE av_yi(const View& A, int i, int j, int k) {
  return detail::average(A(i + 1, j, k + 1), A(i + 1, j + 1, k + 1));
}
ADSTENCIL_DIFFERENCE av_zi(const View& A, int i, int j, int k) {
  return detail::average(A(i + 1, j + 1, k), A(i + 1, j + 1, k + 1));
}
ADSTENCIL_DIFFERENCE av_xya(const View& A, int i, int j, int k) {
  return detail::average(A(i, j, k), A(i + 1, j, k), A(i, j + 1, k), A(i + 1, j + 1, k));
}
ADSTENCIL_DIFFERENCE av_xza(const View& A, int i, int j, int k) {
  return detail::average(A(i, j, k), A(i + 1, j, k), A(i, j, k + 1), A(i + 1, j, k + 1));
}
ADSTENCIL_DIFFERENCE av_yza(const View& A, int i, int j, int k) {
  return detail::average(A(i, j, k), A(i, j + 1, k), A(i, j, k + 1), A(i, j + 1, k + 1));
}
ADSTENCIL_DIFFERENCE av_xyi(const View& A, int i, int j, int k) {
  return detail::average(A(i, j, k + 1), A(i + 1, j, k + 1), A(i, j + 1, k + 1), A(i + 1, j + 1, k + 1));
}
ADSTENCIL_DIFFERENCE av_xzi(const View& A, int i, int j, int k) {
  return detail::average(A(i, j + 1, k), A(i + 1, j + 1, k), A(i, j + 1, k + 1), A(i + 1, j + 1, k + 1));
}
ADSTENCIL_DIFFERENCE av_yzi(const View& A, int i, int j, int k) {
  return detail::average(A(i + 1, j, k), A(i + 1, j + 1, k), A(i + 1, j, k + 1), A(i + 1, j + 1, k + 1));
}

// Harmonic means.
ADSTENCIL_DIFFERENCE harm(const View& A, int i, int j, int k) {
  return detail::harmonic(A(i, j, k), A(i + 1, j, k), A(i, j + 1, k), A(i + 1, j + 1, k), A(i, j, k + 1),
      A(i + 1, j, k + 1), A(i, j + 1, k + 1), A(i + 1, j + 1, k + 1));
}
ADSTENCIL_DIFFERENCE harm_xa(const View& A, int i, int j, int k) {
  return detail::harmonic(A(i, j, k), A(i + 1, j, k));
}
ADSTENCIL_DIFFERENCE harm_ya(const View& A, int i, int j, int k) {
  return detail::harmonic(A(i, j, k), A(i, j + 1, k));
}
ADSTENCIL_DIFFERENCE harm_za(const View& A, int i, int j, int k) {
  return detail::harmonic(A(i, j, k), A(i, j, k + 1));
}
ADSTENCIL_DIFFERENCE harm_xi(const View& A, int i, int j, int k) {
  return detail::harmonic(A(i, j + 1, k + 1), A(i + 1, j + 1, k + 1));
}
ADSTENCIL_DIFFERENCE harm_yi(const View& A, int i, int j, int k) {
  return detail::harmonic(A(i + 1, j, k + 1), A(i + 1, j + 1, k + 1));
}
ADSTENCIL_DIFFERENCE harm_zi(const View& A, int i, int j, int k) {
  return detail::harmonic(A(i + 1, j + 1, k), A(i + 1, j + 1, k + 1));
}
ADSTENCIL_DIFFERENCE harm_xya(const View& A, int i, int j, int k) {
  return detail::harmonic(A(i, j, k), A(i + 1, j, k), A(i, j + 1, k), A(i + 1, j + 1, k));
}
ADSTENCIL_DIFFERENCE harm_xza(const View& A, int i, int j, int k) {
  return detail::harmonic(A(i, j, k), A(i + 1, j, k), A(i, j, k + 1), A(i + 1, j, k + 1));
}
ADSTENCIL_DIFFERENCE harm_yza(const View& A, int i, int j, int k) {
  return detail::harmonic(A(i, j, k), A(i, j + 1, k), A(i, j, k + 1), A(i, j + 1, k + 1));
}
ADSTENCIL_DIFFERENCE harm_xyi(const View& A, int i, int j, int k) {
  return detail::harmonic(A(i, j, k + 1), A(i + 1, j, k + 1), A(i, j + 1, k + 1), A(i + 1, j + 1, k + 1));
}
ADSTENCIL_DIFFERENCE harm_xzi(const View& A, int i, int j, int k) {
  return detail::harmonic(A(i, j + 1, k), A(i + 1, j + 1, k), A(i, j + 1, k + 1), A(i + 1, j + 1, k + 1));
}
ADSTENCIL_DIFFERENCE harm_yzi(const View& A, int i, int j, int k) {
  return detail::harmonic(A(i + 1, j, k), A(i + 1, j + 1, k), A(i + 1, j, k + 1), A(i + 1, j + 1, k + 1));
}

// Extremes over a point and its face neighbours.
ADSTENCIL_DIFFERENCE maxloc(const View& A, int i, int j, int k) {
  return detail::largest(A(i + 1, j + 1, k + 1), A(i, j + 1, k + 1), A(i + 2, j + 1, k + 1), A(i + 1, j, k + 1),
      A(i + 1, j + 2, k + 1), A(i + 1, j + 1, k), A(i + 1, j + 1, k + 2));
}
ADSTENCIL_DIFFERENCE minloc(const View& A, int i, int j, int k) {
  return detail::smallest(A(i + 1, j + 1, k + 1), A(i, j + 1, k + 1), A(i + 2, j + 1, k + 1), A(i + 1, j, k + 1),
      A(i + 1, j + 2, k + 1), A(i + 1, j + 1, k), A(i + 1, j + 1, k + 2));
}

// Whether a point is in the range of a selection.
ADSTENCIL_PREDICATE within_all(const View& A, int i, int j, int k) {
  return i < A.extent(0) && j < A.extent(1) && k < A.extent(2);
}
ADSTENCIL_PREDICATE within_inn(const View& A, int i, int j, int k) {
  return i < A.extent(0) - 2 && j < A.extent(1) - 2 && k < A.extent(2) - 2;
}
ADSTENCIL_PREDICATE within_inn_x(const View& A, int i, int j, int k) {
  return i < A.extent(0) - 2 && j < A.extent(1) && k < A.extent(2);
}
ADSTENCIL_PREDICATE within_inn_y(const View& A, int i, int j, int k) {
  return i < A.extent(0) && j < A.extent(1) - 2 && k < A.extent(2);
}
ADSTENCIL_PREDICATE within_inn_z(const View& A, int i, int j, int k) {
  return i < A.extent(0) && j < A.extent(1) && k < A.extent(2) - 2;
}
ADSTENCIL_PREDICATE within_inn_xy(const View& A, int i, int j, int k) {
  return i < A.extent(0) - 2 && j < A.extent(1) - 2 && k < A.extent(2);
}
ADSTENCIL_PREDICATE within_inn_xz(const View& A, int i, int j, int k) {
  return i < A.extent(0) - 2 && j < A.extent(1) && k < A.extent(2) - 2;
}
ADSTENCIL_PREDICATE within_inn_yz(const View& A, int i, int j, int k) {
  return i < A.extent(0) && j < A.extent(1) - 2 && k < A.extent(2) - 2;
}

#undef ADSTENCIL_DIFFERENCE
#undef ADSTENCIL_SELECTION
#undef ADSTENCIL_PREDICATE
// clang-format on

} // namespace adstencil::finite_difference
