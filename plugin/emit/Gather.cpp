// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emit/Gather.h"

#include "emit/CellEmitter.h"
#include "emit/Tape.h"

using namespace llvm;

namespace adstencil {

namespace {

class NestEmitter : CellEmitter {
public:
  NestEmitter(const GatherNest &N, PointAdjoints &Points, BasicBlock *Start, LookUpFunction LookUp)
      : CellEmitter(N, Points, Start, LookUp) {}

  void emit(BasicBlock *Next) {
    fetch();
    BasicBlock *Done = newBlock("nest.done");
    if (!N.Entered.empty()) {
      BasicBlock *Enter = newBlock("nest.entered");
      B.CreateCondBr(isEntered(), Enter, Done);
      B.SetInsertPoint(Enter);
    }
    const std::vector<Shift> OwnPoint = {Shift(N.Axes.size(), 0)};
    if (Points.Whole.F) {
      emitNest(OwnPoint, &Points.Whole, &Points.Whole);
    } else {
      emitNest(N.Evaluations, &Points.Away, Points.Home.F ? &Points.Home : &Points.Away);
      if (Points.Carry.F)
        emitNest(OwnPoint, &Points.Carry, &Points.Carry);
    }
    B.CreateBr(Done);
    B.SetInsertPoint(B.GetInsertBlock()->getTerminator());
    finish();
    BranchInst::Create(Next, Done);
  }

private:
  void emitNest(const std::vector<Shift> &Shifts, PointAdjoint *AwayPoint, PointAdjoint *HomePoint) {
    startNest(Shifts, AwayPoint, HomePoint);
    if (N.WorkShared)
      return emitWorkShared();
    if (addsAtHome())
      clearScalarSums();
    emitAxis(0);
  }

  // ---- for OpenMP ----

  /// Cells that a thread does at once where the last axis is the only one.
  static constexpr int64_t ChunkLength = 4096;

  /// The nest with an outermost loop whose iterations threads may share.
  void emitWorkShared() {
    Value *Low = B.getInt64(Least[0]), *High = plus(last(0), Most[0] + 1), *Count = B.CreateNSWSub(High, Low);
    if (Inner == 0)
      Count = B.CreateUDiv(plus(Count, ChunkLength - 1), B.getInt64(ChunkLength));
    emitShared(Count, [&](Value *Part) {
      if (Inner == 0) {
        ChunkLow = B.CreateNSWAdd(Low, B.CreateNSWMul(Part, B.getInt64(ChunkLength)));
        ChunkHigh = B.CreateBinaryIntrinsic(Intrinsic::smin, plus(ChunkLow, ChunkLength), High);
        emitRows();
        ChunkLow = ChunkHigh = nullptr;
      } else {
        Cell[0] = B.CreateNSWAdd(Part, Low);
        emitAxis(1);
      }
    });
  }

  Value *ChunkLow = nullptr, *ChunkHigh = nullptr; ///< the part of the only axis that is being written; null: all of it

  Value *inChunk(Value *V) {
    if (!ChunkLow)
      return V;
    return B.CreateBinaryIntrinsic(Intrinsic::smax, B.CreateBinaryIntrinsic(Intrinsic::smin, V, ChunkHigh), ChunkLow);
  }

  void emitAxis(unsigned Axis) {
    if (Axis == Inner)
      return emitRows();
    OpenLoop L = openLoop(B.getInt64(Least[Axis]), plus(last(Axis), Most[Axis] + 1), "cell");
    Cell[Axis] = L.IV;
    emitAxis(Axis + 1);
    doNotUnroll(closeLoop(L));
  }

  /// The row of cells along the last axis: with tests for the other axes only where they may fail.
  void emitRows() {
    Value *Inside = B.getTrue();
    for (unsigned D = 0; D != Inner; ++D)
      if (Least[D] != Most[D] || hasGuards(D)) {
        Inside = B.CreateAnd(Inside, B.CreateICmpSGE(Cell[D], plus(innerLow(D), Most[D])));
        Inside = B.CreateAnd(Inside, B.CreateICmpSLE(Cell[D], plus(innerHigh(D), Least[D])));
      }
    if (isa<ConstantInt>(Inside))
      return emitRow(/*Masked=*/false);
    BasicBlock *In = newBlock("row.inside"), *Out = newBlock("row.outside"), *End = newBlock("row.end");
    B.CreateCondBr(Inside, In, Out);
    B.SetInsertPoint(In);
    emitRow(/*Masked=*/false);
    B.CreateBr(End);
    B.SetInsertPoint(Out);
    emitRow(/*Masked=*/true);
    B.CreateBr(End);
    B.SetInsertPoint(End);
  }

