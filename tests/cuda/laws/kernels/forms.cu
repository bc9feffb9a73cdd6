// Kernels that differ in how they receive their data: qualifiers, constant memory, views, bundles, structs, scalars,
// requests for some inputs only, and where the kernel itself is declared.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../cuda_laws.h"

#include <cmath>
#include <cstddef>

namespace LAW_VARIANT {

__device__ inline int thread_x() { return blockIdx.x * blockDim.x + threadIdx.x; }
__device__ inline int thread_y() { return blockIdx.y * blockDim.y + threadIdx.y; }

// __restrict__ pointers.
ADSTENCIL_KERNEL __global__ void restrict_pointers(real* __restrict__ y, const real* __restrict__ u,
                                                   const real* __restrict__ k, int n) {
  const int i = thread_x();
  if (i > 0 && i < n - 1)
    y[i] = k[i] * (u[i + 1] - u[i - 1]) * u[i];
}
CUDA_CASE(restrict_pointers, arrays(out("y", 30), in("u", 30), in("k", 30)), over(30), (x[0], x[1], x[2], 30),
          (x[0], xb[0], x[1], xb[1], x[2], xb[2], 30));

// Loads through the read-only cache.
ADSTENCIL_KERNEL __global__ void read_only_loads(real* y, const real* __restrict__ u, const int* __restrict__ index,
                                                 int n) {
  const int i = thread_x();
  if (i > 0 && i < n)
    y[i] = __ldg(&u[i]) * __ldg(u + i - 1) * real(__ldg(&index[i]));
}
CUDA_CASE(read_only_loads, arrays(out("y", 12), in("u", 12)), over(12).block(8), (x[0], x[1], ix[0], 12),
          (x[0], xb[0], x[1], xb[1], ix[0], 12))
    .integers({{1, 2, -1, 3, 1, 0, 2, 2, 1, -2, 1, 1}})
    .reference([](call_arguments) {
      for (int i = 1; i < 12; ++i) {
        const real seed = xb[0][i] * real(ix[0][i]);
        xb[1][i] += x[1][i - 1] * seed;
        xb[1][i - 1] += x[1][i] * seed;
        xb[0][i] = 0;
      }
    });

// Constant memory, initialised where it is defined.
__constant__ real derivative_weights[5] = {real(1) / 12, real(-2) / 3, 0, real(2) / 3, real(-1) / 12};
ADSTENCIL_KERNEL __global__ void constant_memory(real* y, const real* u, int n) {
  const int i = thread_x();
  if (i < 2 || i >= n - 2)
    return;
  real slope = 0;
  for (int k = 0; k < 5; ++k)
    slope += derivative_weights[k] * u[i + k - 2];
  y[i] = slope * slope;
}
CUDA_CASE(constant_memory, arrays(out("y", 20), in("u", 20)), over(20).block(8), (x[0], x[1], 20),
          (x[0], xb[0], x[1], xb[1], 20));

// Constant memory that the host fills, and a __device__ variable of the file.
struct medium {
  real density, stiffness[3];
};
__constant__ medium media[2];
__device__ real relaxation = real(0.8);
ADSTENCIL_KERNEL __global__ void constant_from_host(real* y, const real* u, const int* material, int n) {
  const int i = thread_x();
  if (i < n - 1) {
    const medium& m = media[material[i]];
    y[i] = relaxation * (m.stiffness[i % 3] * u[i] * u[i] + m.density * u[i + 1]);
  }
}
static void fill_media() {
  const medium values[2] = {{real(1.5), {real(0.5), real(0.75), 2}}, {real(0.5), {1, real(-0.5), real(0.25)}}};
  laws::check_cuda(cudaMemcpyToSymbol(media, values, sizeof(values)), "cudaMemcpyToSymbol");
}
CUDA_CASE_CALLS(constant_from_host, arrays(out("y", 14), in("u", 14)), over(14).block(8),
                (fill_media(), constant_from_host<<<at.grid, at.block>>>(x[0], x[1], ix[0], 14)),
                (fill_media(), __vjp_constant_from_host<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], ix[0], 14)),
                (fill_media(),
                 __adjoint_constant_from_host<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], ix[0], 14)),
                (fill_media(),
                 __tangent_constant_from_host<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], ix[0], 14)))
    .integers({{0, 1, 0, 0, 1, 1, 0, 1, 0, 1, 1, 0, 0, 1}});

