// A __device__ function has no launch; the kernel that calls it is annotated.
//
// RUN: %cuda_verify %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

ADSTENCIL_KERNEL __device__ void relax(double* u, int i) { u[i] *= u[i]; } // expected-error-re {{{{.*}}__device__}} expected-note {{__global__}}
