// -Rpass=adstencil: what a derivative does with each array, at the kernel. -Rpass-missed=adstencil: what is not gathered,
// at the read, and why. Silent otherwise.
//
// RUN: %adstencil_clang -c -o /dev/null -Rpass=adstencil -Rpass-missed=adstencil -Xclang -verify %s
// RUN: %adstencil_clang -O2 -g -c -o /dev/null -Rpass=adstencil -Rpass-missed=adstencil -Xclang -verify %s
// RUN: %adstencil_clang -O3 -c -o /dev/null -Rpass=.* -Rpass-missed=adstencil %s 2>&1 | FileCheck %s
// RUN: %adstencil_clang -O1 -c -o /dev/null -Rpass=adstencil %s 2>&1 | FileCheck %s --check-prefix=APPLIED
// RUN: %adstencil_clang -O1 -c -o /dev/null -Rpass-missed=adstencil %s 2>&1 | FileCheck %s --check-prefix=MISSED
// RUN: %adstencil_clang -O1 -c -o /dev/null -Rpass=inline %s 2>&1 | FileCheck %s --check-prefix=SILENT --allow-empty
// RUN: %adstencil_clang -c -o /dev/null %s 2>&1 | FileCheck %s --check-prefix=SILENT --allow-empty
// RUN: %adstencil_clang -O2 -c -o /dev/null -fsave-optimization-record -foptimization-record-file=%t.yaml %s 2>&1 | FileCheck %s --check-prefix=SILENT --allow-empty
// RUN: FileCheck %s --check-prefix=YAML --input-file=%t.yaml
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// CHECK-NOT: error
// CHECK: remark-plan.cpp:[[#@LINE+19]]:23: remark: vjp of K
// CHECK-DAG: remark-plan.cpp:[[#@LINE+22]]:13: remark: vjp of K: 'table' is not gathered: it is read at a data-dependent index [-Rpass-missed=adstencil]
// CHECK-DAG: {{^}}  y: written, own-point
// CHECK-DAG: {{^}}  own: read, own-point
// CHECK-DAG: {{^}}  stencil: read, gather, 2 shifts
// CHECK-DAG: {{^}}  table: read, scatter, serial
// CHECK-DAG: {{^}}  a: active scalar, reduction
// APPLIED-NOT: missed
// APPLIED: remark: vjp of K
// MISSED-NOT: [-Rpass=
// MISSED-NOT: 'stencil' is not gathered
// MISSED: remark: vjp of K: 'table' is not gathered
// SILENT-NOT: vjp of K
// YAML: Pass: {{ *}}adstencil
// YAML-NEXT: Name: {{ *}}Plan
// YAML-NEXT: DebugLoc: {{.*}}remark-plan.cpp', Line: [[#@LINE+4]]
// YAML: Pass: {{ *}}adstencil
// YAML-NEXT: Name: {{ *}}NoGather
// YAML-NEXT: DebugLoc: {{.*}}remark-plan.cpp', Line: [[#@LINE+5]]
ADSTENCIL_KERNEL void K(double* y, const double* own, const double* stencil, const double* table, const int* index, // expected-remark {{vjp of K\n  y: written, own-point, shadow unchanged\n}}
                        ADSTENCIL_ACTIVE double a, int n) {
  for (int i = 1; i < n; ++i) {
    y[i] = own[i] * a + stencil[i] * stencil[i - 1];
    y[i] += table[index[i]]; // expected-remark {{'table' is not gathered: it is read at a data-dependent index}}
  }
}

void use(double* y, double* yb, const double* x, double* xb, const int* index) {
  __vjp_K(y, yb, x, xb, x, xb, x, xb, index, 2, xb, 10);
}