// A constant table inside the kernel.
ADSTENCIL_KERNEL __global__ void constant_table(real* y, const real* u, const int* kind, int n) {
  constexpr real factor[4] = {real(0.5), real(1.25), real(2), real(0.75)};
  const int i = thread_x();
  if (i < n)
    y[i] = factor[kind[i] & 3] * u[i] * u[i];
}
CUDA_CASE(constant_table, arrays(out("y", 9), in("u", 9)), over(9).block(4), (x[0], x[1], ix[0], 9),
          (x[0], xb[0], x[1], xb[1], ix[0], 9))
    .integers({{0, 1, 2, 3, 2, 1, 0, 3, 3}})
    .bits(same_bits::always);

// A view by value.
template <class T>
struct view_2d {
  T* data;
  int nx, ny;
  __host__ __device__ T& operator()(int i, int j) const { return data[i + nx * j]; }
};
ADSTENCIL_KERNEL __global__ void view_by_value(view_2d<real> y, view_2d<const real> u, real c) {
  const int i = thread_x(), j = thread_y();
  if (i > 0 && j > 0 && i < u.nx - 1 && j < u.ny - 1)
    y(i, j) = u(i, j) * u(i, j) + c * (u(i - 1, j) * u(i + 1, j) - u(i, j - 1) * u(i, j + 1));
}
#define VIEW(pointer) (view_2d<real>{pointer, 7, 6})
#define CONST_VIEW(pointer) (view_2d<const real>{pointer, 7, 6})
CUDA_CASE(view_by_value, arrays(out("y", 42), in("u", 42)), over(7, 6).block(4, 4),
          (VIEW(x[0]), CONST_VIEW(x[1]), real(0.3)),
          (VIEW(x[0]), VIEW(xb[0]), CONST_VIEW(x[1]), CONST_VIEW(xb[1]), real(0.3)));

// A bundle of views, a scalar and a flag.
struct flow {
  view_2d<real> pressure, velocity;
  view_2d<const real> permeability;
  real spacing;
  bool closed;
};
ADSTENCIL_KERNEL __global__ void bundle_of_views(flow f) {
  const int i = thread_x(), j = thread_y();
  if (i < 1 || i >= f.pressure.nx || j >= f.pressure.ny)
    return;
  f.velocity(i, j) =
      f.closed && i == 1 ? real(0) : -f.permeability(i, j) * (f.pressure(i, j) - f.pressure(i - 1, j)) / f.spacing;
}
#define FLOW(p, v, k) (flow{VIEW(p), VIEW(v), CONST_VIEW(k), real(0.5), true})
CUDA_CASE(bundle_of_views, arrays(in("pressure", 42), out("velocity", 42), in("k", 42)), over(7, 6).block(4, 2),
          (FLOW(x[0], x[1], x[2])), (FLOW(x[0], x[1], x[2]), FLOW(xb[0], xb[1], xb[2])));

// Views with strides of their own.
struct strided_view {
  real* origin;
  std::ptrdiff_t sx, sy, sz;
  __device__ real& operator()(std::ptrdiff_t i, std::ptrdiff_t j, std::ptrdiff_t k) const {
    return origin[i * sx + j * sy + k * sz];
  }
};
ADSTENCIL_KERNEL __global__ void strided_views(strided_view y, strided_view u, int n) {
  const int i = thread_x(), j = thread_y(), k = blockIdx.z * blockDim.z + threadIdx.z;
  if (i < n && j < n && k < n)
    y(i, j, k) = u(i + 1, j, k) * u(i, j + 1, k) + u(i, j, k + 1) * u(i, j, k);
}
#define COLUMN_MAJOR(pointer) (strided_view{pointer, 9, 3, 1})
#define PADDED(pointer) (strided_view{pointer, 1, 4, 16})
CUDA_CASE(strided_views, arrays(out("y", 27), in("u", 64)), over(3, 3, 3).block(2, 2, 2),
          (COLUMN_MAJOR(x[0]), PADDED(x[1]), 3),
          (COLUMN_MAJOR(x[0]), COLUMN_MAJOR(xb[0]), PADDED(x[1]), PADDED(xb[1]), 3));

