// How a block of threads evaluates each point of a CUDA grid once.
//
// The points of a nest are cut along all axes but the outermost into rectangles, the *planes*, that overlap by as much
// as the shifts reach. A block moves along the outermost axis, plane by plane. At each step its threads evaluate all
// points of the plane, write what these add for each read to shared memory, and each cell of the plane takes from there
// what the points around it have written:
//
//     buffer_k[x] = what the point (p, x) adds for its read at s_k       a buffer for each *contribution* k
//     barrier
//     for the rows r from p + Least to p + Most:                         those that later steps reach are open:
//       sum[r][x] += Σ_{k: row of s_k = r - p} buffer_k[x - s_k]         their sums are kept in a *window*
//     u_bar[(p + Least, x)] += sum[p + Least][x]                         no later step reaches this row
//     barrier
//
// A nest of one axis has no outermost axis to move along: one step, and no window. What a plane is depends on the
// kernel alone, not on the launch, and where a tile begins and ends does not change the order of a sum: the bits are
// the same for all blocks and grids.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "analysis/Shifts.h"
#include <string>
#include <vector>

namespace adstencil {

struct GatherNest;

/// What a point adds to the cell of a group at a shift.
struct Contribution {
  unsigned Group = 0;
  Shift At;
  bool Conditional = false; ///< not every point executes a load there
  uint64_t Offset = 0, FlagOffset = 0;
};

/// The open rows of one group.
struct TileWindow {
  unsigned Group = 0;
  int64_t Least = 0, Most = 0; ///< shifts along the outermost axis, of this group
  bool HasFlags = false;       ///< some contributions are conditional: whether there was one is kept beside the sum
  uint64_t Offset = 0, FlagOffset = 0;

  unsigned rows() const { return unsigned(Most - Least); } ///< kept from one step to the next
};

struct BlockTile {
  Shift Points; ///< of a plane, by axis; a power of two; 1 on the axis along which the tile moves
  Shift Cells;  ///< of a plane, by axis: those that only its own points lead to
  std::vector<Contribution> Contributions;
  std::vector<TileWindow> Windows; ///< by group that is gathered into
  uint64_t Bytes = 0;              ///< of shared memory

  int64_t points() const;
  int64_t cells() const;
};

/// Fills Tile. Bytes of shared memory are free. Returns why there is no tile, in the user's terms; empty: there is one.
std::string planBlockTile(const GatherNest &N, uint64_t Bytes, BlockTile &Tile);

} // namespace adstencil
