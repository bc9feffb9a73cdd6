// Straight-line vectorisation and forwarding of stores pass over derivatives that are vectorised gathers, and over nothing else: neither
// kernels, nor reverse sweeps in order, nor gathers that could not be vectorised.
//
// RUN: %adstencil_clang -O2 -c -o %t.o -mllvm -print-after=slp-vectorizer -mllvm -print-after=loop-load-elim %s 2> %t.txt
// RUN: grep -o "IR Dump After .*Pass on [_A-Za-z0-9]*" %t.txt > %t.passes
// RUN: FileCheck %s --input-file=%t.passes
// RUN: FileCheck %s --input-file=%t.passes --check-prefix=SKIPPED
// RUN: %adstencil_clang -O2 -fno-vectorize -c -o %t.o -mllvm -print-after=slp-vectorizer %s 2> %t.scalar.txt
// RUN: grep -o "IR Dump After .*Pass on [_A-Za-z0-9]*" %t.scalar.txt | FileCheck %s --check-prefix=SCALAR
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

// SKIPPED-NOT: {{(SLPVectorizer|LoopLoadElimination)Pass on .*__vjp_gathered}}
// SCALAR-DAG: SLPVectorizerPass on {{_Z[0-9]+}}__vjp_gathered
// CHECK-DAG: SLPVectorizerPass on {{_Z[0-9]+}}gathered
// CHECK-DAG: LoopLoadEliminationPass on {{_Z[0-9]+}}gathered
ADSTENCIL_KERNEL void gathered(double* y, const double* u, int n) {
  for (int i = 1; i < n - 1; ++i)
    y[i] = u[i - 1] * u[i + 1];
}

// CHECK-DAG: SLPVectorizerPass on {{_Z[0-9]+}}__vjp_in_order
// CHECK-DAG: LoopLoadEliminationPass on {{_Z[0-9]+}}__vjp_in_order
ADSTENCIL_KERNEL void in_order(double* y, const double* u, int n) {
  for (int i = 1; i < n - 1; ++i)
    y[i] = y[i - 1] * u[i + 1];
}

// Nothing is inlined here.
[[clang::optnone]] void use(double* y, double* yb, const double* u, double* ub) {
  __vjp_gathered(y, yb, u, ub, 10);
  __vjp_in_order(y, yb, u, ub, 10);
}
