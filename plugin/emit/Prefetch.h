// Fetches what a gather will read from memory before it is needed.
//
// A row of cells reads many rows of few arrays. Most of them have been read for cells before and are in a cache; each
// array has one row that is not: the one that lies furthest ahead. Besides, there are the cells themselves. The
// hardware's prefetching follows each of many rows, and comes late for those that matter. So while the interior is
// written its loads are noted with the row that they are of, and when it has been optimised and vectorised (the
// vectoriser wants no prefetches in a loop) those of the rows furthest ahead get a prefetch of what they load some
// iterations later. Behind the end of a row it is what the next row begins with, or nothing that is used; a prefetch
// never faults.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "analysis/Shifts.h"
#include "llvm/IR/PassManager.h"

namespace adstencil {

/// A row of an array that a loop reads, seen from the cell.
struct RowRead {
  uint64_t Array;  ///< one number for each array and loop
  Shift Row;       ///< by axis, the last one zero
  unsigned Planes; ///< the loop does cells of so many neighbouring planes
};

/// The access group for loads of such a row, by which they are found again.
llvm::MDNode *createRowGroup(llvm::Module &M, const RowRead &R);

struct PrefetchPass : llvm::PassInfoMixin<PrefetchPass> {
  llvm::PreservedAnalyses run(llvm::Function &F, llvm::FunctionAnalysisManager &FAM);
};

} // namespace adstencil
