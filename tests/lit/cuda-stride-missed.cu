// Grid-stride loops whose iterations are not points, and why. With one thread all of these kernels are free of data races:
// what threads do not do to each other, the iterations of one thread may.
//
// RUN: %cuda_clang -S -o /dev/null -Rpass-missed=adstencil %s 2>&1 | FileCheck %s
// RUN: %cuda_clang -O2 -S -o /dev/null -Rpass-missed=adstencil %s 2>&1 | FileCheck %s
// RUN: %cpu_device_clang -c -o /dev/null -Rpass-missed=adstencil %s 2>&1 | FileCheck %s
// RUN: not %cuda_clang -DVALUES -S -o /dev/null -Rpass-missed=adstencil %s 2>&1 | FileCheck %s --check-prefix=VALUES
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/adstencil.h>

#include <cuda_runtime.h>

#define INDEX (blockIdx.x * blockDim.x + threadIdx.x)
#define THREADS (gridDim.x * blockDim.x)

// CHECK-DAG: adjoint of carried: the grid is not a gather: a grid-stride loop hands values from iteration to iteration
ADSTENCIL_KERNEL __global__ void carried(double* y, const double* u, int n) {
  double before = 0;
  for (int i = INDEX + 1; i < n; i += THREADS) {
    before = 0.5 * before + u[i] - u[i - 1];
    y[i] = before;
  }
}

// CHECK-DAG: adjoint of summed: the grid is not a gather: a grid-stride loop hands values from iteration to iteration
ADSTENCIL_KERNEL __global__ void summed(double* y, const double* u, int n) {
  double sum = 0;
  for (int i = INDEX + 1; i < n; i += THREADS)
    sum += u[i] - u[i - 1];
  y[INDEX] = sum;
}

// CHECK-DAG: cuda-stride-missed.cu:[[#@LINE+2]]:{{.*}}adjoint of broken: the grid is not a gather: a grid-stride loop is left in the middle
ADSTENCIL_KERNEL __global__ void broken(double* y, const double* u, const int* stop, int n) {
  for (int i = INDEX + 1; i < n; i += THREADS) {
    if (stop[i])
      break;
    y[i] = u[i] * 3 - u[i - 1];
  }
}

// CHECK-DAG: adjoint of beside: the grid is not a gather: a kernel with a grid-stride loop stores, or calls, outside of it
ADSTENCIL_KERNEL __global__ void beside(double* y, double* z, const double* u, int n) {
  for (int i = INDEX + 1; i < n; i += THREADS)
    y[i] = u[i] - u[i - 1];
  z[0] += u[0];
}

// CHECK-DAG: adjoint of twice: the grid is not a gather: a kernel with a grid-stride loop stores, or calls, outside of it
ADSTENCIL_KERNEL __global__ void twice(double* y, double* z, const double* u, int n) {
  for (int i = INDEX + 1; i < n; i += THREADS)
    y[i] = u[i] - u[i - 1];
  for (int i = INDEX + 1; i < n; i += THREADS)
    z[i] = u[i] + u[i - 1];
}

// CHECK-DAG: adjoint of raw_index: the grid is not a gather: the threads of a grid-stride loop use blockIdx or threadIdx other
ADSTENCIL_KERNEL __global__ void raw_index(double* y, const double* u, const double* k, int n) {
  const int thread = INDEX;
  for (int i = thread + 1; i < n; i += THREADS)
    y[i] = k[thread] * u[i] - u[i - 1];
}

// CHECK-DAG: adjoint of may_wrap: the grid is not a gather: a grid-stride loop starts elsewhere than at blockIdx * blockDim
ADSTENCIL_KERNEL __global__ void may_wrap(double* y, const double* u, unsigned long first, unsigned long n) {
  for (unsigned long i = first + INDEX; i < n; i += THREADS)
    y[i] = u[i] - u[i - 1];
}

// Thread 0 has no points: its first index is the largest number there is.
// CHECK-DAG: adjoint of below_zero: the grid is not a gather: a grid-stride loop starts elsewhere than at blockIdx * blockDim
ADSTENCIL_KERNEL __global__ void below_zero(double* y, const double* u, unsigned n) {
  for (unsigned i = INDEX - 1; i < n; i += THREADS)
    y[i] = u[i] - u[i + 1];
}

// CHECK-DAG: adjoint of exact: the grid is not a gather: a grid-stride loop does not end where its index reaches a bound
ADSTENCIL_KERNEL __global__ void exact(double* y, const double* u, int n) {
  for (int i = INDEX; i != n; i += THREADS)
    y[i] = u[i] - u[i + 1];
}

// CHECK-DAG: adjoint of pairs: the grid is not a gather: where 'y' is stored to is not an affine function
ADSTENCIL_KERNEL __global__ void pairs(double* y, const double* u, int n) {
  for (int i = INDEX + 1; i < n; i += THREADS)
    y[i / 2] = u[i] - u[i - 1];
}