// Pointers to arrays: the compiler knows the row length.
ADSTENCIL_KERNEL __global__ void pointer_to_rows(real (*y)[8], const real (*u)[8], int ny) {
  const int i = thread_x(), j = thread_y();
  if (i > 0 && i < 7 && j > 0 && j < ny - 1)
    y[j][i] = u[j][i] * (u[j - 1][i] + u[j + 1][i]) + u[j][i - 1] * u[j][i + 1];
}
#define ROWS(pointer) (reinterpret_cast<real(*)[8]>(pointer))
#define CONST_ROWS(pointer) (reinterpret_cast<const real(*)[8]>(pointer))
CUDA_CASE(pointer_to_rows, arrays(out("y", 8 * 6), in("u", 8 * 6)), over(8, 6).block(4, 4),
          (ROWS(x[0]), CONST_ROWS(x[1]), 6), (ROWS(x[0]), ROWS(xb[0]), CONST_ROWS(x[1]), ROWS(xb[1]), 6));

// Arrays of structs, all-pairs.
struct particle {
  real x, y, mass;
};
ADSTENCIL_KERNEL __global__ void particles(particle* force, const particle* body, int n) {
  const int i = thread_x();
  if (i >= n)
    return;
  real fx = 0, fy = 0;
  for (int j = 0; j < n; ++j) {
    if (i == j)
      continue;
    const real dx = body[j].x - body[i].x, dy = body[j].y - body[i].y;
    const real strength = body[i].mass * body[j].mass * (dx * dx + dy * dy + real(0.1));
    fx += strength * dx;
    fy += strength * dy;
  }
  force[i].x = fx;
  force[i].y = fy;
}
#define PARTICLES(pointer) (reinterpret_cast<particle*>(pointer))
CUDA_CASE(particles, arrays(out("force", 3 * 7), in("body", 3 * 7)), over(7).block(4),
          (PARTICLES(x[0]), PARTICLES(x[1]), 7),
          (PARTICLES(x[0]), PARTICLES(xb[0]), PARTICLES(x[1]), PARTICLES(xb[1]), 7));

// Structs copied whole and updated in place.
ADSTENCIL_KERNEL __global__ void move_particles(particle* p, int n, real dt) {
  const int i = thread_x();
  if (i >= n)
    return;
  particle next = p[i];
  next.x += dt * next.y * next.mass;
  next.y -= dt * next.x;
  p[i] = next;
}
CUDA_CASE(move_particles, arrays(out("p", 3 * 8)), over(8).block(4), (PARTICLES(x[0]), 8, real(0.2)),
          (PARTICLES(x[0]), PARTICLES(xb[0]), 8, real(0.2)))
    .bits(same_bits::always);

// CUDA's vector types as elements: one access moves two numbers.
#if LAW_IS_FLOAT
using real2 = float2;
__device__ inline real2 make_real2(real x, real y) { return make_float2(x, y); }
#else
using real2 = double2;
__device__ inline real2 make_real2(real x, real y) { return make_double2(x, y); }
#endif
ADSTENCIL_KERNEL __global__ void vector_elements(real2* product, const real2* a, const real2* b, int n) {
  const int i = thread_x();
  if (i >= n)
    return;
  const real2 u = a[i], v = b[i];
  product[i] = make_real2(u.x * v.x - u.y * v.y, u.x * v.y + u.y * v.x);
}
#define PAIRS(pointer) (reinterpret_cast<real2*>(pointer))
CUDA_CASE(vector_elements, arrays(out("product", 24), in("a", 24), in("b", 24)), over(12).block(8),
          (PAIRS(x[0]), PAIRS(x[1]), PAIRS(x[2]), 12),
          (PAIRS(x[0]), PAIRS(xb[0]), PAIRS(x[1]), PAIRS(xb[1]), PAIRS(x[2]), PAIRS(xb[2]), 12))
    .bits(same_bits::always)
    .reference([](call_arguments) {
      for (int i = 0; i < 24; i += 2) {
        const real *u = x[1] + i, *v = x[2] + i, *seed = xb[0] + i;
        xb[1][i] += v[0] * seed[0] + v[1] * seed[1];
        xb[1][i + 1] += v[0] * seed[1] - v[1] * seed[0];
        xb[2][i] += u[0] * seed[0] + u[1] * seed[1];
        xb[2][i + 1] += u[0] * seed[1] - u[1] * seed[0];
        xb[0][i] = xb[0][i + 1] = 0;
      }
    });

