// What both programs compute at a point: a step of nonlinear heat conduction, seven points, 20 operations.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <adstencil/host_device.h>

/// The new value of cell c, whose neighbours are 1, sy and sz elements away; the conductivity is 1 + u^2.
ADSTENCIL_HOST_DEVICE inline double heat_point(const double* u, long c, long sy, long sz, double r) {
  const double here = u[c];
  const double sum = u[c - 1] + u[c + 1] + u[c - sy] + u[c + sy] + u[c - sz] + u[c + sz];
  return here + r * (1 + here * here) * (sum - 6 * here);
}
