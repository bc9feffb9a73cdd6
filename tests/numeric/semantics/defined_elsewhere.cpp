// The definition that belongs to declared_elsewhere.h.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "declared_elsewhere.h"

namespace elsewhere {

void cube(double* y, const double* u) { *y = *u * *u * *u; }

double square_bar_from_other_file(double u) {
  double y = 0, y_bar = 1, u_bar = 0;
  __adjoint_square(&y, &y_bar, &u, &u_bar);
  return u_bar;
}

} // namespace elsewhere
