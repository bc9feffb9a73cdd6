// Kernels that differ in how they receive their data: views, references, arrays, spans, structs, scalars.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../laws.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <span>

namespace LAW_VARIANT {

template <class T>
struct view_2d {
  T* data;
  int nx, ny;
  T& operator()(int i, int j) const { return data[i + nx * j]; }
};

// A view by value.
ADSTENCIL_KERNEL void by_value_view(view_2d<real> y, view_2d<const real> u, real c) {
  for (int j = 1; j < u.ny - 1; ++j)
    for (int i = 1; i < u.nx - 1; ++i)
      y(i, j) = u(i, j) * u(i, j) + c * (u(i - 1, j) * u(i + 1, j) - u(i, j - 1) * u(i, j + 1));
}
#define VIEW(pointer) (view_2d<real>{pointer, 7, 6})
#define CONST_VIEW(pointer) (view_2d<const real>{pointer, 7, 6})
LAW_CASE(by_value_view, arrays(out("y", 42), in("u", 42)), (VIEW(x[0]), CONST_VIEW(x[1]), real(0.3)),
         (VIEW(x[0]), VIEW(xb[0]), CONST_VIEW(x[1]), CONST_VIEW(xb[1]), real(0.3)));

// A view of non-const elements that is only read.
ADSTENCIL_KERNEL void by_value_mutable_view(view_2d<real> y, view_2d<real> u) {
  for (int j = 0; j < u.ny; ++j)
    for (int i = 1; i < u.nx; ++i)
      y(i, j) = u(i, j) / u(i - 1, j);
}
LAW_CASE(by_value_mutable_view, arrays(out("y", 42), in("u", 42)), (VIEW(x[0]), VIEW(x[1])),
         (VIEW(x[0]), VIEW(xb[0]), VIEW(x[1]), VIEW(xb[1])));

// Views by reference to const.
ADSTENCIL_KERNEL void by_reference_view(const view_2d<real>& y, const view_2d<const real>& u) {
  for (int i = 1; i < u.nx - 1; ++i)
    for (int j = 0; j < u.ny; ++j)
      y(i, j) += u(i + 1, j) * u(i - 1, j);
}
LAW_CASE(by_reference_view, arrays(out("y", 42), in("u", 42)), (VIEW(x[0]), CONST_VIEW(x[1])),
         (VIEW(x[0]), VIEW(xb[0]), CONST_VIEW(x[1]), CONST_VIEW(xb[1])));

// A bundle of two fields, a scalar and a size in one by-value struct.
struct bundle {
  real* pressure;
  real* velocity;
  real spacing;
  int n;
};
ADSTENCIL_KERNEL void by_value_bundle(bundle f, const real* k) {
  for (int i = 1; i < f.n; ++i)
    f.velocity[i] = -k[i] * (f.pressure[i] - f.pressure[i - 1]) / f.spacing;
  for (int i = 1; i < f.n - 1; ++i)
    f.pressure[i] -= real(0.1) * (f.velocity[i + 1] - f.velocity[i]) * f.pressure[i];
}
LAW_CASE(by_value_bundle, arrays(out("pressure", 20), out("velocity", 20), in("k", 20)),
         (bundle{x[0], x[1], real(0.5), 20}, x[2]),
         (bundle{x[0], x[1], real(0.5), 20}, bundle{xb[0], xb[1], real(0.5), 20}, x[2], xb[2]));

// Scalars by reference, read and written.
ADSTENCIL_KERNEL void scalar_references(real& sum, const real& factor, const real* u, int n) {
  for (int i = 0; i < n; ++i)
    sum += factor * u[i] * u[i];
}
LAW_CASE(scalar_references, arrays(out("sum", 1), in("factor", 1), in("u", 15)), (*x[0], *x[1], x[2], 15),
         (*x[0], *xb[0], *x[1], *xb[1], x[2], xb[2], 15))
    .reference([](call_arguments) {
      for (int i = 0; i < 15; ++i) {
        *xb[1] += *xb[0] * x[2][i] * x[2][i];
        xb[2][i] += *xb[0] * *x[1] * 2 * x[2][i];
      }
    });

// std::array by reference.
ADSTENCIL_KERNEL void std_array_references(std::array<real, 6>& y, const std::array<real, 6>& u) {
  for (std::size_t i = 0; i < u.size(); ++i)
    y[i] = u[i] * u[(i + 1) % u.size()] + y[i] * y[i];
}
#define ARRAY6(pointer) (*reinterpret_cast<std::array<real, 6>*>(pointer))
LAW_CASE(std_array_references, arrays(out("y", 6), in("u", 6)), (ARRAY6(x[0]), ARRAY6(x[1])),
         (ARRAY6(x[0]), ARRAY6(xb[0]), ARRAY6(x[1]), ARRAY6(xb[1])));

// std::span, with a subspan and range-for.
ADSTENCIL_KERNEL void spans(std::span<real> y, std::span<const real> u) {
  const std::span<const real> inner = u.subspan(1, u.size() - 2);
  for (std::size_t i = 0; i < inner.size(); ++i)
    y[i + 1] = inner[i] * u[i] - u[i + 2];
  real sum = 0;
  for (const real& value : u)
    sum += value * value;
  y[0] = sum;
}
LAW_CASE(spans, arrays(out("y", 14), in("u", 14)), (std::span<real>(x[0], 14), std::span<const real>(x[1], 14)),
         (std::span<real>(x[0], 14), std::span<real>(xb[0], 14), std::span<const real>(x[1], 14),
          std::span<const real>(xb[1], 14)));

// An array of structs of floats.
struct particle {
  real x, y, mass;
};
ADSTENCIL_KERNEL void struct_array(particle* force, const particle* body, int n) {
  for (int i = 0; i < n; ++i) {
    real fx = 0, fy = 0;
    for (int j = 0; j < n; ++j) {
      if (i == j)
        continue;
      const real dx = body[j].x - body[i].x, dy = body[j].y - body[i].y;
      const real r2 = dx * dx + dy * dy + real(0.1);
      const real strength = body[i].mass * body[j].mass / (r2 * std::sqrt(r2));
      fx += strength * dx;
      fy += strength * dy;
    }
    force[i].x = fx;
    force[i].y = fy;
  }
}
#define PARTICLES(pointer) (reinterpret_cast<particle*>(pointer))
LAW_CASE(struct_array, arrays(out("force", 3 * 7), in("body", 3 * 7)), (PARTICLES(x[0]), PARTICLES(x[1]), 7),
         (PARTICLES(x[0]), PARTICLES(xb[0]), PARTICLES(x[1]), PARTICLES(xb[1]), 7));

// Structs copied whole and updated in place.
ADSTENCIL_KERNEL void struct_copies(particle* p, int n, real dt) {
  for (int i = 1; i < n; ++i) {
    particle next = p[i];
    const particle before = p[i - 1];
    next.x += dt * before.y * next.mass;
    next.y -= dt * next.x;
    p[i] = next;
  }
}
LAW_CASE(struct_copies, arrays(out("p", 3 * 8)), (PARTICLES(x[0]), 8, real(0.2)),
         (PARTICLES(x[0]), PARTICLES(xb[0]), 8, real(0.2)));

// Active scalars: used in every point, and reassigned locally.
ADSTENCIL_KERNEL void active_scalars(real* y, const real* u, ADSTENCIL_ACTIVE real a, ADSTENCIL_ACTIVE real b, int n) {
  for (int i = 1; i < n; ++i)
    y[i] = a * u[i] * u[i] + b * u[i - 1] + a * b;
  a = a * b;
  y[0] = a * u[0];
}
LAW_CASE(active_scalars, arrays(out("y", 18), in("u", 18), in("a", 1), in("b", 1)), (x[0], x[1], *x[2], *x[3], 18),
         (x[0], xb[0], x[1], xb[1], *x[2], xb[2], *x[3], xb[3], 18))
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

// An active scalar that a loop overwrites, so that the reverse sweep needs its old values.
ADSTENCIL_KERNEL void active_scalar_loop(real* y, ADSTENCIL_ACTIVE real a, int n) {
  for (int i = 0; i < n; ++i) {
    a = a * a - real(0.5) * a + y[i];
    y[i] = a;
  }
}
LAW_CASE(active_scalar_loop, arrays(out("y", 6, 0.1, 0.4), in("a", 1)), (x[0], *x[1], 6),
         (x[0], xb[0], *x[1], xb[1], 6));

// A small vector of parameters by value.
ADSTENCIL_KERNEL void active_array_by_value(real* y, const real* u, ADSTENCIL_ACTIVE std::array<real, 3> c, int n) {
  for (int i = 1; i < n - 1; ++i)
    y[i] = c[0] * u[i - 1] + c[1] * u[i] * u[i] + c[2] * u[i + 1];
}
#define ARRAY3(pointer) (*reinterpret_cast<std::array<real, 3>*>(pointer))
LAW_CASE(active_array_by_value, arrays(out("y", 16), in("u", 16), in("c", 3)), (x[0], x[1], ARRAY3(x[2]), 16),
         (x[0], xb[0], x[1], xb[1], ARRAY3(x[2]), &ARRAY3(xb[2]), 16));

// An array nobody differentiates, written next to one that is, and an inactive coefficient array that is read.
ADSTENCIL_KERNEL void inactive_next_to_active(real* y, ADSTENCIL_INACTIVE real* dt, const real* u,
                                              ADSTENCIL_INACTIVE const real* c, int n) {
  for (int i = 0; i < n; ++i) {
    dt[i] = c[i] / (1 + u[i] * u[i]);
    y[i] = u[i] * u[i] * c[i];
  }
}
LAW_CASE(inactive_next_to_active, arrays(out("y", 12), inactive("dt", 12), in("u", 12), inactive("c", 12)),
         (x[0], x[1], x[2], x[3], 12), (x[0], xb[0], x[1], x[2], xb[2], x[3], 12));

// Booleans and enums as parameters.
enum class scheme { upwind, central };
ADSTENCIL_KERNEL void bool_and_enum(real* y, const real* u, bool square, scheme kind, int n) {
  for (int i = 1; i < n - 1; ++i) {
    const real slope = kind == scheme::upwind ? u[i] - u[i - 1] : real(0.5) * (u[i + 1] - u[i - 1]);
    y[i] = square ? slope * slope : slope;
  }
}
LAW_CASE(bool_and_enum, arrays(out("y", 12), in("u", 12)), (x[0], x[1], true, scheme::central, 12),
         (x[0], xb[0], x[1], xb[1], true, scheme::central, 12));

// Row pointers, and a base pointer moved by a parameter.
ADSTENCIL_KERNEL void row_pointers(real* y, const real* u, int nx, int ny, int offset) {
  for (int j = 1; j < ny - 1; ++j) {
    const real *below = u + offset + nx * (j - 1), *here = below + nx, *above = here + nx;
    real* row = &y[nx * j];
    for (int i = 1; i < nx - 1; ++i)
      row[i] = here[i] * (above[i] - below[i]) + here[i - 1] * here[i + 1];
  }
}
LAW_CASE(row_pointers, arrays(out("y", 40), in("u", 45)), (x[0], x[1], 8, 5, 5), (x[0], xb[0], x[1], xb[1], 8, 5, 5));

// A 3-D view with strides of its own, and one-past offsets.
struct strided_view {
  real* origin;
  std::ptrdiff_t sx, sy, sz;
  real& operator()(std::ptrdiff_t i, std::ptrdiff_t j, std::ptrdiff_t k) const {
    return origin[i * sx + j * sy + k * sz];
  }
};
ADSTENCIL_KERNEL void strided_views(strided_view y, strided_view u, int n) {
  for (std::ptrdiff_t k = 0; k < n; ++k)
    for (std::ptrdiff_t j = 0; j < n; ++j)
      for (std::ptrdiff_t i = 0; i < n; ++i)
        y(i, j, k) = u(i + 1, j, k) * u(i, j + 1, k) + u(i, j, k + 1) * u(i, j, k);
}
#define COLUMN_MAJOR(pointer) (strided_view{pointer, 9, 3, 1})
#define PADDED(pointer) (strided_view{pointer, 1, 4, 16})
LAW_CASE(strided_views, arrays(out("y", 27), in("u", 64)), (COLUMN_MAJOR(x[0]), PADDED(x[1]), 3),
         (COLUMN_MAJOR(x[0]), COLUMN_MAJOR(xb[0]), PADDED(x[1]), PADDED(xb[1]), 3));

} // namespace LAW_VARIANT
