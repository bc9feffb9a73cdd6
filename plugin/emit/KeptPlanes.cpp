// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emit/KeptPlanes.h"

#include "emit/Tape.h"
#include "frontend/Options.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;

namespace adstencil {

namespace {
constexpr int64_t LineBytes = 64;

struct BlockLimits {
  /// What a block keeps: part of a third-level cache. That it were the second-level one does not pay for the points
  /// that belong to two blocks.
  int64_t MostBytes = 8 << 20;
  /// A block has so many rows in any case, so that not too many points belong to two blocks.
  int64_t LeastRows = 16;
  /// A slab has so many planes for each that the shifts reach over.
  int64_t PlanesPerReach = 4;
};

/// Tests have small domains.
BlockLimits blockLimits() { return options().Keeps == Choice::Always ? BlockLimits{1, 3, 1} : BlockLimits(); }
} // namespace

Value *KeptPlanes::countSlabs(Value *Count) {
  int64_t Reach = std::max<int64_t>(Most[0] - Least[0], 1);
  Value *Slabs = B.CreateUDiv(Count, B.getInt64(blockLimits().PlanesPerReach * Reach));
  return B.CreateBinaryIntrinsic(Intrinsic::smax, Slabs, B.getInt64(1));
}

int64_t KeptPlanes::offset() const { return alignTo(Most[Inner] - Least[Inner], LineBytes / bytes()); }

/// An odd number of cache lines, so that neighbouring rows are not in each other's way in a cache.
static Value *oddLines(IRBuilder<> &B, Value *Count, int64_t PerLine) {
  Value *Lines = B.CreateUDiv(B.CreateNSWAdd(Count, B.getInt64(PerLine - 1)), B.getInt64(PerLine));
  return B.CreateNSWMul(B.CreateOr(Lines, 1), B.getInt64(PerLine));
}

Value *KeptPlanes::rowLength() {
  return oddLines(B, plus(last(Inner), offset() + 1 + Most[Inner] - Least[Inner]), LineBytes / bytes());
}

Value *KeptPlanes::countBlocks(ArrayRef<Range> Cells, Value *LeastBlocks) {
  if (Inner == 1)
    return B.getInt64(1);
  const BlockLimits Limits = blockLimits();
  Value *Rows = B.CreateNSWSub(Cells[1].second, Cells[1].first);
  Value *RowBytes = B.CreateNSWMul(rowLength(), B.getInt64(N.Kept * planes() * bytes()));
  Value *Fit = plus(B.CreateUDiv(B.getInt64(Limits.MostBytes), RowBytes), Least[1] - Most[1]);
  Fit = B.CreateBinaryIntrinsic(Intrinsic::smax, Fit, B.getInt64(Limits.LeastRows));
  Value *Blocks = B.CreateUDiv(plus(B.CreateNSWAdd(Rows, Fit), -1), Fit);
  Value *Most = B.CreateUDiv(Rows, B.getInt64(Limits.LeastRows));
  Blocks =
      B.CreateBinaryIntrinsic(Intrinsic::smax, Blocks, B.CreateBinaryIntrinsic(Intrinsic::smin, LeastBlocks, Most));
  return B.CreateBinaryIntrinsic(Intrinsic::smax, Blocks, B.getInt64(1));
}

void KeptPlanes::openKept(ArrayRef<Range> Cells) {
  FirstPlane = Cells[0].first;
  FirstPoint = plus(Cells[0].first, -Most[0]);
  RowLength = rowLength();
  PlaneLength = RowLength;
  if (Inner > 1) {
    FirstRow = plus(Cells[1].first, -Most[1]);
    Value *Rows = plus(B.CreateNSWSub(Cells[1].second, Cells[1].first), Most[1] - Least[1]);
    PlaneLength = B.CreateNSWMul(RowLength, B.CreateOr(Rows, 1));
  }
  Length = B.CreateNSWMul(PlaneLength, B.getInt64(planes()));
  Value *Bytes = plus(B.CreateNSWMul(Length, B.getInt64(N.Kept * bytes())), LineBytes);
  Memory = B.CreateCall(growFunction(*F.getParent()), {ConstantPointerNull::get(B.getPtrTy()), Bytes});
  Start = B.CreateIntrinsic(Intrinsic::ptrmask, {B.getPtrTy(), B.getInt64Ty()},
                            {B.CreatePtrAdd(Memory, B.getInt64(LineBytes - 1)), B.getInt64(-LineBytes)});
}

void KeptPlanes::closeKept() {
  FunctionCallee Free = F.getParent()->getOrInsertFunction("free", B.getVoidTy(), B.getPtrTy());
  B.CreateCall(Free, Memory);
}

void KeptPlanes::keep(ArrayRef<Range> Cells, Value *Plane) {
  auto Max = [&](Value *X, Value *Y) { return B.CreateBinaryIntrinsic(Intrinsic::smax, X, Y); };
  auto Min = [&](Value *X, Value *Y) { return B.CreateBinaryIntrinsic(Intrinsic::smin, X, Y); };
  Value *First = B.CreateSelect(B.CreateICmpEQ(Plane, FirstPlane), plus(Plane, -Most[0]), plus(Plane, -Least[0]));
  OpenLoop Outer = openLoop(Max(First, B.getInt64(0)), plus(Min(plus(Plane, -Least[0]), last(0)), 1), "kept.plane");
  Cell[0] = hidden(Outer.IV);
  std::optional<OpenLoop> Rows;
  if (Inner > 1) {
    Rows =
        openLoop(Max(FirstRow, B.getInt64(0)), plus(Min(plus(Cells[1].second, -1 - Least[1]), last(1)), 1), "kept.row");
    Cell[1] = hidden(Rows->IV);
  }
  BasicBlock *Before = newBlock("kept.points");
  IRBuilder<> RowBuilder(B.CreateBr(Before));
  startRow(&RowBuilder, /*IsMasked=*/false);
  B.SetInsertPoint(Before);
  OpenLoop Point = openLoop(B.getInt64(0), plus(last(Inner), 1), "kept.point");
  Cell[Inner] = Point.IV;
  evaluateAll(Points.Keeping);
  describeLoop(closeLoop(Point), /*IsParallel=*/true);
  if (Rows)
    leaveAsItIs(closeLoop(*Rows));
  leaveAsItIs(closeLoop(Outer));
}

Value *KeptPlanes::keptPointer(unsigned Number, const Shift &S) {
  Shift Outer(S);
  Outer[Inner] = 0;
  Value *&RowPointer = RowPointers[{N.Groups.size() + Number, false, Outer, Shift()}];
  if (!RowPointer) {
    Value *Point = Row->CreateNSWSub(Row->CreateNSWSub(Cell[0], Row->getInt64(S[0])), FirstPoint);
    Value *Index = Row->CreateNSWMul(Row->CreateURem(Point, Row->getInt64(planes())), PlaneLength);
    if (Inner > 1) {
      Value *RowNumber = Row->CreateNSWSub(Row->CreateNSWSub(Cell[1], Row->getInt64(S[1])), FirstRow);
      Index = Row->CreateNSWAdd(Index, Row->CreateNSWMul(RowNumber, RowLength));
    }
    Index = Row->CreateNSWAdd(Index, Row->CreateNSWMul(Length, Row->getInt64(Number)));
    Index = Row->CreateNSWAdd(Index, Row->getInt64(offset()));
    RowPointer = Row->CreatePtrAdd(Start, Row->CreateNSWMul(Index, Row->getInt64(bytes())));
  }
  Value *Pointer = B.CreatePtrAdd(RowPointer, B.CreateNSWMul(Cell[Inner], B.getInt64(bytes())));
  if (S[Inner] != 0)
    Pointer = B.CreatePtrAdd(Pointer, B.getInt64(-S[Inner] * bytes()));
  describeKept(Pointer);
  return Pointer;
}

} // namespace adstencil
