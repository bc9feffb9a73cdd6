// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emit/Tile.h"

#include "derive/Adjoint.h"
#include "emit/Parallel.h"
#include "emit/Tape.h"

using namespace llvm;

namespace adstencil {

namespace {

/// All buffers together: what fits a first-level cache beside the arrays.
constexpr int64_t MostBufferBytes = 32768;
/// Points of a piece: enough for vectorised code to pay, few enough for many buffers.
constexpr int64_t LeastPiece = 64, MostPiece = 512;
/// A slab is at least so many times as thick as the shifts reach: an eighth of the points is evaluated twice.
constexpr int64_t SlabPerReach = 8, LeastSlab = 16;
/// With more slabs than that, which keep many threads busy, they become thicker.
constexpr int64_t EnoughSlabs = 64;

class TileEmitter : CellEmitter {
public:
  TileEmitter(const GatherNest &N, PointAdjoints &Points, BasicBlock *Start, LookUpFunction LookUp)
      : CellEmitter(N, Points, Start, LookUp) {}

  void emit(BasicBlock *Next) {
    fetch();
    BasicBlock *Done = newBlock("tile.done");
    if (!N.Entered.empty()) {
      BasicBlock *Enter = newBlock("tile.entered");
      B.CreateCondBr(isEntered(), Enter, Done);
      B.SetInsertPoint(Enter);
    }
    makeBuffers();
    if (N.WorkShared) {
      startNest(N.Evaluations, &Points.Away, Points.Home.F ? &Points.Home : &Points.Away);
      emitSlabs();
      if (Points.Carry.F)
        emitCarry();
    } else {
      PointAdjoint *Once = Points.Whole.F ? &Points.Whole : Points.Home.F ? &Points.Home : &Points.Away;
      startNest(N.Evaluations, Once, Once);
      if (addsAtHome())
        clearScalarSums();
      emitAxis(0, [&] { emitRow(*Once, nullptr, nullptr); });
    }
    B.CreateBr(Done);
    B.SetInsertPoint(B.GetInsertBlock()->getTerminator());
    finish();
    BranchInst::Create(Next, Done);
  }

private:
  int64_t Piece = MostPiece;

  struct Buffer {
    unsigned Group;
    Shift At;
    AllocaInst *Sum, *Memory;
  };
  std::vector<Buffer> Buffers;

  /// One buffer for each cell that is gathered into from a point.
  void makeBuffers() {
    std::set<std::pair<unsigned, Shift>> Keys;
    for (auto &[L, Role] : N.Roles)
      if (Role == LoadRole::Gathered)
        Keys.insert({N.Accesses.find(L)->second.Group, N.Accesses.find(L)->second.At});
    int64_t Bytes = 0;
    for (auto &[Group, At] : Keys)
      Bytes += F.getDataLayout().getTypeStoreSize(N.Groups[Group].Element);
    Piece = std::clamp(MostBufferBytes / std::max<int64_t>(Bytes, 1) / 64 * 64, LeastPiece, MostPiece);
    for (auto &[Group, At] : Keys) {
      Type *T = N.Groups[Group].Element;
      AllocaInst *Memory = Variables.CreateAlloca(ArrayType::get(T, Piece), nullptr, "tile");
      Memory->setAlignment(Align(64));
      Buffers.push_back({Group, At, createVariable(Variables, T, "contribution"), Memory});
    }
    for (const Buffer &X : Buffers)
      AllSums[{X.Group, X.At}] = X.Sum;
  }

  static bool leadToSameRow(const Buffer &X, const Buffer &Y) {
    return X.Group == Y.Group && ArrayRef(X.At).drop_back() == ArrayRef(Y.At).drop_back();
  }

  /// Loops over points along the axes from Axis to the last but one.
  void emitAxis(unsigned Axis, function_ref<void()> Body) {
    if (Axis == Inner)
      return Body();
    OpenLoop L = openLoop(B.getInt64(0), plus(last(Axis), 1), "point");
    Cell[Axis] = L.IV;
    emitAxis(Axis + 1, Body);
    leaveAsItIs(closeLoop(L));
  }