// A struct that holds an array of pointers.
struct components {
  real* of[3];
  int n;
};
ADSTENCIL_KERNEL __global__ void pointer_array(components y, components u) {
  const int i = thread_x();
  if (i < 1 || i >= u.n)
    return;
#pragma unroll
  for (int c = 0; c < 3; ++c)
    y.of[c][i] = u.of[c][i] * u.of[(c + 1) % 3][i - 1];
}
#define THREE(a, b, c) (components{{a, b, c}, 15})
CUDA_CASE(pointer_array, arrays(out("y0", 15), out("y1", 15), out("y2", 15), in("u0", 15), in("u1", 15), in("u2", 15)),
          over(15).block(8), (THREE(x[0], x[1], x[2]), THREE(x[3], x[4], x[5])),
          (THREE(x[0], x[1], x[2]), THREE(xb[0], xb[1], xb[2]), THREE(x[3], x[4], x[5]), THREE(xb[3], xb[4], xb[5])));

// One active scalar: its shadow is a sum over the grid.
ADSTENCIL_KERNEL __global__ void active_scalar(real* y, const real* u, ADSTENCIL_ACTIVE real a, int n) {
  const int i = thread_x();
  if (i < n)
    y[i] = a * u[i] * u[i] + std::sin(a);
}
CUDA_CASE(active_scalar, arrays(out("y", 45), in("u", 45), in("a", 1)), over(45).block(32), (x[0], x[1], *hx[2], 45),
          (x[0], xb[0], x[1], xb[1], *hx[2], xb[2], 45))
    .bits(same_bits::launch)
    .reference([](call_arguments) {
      const real a = *x[2];
      for (int i = 0; i < 45; ++i) {
        xb[1][i] += 2 * a * x[1][i] * xb[0][i];
        *xb[2] += (x[1][i] * x[1][i] + std::cos(a)) * xb[0][i];
        xb[0][i] = 0;
      }
    });

// Several, with neighbours, one of them reassigned locally.
ADSTENCIL_KERNEL __global__ void active_scalars(real* y, const real* u, ADSTENCIL_ACTIVE real a,
                                                ADSTENCIL_ACTIVE real b, int n) {
  const int i = thread_x();
  if (i >= n)
    return;
  if (i == 0) {
    a = a * b;
    y[0] = a * u[0];
  } else {
    y[i] = a * u[i] * u[i] + b * u[i - 1] + a * b;
  }
}
CUDA_CASE(active_scalars, arrays(out("y", 18), in("u", 18), in("a", 1), in("b", 1)), over(18).block(8),
          (x[0], x[1], *hx[2], *hx[3], 18), (x[0], xb[0], x[1], xb[1], *hx[2], xb[2], *hx[3], xb[3], 18))
    .reference([](call_arguments) {
      const real a = *x[2], b = *x[3];
      for (int i = 1; i < 18; ++i) {
        const real seed = xb[0][i];
        xb[1][i] += 2 * a * x[1][i] * seed;
        xb[1][i - 1] += b * seed;
        *xb[2] += (x[1][i] * x[1][i] + b) * seed;
        *xb[3] += (x[1][i - 1] + a) * seed;
        xb[0][i] = 0;
      }
      xb[1][0] += a * b * xb[0][0];
      *xb[2] += b * x[1][0] * xb[0][0];
      *xb[3] += a * x[1][0] * xb[0][0];
      xb[0][0] = 0;
    });

// Threads that leave early contribute nothing; the scalar meets a condition on data.
ADSTENCIL_KERNEL __global__ void active_scalar_in_branches(real* y, const real* u, ADSTENCIL_ACTIVE real limit,
                                                           ADSTENCIL_ACTIVE real slope, int nx, int ny) {
  const int i = thread_x(), j = thread_y();
  if (i >= nx || j >= ny)
    return;
  const int p = i + nx * j;
  if (u[p] < 0) {
    y[p] = slope * u[p];
    return;
  }
  y[p] = u[p] * u[p] / (limit + u[p]);
}
CUDA_CASE(active_scalar_in_branches,
          arrays(out("y", 9 * 7), in("u", 9 * 7, either_sign), in("limit", 1), in("slope", 1)), over(9, 7).block(4, 4),
          (x[0], x[1], *hx[2], *hx[3], 9, 7), (x[0], xb[0], x[1], xb[1], *hx[2], xb[2], *hx[3], xb[3], 9, 7))
    .bits(same_bits::launch);

