// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emit/GridGather.h"

#include "derive/Adjoint.h"
#include "model/GridIndices.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace adstencil {

static Value *readPart(IRBuilder<> &B, StringRef Name, Type *T) {
  Module *M = B.GetInsertBlock()->getModule();
  auto *F = cast<Function>(M->getOrInsertFunction(Name, T).getCallee());
  F->setDoesNotAccessMemory();
  F->setDoesNotThrow();
  F->addFnAttr(Attribute::WillReturn);
  return B.CreateCall(F, {});
}

Value *readPhase(IRBuilder<> &B) { return readPart(B, "adstencil.phase", B.getInt32Ty()); }
Value *readUnit(IRBuilder<> &B) { return readPart(B, "adstencil.unit", B.getInt64Ty()); }
Value *readUnits(IRBuilder<> &B) { return readPart(B, "adstencil.units", B.getInt64Ty()); }

void GridEmitter::emit(BasicBlock *Next) {
  fetch();
  BasicBlock *Done = newBlock("nest.done");
  if (!N.Entered.empty()) {
    BasicBlock *Enter = newBlock("nest.entered");
    B.CreateCondBr(isEntered(), Enter, Done);
    B.SetInsertPoint(Enter);
  }
  const std::vector<Shift> OwnPoint = {Shift(N.Axes.size(), 0)};
  BasicBlock *Carry = nullptr;
  if (Points.Carry.F) {
    BasicBlock *First = newBlock("gather");
    Carry = newBlock("carry");
    B.CreateCondBr(B.CreateICmpEQ(readPhase(B), B.getInt32(0)), First, Carry);
    B.SetInsertPoint(First);
  }
  if (Points.Whole.F)
    startNest(OwnPoint, &Points.Whole, &Points.Whole);
  else
    startNest(N.Evaluations, &Points.Away, Points.Home.F ? &Points.Home : &Points.Away);
  emitAdditions();
  if (Carry) {
    B.CreateBr(Done);
    B.SetInsertPoint(Carry);
    startNest(OwnPoint, &Points.Carry, &Points.Carry);
    emitCells();
  }
  B.CreateBr(Done);
  B.SetInsertPoint(BranchInst::Create(Next, Done));
  finish();
}

void GridEmitter::emitCells() {
  Thread.clear();
  Threads.clear();
  for (const GridAxis &Axis : Grid.Axes) {
    Value *Block = readGridRegister(B, "ntid", Axis.Launch);
    Value *First = B.CreateMul(readGridRegister(B, "ctaid", Axis.Launch), Block, "", true, true);
    Thread.push_back(B.CreateAdd(First, readGridRegister(B, "tid", Axis.Launch), "", true, true));
    Threads.push_back(B.CreateMul(readGridRegister(B, "nctaid", Axis.Launch), Block, "", true, true));
  }
  emitAxis(0);
}

void GridEmitter::emitAxis(unsigned Axis) {
  if (Axis > Inner)
    return emitCell();
  BasicBlock *Before = B.GetInsertBlock(), *Head = newBlock("cell"), *Body = newBlock("cell.body"),
             *Exit = newBlock("cell.end");
  // An axis has fewer than 2^31 threads and cells, so the sum of both is a number of 32 bits, without sign: counters
  // of 64 bits would take twice the registers. They are for loops that have them, too.
  Type *Int = Grid.Axes[Axis].Wide ? B.getInt64Ty() : B.getInt32Ty();
  Value *Count, *Low = B.getInt64(Least[Axis]);
  if (goesFar(Axis)) {
    Value *High;
    std::tie(Low, High) = cellRange(Axis);
    Count = B.CreateZExtOrTrunc(B.CreateNSWSub(High, Low), Int);
  } else {
    Count = B.CreateAdd(B.CreateZExtOrTrunc(last(Axis), Int), ConstantInt::get(Int, Most[Axis] - Least[Axis] + 1));
  }
  Value *First = B.CreateZExt(Thread[Axis], Int), *Step = B.CreateZExt(Threads[Axis], Int);
  B.CreateBr(Head);
  B.SetInsertPoint(Head);
  PHINode *Q = B.CreatePHI(Int, 2, "cell");
  Q->addIncoming(First, Before);
  B.CreateCondBr(B.CreateICmpULT(Q, Count), Body, Exit);
  B.SetInsertPoint(Body);
  // Most threads have one cell. A pointer for each neighbour, carried from cell to cell, would take twice the
  // registers.
  Value *Number = B.CreateZExt(hidden(Q), B.getInt64Ty());
  Cell[Axis] = goesFar(Axis) ? B.CreateNSWAdd(Number, Low) : plus(Number, Least[Axis]);
  emitAxis(Axis + 1);
  Q->addIncoming(B.CreateNUWAdd(Q, Step), B.GetInsertBlock());
  leaveAsItIs(B.CreateBr(Head)); // vectorised code and its remainder may round differently
  B.SetInsertPoint(Exit);
}

