// Portable kernels: a function of a point, launched for all points of a box, on CPU loops or on a CUDA device.
//
//     struct diffuse {
//       ADSTENCIL_HOST_DEVICE void operator()(int i, int j, view<double, 2> T_new, view<const double, 2> T, double r)
//       const {
//         using namespace adstencil::finite_difference;
//         inn(T_new, i, j) = inn(T, i, j) + r * (d2_xi(T, i, j) + d2_yi(T, i, j));
//       }
//     };
//
//     adstencil::parallel_for(adstencil::cuda, adstencil::extents(nx - 2, ny - 2), diffuse{}, T_new.view(), T.view(),
//     r);
//
// The point function is a function object, a lambda (with ADSTENCIL_HOST_DEVICE between [] and () for CUDA), or a
// function that is named as a template argument: parallel_for<&f<double>>(policy, extents, args...). It is called as
// f(i, args...), f(i, j, args...) or f(i, j, k, args...), one index per axis of the box, once for every point and in no
// particular order, possibly by several threads; points must not write what another point reads or writes. Arguments
// are views, pointers, numbers and other trivially copyable values, and come to the function by value or as const
// references.
//
// Derivatives are launches of the same form, in which arguments say themselves whether they have a shadow:
//
//     adstencil::vjp_parallel_for(adstencil::cuda, adstencil::extents(nx - 2, ny - 2), diffuse{},
//                                 shadowed(T_new.view(), T_new.shadow_view()), shadowed(T.view(), T.shadow_view()), r);
//
// and the same for adjoint_parallel_for and tangent_parallel_for. Their meaning is that of __vjp_K, __adjoint_K and
// __tangent_K for a kernel K that consists of the whole launch (docs/reference.md). They need the compiler plugin.
//
// Policies: `serial` is a loop nest; `host` spreads rows over the threads of oneTBB (as many as ADSTENCIL_NUM_THREADS
// says); `cuda` launches a grid in the default stream, `cuda.on(stream)` in another, `cuda.with_block(x, y, z)` with
// another shape of the blocks. Launches on CUDA return at once; those on the host return when all is done. Derivatives
// under `host` run on one thread: shadows are added to, and neighbouring points add to the same elements.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <adstencil/adstencil.h>
#include <adstencil/cuda_error.h>
#include <adstencil/field.h>
#include <adstencil/host_device.h>
#if defined(__ADSTENCIL__) && defined(ADSTENCIL_COMPILES_CUDA)
#include <adstencil/launch.h>
#endif

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

namespace adstencil {

/// The points [begin, end) of one axis; none when end <= begin.
struct range {
  int begin = 0;
  int end = 0;
};

/// A box of points: [begin, end) on each of N axes. `adstencil::box({1, nx - 1}, {1, ny - 1})` is a box<2>.
template <int N>
struct box {
  static_assert(N >= 1 && N <= 3, "boxes have one to three dimensions");
  int begin[N] = {};
  int end[N] = {};

  constexpr box() = default;
  constexpr explicit box(range x)
    requires(N == 1)
      : begin{x.begin}, end{x.end} {}
  constexpr box(range x, range y)
    requires(N == 2)
      : begin{x.begin, y.begin}, end{x.end, y.end} {}
  constexpr box(range x, range y, range z)
    requires(N == 3)
      : begin{x.begin, y.begin, z.begin}, end{x.end, y.end, z.end} {}

