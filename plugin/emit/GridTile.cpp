// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emit/GridTile.h"

#include "derive/Adjoint.h"
#include "emit/Tape.h"
#include "model/GridIndices.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;

namespace adstencil {

namespace {

/// Blocks that keep a large GPU busy. With more tiles than that, tiles become longer, so that fewer points are
/// evaluated for two of them.
constexpr int64_t EnoughTiles = 2048;
/// A tile is at least so many times as long as the shifts reach: a quarter of the points, at most, is evaluated twice.
constexpr int64_t RowsPerReach = 4;

class GridTileEmitter : public GridEmitter {
public:
  GridTileEmitter(const GatherNest &N, const GridNest &Grid, PointAdjoints &Points, BasicBlock *Start,
                  LookUpFunction LookUp, const ScalarAdder &Adder)
      : GridEmitter(N, Grid, Points, Start, LookUp, Adder), Tile(*N.Block), Moves(N.Axes.size() > 1) {}

private:
  const BlockTile &Tile;
  bool Moves; ///< along axis 0; otherwise there is one step
  Value *Thread = nullptr, *Threads = nullptr, *Block = nullptr, *Blocks = nullptr; ///< within a block, i32; i64
  GlobalVariable *Shared = nullptr;
  SmallVector<AllocaInst *, 16> Sums, Flags;    ///< by contribution
  SmallVector<Value *, 3> Origin;               ///< by axis of a plane: its first cell
  Value *FirstRow = nullptr, *EndRow = nullptr; ///< of the tile's cells

  unsigned firstAxis() const { return Moves ? 1 : 0; }
  int64_t leastRow() const { return Moves ? Least[0] : 0; }
  int64_t mostRow() const { return Moves ? Most[0] : 0; }

  void emitAdditions() override {
    readBlock();
    makeMemory();
    // How many tiles there are, and which part of the cells each has.
    SmallVector<Value *, 3> Planes(Inner + 1, nullptr);
    Value *All = B.getInt64(1);
    for (unsigned D = firstAxis(); D <= Inner; ++D) {
      Planes[D] = quotient(plus(last(D), Most[D] - Least[D] + 1), B.getInt64(Tile.Cells[D]));
      All = B.CreateNUWMul(All, Planes[D]);
    }
    // Most blocks of a large grid have no tile. They need not divide to know it: since a tile has at least as many rows
    // as to make enough tiles, there are less than this.
    BasicBlock *Some = newBlock("tiles"), *None = newBlock("tiles.end");
    B.CreateCondBr(B.CreateICmpULT(Block, plus(All, EnoughTiles)), Some, None);
    B.SetInsertPoint(Some);
    Value *Rows = Moves ? plus(last(0), Most[0] - Least[0] + 1) : B.getInt64(1);
    int64_t LeastRows = RowsPerReach * std::max<int64_t>(mostRow() - leastRow(), 1);
    Value *Length = B.CreateBinaryIntrinsic(Intrinsic::umax, B.getInt64(LeastRows),
                                            quotient(B.CreateNUWMul(Rows, All), B.getInt64(EnoughTiles)));
    All = B.CreateNUWMul(All, quotient(Rows, Length), "tiles");
    emitLoop(Block, All, Blocks, "tile", [&](Value *Number) {
      Origin.assign(Inner + 1, nullptr);
      for (unsigned D = Inner + 1; D-- > firstAxis();) {
        Value *Index = B.CreateURem(Number, Planes[D]);
        Number = B.CreateUDiv(Number, Planes[D]);
        Origin[D] = plus(B.CreateNSWMul(Index, B.getInt64(Tile.Cells[D])), Least[D]);
      }
      FirstRow = plus(B.CreateNSWMul(Number, Length), leastRow());
      EndRow = B.CreateBinaryIntrinsic(Intrinsic::smin, B.CreateNSWAdd(FirstRow, Length), plus(Rows, leastRow()));
      emitTile();
    });
    B.CreateBr(None);
    B.SetInsertPoint(None);
  }

  /// Dividend / Divisor, rounded up.
  Value *quotient(Value *Dividend, Value *Divisor) {
    return B.CreateUDiv(B.CreateSub(B.CreateAdd(Dividend, Divisor), B.getInt64(1)), Divisor);
  }

