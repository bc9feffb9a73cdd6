// The rival of the CPU device: the heat kernel as a loop nest that a careful person would write for CPU cores.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

/// u_new = u + r div(k(u) grad u) at the inner points, rows on the threads of oneTBB.
void heat_by_hand(double* u_new, const double* u, double r, int nx, int ny, int nz);