  void emitRow(bool IsMasked) {
    BasicBlock *Cells = newBlock("row");
    IRBuilder<> RowBuilder(B.CreateBr(Cells));
    startRow(&RowBuilder, IsMasked);
    B.SetInsertPoint(Cells);
    Value *Low = inChunk(B.getInt64(Least[Inner])), *High = plus(last(Inner), Most[Inner] + 1);
    if (Least[Inner] == Most[Inner] && !hasGuards(Inner)) {
      IsInner = !IsMasked;
      emitCells(Low, inChunk(High), /*Guarded=*/false);
      IsInner = false;
    } else {
      Value *First = plus(innerLow(Inner), Most[Inner]), *End = plus(innerHigh(Inner), Least[Inner] + 1);
      Value *None = B.CreateICmpSLE(End, First);
      First = inChunk(B.CreateSelect(None, High, First));
      End = inChunk(B.CreateSelect(None, High, End));
      High = inChunk(High);
      // The shell in front and the shell behind are one loop, which is passed twice.
      BasicBlock *Before = B.GetInsertBlock(), *Shell = newBlock("shell"), *Middle = newBlock("interior"),
                 *Done = newBlock("row.done");
      B.CreateBr(Shell);
      B.SetInsertPoint(Shell);
      PHINode *From = B.CreatePHI(B.getInt64Ty(), 2), *To = B.CreatePHI(B.getInt64Ty(), 2);
      PHINode *Second = B.CreatePHI(B.getInt1Ty(), 2);
      From->addIncoming(Low, Before);
      To->addIncoming(First, Before);
      Second->addIncoming(B.getFalse(), Before);
      emitCells(From, To, /*Guarded=*/true);
      B.CreateCondBr(Second, Done, Middle);
      B.SetInsertPoint(Middle);
      IsInner = !IsMasked;
      emitCells(First, End, /*Guarded=*/false);
      IsInner = false;
      From->addIncoming(End, B.GetInsertBlock());
      To->addIncoming(High, B.GetInsertBlock());
      Second->addIncoming(B.getTrue(), B.GetInsertBlock());
      doNotUnroll(B.CreateBr(Shell));
      B.SetInsertPoint(Done);
    }
  }

  void emitCells(Value *Low, Value *High, bool Guarded) {
    OpenLoop L = openLoop(Low, High, Guarded ? "shell.cell" : "cell");
    Cell[Inner] = L.IV;
    emitCell(Guarded);
    BranchInst *Back = closeLoop(L);
    if (Guarded)
      doNotUnroll(Back);
    else if (isParallel())
      sayParallel(Back);
  }

  /// True if no cell that an iteration along the last axis changes is met by another one: cells of one group are apart,
  /// and no array has two groups.
  bool isParallel() const {
    if (addsAtHome())
      return false;
    SmallPtrSet<const Value *, 8> Roots;
    for (const AccessGroup &G : N.Groups) {
      if (!G.Gathered && !writesStored())
        continue;
      if (!isa<ConstantInt>(G.Strides[Inner]) || cast<ConstantInt>(G.Strides[Inner])->isZero() ||
          !Roots.insert(G.Root).second)
        return false;
    }
    return true;
  }

  /// What the points around a cell add to it.
  void emitCell(bool Guarded) {
    clearSums();
    for (auto First = Evaluations.begin(); First != Evaluations.end();) {
      auto End = std::find_if(First, Evaluations.end(), [&](const Shift &S) { return S[Inner] != (*First)[Inner]; });
      BasicBlock *Skip = nullptr;
      if (Guarded) {
        BasicBlock *Valid = newBlock("valid");
        Skip = newBlock("skip");
        B.CreateCondBr(B.CreateICmpULE(plus(Cell[Inner], -(*First)[Inner]), last(Inner)), Valid, Skip);
        B.SetInsertPoint(Valid);
      }
      for (; First != End; ++First)
        evaluate(*First);
      if (Skip) {
        B.CreateBr(Skip);
        B.SetInsertPoint(Skip);
      }
    }
    addToCells();
  }
};

} // namespace

void emitGather(const GatherNest &N, PointAdjoints &Points, BasicBlock *Start, BasicBlock *Next,
                LookUpFunction LookUp) {
  NestEmitter(N, Points, Start, LookUp).emit(Next);
}

} // namespace adstencil
