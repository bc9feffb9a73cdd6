// Kernels without a name to derive one from: templates, on types, numbers and callables. Their derivatives are launched
// by function templates of <adstencil/derivatives.h>.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../cuda_laws.h"

#include <adstencil/launch.h>

#include <cmath>

namespace LAW_VARIANT {

#ifdef __ADSTENCIL__
using adstencil::shadowed;
#endif

__device__ inline int thread_x() { return blockIdx.x * blockDim.x + threadIdx.x; }
__device__ inline int thread_y() { return blockIdx.y * blockDim.y + threadIdx.y; }

// A kernel, as template arguments in parentheses because of their commas.
#define UNPACK(...) __VA_ARGS__
#define DERIVATIVE(mode, kernel, ...)                                                                                  \
  (laws::check_cuda(                                                                                                   \
      adstencil::launch_##mode<&UNPACK kernel>(adstencil::launch_config{at.grid, at.block}, __VA_ARGS__), #mode))
#define TEMPLATE_CASE(name, kernel, specs, where, primal_arguments, ...)                                               \
  CUDA_CASE_CALLS(name, specs, where, (UNPACK kernel<<<at.grid, at.block>>> primal_arguments),                         \
                  DERIVATIVE(vjp, kernel, __VA_ARGS__), DERIVATIVE(adjoint, kernel, __VA_ARGS__),                      \
                  DERIVATIVE(tangent, kernel, __VA_ARGS__))

// On the type of the elements.
template <class T>
__global__ void diffuse(T* un, const T* u, T ratio, int nx, int ny) {
  const int i = thread_x(), j = thread_y();
  if (i < 1 || j < 1 || i >= nx - 1 || j >= ny - 1)
    return;
  const int p = i + nx * j;
  un[p] = u[p] + ratio * u[p] * (u[p - 1] + u[p + 1] + u[p - nx] + u[p + nx] - 4 * u[p]);
}
TEMPLATE_CASE(template_on_type, (diffuse<real>), arrays(out("un", 42), in("u", 42)), over(7, 6).block(4, 4),
              (x[0], x[1], real(0.2), 7, 6), shadowed(x[0], xb[0]), shadowed(x[1], xb[1]), real(0.2), 7, 6)
    .reference([](call_arguments) {
      for (int j = 1; j < 5; ++j)
        for (int i = 1; i < 6; ++i) {
          const int p = i + 7 * j;
          const real *u = x[1], seed = real(0.2) * xb[0][p];
          real sum = -8 * u[p];
          for (int q : {p - 1, p + 1, p - 7, p + 7}) {
            sum += u[q];
            xb[1][q] += u[p] * seed;
          }
          xb[1][p] += xb[0][p] + sum * seed;
          xb[0][p] = 0;
        }
    });

// On a radius and a flag.
template <class T, int Radius, bool Square>
__global__ void filter(T* y, const T* u, const T* weights, int n) {
  const int i = thread_x();
  if (i < Radius || i >= n - Radius)
    return;
  T sum = 0;
#pragma unroll
  for (int d = -Radius; d <= Radius; ++d)
    sum += weights[d + Radius] * u[i + d];
  y[i] = Square ? sum * sum : sum;
}
TEMPLATE_CASE(template_on_numbers, (filter<real, 3, true>), arrays(out("y", 20), in("u", 20), in("weights", 7)),
              over(20).block(8), (x[0], x[1], x[2], 20), shadowed(x[0], xb[0]), shadowed(x[1], xb[1]),
              shadowed(x[2], xb[2]), 20);

// On a function object that is an argument, with the index arithmetic outside.
struct logistic {
  real rate;
  __device__ real operator()(real v) const { return rate * v * (1 - v); }
};
template <class T, class Function>
__global__ void apply(Function f, T* y, const T* u, int n) {
  const int i = thread_x();
  if (i < n)
    y[i] = f(u[i]) + y[i];
}
TEMPLATE_CASE(template_on_function, (apply<real, logistic>), arrays(out("y", 30), in("u", 30)), over(30).block(8),
              (logistic{real(2.5)}, x[0], x[1], 30), logistic{real(2.5)}, shadowed(x[0], xb[0]), shadowed(x[1], xb[1]),
              30)
    .bits(same_bits::always);

// An active scalar, and views as arguments.
template <class T>
struct line {
  T* data;
  int n;
  __device__ T& operator[](int i) const { return data[i]; }
};
template <class T>
__global__ void growth(line<T> y, line<const T> u, T rate) {
  const int i = thread_x();
  if (i < y.n)
    y[i] = std::exp(rate * u[i]);
}
TEMPLATE_CASE(template_active_scalar, (growth<real>), arrays(out("y", 40), in("u", 40), in("rate", 1)),
              over(40).block(16), (line<real>{x[0], 40}, line<const real>{x[1], 40}, *hx[2]),
              shadowed(line<real>{x[0], 40}, line<real>{xb[0], 40}),
              shadowed(line<const real>{x[1], 40}, line<const real>{xb[1], 40}), shadowed(*hx[2], xb[2]))
    .bits(same_bits::launch);

// Two requests for one kernel with different inputs: the second leaves u out.
template <class T>
__global__ void weighted(T* y, const T* u, const T* k, int n) {
  const int i = thread_x();
  if (i > 0 && i < n)
    y[i] = k[i] * k[i - 1] * u[i];
}
CUDA_CASE_CALLS(template_some_inputs, arrays(out("y", 20), frozen("u", 20), in("k", 20)), over(20).block(8),
                (weighted<real><<<at.grid, at.block>>>(x[0], x[1], x[2], 20)),
                DERIVATIVE(vjp, (weighted<real>), shadowed(x[0], xb[0]), x[1], shadowed(x[2], xb[2]), 20),
                DERIVATIVE(adjoint, (weighted<real>), shadowed(x[0], xb[0]), x[1], shadowed(x[2], xb[2]), 20),
                DERIVATIVE(tangent, (weighted<real>), shadowed(x[0], xb[0]), shadowed(x[1], xb[1]),
                           shadowed(x[2], xb[2]), 20));

} // namespace LAW_VARIANT
