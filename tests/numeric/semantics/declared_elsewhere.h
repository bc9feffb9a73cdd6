// A kernel declared in a header and defined in one file, and an inline one that several files share.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <adstencil/adstencil.h>

namespace elsewhere {

ADSTENCIL_KERNEL void cube(double* y, const double* u);

ADSTENCIL_KERNEL inline void square(double* y, const double* u) { *y = *u * *u; }

/// What __adjoint_square gives in the other file.
double square_bar_from_other_file(double u);

} // namespace elsewhere
