// See by_hand.h.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "by_hand.h"

#include "point.h"

#include <tbb/blocked_range2d.h>
#include <tbb/parallel_for.h>

void heat_by_hand(double* __restrict__ u_new, const double* __restrict__ u, double r, int nx, int ny, int nz) {
  const long sy = nx;
  const long sz = sy * ny;
  tbb::parallel_for(tbb::blocked_range2d<int>(1, nz - 1, 1, ny - 1), [=](const tbb::blocked_range2d<int>& rows) {
    for (int z = rows.rows().begin(); z < rows.rows().end(); ++z)
      for (int y = rows.cols().begin(); y < rows.cols().end(); ++y)
        for (int x = 1; x < nx - 1; ++x) {
          const long c = x + sy * y + sz * z;
          u_new[c] = heat_point(u, c, sy, sz, r);
        }
  });
}
