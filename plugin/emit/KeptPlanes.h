// Where kept cotangents are while a gather passes over a nest (emit/KeptCotangents.h).
//
// Cells are done in blocks of rows, which are walked over along the first axis. Before a plane of cells of the block is
// done, the kept cotangents of the plane of points that it is the first to need are computed, row by row; they stay in
// a ring of as many planes as the shifts reach over, which stays in a cache:
//
//     for blocks of rows
//       for z in cells:
//         plane of points at z + reach:  kept[(z + reach) % planes][y][x] = cotangent of point    vectorised
//         rows of cells of the block:    sums from kept[…], added once                            vectorised
//
// A block computes the kept cotangents of all points that reach into it; those near its rim are computed by two blocks,
// by the same code on the same rows, so that bits do not depend on blocks, and blocks of different threads share
// nothing. Points outside of the Domain have room in the ring but no value: what is made from these is not counted.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "emit/CellEmitter.h"

namespace adstencil {

class KeptPlanes : public CellEmitter {
protected:
  using CellEmitter::CellEmitter;
  using Range = std::pair<llvm::Value *, llvm::Value *>;

  /// Into how many slabs Count planes may be divided. A slab computes the cotangents of as many planes as the shifts
  /// reach over beside its own.
  llvm::Value *countSlabs(llvm::Value *Count);
  /// How many blocks the rows of these cells are divided into, at least LeastBlocks if there are rows enough; 1 if the
  /// second axis is the last one.
  llvm::Value *countBlocks(llvm::ArrayRef<Range> Cells, llvm::Value *LeastBlocks);
  /// Makes room for the points that reach into these cells.
  void openKept(llvm::ArrayRef<Range> Cells);
  /// Computes what the plane of cells needs and the one before it, if it is not the first, did not. Cell is left
  /// changed.
  void keep(llvm::ArrayRef<Range> Cells, llvm::Value *Plane);
  void closeKept();

  llvm::Value *keptPointer(unsigned Number, const Shift &S) override;

private:
  llvm::Value *Memory = nullptr, *Start = nullptr;        ///< as allocated; aligned
  llvm::Value *FirstPlane = nullptr;                      ///< of cells
  llvm::Value *FirstPoint = nullptr, *FirstRow = nullptr; ///< along the first two axes
  llvm::Value *RowLength = nullptr, *PlaneLength = nullptr;
  llvm::Value *Length = nullptr; ///< of the ring for one cotangent of a point

  int64_t planes() const { return Most[0] - Least[0] + 1; }
  int64_t bytes() const { return F.getDataLayout().getTypeStoreSize(N.KeptType); }
  /// Where the first point of a row is.
  int64_t offset() const;
  llvm::Value *rowLength();
};

} // namespace adstencil