  /// Threads and blocks are counted over all axes of the launch, also those that the kernel ignores: each is there
  /// once.
  void readBlock() {
    Thread = readGridRegister(B, "tid", 2);
    Block = B.CreateZExt(readGridRegister(B, "ctaid", 2), B.getInt64Ty());
    Threads = readGridRegister(B, "ntid", 2);
    Blocks = B.CreateZExt(readGridRegister(B, "nctaid", 2), B.getInt64Ty());
    for (unsigned Axis : {1, 0}) {
      Value *Extent = readGridRegister(B, "ntid", Axis);
      Thread = B.CreateAdd(B.CreateMul(Thread, Extent), readGridRegister(B, "tid", Axis));
      Threads = B.CreateMul(Threads, Extent);
      Extent = B.CreateZExt(readGridRegister(B, "nctaid", Axis), B.getInt64Ty());
      Block = B.CreateAdd(B.CreateMul(Block, Extent), B.CreateZExt(readGridRegister(B, "ctaid", Axis), B.getInt64Ty()));
      Blocks = B.CreateMul(Blocks, Extent);
    }
  }

  void makeMemory() {
    auto *T = ArrayType::get(B.getInt8Ty(), Tile.Bytes);
    Shared = new GlobalVariable(*F.getParent(), T, /*isConstant=*/false, GlobalValue::InternalLinkage,
                                PoisonValue::get(T), F.getName() + ".tile", nullptr, GlobalValue::NotThreadLocal,
                                /*AddressSpace=*/3);
    Shared->setAlignment(Align(16));
    for (const Contribution &C : Tile.Contributions) {
      Sums.push_back(createVariable(Variables, N.Groups[C.Group].Element, "contribution"));
      AllSums[{C.Group, C.At}] = Sums.back();
      Flags.push_back(C.Conditional ? createVariable(Variables, B.getInt1Ty(), "contributes") : nullptr);
      if (C.Conditional)
        AllFlags[{C.Group, C.At}] = Flags.back();
    }
  }

  /// Element Index of an array in shared memory.
  Value *place(Type *T, uint64_t Offset, Value *Index) {
    Constant *Start = B.getInt64(Offset), *Array = ConstantExpr::getInBoundsGetElementPtr(B.getInt8Ty(), Shared, Start);
    return B.CreateInBoundsGEP(T, Array, Index);
  }

  void barrier() {
    FunctionCallee Callee =
        F.getParent()->getOrInsertFunction("llvm.nvvm.barrier.cta.sync.aligned.all", B.getVoidTy(), B.getInt32Ty());
    CallInst *Call = B.CreateCall(Callee, {B.getInt32(0)});
    Call->setConvergent();
  }

  /// for (i = First; i < End; i += Step) Body(i), all without sign.
  void emitLoop(Value *First, Value *End, Value *Step, const Twine &Name, function_ref<void(Value *)> Body) {
    BasicBlock *Before = B.GetInsertBlock(), *Head = newBlock(Name), *Inside = newBlock(Name + ".body"),
               *Exit = newBlock(Name + ".end");
    B.CreateBr(Head);
    B.SetInsertPoint(Head);
    PHINode *I = B.CreatePHI(First->getType(), 2, Name);
    I->addIncoming(First, Before);
    B.CreateCondBr(B.CreateICmpSLT(I, End), Inside, Exit);
    B.SetInsertPoint(Inside);
    Body(I);
    I->addIncoming(B.CreateNSWAdd(I, Step), B.GetInsertBlock());
    leaveAsItIs(B.CreateBr(Head));
    B.SetInsertPoint(Exit);
  }

  /// The points, or cells, of a plane are shared out to the threads.
  void emitPlane(const Twine &Name, function_ref<void(Value *)> Body) {
    emitLoop(Thread, B.getInt32(Tile.points()), Threads, Name, [&](Value *I) { Body(hidden(I)); });
  }

  /// Where the point or cell Index is in the plane, along an axis: i32.
  Value *along(unsigned Axis, Value *Index) {
    for (unsigned D = Inner; D > Axis; --D)
      Index = B.CreateLShr(Index, Log2_64(Tile.Points[D]));
    return Axis == firstAxis() ? Index : B.CreateAnd(Index, uint64_t(Tile.Points[Axis] - 1));
  }

  void emitTile() {
    // At the first step all open rows lie in front of the tile. Nobody asks what their sums are.
    emitLoop(plus(FirstRow, -mostRow()), plus(EndRow, -leastRow()), B.getInt64(1), "step", [&](Value *Row) {
      emitPlane("point", [&](Value *Index) { emitPoint(Row, Index); });
      barrier();
      emitPlane("cell", [&](Value *Index) { emitCell(Row, Index); });
      barrier();
    });
  }

