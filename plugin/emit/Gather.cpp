// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emit/Gather.h"

#include "derive/Adjoint.h"
#include "emit/Tape.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include <map>

using namespace llvm;

namespace adstencil {

namespace {

using LookUpFunction = function_ref<Value *(IRBuilder<> &, Value *)>;

/// A loop for (IV = Low; IV < High; ++IV) that is being written.
struct OpenLoop {
  PHINode *IV;
  BasicBlock *Header, *Exit;
};

class GatherEmitter {
public:
  GatherEmitter(const GatherNest &N, PointAdjoints &Points, BasicBlock *Start, LookUpFunction LookUp)
      : N(N), Points(Points), F(*Start->getParent()), Ctx(F.getContext()), B(Start),
        Variables(&*F.getEntryBlock().getFirstInsertionPt()), LookUp(LookUp), Inner(N.Axes.size() - 1),
        AccessGroupNode(MDNode::getDistinct(Ctx, {})) {}

  void emit(BasicBlock *Next) {
    fetch();
    BasicBlock *Done = newBlock("nest.done");
    if (!N.Entered.empty()) {
      BasicBlock *Enter = newBlock("nest.entered");
      Value *All = B.getTrue();
      for (auto &[V, IfTrue] : N.Entered)
        All = B.CreateAnd(All, IfTrue ? Known[V] : B.CreateNot(Known[V]));
      B.CreateCondBr(All, Enter, Done);
      B.SetInsertPoint(Enter);
    }
    if (Points.Whole.F) {
      emitNest({Shift(N.Axes.size(), 0)}, &Points.Whole, &Points.Whole);
    } else {
      emitNest(N.Evaluations, &Points.Away, Points.Home.F ? &Points.Home : &Points.Away);
      if (Points.Carry.F)
        emitNest({Shift(N.Axes.size(), 0)}, &Points.Carry, &Points.Carry);
    }
    addScalarSums();
    B.CreateBr(Done);
    BranchInst::Create(Next, Done);
    inlineCalls();
    describeMemory();
  }

private:
  const GatherNest &N;
  PointAdjoints &Points;
  Function &F;
  LLVMContext &Ctx;
  IRBuilder<> B, Variables;
  LookUpFunction LookUp;
  unsigned Inner; ///< the last axis
  MDNode *AccessGroupNode;

  DenseMap<Value *, Value *> Known; ///< values of the kernel, at the start of the nest
  MapVector<Value *, AllocaInst *> ScalarSums;
  struct Memory {
    const Value *Root;
    bool IsShadow;
  };
  DenseMap<const Value *, Memory> Pointers;
  SmallVector<CallInst *, 32> Calls;
  SmallVector<AllocaInst *, 4> Sums, Flags, PartSums, PartFlags; ///< by group; null if it is not gathered
  DenseMap<Type *, AllocaInst *> UnwantedOf;

  // ---- one nest ----
  std::vector<Shift> Evaluations; ///< sorted by the shift of the last axis
  PointAdjoint *Away = nullptr, *Home = nullptr;
  Shift Least, Most;
  SmallVector<Value *, 4> Cell; ///< q, by axis

  BasicBlock *newBlock(const Twine &Name) { return BasicBlock::Create(Ctx, Name, &F); }

  /// Fetches everything that comes from outside of the nest.
  void fetch() {
    for (Value *V : N.Needs)
      if (Value *&Found = Known[V]; !Found)
        Found = LookUp(B, V);
    for (const AccessGroup &G : N.Groups) {
      Value *Primal = Known[G.Root];
      Value *&Shadow = Known[shadowOf(G)];
      if (!Shadow)
        Shadow = LookUp(B, shadowOf(G));
      Pointers[Primal] = {G.Root, false};
      Pointers[Shadow] = {G.Root, true};
    }
    for (PointAdjoint *A : {&Points.Away, &Points.Home, &Points.Carry, &Points.Whole})
      for (const PointArgument &Arg : A->Arguments)
        if (Arg.TheKind == PointArgument::ScalarShadow && !ScalarSums.count(Arg.Of))
          ScalarSums[Arg.Of] = createVariable(Variables, Arg.Of->getType(), "nest.sum");
    for (auto &[Marker, Sum] : ScalarSums)
      B.CreateStore(ConstantFP::get(Marker->getType(), 0.0), Sum);
    auto Make = [&](SmallVectorImpl<AllocaInst *> &Into, const AccessGroup &G, bool IsFlag) {
      Into.push_back(G.Gathered ? createVariable(Variables, IsFlag ? B.getInt1Ty() : G.Element, "gathered") : nullptr);
    };
    for (const AccessGroup &G : N.Groups) {
      Make(Sums, G, false);
      Make(Flags, G, true);
      Make(PartSums, G, false);
      Make(PartFlags, G, true);
    }
  }