// A struct of active scalars.
struct coefficients {
  real left, centre, right;
};
ADSTENCIL_KERNEL __global__ void active_struct(real* y, const real* u, ADSTENCIL_ACTIVE coefficients c, int n) {
  const int i = thread_x();
  if (i > 0 && i < n - 1)
    y[i] = c.left * u[i - 1] + c.centre * u[i] * u[i] + c.right * u[i + 1];
}
#define COEFFICIENTS(pointer) (*reinterpret_cast<const coefficients*>(pointer))
CUDA_CASE(active_struct, arrays(out("y", 16), in("u", 16), in("c", 3)), over(16).block(8),
          (x[0], x[1], COEFFICIENTS(hx[2]), 16),
          (x[0], xb[0], x[1], xb[1], COEFFICIENTS(hx[2]), reinterpret_cast<coefficients*>(xb[2]), 16));

// An active scalar in an update in place, with a grid-stride loop.
ADSTENCIL_KERNEL __global__ void active_scalar_in_place(real* u, ADSTENCIL_ACTIVE real a, int n) {
  for (int i = thread_x(); i < n; i += gridDim.x * blockDim.x)
    u[i] = a * u[i] * u[i];
}
CUDA_CASE(active_scalar_in_place, arrays(out("u", 40), in("a", 1)), over(16).block(8), (x[0], *hx[1], 40),
          (x[0], xb[0], *hx[1], xb[1], 40))
    .bits(same_bits::launch);

// An active scalar that most threads do not meet at all: whole blocks return at once.
ADSTENCIL_KERNEL __global__ void active_scalar_in_few_threads(real* y, const real* u, ADSTENCIL_ACTIVE real inflow,
                                                              int n) {
  const int i = thread_x();
  if (i >= n)
    return;
  y[i] = u[i];
  if (i == 0)
    y[0] += inflow * inflow;
}
CUDA_CASE(active_scalar_in_few_threads, arrays(out("y", 20), in("u", 20), in("inflow", 1)), over(100).block(16),
          (x[0], x[1], *hx[2], 20), (x[0], xb[0], x[1], xb[1], *hx[2], xb[2], 20))
    .bits(same_bits::launch);

// An array nobody differentiates, written next to one that is, and an inactive coefficient array that is read.
ADSTENCIL_KERNEL __global__ void inactive_arrays(real* y, ADSTENCIL_INACTIVE real* dt, const real* u,
                                                 ADSTENCIL_INACTIVE const real* c, int n) {
  const int i = thread_x();
  if (i < n) {
    dt[i] = c[i] / (1 + u[i] * u[i]);
    y[i] = u[i] * u[i] * c[i];
  }
}
CUDA_CASE(inactive_arrays, arrays(out("y", 12), inactive("dt", 12), in("u", 12), inactive("c", 12)), over(12).block(8),
          (x[0], x[1], x[2], x[3], 12), (x[0], xb[0], x[1], x[2], xb[2], x[3], 12))
    .bits(same_bits::always);

// A derivative with respect to one of two inputs.
ADSTENCIL_KERNEL ADSTENCIL_WRT("k", "k")
__global__ void some_inputs(real* y, const real* u, const real* k, int n) {
  const int i = thread_x();
  if (i > 0 && i < n)
    y[i] = k[i] * k[i - 1] * u[i] * u[i - 1];
}
CUDA_CASE_CALLS(some_inputs, arrays(out("y", 20), frozen("u", 20), in("k", 20)), over(20).block(8),
                (some_inputs<<<at.grid, at.block>>>(x[0], x[1], x[2], 20)),
                (__vjp_some_inputs_k<<<at.grid, at.block>>>(x[0], xb[0], x[1], x[2], xb[2], 20)),
                (__adjoint_some_inputs_k<<<at.grid, at.block>>>(x[0], xb[0], x[1], x[2], xb[2], 20)),
                (__tangent_some_inputs<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], x[2], xb[2], 20)));