  /// The row of points at Cell. Low, High: if not null, only cells within these bounds along the first axis are added
  /// to.
  void emitRow(PointAdjoint &Point, Value *Low, Value *High) {
    BasicBlock *Pieces = newBlock("row");
    IRBuilder<> RowBuilder(B.CreateBr(Pieces));
    startRow(&RowBuilder, /*IsMasked=*/false);
    B.SetInsertPoint(Pieces);
    Value *End = plus(last(Inner), 1);
    Value *Count = B.CreateUDiv(plus(End, Piece - 1), B.getInt64(Piece));
    OpenLoop L = openLoop(B.getInt64(0), Count, "piece");
    Value *First = B.CreateNSWMul(L.IV, B.getInt64(Piece));
    Value *Last = B.CreateBinaryIntrinsic(Intrinsic::smin, plus(First, Piece), End);
    emitEvaluations(Point, First, Last);
    for (size_t I = 0, Next; I != Buffers.size(); I = Next) {
      for (Next = I + 1; Next != Buffers.size() && leadToSameRow(Buffers[I], Buffers[Next]);)
        ++Next;
      emitAdditions(ArrayRef(Buffers).slice(I, Next - I), First, Last, Low, High);
    }
    leaveAsItIs(closeLoop(L));
  }

  /// True if iterations of the evaluating loop do not depend on each other.
  bool isParallel() const {
    return !addsAtHome() && (!writesStored() || all_of(N.Groups, [&](const AccessGroup &G) {
      return isa<ConstantInt>(G.Strides[Inner]) && !cast<ConstantInt>(G.Strides[Inner])->isZero();
    }));
  }

  void emitEvaluations(PointAdjoint &Point, Value *First, Value *Last) {
    OpenLoop L = openLoop(First, Last, "evaluate");
    Cell[Inner] = L.IV;
    for (const Buffer &X : Buffers)
      B.CreateStore(ConstantFP::get(X.Sum->getAllocatedType(), 0.0), X.Sum);
    evaluateAll(Point);
    for (const Buffer &X : Buffers) {
      Type *T = X.Sum->getAllocatedType();
      describe(B.CreateStore(B.CreateLoad(T, X.Sum), bufferCell(X, First)));
    }
    BranchInst *Back = closeLoop(L);
    describeLoop(Back, isParallel());
  }

  Value *bufferCell(const Buffer &X, Value *First) {
    Type *T = X.Sum->getAllocatedType();
    return B.CreateGEP(T, X.Memory, B.CreateNSWSub(Cell[Inner], First));
  }

  /// Adds buffers that lead to the same row of one array.
  void emitAdditions(ArrayRef<Buffer> Same, Value *First, Value *Last, Value *Low, Value *High) {
    BasicBlock *Skip = nullptr;
    if (Low) {
      Value *Target = plus(Cell[0], Same.front().At[0]);
      BasicBlock *Add = newBlock("add");
      Skip = newBlock("added");
      B.CreateCondBr(B.CreateAnd(B.CreateICmpSGE(Target, Low), B.CreateICmpSLT(Target, High)), Add, Skip);
      B.SetInsertPoint(Add);
    }
    if (Same.size() == 1) {
      emitAddition(Same, plus(First, Same[0].At[Inner]), plus(Last, Same[0].At[Inner]), First);
    } else {
      // Cells that all buffers lead to are loaded and stored once; those at the ends, buffer by buffer.
      Value *From = plus(First, Same.back().At[Inner]);
      Value *To = B.CreateBinaryIntrinsic(Intrinsic::smax, From, plus(Last, Same.front().At[Inner]));
      emitAddition(Same, From, To, First);
      for (const Buffer &X : Same) {
        Value *Begin = plus(First, X.At[Inner]), *End = plus(Last, X.At[Inner]);
        emitAddition(X, Begin, B.CreateBinaryIntrinsic(Intrinsic::smin, From, End), First);
        emitAddition(X, To, End, First);
      }
    }
    if (Skip) {
      B.CreateBr(Skip);
      B.SetInsertPoint(Skip);
    }
  }