  /// Memory for contributions that nobody asked for.
  Value *unwanted(Type *T) {
    AllocaInst *&Unwanted = UnwantedOf[T];
    if (!Unwanted)
      Unwanted = createVariable(Variables, T, "unwanted");
    return Unwanted;
  }

  static Value *shadowOf(const AccessGroup &G) { return G.Root->getArgOperand(1); }

  OpenLoop openLoop(Value *Low, Value *High, const Twine &Name) {
    OpenLoop L{nullptr, newBlock(Name), newBlock(Name + ".end")};
    BasicBlock *Before = B.GetInsertBlock(), *Body = newBlock(Name + ".body");
    B.CreateBr(L.Header);
    B.SetInsertPoint(L.Header);
    L.IV = B.CreatePHI(B.getInt64Ty(), 2, Name);
    L.IV->addIncoming(Low, Before);
    B.CreateCondBr(B.CreateICmpSLT(L.IV, High), Body, L.Exit);
    B.SetInsertPoint(Body);
    return L;
  }

  BranchInst *closeLoop(const OpenLoop &L) {
    L.IV->addIncoming(B.CreateNSWAdd(L.IV, B.getInt64(1)), B.GetInsertBlock());
    BranchInst *Back = B.CreateBr(L.Header);
    B.SetInsertPoint(L.Exit);
    return Back;
  }

  void emitNest(std::vector<Shift> Shifts, PointAdjoint *AwayPoint, PointAdjoint *HomePoint) {
    Evaluations = std::move(Shifts);
    sort(Evaluations, [&](const Shift &X, const Shift &Y) {
      return std::tie(X[Inner], X) < std::tie(Y[Inner], Y);
    });
    Away = AwayPoint;
    Home = HomePoint;
    Least = Most = Evaluations.front();
    for (const Shift &S : Evaluations)
      for (unsigned D = 0; D <= Inner; ++D) {
        Least[D] = std::min(Least[D], S[D]);
        Most[D] = std::max(Most[D], S[D]);
      }
    Cell.assign(Inner + 1, nullptr);
    emitAxis(0);
  }

  Value *last(unsigned Axis) { return Known[N.Last[Axis]]; }