  /// Number of points along dimension d.
  ADSTENCIL_HOST_DEVICE constexpr int extent(int d) const { return end[d] > begin[d] ? end[d] - begin[d] : 0; }
  /// Whether there are no points.
  constexpr bool empty() const {
    for (int d = 0; d < N; ++d)
      if (end[d] <= begin[d])
        return true;
    return false;
  }
};
box(range) -> box<1>;
box(range, range) -> box<2>;
box(range, range, range) -> box<3>;

/// The box of the points from 0 to n - 1 on each axis; throws field_error for a number that does not fit an int.
template <std::integral... Extent>
  requires(sizeof...(Extent) >= 1 && sizeof...(Extent) <= 3)
constexpr box<sizeof...(Extent)> extents(Extent... n) {
  const auto checked = [](auto value) {
    if (!std::in_range<int>(value))
      throw field_error("extents: " + std::to_string(value) + " does not fit an int");
    return static_cast<int>(value);
  };
  return box<sizeof...(Extent)>(range{0, checked(n)}...);
}
/// The box of all elements of a view.
template <class T, int N>
constexpr box<N> extents(const view<T, N>& u) {
  box<N> result;
  for (int d = 0; d < N; ++d)
    result.end[d] = u.extent(d);
  return result;
}

/// A loop nest on the calling thread.
struct serial_policy {};
inline constexpr serial_policy serial{};

/// The threads of the host.
struct host_policy {};
inline constexpr host_policy host{};

namespace detail {

template <class Policy>
concept on_host = std::same_as<Policy, serial_policy> || std::same_as<Policy, host_policy>;

/// A function, named at compile time, as a function object.
template <auto F>
struct function_object {
  template <class... A>
  ADSTENCIL_HOST_DEVICE void operator()(const A&... a) const {
    F(a...);
  }
};

template <int N, class F, class... A>
constexpr bool is_point_function() {
  if constexpr (N == 1)
    return std::is_invocable_v<const F&, int, const A&...>;
  else if constexpr (N == 2)
    return std::is_invocable_v<const F&, int, int, const A&...>;
  else
    return std::is_invocable_v<const F&, int, int, int, const A&...>;
}

template <int N, class F, class... A>
constexpr void require_point_function() {
  static_assert((std::is_trivially_copyable_v<F> && ... && std::is_trivially_copyable_v<A>),
                "the function and its arguments must be trivially copyable: pass u.view(), not a field");
  static_assert(is_point_function<N, F, A...>(),
                "the function must be callable with one int per axis of the box and then the arguments, which it takes "
                "by value or as const references; objects must be callable when const");
}

/// The whole launch as one function of its arguments: what derivatives on the host are derivatives of.
struct loop_nest {
  template <int N, class F, class... A>
  void operator()(box<N> b, F f, A... a) const {
    const F& point = f;
    if constexpr (N == 1) {
      for (int i = b.begin[0]; i < b.end[0]; ++i)
        point(i, static_cast<const A&>(a)...);
    } else if constexpr (N == 2) {
      for (int j = b.begin[1]; j < b.end[1]; ++j)
        for (int i = b.begin[0]; i < b.end[0]; ++i)
          point(i, j, static_cast<const A&>(a)...);
    } else {
      for (int k = b.begin[2]; k < b.end[2]; ++k)
        for (int j = b.begin[1]; j < b.end[1]; ++j)
          for (int i = b.begin[0]; i < b.end[0]; ++i)
            point(i, j, k, static_cast<const A&>(a)...);
    }
  }
};

/// Calls piece(context, begin, end) for disjoint parts of [0, n), each of at least `grain` members but for the last, on
/// several threads, and returns when all calls have. An exception from a call is thrown on.
void run_on_threads(std::ptrdiff_t n, std::ptrdiff_t grain,
                    void (*piece)(const void* context, std::ptrdiff_t begin, std::ptrdiff_t end), const void* context);

/// The number of pieces into which a box may be cut for threads: rows along the first axis; in 1-D, points.
template <int N>
std::ptrdiff_t rows_of(const box<N>& b) {
  std::ptrdiff_t rows = b.extent(N - 1);
  if constexpr (N == 3)
    rows *= b.extent(1);
  return rows;
}

/// Calls f(part) for boxes that together are the pieces [begin, end) of b.
template <int N, class F>
void for_parts(const box<N>& b, std::ptrdiff_t begin, std::ptrdiff_t end, F f) {
  box<N> part = b;
  if constexpr (N < 3) {
    part.begin[N - 1] = b.begin[N - 1] + static_cast<int>(begin);
    part.end[N - 1] = b.begin[N - 1] + static_cast<int>(end);
    f(part);
  } else {
    const int rows = b.extent(1);
    while (begin < end) {
      const int first = static_cast<int>(begin % rows);
      const int last = static_cast<int>(std::min<std::ptrdiff_t>(rows, first + (end - begin)));
      part.begin[1] = b.begin[1] + first;
      part.end[1] = b.begin[1] + last;
      part.begin[2] = b.begin[2] + static_cast<int>(begin / rows);
      part.end[2] = part.begin[2] + 1;
      f(part);
      begin += last - first;
    }
  }
}

/// Fewest points worth a task: some microseconds of work, against which handing out a task is cheap.
inline constexpr int points_per_task = 8192;

} // namespace detail

/// Calls f(i, args...), f(i, j, args...) or f(i, j, k, args...) for every point of the box.
template <int N, class F, class... A>
void parallel_for(serial_policy, const box<N>& points, F f, A... args) {
  detail::require_point_function<N, F, A...>();
  detail::loop_nest{}(points, f, args...);
}

template <int N, class F, class... A>
void parallel_for(host_policy, const box<N>& points, F f, A... args) {
  detail::require_point_function<N, F, A...>();
  if (points.empty())
    return;
  const auto rows = [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
    detail::for_parts(points, begin, end, [&](const box<N>& part) { detail::loop_nest{}(part, f, args...); });
  };
  detail::run_on_threads(
      detail::rows_of(points), N == 1 ? detail::points_per_task : 1 + detail::points_per_task / points.extent(0),
      [](const void* context, std::ptrdiff_t begin, std::ptrdiff_t end) {
        (*static_cast<decltype(rows)*>(context))(begin, end);
      },
      &rows);
}

#ifdef ADSTENCIL_COMPILES_CUDA

/// A grid on a CUDA device (or on the CPU as one), one thread a point.
class cuda_policy {
public:
  /// The same in another stream.
  constexpr cuda_policy on(cudaStream_t stream) const {
    cuda_policy result = *this;
    result.stream_ = stream;
    return result;
  }
  /// The same with blocks of x by y by z threads. Without it they are 256 in 1-D, 32 by 8 in 2-D and 3-D: whole warps
  /// along the fastest axis.
  constexpr cuda_policy with_block(unsigned x, unsigned y = 1, unsigned z = 1) const {
    cuda_policy result = *this;
    result.block_[0] = x;
    result.block_[1] = y;
    result.block_[2] = z;
    return result;
  }

