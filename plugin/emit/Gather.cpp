// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emit/Gather.h"

#include "emit/GridGather.h"
#include "emit/KeptPlanes.h"
#include "emit/Parallel.h"
#include "emit/Tape.h"

using namespace llvm;

namespace adstencil {

namespace {

class NestEmitter : KeptPlanes {
public:
  NestEmitter(const GatherNest &N, PointAdjoints &Points, BasicBlock *Start, LookUpFunction LookUp,
              const ScalarAdder *OnGrid)
      : KeptPlanes(N, Points, Start, LookUp), InUnits(OnGrid) {
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
  std::unique_ptr<IRBuilder<>> RowBuilder;
  SmallVector<Range, 4> Ranges; ///< of cells, by axis; of steps along the first one
  unsigned Interiors = 0;       ///< interior loops so far

  // The first axis is walked over in steps. A step is one plane of cells, or several planes whose points are inner ones
  // as far as this axis is concerned: their cells at one place of the other axes are done together, so that what
  // neighbouring planes need is loaded and evaluated once, and rows pass through the first-level cache less often.
  // Which planes are together depends on the limits of the nest, not on who does them: neither do the bits.
  Value *FirstPlane = nullptr;    ///< of the first step
  Value *SinglesBefore = nullptr; ///< steps of one plane in front of those that have several; behind these are others
  Value *SeveralSteps = nullptr;  ///< steps that have several
  Value *HasSeveral = nullptr;    ///< i1: the step does

  /// Fills Ranges with all cells, or with those of the unit. Units divide the outermost axis; where it has fewer cells
  /// than there are units, the next one as well. Without proof that cells do not overlap the first unit does all.
  void findRanges() {
    Ranges.clear();
    for (unsigned D = 0; D <= Inner; ++D)
      Ranges.push_back(cellRange(D));
    if (Planes > 1)
      findSteps();
    if (!InUnits)
      return;
    Value *Unit = readUnit(B), *Units = readUnits(B);
    if (N.Apart)
      Units = B.CreateSelect(Known[N.Apart], Units, B.getInt64(1));
    Value *Count = B.CreateNSWSub(Ranges[0].second, Ranges[0].first);
    if (ReadsKept)
      Count = countSlabs(Count);
    Value *Outer = Inner > 1 || ReadsKept ? B.CreateBinaryIntrinsic(Intrinsic::umin, Units, Count) : Units;
    Value *Each = Inner > 1 ? B.CreateUDiv(Units, Outer) : B.getInt64(1);
    if (ReadsKept) // fewer, where blocks would have too few rows
      Each = B.CreateBinaryIntrinsic(Intrinsic::umin, Each, countBlocks(Ranges, Each));
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

  void findSteps() {
    auto &[Low, High] = Ranges[0];
    auto Clamp = [&](Value *V, Value *Least) {
      return B.CreateBinaryIntrinsic(Intrinsic::smin, B.CreateBinaryIntrinsic(Intrinsic::smax, V, Least), High);
    };
    auto [Begin, Behind] = withoutFar(0, plus(innerLow(0), Most[0]), plus(innerHigh(0), Least[0] + 1));
    Value *First = Clamp(Begin, Low), *End = Clamp(Behind, First);
    FirstPlane = Low;
    SinglesBefore = B.CreateNSWSub(First, Low);
    SeveralSteps = B.CreateUDiv(B.CreateNSWSub(End, First), B.getInt64(Planes));
    // Cells of different planes may be the same memory, of `u[x + y + z]`: these are not done together.
    SeveralSteps = B.CreateSelect(isIndependent(), SeveralSteps, B.getInt64(0));
    Value *Saved = B.CreateNSWMul(SeveralSteps, B.getInt64(Planes - 1));
    Ranges[0] = {B.getInt64(0), B.CreateNSWSub(B.CreateNSWSub(High, Low), Saved)};
  }

  /// Starts a step: Cell[0] is its first plane.
  void startStep(Value *Step) {
    if (Planes > 1) {
      Value *Before = B.CreateNSWSub(Step, SinglesBefore);
      HasSeveral = B.CreateICmpULT(Before, SeveralSteps);
      Before = B.CreateBinaryIntrinsic(Intrinsic::smax, Before, B.getInt64(0));
      Before = B.CreateBinaryIntrinsic(Intrinsic::smin, Before, SeveralSteps);
      Value *Skipped = B.CreateNSWMul(Before, B.getInt64(Planes - 1));
      Step = B.CreateNSWAdd(B.CreateNSWAdd(FirstPlane, Step), Skipped);
    }
    Cell[0] = hidden(Step);
  }

  void emitNest(const std::vector<Shift> &Shifts, PointAdjoint *AwayPoint, PointAdjoint *HomePoint) {
    startNest(Shifts, AwayPoint, HomePoint);
    Planes = Away == &Points.Away ? N.Planes : 1;
    ReadsKept = Away == &Points.Away && N.Kept;
    findRanges();
    if (N.WorkShared)
      emitWorkShared();
    else
      emitAll();
    ReadsKept = false;
  }

  void emitAll() {
    if (ReadsKept)
      return emitBlocks();
    if (addsAtHome())
      clearScalarSums();
    emitAxis(0);
  }

  // ---- with kept cotangents ----

  void emitBlocks() {
    Value *Blocks = countBlocks(Ranges, B.getInt64(1));
    OpenLoop L = openLoop(B.getInt64(0), Blocks, "block");
    const Range Rows = Ranges[1];
    takeRows(L.IV, Blocks);
    emitBlock();
    Ranges[1] = Rows;
    leaveAsItIs(closeLoop(L));
  }

  /// Leaves block Number of the rows.
  void takeRows(Value *Number, Value *Blocks) {
    if (Inner > 1)
      takePart(1, Number, Blocks);
  }

  void emitBlock() {
    openKept(Ranges);
    OpenLoop L = openLoop(Ranges[0].first, Ranges[0].second, "cell");
    keep(Ranges, L.IV);
    startStep(L.IV);
    emitAxis(1);
    leaveAsItIs(closeLoop(L));
    closeKept();
  }

  // ---- for OpenMP ----

  /// Cells that a thread does at once where the last axis is the only one.
  static constexpr int64_t ChunkLength = 4096;
  /// Rows of a step that a thread does at once. There may be fewer steps than threads can share out evenly.
  static constexpr int64_t RowsOfPart = 32;

  /// The nest with an outermost loop whose iterations threads may share.
  void emitWorkShared() {
    auto [Low, High] = Ranges[0];
    Value *Count = B.CreateNSWSub(High, Low);
    if (Inner == 0)
      Count = B.CreateUDiv(plus(Count, ChunkLength - 1), B.getInt64(ChunkLength));
    if (ReadsKept)
      return emitSharedBlocks(Count);
    if (Planes > 1)
      return emitSharedSteps(Count);
    emitShared(Count, [&](Value *Part) {
      if (Inner == 0) {
        Value *First = B.CreateNSWAdd(Low, B.CreateNSWMul(Part, B.getInt64(ChunkLength)));
        Ranges[0] = {First, B.CreateBinaryIntrinsic(Intrinsic::smin, plus(First, ChunkLength), High)};
        emitRows();
      } else {
        startStep(B.CreateNSWAdd(Part, Low));
        emitAxis(1);
      }
    });
  }

  /// The same where blocks are shared out, of slabs of planes: one a thread, if they are thick enough.
  void emitSharedBlocks(Value *Count) {
    // Where cells share memory, what is added to it first must not depend on the number of threads.
    Value *Threads = B.CreateSelect(isIndependent(), createThreadCount(B), B.getInt64(1));
    Value *Slabs = B.CreateBinaryIntrinsic(Intrinsic::smin, Threads, countSlabs(Count));
    // Several for each thread where they cannot be even.
    Value *Blocks = countBlocks(Ranges, B.CreateUDiv(B.CreateNSWMul(Threads, B.getInt64(2)), Slabs));
    emitShared(B.CreateNSWMul(Slabs, Blocks), [&](Value *Part) {
      takePart(0, B.CreateUDiv(Part, Blocks), Slabs);
      takeRows(B.CreateURem(Part, Blocks), Blocks);
      emitBlock();
    });
  }

  /// The same where parts of steps are shared out.
  void emitSharedSteps(Value *Count) {
    auto [Low, High] = Ranges[1];
    Value *Rows = B.CreateNSWSub(High, Low), *Parts = B.CreateUDiv(plus(Rows, RowsOfPart - 1), B.getInt64(RowsOfPart));
    emitShared(B.CreateNUWMul(Count, Parts), [&, Low = Low, High = High](Value *Part) {
      startStep(B.CreateUDiv(Part, Parts));
      Value *First = B.CreateNSWAdd(Low, B.CreateNSWMul(B.CreateURem(Part, Parts), B.getInt64(RowsOfPart)));
      Ranges[1] = {First, B.CreateBinaryIntrinsic(Intrinsic::smin, plus(First, RowsOfPart), High)};
      emitAxis(1);
    });
  }

  void emitAxis(unsigned Axis) {
    if (Axis == Inner)
      return emitRows();
    OpenLoop L = openLoop(Ranges[Axis].first, Ranges[Axis].second, "cell");
    if (Axis == 0)
      startStep(L.IV);
    else
      Cell[Axis] = hidden(L.IV);
    emitAxis(Axis + 1);
    leaveAsItIs(closeLoop(L));
  }

  /// The row of cells along the last axis: with tests for the other axes only where they may fail.
  void emitRows() {
    Value *Inside = Planes > 1 ? HasSeveral : B.getTrue();
    for (unsigned D = Planes > 1 ? 1 : 0; D != Inner; ++D)
      if (varies(D) || hasGuards(D)) {
        auto [First, End] = withoutFar(D, plus(innerLow(D), Most[D]), plus(innerHigh(D), Least[D] + 1));
        Inside = B.CreateAnd(Inside, B.CreateICmpSGE(Cell[D], First));
        Inside = B.CreateAnd(Inside, B.CreateICmpSLT(Cell[D], End));
      }
    if (isa<ConstantInt>(Inside))
      return emitRow(/*IsMasked=*/false);
    if (Inner < LeastAxesForRows)
      return emitRow(/*IsMasked=*/false, Inside);
    BasicBlock *In = newBlock("row.inside"), *Out = newBlock("row.outside"), *End = newBlock("row.end");
    B.CreateCondBr(Inside, In, Out);
    B.SetInsertPoint(In);
    emitRow(/*IsMasked=*/false);
    B.CreateBr(End);
    B.SetInsertPoint(Out);
    forPlanes([&] { emitRow(/*IsMasked=*/true); });
    B.CreateBr(End);
    B.SetInsertPoint(End);
  }

  /// Writes what is to be done for each plane of the step.
  void forPlanes(function_ref<void()> Body) {
    if (Planes == 1)
      return Body();
    Value *First = Cell[0], *Count = B.CreateSelect(HasSeveral, B.getInt64(Planes), B.getInt64(1));
    OpenLoop L = openLoop(First, B.CreateNSWAdd(First, Count), "plane");
    Cell[0] = L.IV;
    Body();
    leaveAsItIs(closeLoop(L));
    Cell[0] = First;
  }

  /// Rows outside of the interior are few in two dimensions, and not worth code of their own: cell by cell. In three
  /// dimensions they are some percent of a usual grid.
  static constexpr unsigned LeastAxesForRows = 2;

  /// Starts to write code for a row.
  void enterRow(bool IsMasked) {
    BasicBlock *Cells = newBlock("row");
    RowBuilder = std::make_unique<IRBuilder<>>(B.CreateBr(Cells));
    startRow(RowBuilder.get(), IsMasked);
    B.SetInsertPoint(Cells);
  }

  /// Inside: if not null, whether this row has an interior, which then is not masked.
  ///
  /// A row is a shell in front, an interior in two parts (see findAligned), and a shell behind. One loop passes over
  /// all of it: each time a part of the shell and one of the interior, some of which are empty. (With both shells
  /// first, cells at the far end of the row would be met before the others, which the hardware's prefetching takes
  /// amiss.)
  void emitRow(bool IsMasked, Value *Inside = nullptr) {
    auto [Low, High] = Ranges[Inner];
    auto [First, End] = findInterior(Inside);
    const bool HasShell = First;
    if (!HasShell)
      std::tie(First, End) = Ranges[Inner];
    Value *Aligned = IsMasked ? nullptr : findAligned(First, End);
    BasicBlock *Before = B.GetInsertBlock(), *Pass = newBlock("pass"), *Done = newBlock("row.done");
    B.CreateBr(Pass);
    B.SetInsertPoint(Pass);
    SmallVector<std::pair<PHINode *, Value *>, 6> Next;
    auto Varying = [&](Value *AtFirst, Value *Later) {
      PHINode *Phi = B.CreatePHI(AtFirst->getType(), 2);
      Phi->addIncoming(AtFirst, Before);
      Next.push_back({Phi, Later});
      return Phi;
    };
    Value *From = First, *To = End, *IsLater = B.getTrue(), *IsLast = IsLater, *ShellTo = First, *ShellFrom = Low;
    if (Aligned) {
      From = Varying(First, Aligned);
      To = Varying(Aligned, End);
      IsLater = IsLast = Varying(B.getFalse(), B.getTrue());
    }
    if (HasShell) {
      ShellFrom = Varying(Low, End);
      PHINode *Ends = Varying(First, nullptr), *Last = Varying(B.getFalse(), IsLater);
      Next[Next.size() - 2].second = B.CreateSelect(IsLater, High, End);
      ShellTo = Ends;
      IsLast = Last;
      emitShell(IsMasked, Inside, ShellFrom, ShellTo);
      BasicBlock *Middle = newBlock("interior");
      B.CreateCondBr(IsLast, Done, Middle);
      B.SetInsertPoint(Middle);
    }
    IsInner = !IsMasked;
    Interior = IsMasked ? 0 : ++Interiors;
    enterRow(IsMasked);
    emitCells(From, To);
    Interior = 0;
    IsInner = false;
    for (auto &[Phi, Later] : Next)
      Phi->addIncoming(Later, B.GetInsertBlock());
    leaveAsItIs(HasShell ? B.CreateBr(Pass) : B.CreateCondBr(IsLast, Done, Pass));
    B.SetInsertPoint(Done);
  }

  /// A shell has a few cells: tests instead of masks, and contributions are added one by one.
  void emitShell(bool IsMasked, Value *Inside, Value *From, Value *To) {
    TestsRows = IsMasked || Inside;
    AddsDirectly = true;
    auto EmitPlane = [&] {
      enterRow(/*IsMasked=*/false);
      OpenLoop L = openLoop(From, To, "shell.cell");
      Cell[Inner] = hidden(L.IV);
      emitCell(/*Guarded=*/true);
      leaveAsItIs(closeLoop(L));
    };
    if (IsMasked)
      EmitPlane();
    else
      forPlanes(EmitPlane);
    TestsRows = AddsDirectly = false;
  }

  /// The cells of a row that are read by inner points only, as far as this axis is concerned: none if not Inside. Null
  /// if these are all.
  std::pair<Value *, Value *> findInterior(Value *Inside) {
    if (!varies(Inner) && !hasGuards(Inner) && !Inside)
      return {nullptr, nullptr};
    auto [Low, High] = Ranges[Inner];
    auto [First, End] = withoutFar(Inner, plus(innerLow(Inner), Most[Inner]), plus(innerHigh(Inner), Least[Inner] + 1));
    if (Inner == 0) { // of a part of the only axis
      First = B.CreateBinaryIntrinsic(Intrinsic::smax, First, Low);
      End = B.CreateBinaryIntrinsic(Intrinsic::smin, End, High);
    }
    Value *None = B.CreateICmpSLE(End, First);
    if (Inside)
      None = B.CreateOr(None, B.CreateNot(Inside));
    return {B.CreateSelect(None, High, First), B.CreateSelect(None, High, End)};
  }

  /// The cell of a long interior from where vectors of the first shadow do not straddle cache lines, if the array
  /// itself begins at one; the end of a short one. Where that is depends on indices, not on addresses, so that the bits
  /// do not depend on where memory has been allocated. Null if no shadow is accessed cell by cell.
  Value *findAligned(Value *First, Value *End) {
    auto G = find_if(N.Groups, [&](const AccessGroup &X) {
      const auto *Stride = dyn_cast<ConstantInt>(X.Strides[Inner]);
      return X.Gathered && Stride && Stride->getZExtValue() == F.getDataLayout().getTypeStoreSize(X.Element);
    });
    if (G == N.Groups.end())
      return nullptr;
    constexpr int64_t LineBytes = 64, LeastLength = 64;
    Value *Stride = Known[G->Strides[Inner]];
    Value *Offset = B.CreateAdd(Known[G->Offset], B.CreateMul(First, Stride));
    for (unsigned D = 0; D != Inner; ++D)
      Offset = B.CreateAdd(Offset, B.CreateMul(Cell[D], Known[G->Strides[D]]));
    Value *Cells = B.CreateUDiv(B.CreateAnd(B.CreateNeg(Offset), LineBytes - 1), Stride);
    Value *IsLong = B.CreateICmpSGE(B.CreateNSWSub(End, First), B.getInt64(LeastLength));
    return B.CreateSelect(IsLong, B.CreateNSWAdd(First, Cells), End);
  }

  void emitCells(Value *Low, Value *High) {
    OpenLoop L = openLoop(Low, High, "cell");
    Cell[Inner] = L.IV;
    if (IsInner && Planes > 1)
      emitTogether();
    else
      emitCell(/*Guarded=*/false);
    describeLoop(closeLoop(L), !addsAtHome() && N.cellsApartAlongRows(writesStored()));
  }

  /// One cell of each plane of a step. All are evaluated before one is changed; no two are the same memory.
  void emitTogether() {
    SmallVector<CellSums, 4> Added;
    for (Plane = 0; Plane != Planes; ++Plane) {
      clearSums();
      if (isMerged())
        evaluateMerged();
      else
        for (const Shift &S : Evaluations)
          if (mayReach(S))
            evaluate(S);
      Added.push_back(readSums());
    }
    for (Plane = 0; Plane != Planes; ++Plane)
      addToCells(Added[Plane]);
    Plane = 0;
  }

  /// False for a point at the other end of the Domain, where cells are written that are far from both ends.
  bool mayReach(const Shift &S) const {
    if (!isFar(S))
      return true;
    bool AlongRow = farNumber(S[Inner]) != 0, Across = isFar(Shift(ArrayRef(S).drop_back()));
    return !IsInner && (Masked ? !AlongRow : TestsRows || !Across);
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
        Value *Point = minus(Cell[Inner], (*First)[Inner]);
        B.CreateCondBr(B.CreateICmpULE(Point, last(Inner)), Valid, Skip);
        B.SetInsertPoint(Valid);
      }
      for (; First != End; ++First)
        if (mayReach(*First))
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
