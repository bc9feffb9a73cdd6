// The adjoint of a grid of points as a gather, thread by thread.
//
//     for q in the Domain extended by the shifts, from this thread's own cell on, in steps of the whole grid:
//       if all points around q are in the Domain:    their contributions, without a test
//       else:                                        each contribution behind its test
//       u_bar[q] += the sum
//
// The first thread of an axis begins with the first cell, so warps meet aligned rows where the kernel's own threads do.
// A grid has about as many threads as there are points; the few cells beyond are the second step of some threads.
//
// __adjoint_ has a second phase, in which shadows of stored arrays are cleared or carried back. All threads must have
// finished the first one by then: it is a second launch of the same grid, which the host stub makes.
//
// What a grid on the CPU device is made of instead is in emit/Gather.h.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "emit/Gather.h"
#include "model/GridNest.h"

namespace adstencil {

/// Calls that say which part of a launch is meant: `i32 adstencil.phase()` (0, then 1), and on the CPU device
/// `i64 adstencil.unit()` < `i64 adstencil.units()`.
llvm::Value *readPhase(llvm::IRBuilder<> &B);
llvm::Value *readUnit(llvm::IRBuilder<> &B);
llvm::Value *readUnits(llvm::IRBuilder<> &B);

/// Writes the reverse of a grid's nest for one thread. The first phase is a gather, or what those who derive from this
/// class write in its place (emit/GridTile.cpp).
class GridEmitter : protected CellEmitter {
public:
  GridEmitter(const GatherNest &N, const GridNest &Grid, PointAdjoints &Points, llvm::BasicBlock *Start,
              LookUpFunction LookUp, const ScalarAdder &Adder)
      : CellEmitter(N, Points, Start, LookUp), Grid(Grid) {
    ReadsConstants = true;
    NearPointers = true;
    AddToScalar = Adder;
  }
  virtual ~GridEmitter() = default;

  void emit(llvm::BasicBlock *Next);

protected:
  /// Writes the phase that adds to cells. The nest has been started.
  virtual void emitAdditions() { emitCells(); }
  /// Adds to a cell that no other thread adds to, or atomically where cells overlap.
  void addToCell(llvm::Value *Pointer, llvm::Value *Sum) override;

private:
  const GridNest &Grid;
  llvm::SmallVector<llvm::Value *, 3> Thread, Threads; ///< by axis: the number of this thread in the grid, and of all

  /// The cells of this thread.
  void emitCells();
  void emitAxis(unsigned Axis);
  /// True if the point at distance S is in the Domain, along all axes on which one of the points may be outside.
  llvm::Value *isInside(const Shift &From, const Shift &To);
  void emitCell();
  void emitPoints(bool Guarded);
};

/// Writes the reverse of a grid's nest for one thread, from the end of Start (which has no terminator) to Next.
void emitGridGather(const GatherNest &N, const GridNest &Grid, PointAdjoints &Points, llvm::BasicBlock *Start,
                    llvm::BasicBlock *Next, LookUpFunction LookUp, const ScalarAdder &AddToScalar);

} // namespace adstencil
