// A strategy reaches the plan from every place where it can stand, and leaves nothing in the output.
//
// RUN: %plan %s 2>&1 | FileCheck %s
// RUN: %plan -O2 -g %s 2>&1 | FileCheck %s
// RUN: %adstencil_clang -O1 -S -emit-llvm -o - %s | FileCheck %s --check-prefix=IR
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// IR: define
// IR-NOT: adstencil-strategy
// IR-NOT: adstencil.strategy
// IR-NOT: llvm.global.annotations
#include <adstencil/adstencil.h>

// CHECK-DAG: vjp of before at {{.*}}, demanded: sequential
ADSTENCIL_STRATEGY("sequential") ADSTENCIL_KERNEL void before(double* y, const double* u) { *y = *u; }

// CHECK-DAG: adjoint of behind at {{.*}}, demanded: sequential
ADSTENCIL_KERNEL ADSTENCIL_STRATEGY("sequential") void behind(double* y, const double* u) { *y = *u; }

// CHECK-DAG: vjp of between at {{.*}}, demanded: sequential
// CHECK-DAG: vjp of between at {{.*}}, demanded: sequential
ADSTENCIL_KERNEL ADSTENCIL_STRATEGY("sequential") ADSTENCIL_WRT("u", "u") inline void between(double* y, const double* u) {
  *y = *u;
}

// CHECK-DAG: vjp of declared at {{.*}}, demanded: sequential
ADSTENCIL_KERNEL ADSTENCIL_STRATEGY("sequential") void declared(double* y, const double* u);
void declared(double* y, const double* u) { *y = *u; }

// Said twice is said once.
// CHECK-DAG: vjp of twice at {{.*}}, demanded: sequential{{$}}
ADSTENCIL_STRATEGY("sequential") void twice(double* y, const double* u);
ADSTENCIL_STRATEGY("sequential") ADSTENCIL_KERNEL ADSTENCIL_STRATEGY("sequential") void twice(double* y, const double* u) {
  *y = *u;
}

// What a kernel calls demands nothing of it.
ADSTENCIL_STRATEGY("sequential") static double helper(double u) { return 2 * u; }
// CHECK-DAG: vjp of caller at {{[^,]*}}{{$}}
ADSTENCIL_KERNEL void caller(double* y, const double* u) { *y = helper(*u); }

// CHECK-DAG: vjp of {{.*}}templated<double>{{.*}}, demanded: sequential
template <class T> ADSTENCIL_STRATEGY("sequential") void templated(T* y, const T* u) { *y = *u; }

// CHECK-DAG: vjp of {{.*}}special<double>{{.*}}, demanded: sequential
template <class T> void special(T*, const T*);
template <> ADSTENCIL_STRATEGY("sequential") void special<double>(double* y, const double* u) { *y = *u; }

struct Solver {
  double factor;
  // CHECK-DAG: vjp of {{.*}}Solver::step{{.*}}, demanded: sequential
  ADSTENCIL_STRATEGY("sequential") void step(double* y, const double* u) const { *y = factor * *u; }
  // CHECK-DAG: adjoint of {{.*}}Solver{{.*}}, demanded: sequential
  ADSTENCIL_STRATEGY("sequential") void operator()(double* y, const double* u) const { *y = factor * *u; }
};
// CHECK-DAG: adjoint of {{.*}}Generic{{.*}}, demanded: sequential
struct Generic {
  template <class T> ADSTENCIL_STRATEGY("sequential") void operator()(T* y, const T* u) const { *y = *u; }
};

void use(double* y, double* yb, const double* u, double* ub) {
  using namespace adstencil;
  __vjp_before(y, yb, u, ub);
  __adjoint_behind(y, yb, u, ub);
  __vjp_between(y, yb, u, ub);
  __vjp_between_u(y, yb, u, ub);
  __vjp_twice(y, yb, u, ub);
  __vjp_caller(y, yb, u, ub);
  vjp<&templated<double>>(shadowed(y, yb), shadowed(u, ub));
  vjp<&special<double>>(shadowed(y, yb), shadowed(u, ub));
  Solver s{2};
  vjp<&Solver::step>(&s, shadowed(y, yb), shadowed(u, ub));
  adjoint(s, shadowed(y, yb), shadowed(u, ub));
  adjoint(Generic(), shadowed(y, yb), shadowed(u, ub));
  // CHECK-DAG: vjp of use({{.*}}, demanded: sequential
  vjp([] ADSTENCIL_STRATEGY("sequential") (double* a, const double* b) { *a = *b; }, shadowed(y, yb), shadowed(u, ub));
  // CHECK-DAG: adjoint of use({{.*}}, demanded: sequential
  adjoint<+[] ADSTENCIL_STRATEGY("sequential") (double* a, const double* b) { *a = *b; }>(shadowed(y, yb), shadowed(u, ub));
}