// Booleans, enumerations and small integers as parameters.
enum class scheme { upwind, central };
ADSTENCIL_KERNEL __global__ void flags(real* y, const real* u, bool square, scheme kind, unsigned char shift, long n) {
  const long i = long(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i < shift || i >= n - 1)
    return;
  const real slope = kind == scheme::upwind ? u[i] - u[i - shift] : real(0.5) * (u[i + 1] - u[i - 1]);
  y[i] = square ? slope * slope : slope;
}
CUDA_CASE(flags, arrays(out("y", 12), in("u", 12)), over(12).block(8), (x[0], x[1], true, scheme::central, 1, 12),
          (x[0], xb[0], x[1], xb[1], true, scheme::central, 1, 12));

// Kernels in a namespace of their own, in an unnamed one, and with internal linkage.
namespace solver::detail {
ADSTENCIL_KERNEL __global__ void in_namespace(real* y, const real* u, int n) {
  const int i = thread_x();
  if (i < n)
    y[i] = u[i] * u[i];
}
} // namespace solver::detail
CUDA_CASE_CALLS(in_namespace, arrays(out("y", 20), in("u", 20)), over(20).block(8),
                (solver::detail::in_namespace<<<at.grid, at.block>>>(x[0], x[1], 20)),
                (solver::detail::__vjp_in_namespace<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], 20)),
                (solver::detail::__adjoint_in_namespace<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], 20)),
                (solver::detail::__tangent_in_namespace<<<at.grid, at.block>>>(x[0], xb[0], x[1], xb[1], 20)))
    .bits(same_bits::always);

namespace {
ADSTENCIL_KERNEL __global__ void in_unnamed_namespace(real* y, const real* u, int n) {
  const int i = thread_x();
  if (i > 0 && i < n)
    y[i] = u[i] * u[i - 1];
}
} // namespace
CUDA_CASE(in_unnamed_namespace, arrays(out("y", 20), in("u", 20)), over(20).block(8), (x[0], x[1], 20),
          (x[0], xb[0], x[1], xb[1], 20));

ADSTENCIL_KERNEL static __global__ void internal_linkage(real* y, const real* u, int n) {
  const int i = thread_x();
  if (i < n)
    y[i] = 1 / u[i];
}
CUDA_CASE(internal_linkage, arrays(out("y", 20), in("u", 20)), over(20).block(8), (x[0], x[1], 20),
          (x[0], xb[0], x[1], xb[1], 20))
    .bits(same_bits::always);

// Launched on a stream of its own, with dynamic shared memory that the kernel does not use.
ADSTENCIL_KERNEL __global__ void on_a_stream(real* u, const real* f, ADSTENCIL_ACTIVE real a, int n) {
  const int i = thread_x();
  if (i > 0 && i < n)
    u[i] = u[i] * u[i] + a * f[i - 1];
}
template <class Launch>
static void with_stream(Launch launch) {
  cudaStream_t stream;
  laws::check_cuda(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreate");
  launch(stream);
  laws::check_cuda(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
  laws::check_cuda(cudaStreamDestroy(stream), "cudaStreamDestroy");
}
#define ON_STREAM(function, ...)                                                                                       \
  with_stream([&](cudaStream_t stream) { function<<<at.grid, at.block, 64, stream>>>(__VA_ARGS__); })
CUDA_CASE_CALLS(on_a_stream, arrays(out("u", 20), in("f", 20), in("a", 1)), over(20).block(8),
                (ON_STREAM(on_a_stream, x[0], x[1], *hx[2], 20)),
                (ON_STREAM(__vjp_on_a_stream, x[0], xb[0], x[1], xb[1], *hx[2], xb[2], 20)),
                (ON_STREAM(__adjoint_on_a_stream, x[0], xb[0], x[1], xb[1], *hx[2], xb[2], 20)),
                (ON_STREAM(__tangent_on_a_stream, x[0], xb[0], x[1], xb[1], *hx[2], xb[2], 20)));

// Declared first, defined later.
ADSTENCIL_KERNEL __global__ void declared_first(real* y, const real* u, int n);
__global__ void declared_first(real* y, const real* u, int n) {
  const int i = thread_x();
  if (i < n)
    y[i] = u[i] * u[i] - u[n - 1 - i];
}
CUDA_CASE(declared_first, arrays(out("y", 20), in("u", 20)), over(20).block(8), (x[0], x[1], 20),
          (x[0], xb[0], x[1], xb[1], 20));

} // namespace LAW_VARIANT