  Value *rowOfWindow(const TileWindow &W, unsigned Row, Value *Index) {
    Type *T = N.Groups[W.Group].Element;
    uint64_t Size = F.getDataLayout().getTypeStoreSize(T);
    return place(T, W.Offset + Row * Size * Tile.points(), Index);
  }
  Value *rowOfFlags(const TileWindow &W, unsigned Row, Value *Index) {
    return place(B.getInt8Ty(), W.FlagOffset + Row * Tile.points(), Index);
  }

  // ---- points ----

  /// Evaluates a point and writes what it adds to the buffers: nothing, if it is outside of the Domain.
  void emitPoint(Value *Row, Value *Index) {
    Value *Inside = B.getTrue(), *Own = B.getTrue();
    for (unsigned D = 0; D <= Inner; ++D) {
      if (Moves && D == 0) {
        Cell[0] = Row;
        Own = B.CreateAnd(B.CreateICmpSGE(Row, FirstRow), B.CreateICmpSLT(Row, EndRow));
      } else {
        Value *Local = along(D, Index);
        Cell[D] = B.CreateNSWAdd(plus(Origin[D], -Most[D]), B.CreateZExt(Local, B.getInt64Ty()));
        Value *InTile = B.CreateICmpULT(B.CreateSub(Local, B.getInt32(Most[D])), B.getInt32(Tile.Cells[D]));
        Own = B.CreateAnd(Own, InTile);
      }
      Inside = B.CreateAnd(Inside, B.CreateICmpULE(Cell[D], last(D)));
    }
    for (auto [Sum, Flag] : zip(Sums, Flags)) {
      B.CreateStore(ConstantFP::get(Sum->getAllocatedType(), 0.0), Sum);
      if (Flag)
        B.CreateStore(B.getFalse(), Flag);
    }
    BasicBlock *Evaluate = newBlock("evaluate"), *Write = newBlock("write");
    B.CreateCondBr(Inside, Evaluate, Write);
    B.SetInsertPoint(Evaluate);
    emitEvaluation(Own);
    B.CreateBr(Write);
    B.SetInsertPoint(Write);
    for (auto [C, Sum, Flag] : zip(Tile.Contributions, Sums, Flags)) {
      Type *T = Sum->getAllocatedType();
      B.CreateStore(B.CreateLoad(T, Sum), place(T, C.Offset, Index));
      if (Flag)
        B.CreateStore(B.CreateZExt(B.CreateLoad(B.getInt1Ty(), Flag), B.getInt8Ty()),
                      place(B.getInt8Ty(), C.FlagOffset, Index));
    }
  }

  bool addsToArraysAtHome() const {
    return N.AddsToOutside || any_of(N.Roles, [](const auto &Entry) { return Entry.second == LoadRole::Home; });
  }

  /// Several tiles may evaluate a point. It adds at home in the one that it belongs to.
  void emitEvaluation(Value *Own) {
    BasicBlock *Point = newBlock("point.inside");
    IRBuilder<> Front(B.CreateBr(Point));
    startRow(&Front, /*IsMasked=*/false);
    B.SetInsertPoint(Point);
    if (!addsAtHome())
      return evaluateAll(*Away);
    if (!addsToArraysAtHome()) {
      SmallVector<std::pair<AllocaInst *, Value *>, 2> Before;
      for (auto &[Marker, Sum] : scalarSums())
        Before.push_back({Sum, B.CreateLoad(Sum->getAllocatedType(), Sum)});
      evaluateAll(*Home);
      for (auto &[Sum, Old] : Before)
        B.CreateStore(B.CreateSelect(Own, B.CreateLoad(Sum->getAllocatedType(), Sum), Old), Sum);
      return;
    }
    // What both evaluations compute the optimiser computes once.
    evaluateAll(*Away);
    BasicBlock *AtHome = newBlock("home"), *End = newBlock("home.end");
    B.CreateCondBr(Own, AtHome, End);
    B.SetInsertPoint(AtHome);
    evaluateHome();
    B.CreateBr(End);
    B.SetInsertPoint(End);
  }

  // ---- cells ----

  void emitCell(Value *Row, Value *Index) {
    Value *InTile = B.getTrue();
    for (unsigned D = firstAxis(); D <= Inner; ++D) {
      Value *Local = along(D, Index);
      InTile = B.CreateAnd(InTile, B.CreateICmpULT(Local, B.getInt32(Tile.Cells[D])));
      Cell[D] = B.CreateNSWAdd(Origin[D], B.CreateZExt(Local, B.getInt64Ty()));
    }
    BasicBlock *Take = newBlock("take"), *End = newBlock("taken");
    B.CreateCondBr(InTile, Take, End);
    B.SetInsertPoint(Take);
    for (const TileWindow &W : Tile.Windows)
      emitWindow(W, Row, Index);
    B.CreateBr(End);
    B.SetInsertPoint(End);
  }