  constexpr cudaStream_t stream() const { return stream_; }
  template <int N>
  dim3 block() const {
    if (block_[0] > 0)
      return dim3(block_[0], block_[1], block_[2]);
    return N == 1 ? dim3(256) : dim3(32, 8);
  }

private:
  cudaStream_t stream_ = nullptr;
  unsigned block_[3] = {};
};
inline constexpr cuda_policy cuda{};

namespace detail {

/// A policy and the place where it was named: by being a parameter of this type, it reaches error messages.
struct cuda_launch {
  cuda_policy policy;
  std::source_location where;
  cuda_launch(cuda_policy p, std::source_location w = std::source_location::current()) : policy(p), where(w) {}

  template <int N>
  dim3 block() const {
    return policy.block<N>();
  }
  template <int N>
  dim3 grid(const box<N>& points) const {
    const dim3 threads = block<N>();
    const unsigned per_axis[] = {threads.x, threads.y, threads.z};
    unsigned blocks[3] = {1, 1, 1};
    for (int d = 0; d < N; ++d)
      blocks[d] = (static_cast<unsigned>(points.extent(d)) + per_axis[d] - 1) / per_axis[d];
    return dim3(blocks[0], blocks[1], blocks[2]);
  }
  void check(cudaError_t error, const char* what) const { cuda_check(error, what, where); }
};

template <int N, class F, class... A>
__global__ void points_kernel(box<N> points, F f, A... args) {
  const F& point = f;
  const int i = points.begin[0] + static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i >= points.end[0])
    return;
  if constexpr (N == 1) {
    point(i, static_cast<const A&>(args)...);
  } else {
    const int j = points.begin[1] + static_cast<int>(blockIdx.y * blockDim.y + threadIdx.y);
    if (j >= points.end[1])
      return;
    if constexpr (N == 2) {
      point(i, j, static_cast<const A&>(args)...);
    } else {
      const int k = points.begin[2] + static_cast<int>(blockIdx.z * blockDim.z + threadIdx.z);
      if (k >= points.end[2])
        return;
      point(i, j, k, static_cast<const A&>(args)...);
    }
  }
}

} // namespace detail

/// Throws cuda_error when the launch is refused, with the place of the call.
template <int N, class F, class... A>
void parallel_for(detail::cuda_launch launch, const box<N>& points, F f, A... args) {
  detail::require_point_function<N, F, A...>();
  if (points.empty())
    return;
  detail::points_kernel<N, F, A...>
      <<<launch.grid(points), launch.template block<N>(), 0, launch.policy.stream()>>>(points, f, args...);
  launch.check(cudaGetLastError(), "parallel_for");
}