Value *GridEmitter::isInside(const Shift &From, const Shift &To) {
  Value *Inside = B.getTrue();
  for (unsigned D = 0; D <= Inner; ++D)
    if (varies(D)) {
      Inside = B.CreateAnd(Inside, B.CreateICmpSGE(Cell[D], points(B, To[D])));
      Inside = B.CreateAnd(Inside, B.CreateICmpSLE(minus(Cell[D], From[D]), last(D)));
    }
  return Inside;
}

void GridEmitter::emitCell() {
  Value *Inside = isInside(Least, Most);
  for (unsigned D = 0; D <= Inner; ++D)
    if (goesFar(D)) {
      auto [Low, High] = withoutFar(D, Cell[D], plus(Cell[D], 1));
      Inside = B.CreateAnd(Inside, B.CreateICmpEQ(Low, Cell[D]));
      Inside = B.CreateAnd(Inside, B.CreateICmpSGT(High, Cell[D]));
    }
  if (isa<ConstantInt>(Inside))
    return emitPoints(/*Guarded=*/false);
  BasicBlock *Interior = newBlock("interior"), *Shell = newBlock("shell"), *End = newBlock("cell.done");
  B.CreateCondBr(Inside, Interior, Shell);
  B.SetInsertPoint(Interior);
  emitPoints(/*Guarded=*/false);
  B.CreateBr(End);
  B.SetInsertPoint(Shell);
  emitPoints(/*Guarded=*/true);
  B.CreateBr(End);
  B.SetInsertPoint(End);
}

void GridEmitter::emitPoints(bool Guarded) {
  BasicBlock *Sum = newBlock("points");
  IRBuilder<> Front(B.CreateBr(Sum));
  startRow(&Front, /*IsMasked=*/false);
  B.SetInsertPoint(Sum);
  clearSums();
  if (!Guarded && isMerged()) {
    evaluateMerged();
    return addToCells();
  }
  for (const Shift &S : Evaluations) {
    if (!Guarded) {
      if (!isFar(S))
        evaluate(S);
      continue;
    }
    BasicBlock *Valid = newBlock("valid"), *Skip = newBlock("skip");
    B.CreateCondBr(isInside(S, S), Valid, Skip);
    B.SetInsertPoint(Valid);
    evaluate(S);
    B.CreateBr(Skip);
    B.SetInsertPoint(Skip);
  }
  addToCells();
}

void GridEmitter::addToCell(Value *Pointer, Value *Sum) {
  if (!N.Apart)
    return CellEmitter::addToCell(Pointer, Sum);
  BasicBlock *Own = newBlock("own"), *Shared = newBlock("shared"), *End = newBlock("cell.added");
  B.CreateCondBr(Known[N.Apart], Own, Shared);
  B.SetInsertPoint(Own);
  CellEmitter::addToCell(Pointer, Sum);
  B.CreateBr(End);
  B.SetInsertPoint(Shared);
  B.CreateAtomicRMW(AtomicRMWInst::FAdd, Pointer, Sum, MaybeAlign(), AtomicOrdering::Monotonic,
                    Ctx.getOrInsertSyncScopeID("device"));
  B.CreateBr(End);
  B.SetInsertPoint(End);
}

void emitGridGather(const GatherNest &N, const GridNest &Grid, PointAdjoints &Points, BasicBlock *Start,
                    BasicBlock *Next, LookUpFunction LookUp, const ScalarAdder &AddToScalar) {
  GridEmitter(N, Grid, Points, Start, LookUp, AddToScalar).emit(Next);
}

} // namespace adstencil
