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
/// With more slabs than these, which keep all threads busy, they become thicker. EnoughSlabs: for any number of
/// threads.
constexpr int64_t SlabsPerThread = 4, EnoughSlabs = 64;

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
    if (hasOwners())
      startNest(N.Owners, &Points.Owner, &Points.Owner);
    else if (Points.Whole.F)
      startNest(OwnPoint, &Points.Whole, &Points.Whole);
    else
      startNest(OwnPoint, &Points.Away, Points.Home.F ? &Points.Home : &Points.Away);
    if (N.WorkShared) {
      emitSlabs();
    } else {
      if (addsAtHome())
        clearScalarSums();
      emitAxis(0, [&] { emitRow(/*IsOwn=*/true, nullptr, nullptr); });
    }
    if (Points.Carry.F)
      emitCarry();
    B.CreateBr(Done);
    B.SetInsertPoint(B.GetInsertBlock()->getTerminator());
    finish();
    BranchInst::Create(Next, Done);
  }

private:
  const std::vector<Shift> OwnPoint = {Shift(N.Axes.size(), 0)};
  int64_t Piece = MostPiece;

  bool hasOwners() const { return !N.Owners.empty(); }

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

  /// The buffers that a point adjoint adds to.
  std::vector<Buffer> buffersOf(const PointAdjoint &Point) const {
    std::set<std::pair<unsigned, Shift>> Keys;
    for (auto [I, A] : enumerate(Point.Arguments))
      if (A.TheKind == PointArgument::CellShadow && A.OfLoad && Point.uses(I))
        Keys.insert({A.Number, A.At});
    std::vector<Buffer> Used;
    copy_if(Buffers, std::back_inserter(Used), [&](const Buffer &X) { return Keys.count({X.Group, X.At}) != 0; });
    return Used;
  }

  /// Loops over points, or owners of values of points, along the axes from Axis to the last but one.
  void emitAxis(unsigned Axis, function_ref<void()> Body) {
    if (Axis == Inner)
      return Body();
    OpenLoop L = openLoop(B.getInt64(Least[Axis]), plus(last(Axis), Most[Axis] + 1), "point");
    Cell[Axis] = L.IV;
    emitAxis(Axis + 1, Body);
    leaveAsItIs(closeLoop(L));
  }

  /// The row of points at Cell. IsOwn: of the slab, which then adds at home. Low, High: if not null, only cells within
  /// these bounds along the first axis are added to.
  void emitRow(bool IsOwn, Value *Low, Value *High) {
    BasicBlock *Start = newBlock("row");
    IRBuilder<> RowBuilder(B.CreateBr(Start));
    startRow(&RowBuilder, /*IsMasked=*/false);
    B.SetInsertPoint(Start);
    if (hasOwners()) {
      WantsScalars = IsOwn;
      emitOwners(Low, High);
      WantsScalars = true;
    } else {
      emitPieces(IsOwn ? *Home : *Away, B.getInt64(0), plus(last(Inner), 1), Low, High);
    }
  }

  /// The points of a row from From to To, piece by piece.
  void emitPieces(PointAdjoint &Point, Value *From, Value *To, Value *Low, Value *High) {
    std::vector<Buffer> Used = buffersOf(Point);
    Value *Length = B.CreateBinaryIntrinsic(Intrinsic::smax, B.CreateNSWSub(To, From), B.getInt64(0));
    OpenLoop L = openLoop(B.getInt64(0), B.CreateUDiv(plus(Length, Piece - 1), B.getInt64(Piece)), "piece");
    Value *First = B.CreateNSWAdd(From, B.CreateNSWMul(L.IV, B.getInt64(Piece)));
    Value *Last = B.CreateBinaryIntrinsic(Intrinsic::smin, plus(First, Piece), To);
    emitEvaluations(Point, Used, First, Last);
    for (size_t I = 0, Next; I != Used.size(); I = Next) {
      for (Next = I + 1; Next != Used.size() && leadToSameRow(Used[I], Used[Next]);)
        ++Next;
      emitAdditions(ArrayRef(Used).slice(I, Next - I), First, Last, Low, High);
    }
    leaveAsItIs(closeLoop(L));
  }

  // ---- for points that share values ----

  /// The row of owners at Cell. Where all points exist that have an owner's values, they are evaluated as one;
  /// elsewhere each of them on its own.
  void emitOwners(Value *Low, Value *High) {
    Value *Inside = B.getTrue();
    for (unsigned D = 0; D != Inner; ++D)
      if (Least[D] != Most[D]) {
        Inside = B.CreateAnd(Inside, B.CreateICmpSGE(Cell[D], B.getInt64(Most[D])));
        Inside = B.CreateAnd(Inside, B.CreateICmpSLE(Cell[D], plus(last(D), Least[D])));
      }
    Value *First = B.getInt64(Most[Inner]), *End = plus(last(Inner), Least[Inner] + 1);
    Value *All = B.CreateAnd(Inside, B.CreateICmpSGT(End, First));
    emitPieces(Points.Owner, First, B.CreateSelect(All, End, First), Low, High);
    for (auto [S, Part] : zip(N.Owners, Points.Parts)) {
      BasicBlock *Valid = newBlock("part"), *Next = newBlock("part.end");
      B.CreateCondBr(rowValid(S), Valid, Next);
      B.SetInsertPoint(Valid);
      Value *Begin = B.getInt64(S[Inner]), *Stop = plus(last(Inner), S[Inner] + 1);
      if (Inner < LeastAxesForRows) {
        emitEnds(Part, Begin, B.CreateSelect(All, First, Stop), B.CreateSelect(All, End, Stop), Stop, Low, High);
      } else {
        BasicBlock *Whole = newBlock("part.row"), *Ends = newBlock("part.ends");
        B.CreateCondBr(All, Ends, Whole);
        B.SetInsertPoint(Whole);
        emitPieces(Part, Begin, Stop, Low, High);
        B.CreateBr(Next);
        B.SetInsertPoint(Ends);
        emitEnds(Part, Begin, First, End, Stop, Low, High);
      }
      B.CreateBr(Next);
      B.SetInsertPoint(Next);
    }
  }

  /// Rows without an owner that has all its points are few in two dimensions, and some percent in three.
  static constexpr unsigned LeastAxesForRows = 2;

  /// The owners from Begin to First and from End to Stop, one by one and without buffers. In a slab only some of their
  /// contributions are added. The optimiser would leave out what the others take and write the rest in another way, and
  /// bits would depend on where a slab begins: so a function that stays one computes all.
  void emitEnds(PointAdjoint &Part, Value *Begin, Value *First, Value *End, Value *Stop, Value *Low, Value *High) {
    BasicBlock *Before = B.GetInsertBlock(), *Pass = newBlock("ends"), *Again = newBlock("ends.again"),
               *Done = newBlock("ends.done");
    B.CreateBr(Pass);
    B.SetInsertPoint(Pass);
    PHINode *From = B.CreatePHI(B.getInt64Ty(), 2), *To = B.CreatePHI(B.getInt64Ty(), 2);
    PHINode *Second = B.CreatePHI(B.getInt1Ty(), 2);
    OpenLoop L = openLoop(From, To, "owner");
    Cell[Inner] = hidden(L.IV);
    std::vector<Buffer> Used = buffersOf(Part);
    bool IsCalled = Low && !addsAtHome();
    for (Buffer &X : Used) {
      if (IsCalled) // variables of its own, each thread's: others stay in registers
        X.Sum = AllSums[{X.Group, X.At}] = Variables.CreateAlloca(X.Sum->getAllocatedType(), nullptr, "contribution");
      B.CreateStore(ConstantFP::get(X.Sum->getAllocatedType(), 0.0), X.Sum);
    }
    IsCalled ? callAll(Part) : evaluateAll(Part);
    for (const Buffer &X : Buffers)
      AllSums[{X.Group, X.At}] = X.Sum;
    for (const Buffer &X : Used) {
      BasicBlock *Next = beginAddition(X, Low, High);
      addToCell(shadowCell(X.Group, X.At), B.CreateLoad(X.Sum->getAllocatedType(), X.Sum));
      endAddition(Next);
    }
    leaveAsItIs(closeLoop(L));
    B.CreateCondBr(Second, Done, Again);
    B.SetInsertPoint(Again);
    leaveAsItIs(B.CreateBr(Pass));
    for (auto [Phi, InFirst, InSecond] : {std::tuple(From, Begin, End), std::tuple(To, First, Stop),
                                          std::tuple<PHINode *, Value *, Value *>(Second, B.getFalse(), B.getTrue())}) {
      Phi->addIncoming(InFirst, Before);
      Phi->addIncoming(InSecond, Again);
    }
    B.SetInsertPoint(Done);
  }

  // ---- evaluating, adding ----

  /// True if iterations of the evaluating loop do not depend on each other.
  bool isParallel() const {
    return !addsAtHome() && (!writesStored() || all_of(N.Groups, [&](const AccessGroup &G) {
      return isa<ConstantInt>(G.Strides[Inner]) && !cast<ConstantInt>(G.Strides[Inner])->isZero();
    }));
  }

  void emitEvaluations(PointAdjoint &Point, ArrayRef<Buffer> Used, Value *First, Value *Last) {
    OpenLoop L = openLoop(First, Last, "evaluate");
    Cell[Inner] = L.IV;
    for (const Buffer &X : Used)
      B.CreateStore(ConstantFP::get(X.Sum->getAllocatedType(), 0.0), X.Sum);
    evaluateAll(Point);
    for (const Buffer &X : Used) {
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

  /// Asks whether the cells that X leads to are within the bounds. Returns where to go on, null if there are none.
  BasicBlock *beginAddition(const Buffer &X, Value *Low, Value *High) {
    if (!Low)
      return nullptr;
    Value *Target = plus(Cell[0], X.At[0]);
    BasicBlock *Add = newBlock("add"), *Next = newBlock("added");
    B.CreateCondBr(B.CreateAnd(B.CreateICmpSGE(Target, Low), B.CreateICmpSLT(Target, High)), Add, Next);
    B.SetInsertPoint(Add);
    return Next;
  }

  void endAddition(BasicBlock *Next) {
    if (!Next)
      return;
    B.CreateBr(Next);
    B.SetInsertPoint(Next);
  }

  /// Adds buffers that lead to the same row of one array.
  void emitAdditions(ArrayRef<Buffer> Same, Value *First, Value *Last, Value *Low, Value *High) {
    BasicBlock *Next = beginAddition(Same.front(), Low, High);
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
    endAddition(Next);
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

  /// The least and the most that contributions reach out along the first axis.
  std::pair<int64_t, int64_t> reach() const {
    auto [Low, High] = std::minmax_element(N.Evaluations.begin(), N.Evaluations.end(),
                                           [](const Shift &X, const Shift &Y) { return X[0] < Y[0]; });
    return {(*Low)[0], (*High)[0]};
  }

  void emitSlabs() {
    auto [LeastReach, MostReach] = reach();
    int64_t LeastThickness = std::max(LeastSlab, SlabPerReach * (MostReach - LeastReach));
    Value *First = B.getInt64(LeastReach), *Cells = B.CreateNSWSub(plus(last(0), MostReach + 1), First);
    // Bits must not depend on the number of threads, but they may on that of slabs: where sums over points are added up
    // slab by slab, where a point's own slab evaluates it by another function than its neighbours do, and where cells
    // that are not the same share memory (and one thread does all).
    Value *Slabs = B.getInt64(EnoughSlabs);
    if (!addsAtHome())
      Slabs = B.CreateSelect(isIndependent(), B.CreateNSWMul(createThreadCount(B), B.getInt64(SlabsPerThread)), Slabs);
    Value *Thickness = B.CreateUDiv(plus(B.CreateNSWAdd(Cells, Slabs), -1), Slabs);
    Thickness = B.CreateBinaryIntrinsic(Intrinsic::umax, B.getInt64(LeastThickness), Thickness);
    emitShared(B.CreateUDiv(B.CreateNSWAdd(Cells, plus(Thickness, -1)), Thickness), [&](Value *Slab) {
      Value *Low = B.CreateNSWAdd(First, B.CreateNSWMul(Slab, Thickness));
      Value *High = B.CreateNSWAdd(Low, Thickness);
      // The points that reach into the slab.
      Value *From = B.CreateBinaryIntrinsic(Intrinsic::smax, plus(Low, -MostReach), B.getInt64(Least[0]));
      Value *To = B.CreateBinaryIntrinsic(Intrinsic::smin, plus(High, -LeastReach), plus(last(0), Most[0] + 1));
      Value *LastCell = B.CreateNSWAdd(First, plus(Cells, -1));
      if (addsAtHome()) { // owners beside the Domain may reach no cell
        From = B.CreateSelect(B.CreateICmpEQ(Low, First), B.getInt64(Least[0]), From);
        To = B.CreateSelect(B.CreateICmpSGT(High, LastCell), plus(last(0), Most[0] + 1), To);
      }
      OpenLoop L = openLoop(From, To, "point");
      Cell[0] = L.IV;
      if (!addsAtHome()) {
        emitAxis(1, [&] { emitRow(/*IsOwn=*/false, Low, High); });
      } else { // what is added at home is added by the slab that the point belongs to
        BasicBlock *Own = newBlock("own"), *Other = newBlock("other"), *End = newBlock("point.end");
        Value *Row = B.CreateBinaryIntrinsic(Intrinsic::smax, L.IV, First);
        Row = B.CreateBinaryIntrinsic(Intrinsic::smin, Row, LastCell);
        B.CreateCondBr(B.CreateAnd(B.CreateICmpSGE(Row, Low), B.CreateICmpSLT(Row, High)), Own, Other);
        B.SetInsertPoint(Own);
        emitAxis(1, [&] { emitRow(/*IsOwn=*/true, Low, High); });
        B.CreateBr(End);
        B.SetInsertPoint(Other);
        emitAxis(1, [&] { emitRow(/*IsOwn=*/false, Low, High); });
        B.CreateBr(End);
        B.SetInsertPoint(End);
      }
      leaveAsItIs(closeLoop(L));
    });
  }

  void emitCarry() {
    startNest(OwnPoint, &Points.Carry, &Points.Carry);
    auto EmitRow = [&] {
      BasicBlock *Row = newBlock("row");
      IRBuilder<> RowBuilder(B.CreateBr(Row));
      startRow(&RowBuilder, /*IsMasked=*/false);
      B.SetInsertPoint(Row);
      OpenLoop L = openLoop(B.getInt64(0), plus(last(Inner), 1), "carry");
      Cell[Inner] = L.IV;
      evaluateAll(Points.Carry);
      closeLoop(L);
    };
    if (!N.WorkShared)
      return emitAxis(0, EmitRow);
    emitShared(plus(last(0), 1), [&](Value *Point) {
      Cell[0] = Point;
      emitAxis(1, EmitRow);
    });
  }
};

} // namespace

void emitTile(const GatherNest &N, PointAdjoints &Points, BasicBlock *Start, BasicBlock *Next, LookUpFunction LookUp) {
  TileEmitter(N, Points, Start, LookUp).emit(Next);
}

} // namespace adstencil
