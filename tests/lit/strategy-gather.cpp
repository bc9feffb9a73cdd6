// Strategies that can be kept: what the plan then says.
//
// RUN: %plan -fopenmp %s 2>&1 | FileCheck %s
// RUN: %plan -fopenmp -O3 -g %s 2>&1 | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// One light stencil under four demands. It would be a gather without.
#define STENCIL(name, strategy)                                                            \
  ADSTENCIL_STRATEGY(strategy) ADSTENCIL_KERNEL void name(double* y, const double* u, int n) { \
    for (int j = 1; j < n - 1; ++j)                                                        \
      for (int i = 1; i < n - 1; ++i)                                                      \
        y[i + n * j] = u[i - 1 + n * j] * u[i + n * j] * u[i + n * (j + 1)];               \
  }

// CHECK-LABEL: adjoint of gathered at {{.*}}, demanded: gather{{$}}
// CHECK-NEXT: {{^ *}}y {{ *}}written {{ *}}own-point, shadow carried back{{$}}
// CHECK-NEXT: {{^ *}}u {{ *}}read {{ *}}gather, 3 shifts{{$}}
// CHECK-NEXT: nest of 2: gather, 3 points a cell, then a pass that carries back{{$}}
STENCIL(gathered, "gather")

// CHECK-LABEL: adjoint of tiled at {{.*}}, demanded: tile{{$}}
// CHECK-NEXT: {{^ *}}y {{ *}}written {{ *}}own-point, shadow carried back{{$}}
// CHECK-NEXT: {{^ *}}u {{ *}}read {{ *}}tile, 3 shifts{{$}}
// CHECK-NEXT: nest of 2: tile, each point once, 3 shifts{{$}}
STENCIL(tiled, "tile")

// CHECK-LABEL: adjoint of scattered at {{.*}}, demanded: scatter{{$}}
// CHECK-NEXT: {{^ *}}y {{ *}}written {{ *}}sequential, shadow carried back{{$}}
// CHECK-NEXT: {{^ *}}u {{ *}}read {{ *}}scatter, serial{{$}}
// CHECK-NEXT: loop 1{{.*}}, depth 1: joint
// CHECK-NOT: in order
STENCIL(scattered, "scatter")

// CHECK-LABEL: adjoint of in_sequence at {{.*}}, demanded: sequential{{$}}
// CHECK-NEXT: {{^ *}}y {{ *}}written {{ *}}sequential, shadow carried back{{$}}
// CHECK-NEXT: {{^ *}}u {{ *}}read {{ *}}scatter, serial{{$}}
// CHECK-NEXT: loop 1{{.*}}, depth 1: joint
STENCIL(in_sequence, "sequential")

// CHECK-LABEL: vjp of pointwise at {{.*}}, demanded: own-point{{$}}
// CHECK: {{^ *}}u {{ *}}read {{ *}}own-point{{$}}
// CHECK-NEXT: nest of 1: each point once, in any order{{$}}
ADSTENCIL_STRATEGY("own-point") ADSTENCIL_KERNEL void pointwise(double* y, const double* u, int n) {
  for (int i = 0; i < n; ++i)
    y[i] = u[i] * u[i];
}

// CHECK-LABEL: vjp of summed at {{.*}}, demanded: reduction{{$}}
// CHECK: {{^ *}}u {{ *}}read {{ *}}own-point{{$}}
// CHECK-NEXT: {{^ *}}k {{ *}}read {{ *}}reduction, in loop order{{$}}
// CHECK-NEXT: nest of 2: each point once, in any order{{$}}
ADSTENCIL_STRATEGY("reduction") ADSTENCIL_KERNEL void summed(double* y, const double* u, const double* k, int n) {
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < n; ++i)
      y[i + n * j] = k[i] * u[i + n * j];
}

// WENO would be tiled without the demand: plan-tile-by-cost.cpp. A demand holds for every nest of the kernel.
// CHECK-LABEL: vjp of two at {{.*}}, demanded: tile{{$}}
// CHECK: nest of 1: tile, each point once, 2 shifts{{$}}
// CHECK: nest of 1: tile, each point once, 3 shifts{{$}}
ADSTENCIL_STRATEGY("tile") ADSTENCIL_KERNEL void two(double* y, double* z, const double* u, int n) {
  for (int i = 1; i < n - 1; ++i)
    y[i] = u[i] * u[i + 1];
  for (int i = 1; i < n - 1; ++i)
    z[i] = u[i - 1] * u[i] * u[i + 1];
}

// Derivatives are made, and printed, last one first.
void use(double* y, double* yb, double* z, double* zb, const double* u, double* ub) {
  __vjp_two(y, yb, z, zb, u, ub, 10);
  __vjp_summed(y, yb, u, ub, u, ub, 10);
  __vjp_pointwise(y, yb, u, ub, 10);
  __adjoint_in_sequence(y, yb, u, ub, 10);
  __adjoint_scattered(y, yb, u, ub, 10);
  __adjoint_tiled(y, yb, u, ub, 10);
  __adjoint_gathered(y, yb, u, ub, 10);
}