#else // not compiled as CUDA

/// Stands in for the policy in files that have no device code.
struct cuda_policy_elsewhere {};
constexpr cuda_policy_elsewhere cuda{};

template <int N, class F, class... A>
void parallel_for(cuda_policy_elsewhere, const box<N>&, F, A...) {
  static_assert(N < 0, "adstencil::cuda launches device code: compile this file as CUDA (clang++ -x cuda, or "
                       "adstencil_cuda_sources in CMake)");
}

#endif

/// The same for a function that is named as a template argument: parallel_for<&f>(policy, points, args...).
template <auto F, detail::on_host Policy, int N, class... A>
void parallel_for(Policy policy, const box<N>& points, A... args) {
  parallel_for(policy, points, detail::function_object<F>{}, args...);
}
#ifdef ADSTENCIL_COMPILES_CUDA
template <auto F, int N, class... A>
void parallel_for(detail::cuda_launch launch, const box<N>& points, A... args) {
  parallel_for(launch, points, detail::function_object<F>{}, args...);
}
#endif

#ifdef __ADSTENCIL__

namespace detail {

/// What an argument of a derivative is without its shadow.
template <class A>
struct primal {
  using type = A;
};
template <class P, class S>
struct primal<shadowed_argument<P, S>> {
  using type = P;
};
template <class A>
using primal_t = typename primal<A>::type;

} // namespace detail

// Three functions in four forms each: on the host and on CUDA, for an object and for a function that is named as a
// template argument.
#define ADSTENCIL_DERIVATIVE_ON_HOST(mode)                                                                             \
  template <detail::on_host Policy, int N, class F, class... A>                                                        \
  void mode##_parallel_for(Policy, const box<N>& points, F f, A... args) {                                             \
    detail::require_point_function<N, detail::primal_t<F>, detail::primal_t<A>...>();                                  \
    adstencil::mode(detail::loop_nest{}, points, f, args...);                                                          \
  }                                                                                                                    \
  template <auto F, detail::on_host Policy, int N, class... A>                                                         \
  void mode##_parallel_for(Policy policy, const box<N>& points, A... args) {                                           \
    mode##_parallel_for(policy, points, detail::function_object<F>{}, args...);                                        \
  }
#ifdef ADSTENCIL_COMPILES_CUDA
#define ADSTENCIL_DERIVATIVE(mode)                                                                                     \
  ADSTENCIL_DERIVATIVE_ON_HOST(mode)                                                                                   \
  template <int N, class F, class... A>                                                                                \
  void mode##_parallel_for(detail::cuda_launch launch, const box<N>& points, F f, A... args) {                         \
    detail::require_point_function<N, detail::primal_t<F>, detail::primal_t<A>...>();                                  \
    if (points.empty())                                                                                                \
      return;                                                                                                          \
    launch.check(launch_##mode<&detail::points_kernel<N, detail::primal_t<F>, detail::primal_t<A>...>>(                \
                     launch_config{launch.grid(points), launch.template block<N>(), 0, launch.policy.stream()},        \
                     points, f, args...),                                                                              \
                 #mode "_parallel_for");                                                                               \
  }                                                                                                                    \
  template <auto F, int N, class... A>                                                                                 \
  void mode##_parallel_for(detail::cuda_launch launch, const box<N>& points, A... args) {                              \
    mode##_parallel_for(launch, points, detail::function_object<F>{}, args...);                                        \
  }
#else
#define ADSTENCIL_DERIVATIVE ADSTENCIL_DERIVATIVE_ON_HOST
#endif

/// Adds Jᵀ·(output cotangents) of the whole launch to the shadows of what it reads; never writes the shadow of an array
/// that it writes.
ADSTENCIL_DERIVATIVE(vjp)
/// The exact reverse of the whole launch.
ADSTENCIL_DERIVATIVE(adjoint)
/// Runs the launch and its directional derivative.
ADSTENCIL_DERIVATIVE(tangent)
#undef ADSTENCIL_DERIVATIVE
#undef ADSTENCIL_DERIVATIVE_ON_HOST

#endif // __ADSTENCIL__

} // namespace adstencil
