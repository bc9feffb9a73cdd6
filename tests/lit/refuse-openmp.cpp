// OpenMP constructs in which threads meet, or whose result depends on their number.
//
// RUN: %verify -fopenmp %s
// RUN: %verify -fopenmp -O2 -g %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

extern "C" int omp_get_thread_num();

ADSTENCIL_KERNEL void critical(double* y, const double* u, int n) {
#pragma omp parallel for
  for (int i = 0; i < n; ++i)
#pragma omp critical // expected-error {{cannot differentiate 'critical': it contains '#pragma omp critical'}} expected-note {{reduction clause}}
    y[0] += u[i] * u[i];
}

ADSTENCIL_KERNEL void ordered(double* y, const double* u, int n) {
  // The place is the directive or, with -g, its loop. expected-error@*:* {{cannot differentiate 'ordered': it contains '#pragma omp ordered'}} expected-note@*:* {{serial loop}}
#pragma omp parallel for ordered
  for (int i = 1; i < n; ++i)
#pragma omp ordered
    y[i] = y[i - 1] * u[i];
}

ADSTENCIL_KERNEL void tasks(double* y, const double* u, int n) {
#pragma omp parallel
  for (int i = 0; i < n; ++i)
#pragma omp task // expected-error {{cannot differentiate 'tasks': it creates OpenMP tasks}} expected-note {{parallel for}}
    y[i] = u[i] * u[i];
}

ADSTENCIL_KERNEL void single(double* y, const double* u, int n) {
#pragma omp parallel
  {
#pragma omp single // expected-error {{cannot differentiate 'single': it contains '#pragma omp single'}} expected-note {{move it out}}
    y[0] = u[0];
#pragma omp for
    for (int i = 1; i < n; ++i)
      y[i] = u[i] * u[i];
  }
}

ADSTENCIL_KERNEL void master(double* y, const double* u, int n) {
#pragma omp parallel
  {
#pragma omp master // expected-error {{cannot differentiate 'master': it contains '#pragma omp master'}} expected-note {{move it out}}
    y[0] = u[0];
  }
}

ADSTENCIL_KERNEL void sections(double* y, const double* u, int n) {
#pragma omp parallel sections // expected-error {{cannot differentiate 'sections': it contains '#pragma omp sections'}} expected-note {{parallel for}}
  {
#pragma omp section
    y[0] = u[0];
#pragma omp section
    y[1] = u[1];
  }
}

ADSTENCIL_KERNEL void thread_number(double* y, const double* u, int n) {
#pragma omp parallel
  y[omp_get_thread_num()] = u[0]; // expected-error {{cannot differentiate 'thread_number': it asks or steers OpenMP's runtime}} expected-note {{outside of the kernel}}
}

ADSTENCIL_KERNEL void atomic(double* y, const double* u, int n) {
#pragma omp parallel for
  for (int i = 0; i < n; ++i)
#pragma omp atomic
    y[0] += u[i] * u[i]; // expected-error {{cannot differentiate 'atomic': an atomic access to active memory}} expected-note {{plain load and store}}
}

ADSTENCIL_KERNEL void nested(double* y, const double* u, int n) {
#pragma omp parallel for
  for (int j = 0; j < n; ++j) {
#pragma omp parallel for // expected-error {{cannot differentiate 'nested': it contains a parallel region inside another}} expected-note {{collapse}}
    for (int i = 0; i < n; ++i)
      y[i + n * j] = u[i + n * j] * u[i];
  }
}

ADSTENCIL_KERNEL void per_thread(double* y, const double* u, int n) {
  double s = 0;
#pragma omp parallel reduction(+ : s)
  s += u[0]; // expected-error {{cannot differentiate 'per_thread': it reduces over threads}} expected-note {{parallel for reduction}}
  y[0] = s;
}

ADSTENCIL_KERNEL void target(double* y, const double* u, int n) {
#pragma omp target teams distribute parallel for // expected-error {{cannot differentiate 'target': it contains '#pragma omp}} expected-note {{CUDA}}
  for (int i = 0; i < n; ++i)
    y[i] = u[i] * u[i];
}

ADSTENCIL_KERNEL void cancels(double* y, const double* u, int n) {
#pragma omp parallel for
  for (int i = 0; i < n; ++i) {
    y[i] = u[i] * u[i];
#pragma omp cancel for if (u[i] > 2) // expected-error {{cannot differentiate 'cancels': it cancels a parallel loop}} expected-note {{all iterations}}
  }
}

double shared_counter;
#pragma omp threadprivate(shared_counter)
ADSTENCIL_KERNEL void own(double* y, const double* u, int n) {
#pragma omp parallel for
  for (int i = 0; i < n; ++i) {
    shared_counter = u[i]; // expected-error {{global 'shared_counter' is written with an active value}} expected-note {{parameter}}
    y[i] = u[i] * shared_counter;
  }
}

void use(double* y, double* yb, const double* u, double* ub) {
  __adjoint_critical(y, yb, u, ub, 10);
  __adjoint_ordered(y, yb, u, ub, 10);
  __adjoint_tasks(y, yb, u, ub, 10);
  __adjoint_single(y, yb, u, ub, 10);
  __adjoint_master(y, yb, u, ub, 10);
  __adjoint_sections(y, yb, u, ub, 10);
  __adjoint_thread_number(y, yb, u, ub, 10);
  __adjoint_atomic(y, yb, u, ub, 10);
  __adjoint_nested(y, yb, u, ub, 10);
  __adjoint_per_thread(y, yb, u, ub, 10);
  __adjoint_target(y, yb, u, ub, 10);
  __adjoint_cancels(y, yb, u, ub, 10);
  __adjoint_own(y, yb, u, ub, 10);
}
