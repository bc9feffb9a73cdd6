// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emit/Gather.h"

#include "emit/CellEmitter.h"
#include "emit/GridGather.h"
#include "emit/Tape.h"

using namespace llvm;

namespace adstencil {

namespace {

class NestEmitter : CellEmitter {
public:
  NestEmitter(const GatherNest &N, PointAdjoints &Points, BasicBlock *Start, LookUpFunction LookUp,
              const ScalarAdder *OnGrid)
      : CellEmitter(N, Points, Start, LookUp), InUnits(OnGrid) {
    if (OnGrid)
      AddToScalar = *OnGrid;
  }

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
      BasicBlock *Carry = nullptr;
      if (Points.Carry.F && InUnits) {
        BasicBlock *First = newBlock("gather");
        Carry = newBlock("carry");
        B.CreateCondBr(B.CreateICmpEQ(readPhase(B), B.getInt32(0)), First, Carry);
        B.SetInsertPoint(First);
      }
      if (N.Vjp)
        callVjp();
      else
        emitNest(N.Evaluations, &Points.Away, Points.Home.F ? &Points.Home : &Points.Away);
      if (Carry) {
        B.CreateBr(Done);
        B.SetInsertPoint(Carry);
      }
      if (Points.Carry.F)
        emitNest(OwnPoint, &Points.Carry, &Points.Carry);
    }
    B.CreateBr(Done);
    Instruction *End = BranchInst::Create(Next, Done);
    // The phases of a grid meet at the end.
    B.SetInsertPoint(InUnits ? End : B.GetInsertBlock()->getTerminator());
    finish();
  }

private:
  /// What __adjoint_ adds is what __vjp_ adds, and the code need not be there twice.
  void callVjp() {
    SmallVector<Value *, 16> Arguments;
    for (Argument &A : F.args())
      Arguments.push_back(&A);
    CallInst *Call = B.CreateCall(N.Vjp, Arguments);
    Call->setCallingConv(N.Vjp->getCallingConv());
    AttributeList Attributes = N.Vjp->getAttributes();
    for (unsigned I = 0; I != Arguments.size(); ++I)
      Call->addParamAttrs(I, AttrBuilder(Ctx, Attributes.getParamAttrs(I)));
    Call->setIsNoInline();
    if (DISubprogram *Scope = F.getSubprogram()) // a call between functions with debug information has a place
      Call->setDebugLoc(DILocation::get(Ctx, 0, 0, Scope));
  }

  bool InUnits;
  SmallVector<std::pair<Value *, Value *>, 4> Ranges; ///< of cells, by axis

  /// Fills Ranges with all cells, or with those of the unit. Units divide the outermost axis; where it has fewer cells
  /// than there are units, the next one as well. Without proof that cells do not overlap the first unit does all.
  void findRanges() {
    Ranges.clear();
    for (unsigned D = 0; D <= Inner; ++D)
      Ranges.push_back({B.getInt64(Least[D]), plus(last(D), Most[D] + 1)});
    if (!InUnits)
      return;
    Value *Unit = readUnit(B), *Units = readUnits(B);
    if (N.Apart)
      Units = B.CreateSelect(Known[N.Apart], Units, B.getInt64(1));
    Value *Count = B.CreateNSWSub(Ranges[0].second, Ranges[0].first);
    Value *Outer = Inner > 1 ? B.CreateBinaryIntrinsic(Intrinsic::umin, Units, Count) : Units;
    Value *Each = B.CreateUDiv(Units, Outer);
    takePart(0, B.CreateUDiv(Unit, Each), Outer);
    if (Inner > 1)
      takePart(1, B.CreateURem(Unit, Each), Each);
  }

  /// Leaves part Number of Parts equal ones of an axis; nothing if there are not so many.
  void takePart(unsigned Axis, Value *Number, Value *Parts) {
    auto &[Low, High] = Ranges[Axis];
    Value *Count = B.CreateNSWSub(High, Low);
    Value *Exists = B.CreateICmpULT(Number, Parts);
    Value *First = B.CreateUDiv(B.CreateMul(Count, Number), Parts);
    Value *End = B.CreateUDiv(B.CreateMul(Count, B.CreateAdd(Number, B.getInt64(1))), Parts);
    Value *Begin = Low;
    Low = B.CreateNSWAdd(Begin, B.CreateSelect(Exists, First, Count));
    High = B.CreateNSWAdd(Begin, B.CreateSelect(Exists, End, Count));
  }