  /// for (cell = From; cell < To; ++cell) u_bar[cell] += the buffers at cell - shift
  void emitAddition(ArrayRef<Buffer> Same, Value *From, Value *To, Value *First) {
    const Buffer &One = Same.front();
    OpenLoop L = openLoop(From, To, "add");
    Cell[Inner] = L.IV;
    Type *T = One.Sum->getAllocatedType();
    Shift Row(One.At);
    Row[Inner] = 0;
    Value *Pointer = shadowCell(One.Group, Row), *Sum = nullptr;
    IRBuilder<>::FastMathFlagGuard Guard(B);
    B.setFastMathFlags(cotangentFlags());
    for (const Buffer &X : Same) {
      Value *Index = plus(B.CreateNSWSub(L.IV, First), -X.At[Inner]);
      LoadInst *Part = B.CreateLoad(T, B.CreateGEP(T, X.Memory, Index));
      describe(Part);
      Sum = Sum ? B.CreateFAdd(Sum, Part) : Part;
    }
    B.CreateStore(B.CreateFAdd(B.CreateLoad(T, Pointer), Sum), Pointer);
    BranchInst *Back = closeLoop(L);
    auto *Stride = dyn_cast<ConstantInt>(Known[N.Groups[One.Group].Strides[Inner]]);
    describeLoop(Back, Stride && !Stride->isZero());
  }

  // ---- for OpenMP ----

  void emitSlabs() {
    int64_t LeastThickness = std::max(LeastSlab, SlabPerReach * (Most[0] - Least[0]));
    Value *First = B.getInt64(Least[0]), *Cells = B.CreateNSWSub(plus(last(0), Most[0] + 1), First);
    Value *Thickness = B.CreateBinaryIntrinsic(Intrinsic::umax, B.getInt64(LeastThickness),
                                               B.CreateUDiv(Cells, B.getInt64(EnoughSlabs)));
    emitShared(B.CreateUDiv(B.CreateNSWAdd(Cells, plus(Thickness, -1)), Thickness), [&](Value *Slab) {
      Value *Low = B.CreateNSWAdd(First, B.CreateNSWMul(Slab, Thickness));
      Value *High = B.CreateNSWAdd(Low, Thickness);
      // The points that reach into the slab.
      Value *From = B.CreateBinaryIntrinsic(Intrinsic::smax, plus(Low, -Most[0]), B.getInt64(0));
      Value *To = B.CreateBinaryIntrinsic(Intrinsic::smin, plus(High, -Least[0]), plus(last(0), 1));
      OpenLoop L = openLoop(From, To, "point");
      Cell[0] = L.IV;
      if (Home == Away) {
        emitAxis(1, [&] { emitRow(*Away, Low, High); });
      } else { // what is added at home is added by the slab that the point belongs to
        BasicBlock *Own = newBlock("own"), *Other = newBlock("other"), *End = newBlock("point.end");
        B.CreateCondBr(B.CreateAnd(B.CreateICmpSGE(L.IV, Low), B.CreateICmpSLT(L.IV, High)), Own, Other);
        B.SetInsertPoint(Own);
        emitAxis(1, [&] { emitRow(*Home, Low, High); });
        B.CreateBr(End);
        B.SetInsertPoint(Other);
        emitAxis(1, [&] { emitRow(*Away, Low, High); });
        B.CreateBr(End);
        B.SetInsertPoint(End);
      }
      leaveAsItIs(closeLoop(L));
    });
  }

  void emitCarry() {
    startNest({Shift(N.Axes.size(), 0)}, &Points.Carry, &Points.Carry);
    emitShared(plus(last(0), 1), [&](Value *Point) {
      Cell[0] = Point;
      emitAxis(1, [&] {
        BasicBlock *Row = newBlock("row");
        IRBuilder<> RowBuilder(B.CreateBr(Row));
        startRow(&RowBuilder, /*IsMasked=*/false);
        B.SetInsertPoint(Row);
        OpenLoop L = openLoop(B.getInt64(0), plus(last(Inner), 1), "carry");
        Cell[Inner] = L.IV;
        evaluateAll(Points.Carry);
        closeLoop(L);
      });
    });
  }
};

} // namespace

void emitTile(const GatherNest &N, PointAdjoints &Points, BasicBlock *Start, BasicBlock *Next, LookUpFunction LookUp) {
  TileEmitter(N, Points, Start, LookUp).emit(Next);
}

} // namespace adstencil