  /// Where a cell finds what the point at distance At has written.
  Value *pointOfCell(const Shift &At, Value *Index) {
    int64_t Distance = 0;
    for (unsigned D = firstAxis(); D <= Inner; ++D)
      Distance = Distance * Tile.Points[D] + Most[D] - At[D];
    return Distance == 0 ? Index : B.CreateNSWAdd(Index, B.getInt32(Distance));
  }

  /// Adds what this step contributes to the open rows of a group, and hands the row that is complete to its cell.
  void emitWindow(const TileWindow &W, Value *Row, Value *Index) {
    Type *T = N.Groups[W.Group].Element;
    for (unsigned R = 0; R <= W.rows(); ++R) {
      Value *Sum =
          R == W.rows() ? ConstantFP::get(T, 0.0) : static_cast<Value *>(B.CreateLoad(T, rowOfWindow(W, R, Index)));
      Value *Flag = nullptr;
      if (W.HasFlags)
        Flag =
            R == W.rows() ? B.getInt8(0) : static_cast<Value *>(B.CreateLoad(B.getInt8Ty(), rowOfFlags(W, R, Index)));
      IRBuilder<>::FastMathFlagGuard Guard(B);
      B.setFastMathFlags(cotangentFlags());
      for (const Contribution &C : Tile.Contributions) {
        if (C.Group != W.Group || (Moves && C.At[0] != W.Least + R))
          continue;
        Value *From = pointOfCell(C.At, Index);
        Sum = B.CreateFAdd(Sum, B.CreateLoad(T, place(T, C.Offset, From)));
        if (C.Conditional)
          Flag = B.CreateOr(Flag, B.CreateLoad(B.getInt8Ty(), place(B.getInt8Ty(), C.FlagOffset, From)));
      }
      if (R == 0) {
        emitAddition(W, plus(Row, W.Least), Sum, Flag);
        continue;
      }
      B.CreateStore(Sum, rowOfWindow(W, R - 1, Index));
      if (Flag)
        B.CreateStore(Flag, rowOfFlags(W, R - 1, Index));
    }
  }

  /// True if the point at distance S from the cell is in the Domain.
  Value *isInside(const Shift &S) {
    Value *Inside = B.getTrue();
    for (unsigned D = 0; D <= Inner; ++D)
      Inside = B.CreateAnd(Inside, B.CreateICmpULE(plus(Cell[D], -S[D]), last(D)));
    return Inside;
  }

  /// Adds to the cell, if it is one of the tile's and some point has contributed to it: others may be no memory at all.
  void emitAddition(const TileWindow &W, Value *Row, Value *Sum, Value *Flag) {
    BasicBlock *Own = newBlock("row"), *Test = newBlock("test"), *Add = newBlock("add"), *End = newBlock("added");
    if (Moves) {
      Cell[0] = Row;
      B.CreateCondBr(B.CreateAnd(B.CreateICmpSGE(Row, FirstRow), B.CreateICmpSLT(Row, EndRow)), Own, End);
    } else {
      B.CreateBr(Own);
    }
    B.SetInsertPoint(Own);
    // Reads that every point executes.
    SmallVector<const Contribution *, 8> Always;
    for (const Contribution &C : Tile.Contributions)
      if (C.Group == W.Group && !C.Conditional)
        Always.push_back(&C);
    if (Always.empty())
      B.CreateBr(Test);
    else
      B.CreateCondBr(B.CreateAnd(isInside(Least), isInside(Most)), Add, Test);
    B.SetInsertPoint(Test);
    Value *Touched = Flag ? B.CreateICmpNE(Flag, B.getInt8(0)) : B.getFalse();
    for (const Contribution *C : Always)
      Touched = B.CreateOr(Touched, isInside(C->At));
    B.CreateCondBr(Touched, Add, End);
    B.SetInsertPoint(Add);
    BasicBlock *Cells = newBlock("cell.add");
    IRBuilder<> Front(B.CreateBr(Cells));
    startRow(&Front, /*IsMasked=*/false);
    B.SetInsertPoint(Cells);
    addToCell(shadowCell(W.Group, Shift(Inner + 1, 0)), Sum);
    B.CreateBr(End);
    B.SetInsertPoint(End);
  }
};

} // namespace

void emitGridTile(const GatherNest &N, const GridNest &Grid, PointAdjoints &Points, BasicBlock *Start, BasicBlock *Next,
                  LookUpFunction LookUp, const ScalarAdder &AddToScalar) {
  GridTileEmitter(N, Grid, Points, Start, LookUp, AddToScalar).emit(Next);
}

} // namespace adstencil