  void emitNest(const std::vector<Shift> &Shifts, PointAdjoint *AwayPoint, PointAdjoint *HomePoint) {
    startNest(Shifts, AwayPoint, HomePoint);
    findRanges();
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
        Value *First = B.CreateNSWAdd(Low, B.CreateNSWMul(Part, B.getInt64(ChunkLength)));
        Ranges[0] = {First, B.CreateBinaryIntrinsic(Intrinsic::smin, plus(First, ChunkLength), High)};
        emitRows();
      } else {
        Cell[0] = hidden(B.CreateNSWAdd(Part, Low));
        emitAxis(1);
      }
    });
  }

  void emitAxis(unsigned Axis) {
    if (Axis == Inner)
      return emitRows();
    OpenLoop L = openLoop(Ranges[Axis].first, Ranges[Axis].second, "cell");
    Cell[Axis] = hidden(L.IV);
    emitAxis(Axis + 1);
    leaveAsItIs(closeLoop(L));
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
    if (Inner < LeastAxesForRows)
      return emitRow(/*Masked=*/false, Inside);
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

  /// Rows outside of the interior are few in two dimensions, and not worth code of their own: cell by cell. In three
  /// dimensions they are some percent of a usual grid.
  static constexpr unsigned LeastAxesForRows = 2;

  /// Inside: if not null, whether this row has an interior, which then is not masked.
  void emitRow(bool IsMasked, Value *Inside = nullptr) {
    BasicBlock *Cells = newBlock("row");
    IRBuilder<> RowBuilder(B.CreateBr(Cells));
    startRow(&RowBuilder, IsMasked);
    B.SetInsertPoint(Cells);
    auto [Low, High] = Ranges[Inner];
    if (Least[Inner] == Most[Inner] && !hasGuards(Inner) && !Inside) {
      IsInner = !IsMasked;
      emitCells(Low, High, /*Guarded=*/false);
      IsInner = false;
    } else {
      Value *First = plus(innerLow(Inner), Most[Inner]), *End = plus(innerHigh(Inner), Least[Inner] + 1);
      if (Inner == 0) { // of a part of the only axis
        First = B.CreateBinaryIntrinsic(Intrinsic::smax, First, Low);
        End = B.CreateBinaryIntrinsic(Intrinsic::smin, End, High);
      }
      Value *None = B.CreateICmpSLE(End, First);
      if (Inside)
        None = B.CreateOr(None, B.CreateNot(Inside));
      First = B.CreateSelect(None, High, First);
      End = B.CreateSelect(None, High, End);
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
      // A shell has a few cells: tests instead of masks, and contributions are added one by one.
      TestsRows = IsMasked || Inside;
      AddsDirectly = true;
      Masked = false;
      emitCells(From, To, /*Guarded=*/true);
      TestsRows = AddsDirectly = false;
      Masked = IsMasked;
      B.CreateCondBr(Second, Done, Middle);
      B.SetInsertPoint(Middle);
      IsInner = !IsMasked;
      emitInterior(First, End);
      IsInner = false;
      From->addIncoming(End, B.GetInsertBlock());
      To->addIncoming(High, B.GetInsertBlock());
      Second->addIncoming(B.getTrue(), B.GetInsertBlock());
      leaveAsItIs(B.CreateBr(Shell));
      B.SetInsertPoint(Done);
    }
  }

  /// The interior of a row. A long one that is all there is, is done in two passes of one loop: a few cells, then those
  /// from where vectors of the first shadow do not straddle cache lines, if the array itself begins at one. Where that
  /// is depends on indices, not on addresses, so that the bits do not depend on where memory has been allocated. In
  /// more dimensions it helps some kernels and harms others.
  void emitInterior(Value *First, Value *End) {
    auto G = find_if(N.Groups, [&](const AccessGroup &X) {
      const auto *Stride = dyn_cast<ConstantInt>(X.Strides[Inner]);
      return X.Gathered && Stride && Stride->getZExtValue() == F.getDataLayout().getTypeStoreSize(X.Element);
    });
    if (Inner != 0 || G == N.Groups.end())
      return emitCells(First, End, /*Guarded=*/false);
    constexpr int64_t LineBytes = 64, LeastLength = 1024;
    Value *Stride = Known[G->Strides[0]];
    Value *Offset = B.CreateAdd(Known[G->Offset], B.CreateMul(First, Stride));
    Value *Cells = B.CreateUDiv(B.CreateAnd(B.CreateNeg(Offset), LineBytes - 1), Stride);
    Value *IsLong = B.CreateICmpSGE(B.CreateNSWSub(End, First), B.getInt64(LeastLength));
    Value *InTwo = B.CreateAnd(IsLong, B.CreateICmpNE(Cells, B.getInt64(0)));
    Value *Middle = B.CreateNSWAdd(First, Cells);
    BasicBlock *Before = B.GetInsertBlock(), *Pass = newBlock("pass"), *Done = newBlock("interior.done");
    Value *FirstEnd = B.CreateSelect(InTwo, Middle, End), *IsLast = B.CreateNot(InTwo);
    B.CreateBr(Pass);
    B.SetInsertPoint(Pass);
    PHINode *From = B.CreatePHI(B.getInt64Ty(), 2), *To = B.CreatePHI(B.getInt64Ty(), 2);
    PHINode *Last = B.CreatePHI(B.getInt1Ty(), 2);
    From->addIncoming(First, Before);
    To->addIncoming(FirstEnd, Before);
    Last->addIncoming(IsLast, Before);
    emitCells(From, To, /*Guarded=*/false);
    From->addIncoming(Middle, B.GetInsertBlock());
    To->addIncoming(End, B.GetInsertBlock());
    Last->addIncoming(B.getTrue(), B.GetInsertBlock());
    leaveAsItIs(B.CreateCondBr(Last, Done, Pass));
    B.SetInsertPoint(Done);
  }

  void emitCells(Value *Low, Value *High, bool Guarded) {
    OpenLoop L = openLoop(Low, High, Guarded ? "shell.cell" : "cell");
    Cell[Inner] = Guarded ? hidden(L.IV) : L.IV; // a shell has a few cells
    emitCell(Guarded);
    BranchInst *Back = closeLoop(L);
    if (Guarded)
      leaveAsItIs(Back);
    else
      describeLoop(Back, isParallel());
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
    if (!Guarded)
      clearSums();
    if (IsInner && isMerged()) {
      evaluateMerged();
      return addToCells();
    }
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
    if (!Guarded)
      addToCells();
  }
};

} // namespace

void emitGather(const GatherNest &N, PointAdjoints &Points, BasicBlock *Start, BasicBlock *Next, LookUpFunction LookUp,
                const ScalarAdder *OnGrid) {
  NestEmitter(N, Points, Start, LookUp, OnGrid).emit(Next);
}

} // namespace adstencil