  /// Last + By, as a count of cells from zero.
  Value *plus(Value *V, int64_t By) { return By == 0 ? V : B.CreateNSWAdd(V, B.getInt64(By)); }

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
      if (Least[D] != Most[D]) {
        Inside = B.CreateAnd(Inside, B.CreateICmpSGE(Cell[D], B.getInt64(Most[D])));
        Inside = B.CreateAnd(Inside, B.CreateICmpSLE(Cell[D], plus(last(D), Least[D])));
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

  // ---- a row ----

  bool Masked = false;                               ///< points of this row may be outside of the Domain
  std::map<Shift, Value *> RowValid;                 ///< by shift without the last axis
  std::map<std::tuple<unsigned, bool, Shift, Shift>, Value *> RowPointers;
  IRBuilder<> *Row = nullptr;                        ///< writes what is the same for the whole row

  void emitRow(bool IsMasked) {
    Masked = IsMasked;
    RowValid.clear();
    RowPointers.clear();
    BasicBlock *Cells = newBlock("row");
    IRBuilder<> RowBuilder(B.CreateBr(Cells));
    Row = &RowBuilder;
    B.SetInsertPoint(Cells);
    Value *Low = B.getInt64(Least[Inner]), *High = plus(last(Inner), Most[Inner] + 1);
    if (Least[Inner] == Most[Inner]) {
      emitCells(Low, High, /*Guarded=*/false);
    } else {
      Value *First = B.getInt64(Most[Inner]), *End = plus(last(Inner), Least[Inner] + 1);
      Value *None = B.CreateICmpSLE(End, First);
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
      emitCells(From, To, /*Guarded=*/true);
      B.CreateCondBr(Second, Done, Middle);
      B.SetInsertPoint(Middle);
      emitCells(First, End, /*Guarded=*/false);
      From->addIncoming(End, B.GetInsertBlock());
      To->addIncoming(High, B.GetInsertBlock());
      Second->addIncoming(B.getTrue(), B.GetInsertBlock());
      doNotUnroll(B.CreateBr(Shell));
      B.SetInsertPoint(Done);
    }
    Row = nullptr;
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

  /// Tells the vectoriser that iterations do not depend on each other.
  void sayParallel(BranchInst *Back) {
    MDNode *Accesses = MDNode::get(Ctx, {MDString::get(Ctx, "llvm.loop.parallel_accesses"), AccessGroupNode});
    MDNode *Loop = MDNode::getDistinct(Ctx, {nullptr, Accesses});
    Loop->replaceOperandWith(0, Loop);
    Back->setMetadata(LLVMContext::MD_loop, Loop);
  }

  /// True if no cell that an iteration along the last axis changes is met by another one: cells of one group are apart,
  /// and no array has two groups.
  bool isParallel() const {
    if (N.HasHomes && Home != &Points.Carry)
      return false;
    SmallPtrSet<const Value *, 8> Roots;
    for (const AccessGroup &G : N.Groups) {
      if (!G.Gathered && Home != &Points.Carry && Home != &Points.Whole)
        continue;
      if (!isa<ConstantInt>(G.Strides[Inner]) || cast<ConstantInt>(G.Strides[Inner])->isZero() ||
          !Roots.insert(G.Root).second)
        return false;
    }
    return true;
  }

  /// What the points around a cell add to it.
  void emitCell(bool Guarded) {
    for (auto [I, G] : enumerate(N.Groups))
      if (G.Gathered) {
        B.CreateStore(ConstantFP::get(G.Element, 0.0), Sums[I]);
        B.CreateStore(B.getFalse(), Flags[I]);
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
    for (auto [I, G] : enumerate(N.Groups))
      if (G.Gathered)
        addToCell(I);
  }

  void addToCell(unsigned Index) {
    const AccessGroup &G = N.Groups[Index];
    BasicBlock *Add = newBlock("add"), *Added = newBlock("added");
    B.CreateCondBr(B.CreateLoad(B.getInt1Ty(), Flags[Index]), Add, Added);
    B.SetInsertPoint(Add);
    Shift Zero(Inner + 1, 0);
    Value *Pointer = cellPointer(Index, /*IsShadow=*/true, Zero, Zero, /*Moved=*/false);
    IRBuilder<>::FastMathFlagGuard Guard(B);
    B.setFastMathFlags(cotangentFlags());
    Value *Old = B.CreateLoad(G.Element, Pointer), *Sum = B.CreateLoad(G.Element, Sums[Index]);
    B.CreateStore(B.CreateFAdd(Old, Sum), Pointer);
    B.CreateBr(Added);
    B.SetInsertPoint(Added);
  }

  // ---- evaluations ----

  static Shift outer(Shift S) {
    S.back() = 0;
    return S;
  }

  /// True if the point at distance S is in the Domain, as far as all axes but the last are concerned.
  Value *rowValid(const Shift &S) {
    Value *&Valid = RowValid[outer(S)];
    if (!Valid) {
      Valid = Row->getTrue();
      for (unsigned D = 0; D != Inner; ++D)
        if (Least[D] != Most[D])
          Valid = Row->CreateAnd(Valid, Row->CreateICmpULE(Row->CreateSub(Cell[D], Row->getInt64(S[D])), last(D)));
    }
    return Valid;
  }

  /// The point at distance S from the cell, on one of the axes but the last; Moved: into the Domain if it is not there.
  Value *pointOf(unsigned Axis, const Shift &S, bool Moved) {
    Value *Point = Row->CreateSub(Cell[Axis], Row->getInt64(S[Axis]));
    if (!Moved || Least[Axis] == Most[Axis])
      return Point;
    Point = Row->CreateBinaryIntrinsic(Intrinsic::smax, Point, Row->getInt64(0));
    return Row->CreateBinaryIntrinsic(Intrinsic::smin, Point, last(Axis));
  }

  /// The address of a group's cell at shift At from the point that is S away.
  Value *cellPointer(unsigned Group, bool IsShadow, const Shift &At, const Shift &S, bool Moved) {
    const AccessGroup &G = N.Groups[Group];
    // Without moving, only the difference counts: reads of neighbouring points that meet are one pointer.
    Shift Key = outer(At), From = outer(S);
    if (!Moved)
      for (unsigned D = 0; D != Inner; ++D) {
        Key[D] -= From[D];
        From[D] = 0;
      }
    Key.back() = Moved;
    Value *&RowPointer = RowPointers[{Group, IsShadow, Key, From}];
    if (!RowPointer) {
      Value *Offset = Known[G.Offset];
      for (unsigned D = 0; D != Inner; ++D) {
        Value *Index = Row->CreateAdd(pointOf(D, From, Moved), Row->getInt64(Key[D]));
        Offset = Row->CreateAdd(Offset, Row->CreateMul(Index, Known[G.Strides[D]]));
      }
      RowPointer = Row->CreatePtrAdd(Known[IsShadow ? shadowOf(G) : G.Root], Offset);
    }
    int64_t Along = At.back() - S.back();
    Value *Stride = Known[G.Strides[Inner]], *Pointer;
    if (auto *C = dyn_cast<ConstantInt>(Stride)) {
      Pointer = B.CreatePtrAdd(RowPointer, B.CreateMul(Cell[Inner], C));
      if (Along != 0)
        Pointer = B.CreatePtrAdd(Pointer, B.getInt64(Along * C->getSExtValue()));
    } else {
      Pointer = B.CreatePtrAdd(RowPointer, B.CreateMul(plus(Cell[Inner], Along), Stride));
    }
    Pointers[Pointer] = {G.Root, IsShadow};
    return Pointer;
  }

  /// Adds what the point at distance S contributes to the sums of the cell.
  void evaluate(const Shift &S) {
    bool IsHome = all_of(S, [](int64_t X) { return X == 0; });
    PointAdjoint &Point = IsHome ? *Home : *Away;
    Value *Valid = Masked ? rowValid(S) : B.getTrue();
    if (isa<ConstantInt>(Valid))
      return call(Point, S, Sums, Flags);
    if (&Point == Home && Home != Away) { // it changes memory
      BasicBlock *Then = newBlock("home"), *End = newBlock("home.end");
      B.CreateCondBr(Valid, Then, End);
      B.SetInsertPoint(Then);
      call(Point, S, Sums, Flags);
      B.CreateBr(End);
      B.SetInsertPoint(End);
      return;
    }
    for (auto [I, G] : enumerate(N.Groups))
      if (G.Gathered) {
        B.CreateStore(ConstantFP::get(G.Element, 0.0), PartSums[I]);
        B.CreateStore(B.getFalse(), PartFlags[I]);
      }
    call(Point, S, PartSums, PartFlags);
    IRBuilder<>::FastMathFlagGuard Guard(B);
    B.setFastMathFlags(cotangentFlags());
    for (auto [I, G] : enumerate(N.Groups)) {
      if (!G.Gathered || !isGatheredAt(I, S))
        continue;
      Value *Part = B.CreateSelect(Valid, B.CreateLoad(G.Element, PartSums[I]), ConstantFP::get(G.Element, 0.0));
      B.CreateStore(B.CreateFAdd(B.CreateLoad(G.Element, Sums[I]), Part), Sums[I]);
      Value *Flag = B.CreateAnd(Valid, B.CreateLoad(B.getInt1Ty(), PartFlags[I]));
      B.CreateStore(B.CreateOr(B.CreateLoad(B.getInt1Ty(), Flags[I]), Flag), Flags[I]);
    }
  }

  /// True if some load of the group is gathered at shift S.
  bool isGatheredAt(unsigned Group, const Shift &S) const {
    return any_of(N.Roles, [&](const auto &Entry) {
      auto Found = N.Accesses.find(Entry.first);
      return Entry.second == LoadRole::Gathered && Found->second.Group == Group && Found->second.At == S;
    });
  }

  /// True if a load of the group at shift S contributes wherever its point is in the Domain.
  bool isAlwaysGatheredAt(unsigned Group, const Shift &S) const {
    return any_of(N.Roles, [&](const auto &Entry) {
      auto Found = N.Accesses.find(Entry.first);
      return Entry.second == LoadRole::Gathered && Found->second.Group == Group && Found->second.At == S &&
             !N.Conditional.contains(Entry.first);
    });
  }

  void call(PointAdjoint &Point, const Shift &S, ArrayRef<AllocaInst *> Into, ArrayRef<AllocaInst *> FlagsInto) {
    SmallVector<Value *, 16> Values;
    for (auto [I, A] : enumerate(Point.Arguments)) {
      Type *T = Point.F->getArg(I)->getType();
      Values.push_back(Point.uses(I) ? argument(A, S, Into, FlagsInto) : PoisonValue::get(T));
    }
    Calls.push_back(B.CreateCall(Point.F, Values));
    for (unsigned I = 0; I != N.Groups.size(); ++I)
      if (N.Groups[I].Gathered && isAlwaysGatheredAt(I, S))
        B.CreateStore(B.getTrue(), FlagsInto[I]);
  }

  Value *argument(const PointArgument &A, const Shift &S, ArrayRef<AllocaInst *> Into,
                  ArrayRef<AllocaInst *> FlagsInto) {
    switch (A.TheKind) {
    case PointArgument::Index:
      return A.Number == Inner ? plus(Cell[Inner], -S[Inner]) : pointOf(A.Number, S, Masked);
    case PointArgument::Captured:
      return Known[A.Of];
    case PointArgument::ScalarShadow:
      return ScalarSums[A.Of];
    case PointArgument::ArrayPrimal:
      return Known[A.Of];
    case PointArgument::ArrayShadow:
      return Known[cast<CallInst>(A.Of)->getArgOperand(1)];
    case PointArgument::CellPrimal:
      return cellPointer(A.Number, /*IsShadow=*/false, A.At, S, Masked);
    case PointArgument::CellShadow:
      if (!A.OfLoad)
        return cellPointer(A.Number, /*IsShadow=*/true, A.At, S, Masked);
      return N.Groups[A.Number].Gathered && A.At == S ? Into[A.Number]
                                                        : unwanted(N.Groups[A.Number].Element);
    case PointArgument::Touched:
      return A.At == S ? FlagsInto[A.Number] : unwanted(B.getInt1Ty());
    }
    return nullptr;
  }

  // ---- completion ----

  void addScalarSums() {
    IRBuilder<>::FastMathFlagGuard Guard(B);
    B.setFastMathFlags(cotangentFlags());
    for (auto &[Marker, Sum] : ScalarSums) {
      auto Shadow = Known.find(cast<CallInst>(Marker)->getArgOperand(1));
      if (Shadow == Known.end())
        continue;
      Value *Total = B.CreateFAdd(B.CreateLoad(Marker->getType(), Shadow->second), B.CreateLoad(Marker->getType(), Sum));
      B.CreateStore(Total, Shadow->second);
    }
  }

  void inlineCalls() {
    for (CallInst *Call : Calls) {
      InlineFunctionInfo Info;
      InlineFunction(*Call, Info);
    }
  }

  /// Tells the optimiser which accesses cannot meet: distinct arrays and shadows, and iterations along the last axis.
  void describeMemory() {
    MDBuilder MD(Ctx);
    MDNode *Domain = MD.createAnonymousAliasScopeDomain("adstencil.gather");
    MapVector<std::pair<const Value *, unsigned>, MDNode *> Scopes;
    for (const AccessGroup &G : N.Groups)
      for (bool IsShadow : {false, true})
        if (MDNode *&Scope = Scopes[{G.Root, IsShadow}]; !Scope)
          Scope = MD.createAnonymousAliasScope(Domain);
    for (Instruction &I : instructions(F)) {
      const Value *Pointer = getLoadStorePointerOperand(&I);
      if (!Pointer)
        continue;
      auto Found = Pointers.find(Pointer);
      if (Found == Pointers.end())
        Found = Pointers.find(getUnderlyingObject(Pointer, /*MaxLookup=*/0));
      if (Found == Pointers.end())
        continue;
      SmallVector<Metadata *, 8> Own, Others;
      for (auto &[Key, Scope] : Scopes)
        (Key == std::pair(Found->second.Root, unsigned(Found->second.IsShadow)) ? Own : Others).push_back(Scope);
      I.setMetadata(LLVMContext::MD_alias_scope, MDNode::get(Ctx, Own));
      I.setMetadata(LLVMContext::MD_noalias, MDNode::get(Ctx, Others));
      I.setMetadata(LLVMContext::MD_access_group, AccessGroupNode);
    }
  }
};

} // namespace

void emitGather(const GatherNest &N, PointAdjoints &Points, BasicBlock *Start, BasicBlock *Next,
                LookUpFunction LookUp) {
  GatherEmitter(N, Points, Start, LookUp).emit(Next);
}

} // namespace adstencil
