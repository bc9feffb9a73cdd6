// Neighbours at the rim of a domain whose index is clamped or goes around are gathered: what the index is at the rim is a
// shift of its own, none for the nearest cell, and `last` for the other end.
//
// RUN: %plan %s 2>&1 | FileCheck %s
// RUN: %plan -O3 -g %s 2>&1 | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <algorithm>
#include <cstddef>

// CHECK-LABEL: vjp of upwind
// CHECK: {{^ *}}u {{ *}}read {{ *}}gather, 3 shifts{{$}}
// CHECK: {{^ *}}u at (-1) (0) (1){{$}}
ADSTENCIL_KERNEL void upwind(double* un, const double* u, const double* v, int n) {
  for (int i = 1; i < n - 1; ++i)
    un[i] = u[i] + v[i] * (u[v[i] > 0 ? i - 1 : i] - u[v[i] > 0 ? i : i + 1]);
}

// CHECK-LABEL: vjp of around
// CHECK: {{^ *}}u {{ *}}read {{ *}}gather, 9 shifts{{$}}
// CHECK: nest of 2: gather, 9 points a cell{{$}}
// CHECK: {{^ *}}u at (-1,0) (0,-1) (0,0) (0,1) (0,last) (0,-last) (1,0) (last,0) (-last,0){{$}}
ADSTENCIL_KERNEL void around(double* un, const double* u, int nx, int ny) {
  for (int j = 0; j < ny; ++j)
    for (int i = 0; i < nx; ++i) {
      auto at = [&](int i, int j) { return u[(i + nx) % nx + nx * ((j + ny) % ny)]; };
      un[i + nx * j] = at(i, j) * (at(i - 1, j) + at(i + 1, j) + at(i, j - 1) + at(i, j + 1));
    }
}

// CHECK-LABEL: vjp of around_sizes
// CHECK: {{^ *}}u at (-1) (1) (last) (-last){{$}}
ADSTENCIL_KERNEL void around_sizes(double* un, const double* u, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i)
    un[i] = u[(i + n - 1) % n] * u[(i + 1) % n];
}

// Twice around where a domain has one point: in order then.
// CHECK-LABEL: vjp of far_around
// CHECK: {{^ *}}u {{ *}}read {{ *}}gather, 5 shifts{{$}}
// CHECK: gather, 5 points a cell (if axes have more points than their rims, tested at run time){{$}}
// CHECK: {{^ *}}u at (-3) (0) (2) (-last+1) (last-2){{$}}
ADSTENCIL_KERNEL void far_around(double* un, const double* u, int n) {
  for (int i = 0; i < n; ++i)
    un[i] = u[i] * u[(i + 2) % n] * u[(i + n - 3) % n];
}

// It has more than one point.
// CHECK-LABEL: vjp of around_constant
// CHECK: gather, 3 points a cell{{$}}
// CHECK: {{^ *}}u at (0) (2) (-last+1){{$}}
ADSTENCIL_KERNEL void around_constant(double* un, const double* u) {
  constexpr int n = 100;
  for (int i = 0; i < n; ++i)
    un[i] = u[i] * u[(i + 2) % n];
}

// CHECK-LABEL: vjp of turned
// CHECK: {{^ *}}u at (-2) (1) (last-1) (-last){{$}}
ADSTENCIL_KERNEL void turned(double* un, const double* u, int n) {
  for (int i = 0; i < n; ++i)
    un[i] = u[i == n - 1 ? 0 : i + 1] * u[i >= 2 ? i - 2 : i - 2 + n];
}

// CHECK-LABEL: vjp of clamped
// CHECK: {{^ *}}u {{ *}}read {{ *}}gather, 5 shifts{{$}}
// CHECK: nest of 2: gather, 5 points a cell{{$}}
// CHECK: {{^ *}}u at (-1,0) (0,-1) (0,0) (0,1) (1,0){{$}}
ADSTENCIL_KERNEL void clamped(double* un, const double* u, int nx, int ny) {
  for (int j = 0; j < ny; ++j)
    for (int i = 0; i < nx; ++i) {
      const int left = i > 0 ? i - 1 : 0, right = std::min(i + 1, nx - 1);
      un[i + nx * j] = u[left + nx * j] + u[right + nx * j] - 4 * u[i + nx * j] +
                       (j > 0 ? u[i + nx * (j - 1)] : u[i]) + u[i + nx * (j + (j < ny - 1))];
    }
}

// CHECK-LABEL: vjp of wide
// CHECK: {{^ *}}u at (-3) (-2) (-1) (0) (1) (2) (3){{$}}
ADSTENCIL_KERNEL void wide(double* un, const double* u, int n) {
  for (int i = 0; i < n; ++i) {
    double sum = 0;
    for (int k = -3; k <= 3; ++k)
      sum += k * u[std::clamp(i + k, 0, n - 1)];
    un[i] = sum;
  }
}

void use(double* y, double* yb, double* u, double* ub, int n) {
  __vjp_wide(y, yb, u, ub, n);
  __vjp_clamped(y, yb, u, ub, n, n);
  __vjp_turned(y, yb, u, ub, n);
  __vjp_around_constant(y, yb, u, ub);
  __vjp_far_around(y, yb, u, ub, n);
  __vjp_around_sizes(y, yb, u, ub, n);
  __vjp_around(y, yb, u, ub, n, n);
  __vjp_upwind(y, yb, u, ub, y, yb, n);
}
