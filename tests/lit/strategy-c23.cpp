// The C spelling.
//
// RUN: %adstencil_clang -x c -std=c23 -c -o /dev/null -fplugin-arg-adstencil-print-plan %s 2>&1 | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// CHECK: vjp of K at {{.*}}, demanded: sequential
[[adstencil::strategy("sequential"), adstencil::kernel]] static void K(double* y, const double* u) { *y = *u; }

void use(double* y, double* yb, const double* u, double* ub) { __vjp_K(y, yb, u, ub); }
