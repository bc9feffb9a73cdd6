// The plugin describes its options, and predefines its version.
//
// RUN: %adstencil_clang -fsyntax-only -fplugin-arg-adstencil-help %s 2>&1 | FileCheck %s
// RUN: not %adstencil_clang -fsyntax-only -fplugin-arg-adstencil-nonsense %s 2>&1 | FileCheck --check-prefix=UNKNOWN %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// CHECK-DAG: print-plan
// CHECK-DAG: check-overlap
// CHECK-DAG: help
// UNKNOWN: error: {{.*}}nonsense
static_assert(__ADSTENCIL__ >= 100);