// CHECK-DAG: adjoint of single: the grid is not a gather: points of one thread may meet the same cell of 'y'
ADSTENCIL_KERNEL __global__ void single(double* y, const double* u, int row, int n) {
  for (int i = INDEX + 1; i < n; i += THREADS)
    y[row * i] = u[i] - u[i - 1];
}

// CHECK-DAG: adjoint of overlapping: the grid is not a gather: points of one thread may meet the same cell of 'y'
ADSTENCIL_KERNEL __global__ void overlapping(double* y, const double* u, int nx, int ny, int pitch) {
  for (int j = blockIdx.y * blockDim.y + threadIdx.y; j < ny; j += gridDim.y * blockDim.y)
    for (int i = INDEX + 1; i < nx; i += THREADS)
      y[i + pitch * j] = u[i + nx * j] - u[i - 1 + nx * j];
}

// CHECK-DAG: adjoint of wide_store: the grid is not a gather: points of one thread may meet the same cell of 'y'
ADSTENCIL_KERNEL __global__ void wide_store(double* y, const double* u, int n) {
  for (int i = INDEX + 1; i < n; i += THREADS) {
    y[i] = u[i] - u[i - 1];
    y[i + 1] = u[i];
  }
}

// CHECK-DAG: adjoint of chain: the grid is not a gather: which part of an array is read and which is stored to is decided when it runs
ADSTENCIL_KERNEL __global__ void chain(double* y, const double* u, int n) {
  const int threads = THREADS;
  for (int i = INDEX + threads; i < n; i += threads)
    y[i] = 0.5 * y[i - threads] + u[i] - u[i - 1];
}

// CHECK-DAG: adjoint of neighbours: the grid is not a gather: a thread may read cells of 'y' that it does not store to
ADSTENCIL_KERNEL __global__ void neighbours(double* y, const double* u, int n) {
  for (int i = INDEX + 1; i < n; i += THREADS)
    y[i] = 0.5 * y[i - 1] + u[i] - u[i - 1];
}

// A thread cannot reverse these either: it has no memory for a record of each iteration.
#ifdef VALUES
// What the next iteration multiplies by.
// VALUES-DAG: adjoint of values: the grid is not a gather: what it stores enters a derivative later on
ADSTENCIL_KERNEL __global__ void values(double* y, ADSTENCIL_INACTIVE double* k, const double* u, int n) {
  for (int i = INDEX + 1; i < n; i += THREADS) {
    y[i] = k[i - 1] * (u[i] - u[i - 1]);
    k[i] = 2;
  }
}

// The branch of the next iteration.
// VALUES-DAG: adjoint of branches: the grid is not a gather: what it stores enters a derivative later on
ADSTENCIL_KERNEL __global__ void branches(double* y, int* k, const double* u, int n) {
  for (int i = INDEX + 1; i < n; i += THREADS) {
    y[i] = k[i - 1] == 0 ? u[i] * u[i - 1] : u[i];
    k[i] = 1 - k[i - 1];
  }
}
#endif

void use(double* y, double* yb, double* z, double* zb, const double* u, double* ub, const double* k, double* kb, int* stop) {
  __adjoint_carried<<<1, 1>>>(y, yb, u, ub, 10);
  __adjoint_summed<<<1, 1>>>(y, yb, u, ub, 10);
  __adjoint_broken<<<1, 1>>>(y, yb, u, ub, stop, 10);
  __adjoint_beside<<<1, 1>>>(y, yb, z, zb, u, ub, 10);
  __adjoint_twice<<<1, 1>>>(y, yb, z, zb, u, ub, 10);
  __adjoint_raw_index<<<1, 1>>>(y, yb, u, ub, k, kb, 10);
  __adjoint_may_wrap<<<1, 1>>>(y, yb, u, ub, 1, 10);
  __adjoint_below_zero<<<1, 1>>>(y, yb, u, ub, 10);
  __adjoint_exact<<<1, 1>>>(y, yb, u, ub, 10);
  __adjoint_pairs<<<1, 1>>>(y, yb, u, ub, 10);
  __adjoint_single<<<1, 1>>>(y, yb, u, ub, 0, 10);
  __adjoint_overlapping<<<1, 1>>>(y, yb, u, ub, 5, 2, 3);
  __adjoint_wide_store<<<1, 1>>>(y, yb, u, ub, 10);
  __adjoint_chain<<<1, 1>>>(y, yb, u, ub, 10);
  __adjoint_neighbours<<<1, 1>>>(y, yb, u, ub, 10);
#ifdef VALUES
  __adjoint_values<<<1, 1>>>(y, yb, z, u, ub, 10);
  __adjoint_branches<<<1, 1>>>(y, yb, stop, u, ub, 10);
#endif
}
