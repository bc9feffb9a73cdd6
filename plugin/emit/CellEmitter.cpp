// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emit/CellEmitter.h"

#include "analysis/Addresses.h"
#include "derive/Adjoint.h"
#include "emit/HideCounters.h"
#include "emit/Parallel.h"
#include "emit/Prefetch.h"
#include "emit/Tape.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/Transforms/Utils/Cloning.h"

using namespace llvm;

namespace adstencil {

/// A shift without its part along the last axis.
static Shift outer(Shift S) {
  S.back() = 0;
  return S;
}

CellEmitter::CellEmitter(const GatherNest &N, PointAdjoints &Points, BasicBlock *Start, LookUpFunction LookUp)
    : N(N), Points(Points), F(*Start->getParent()), Ctx(F.getContext()), B(Start),
      Variables(&*F.getEntryBlock().getFirstInsertionPt()), Inner(N.Axes.size() - 1),
      IndependentAccesses(MDNode::getDistinct(Ctx, {})), LookUp(LookUp) {}

Value *CellEmitter::isEntered() {
  Value *All = B.getTrue();
  for (auto &[V, IfTrue] : N.Entered)
    All = B.CreateAnd(All, IfTrue ? Known[V] : B.CreateNot(Known[V]));
  return All;
}

void CellEmitter::startNest(std::vector<Shift> Shifts, PointAdjoint *AwayPoint, PointAdjoint *HomePoint) {
  Evaluations = std::move(Shifts);
  sort(Evaluations, [&](const Shift &X, const Shift &Y) { return std::tie(X[Inner], X) < std::tie(Y[Inner], Y); });
  Away = AwayPoint;
  Home = HomePoint;
  Least = Most = Shift(Inner + 1, 0);
  for (unsigned D = 0; D <= Inner; ++D) { // what goes far along one axis may be beside the cell along another
    SmallVector<int64_t, 16> Near;
    for (const Shift &S : Evaluations)
      if (farNumber(S[D]) == 0)
        Near.push_back(S[D]);
    if (Near.empty())
      continue;
    Least[D] = *min_element(Near);
    Most[D] = *max_element(Near);
  }
  Cell.assign(Inner + 1, nullptr);
}

std::pair<Value *, Value *> CellEmitter::cellRange(unsigned Axis) {
  Value *Low = B.getInt64(Least[Axis]), *High = plus(last(Axis), Most[Axis] + 1);
  for (auto &[L, Bounds] : N.Executed) {
    const Shift &At = N.Accesses.find(L)->second.At;
    if (!farNumber(At[Axis]) || !is_contained(Evaluations, At))
      continue;
    Value *By = points(B, At[Axis]), *Last = B.CreateNSWAdd(Known[Bounds[Axis].second], By);
    Low = B.CreateBinaryIntrinsic(Intrinsic::smin, Low, B.CreateNSWAdd(Known[Bounds[Axis].first], By));
    High = B.CreateBinaryIntrinsic(Intrinsic::smax, High, plus(Last, 1));
  }
  return {Low, High};
}

std::pair<Value *, Value *> CellEmitter::withoutFar(unsigned Axis, Value *Low, Value *High) {
  for (const Shift &S : Evaluations) {
    unsigned Number = farNumber(S[Axis]);
    if (!Number)
      continue;
    Value *By = points(B, S[Axis]);
    if (N.Far[Number - 1].Ahead) // its point would be in front of the first one
      High = B.CreateBinaryIntrinsic(Intrinsic::smin, High, By);
    else
      Low = B.CreateBinaryIntrinsic(Intrinsic::smax, Low, plus(B.CreateNSWAdd(last(Axis), By), 1));
  }
  return {Low, High};
}

void CellEmitter::startRow(IRBuilder<> *RowBuilder, bool IsMasked) {
  Row = RowBuilder;
  Masked = IsMasked;
  RowValid.clear();
  RowPointers.clear();
}

void CellEmitter::clearScalarSums() {
  for (auto &[Marker, Sum] : ScalarSums)
    B.CreateStore(ConstantFP::get(Marker->getType(), 0.0), Sum);
}

bool CellEmitter::collectAdded(const Value *Root, SmallVectorImpl<unsigned> &Groups,
                               MutableArrayRef<std::pair<Value *, Value *>> Box) {
  for (auto &[L, Role] : N.Roles) {
    auto Found = N.Accesses.find(L);
    if (Role == LoadRole::Carried)
      continue;
    if (Found == N.Accesses.end()) {
      if (Role == LoadRole::Home && addsAtHome())
        return false; // anywhere
      continue;
    }
    const GroupAccess &At = Found->second;
    if (N.Groups[At.Group].Root != Root || (Role == LoadRole::Home && !addsAtHome()))
      continue;
    if (Role == LoadRole::Home && At.At[0] != 0) // it adds where it reads, not to the iteration's own cell
      return false;
    auto Executed = N.Executed.find(L);
    for (auto [D, Range] : enumerate(Box)) {
      bool Bounded = Executed != N.Executed.end();
      Value *By = points(B, At.At[D]);
      Value *Low = B.CreateNSWAdd(Bounded ? Known[Executed->second[D].first] : B.getInt64(0), By);
      Value *High = B.CreateNSWAdd(Bounded ? Known[Executed->second[D].second] : last(D), By);
      bool First = Groups.empty();
      Range.first = First ? Low : B.CreateBinaryIntrinsic(Intrinsic::smin, Range.first, Low);
      Range.second = First ? High : B.CreateBinaryIntrinsic(Intrinsic::smax, Range.second, High);
    }
    if (!is_contained(Groups, At.Group))
      Groups.push_back(At.Group);
  }
  return true;
}

Value *CellEmitter::isIndependent() {
  if (N.AddsToOutside && addsAtHome())
    return B.getFalse();
  Value *Independent = B.getTrue();
  SmallPtrSet<const Value *, 8> Done;
  for (const AccessGroup &G : N.Groups) {
    if (!Done.insert(G.Root).second)
      continue;
    SmallVector<unsigned, 4> Groups;
    SmallVector<std::pair<Value *, Value *>, 4> Box(Inner + 1);
    if (!collectAdded(G.Root, Groups, Box))
      return B.getFalse();
    if (Groups.empty())
      continue;
    const AccessGroup &First = N.Groups[Groups.front()];
    Value *Low = Known[First.Offset], *High = Low;
    for (unsigned I : Groups) {
      if (N.Groups[I].StrideForm != First.StrideForm)
        return B.getFalse();
      Low = B.CreateBinaryIntrinsic(Intrinsic::smin, Low, Known[N.Groups[I].Offset]);
      High = B.CreateBinaryIntrinsic(Intrinsic::smax, High, Known[N.Groups[I].Offset]);
    }
    SmallVector<Extent, 4> Extents;
    for (unsigned D = 0; D <= Inner; ++D) {
      Value *Stride = Known[First.Strides[D]];
      if (auto *C = dyn_cast<ConstantInt>(Stride); C && C->isZero()) {
        if (D == 0)
          return B.getFalse();
        continue;
      }
      Value *Last = B.CreateNSWSub(Box[D].second, Box[D].first);
      Extents.push_back({Stride, B.CreateBinaryIntrinsic(Intrinsic::smax, Last, B.getInt64(0))});
    }
    uint64_t Size = F.getDataLayout().getTypeStoreSize(First.Element);
    Value *Block = B.CreateAdd(B.CreateSub(High, Low), B.getInt64(Size));
    Independent = B.CreateAnd(Independent, emitInjective(B, Block, Extents));
  }
  return Independent;
}

OpenLoop CellEmitter::openLoop(Value *Low, Value *High, const Twine &Name) {
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

BranchInst *CellEmitter::closeLoop(const OpenLoop &L) {
  L.IV->addIncoming(B.CreateNSWAdd(L.IV, B.getInt64(1)), B.GetInsertBlock());
  BranchInst *Back = B.CreateBr(L.Header);
  B.SetInsertPoint(L.Exit);
  return Back;
}

void CellEmitter::describeLoop(BranchInst *Back, bool IsParallel) {
  Metadata *Gather = MDNode::get(Ctx, {MDString::get(Ctx, PlainCounter)});
  // What is bound by memory gains nothing from interleaving or unrolling, and both multiply the code.
  Metadata *Once = MDNode::get(Ctx, {MDString::get(Ctx, "llvm.loop.interleave.count"),
                                     ConstantAsMetadata::get(ConstantInt::get(Type::getInt32Ty(Ctx), 1))});
  Metadata *NotUnrolled = MDNode::get(Ctx, MDString::get(Ctx, "llvm.loop.unroll.disable"));
  SmallVector<Metadata *, 5> Properties = {nullptr, Gather, Once, NotUnrolled};
  if (IsParallel)
    Properties.push_back(MDNode::get(Ctx, {MDString::get(Ctx, "llvm.loop.parallel_accesses"), IndependentAccesses}));
  MDNode *Loop = MDNode::getDistinct(Ctx, Properties);
  Loop->replaceOperandWith(0, Loop);
  Back->setMetadata(LLVMContext::MD_loop, Loop);
}

Value *CellEmitter::hidden(Value *Counter) {
  Constant *Nothing = ConstantPointerNull::get(B.getPtrTy());
  return B.CreateFreeze(B.CreateIntrinsic(Intrinsic::annotation, {Counter->getType(), B.getPtrTy()},
                                          {Counter, Nothing, Nothing, B.getInt32(0)}));
}

void CellEmitter::leaveAsItIs(BranchInst *Back) {
  Metadata *NotUnrolled = MDNode::get(Ctx, MDString::get(Ctx, "llvm.loop.unroll.disable"));
  Metadata *NotVectorised = MDNode::get(
      Ctx, {MDString::get(Ctx, "llvm.loop.vectorize.enable"), ConstantAsMetadata::get(ConstantInt::getFalse(Ctx))});
  Metadata *Counter = MDNode::get(Ctx, MDString::get(Ctx, PlainCounter));
  MDNode *Loop = MDNode::getDistinct(Ctx, {nullptr, NotUnrolled, NotVectorised, Counter});
  Loop->replaceOperandWith(0, Loop);
  Back->setMetadata(LLVMContext::MD_loop, Loop);
}

void CellEmitter::describe(Instruction *Access) {
  Access->setMetadata(LLVMContext::MD_access_group, IndependentAccesses);
}

void CellEmitter::evaluateMerged() {
  const Shift Own(Inner + 1, 0);
  call(Points.Merged, Own, Sums, Flags);
  for (auto [I, G] : enumerate(N.Groups))
    if (G.Gathered)
      B.CreateStore(B.getTrue(), Flags[I]);
  if (Home != Away) // what it contributes to the cell itself is in the sums already
    call(Points.inner(*Home), Own, PartSums, PartFlags);
}

void CellEmitter::evaluateAll(PointAdjoint &Point) { call(Point, Shift(Inner + 1, 0), Sums, Flags); }

void CellEmitter::callAll(PointAdjoint &Point) {
  assert(!addsAtHome() && "sums would not stay in registers");
  DenseMap<Type *, AllocaInst *> Others;
  std::swap(Others, UnwantedOf); // of calls that are inlined
  evaluateAll(Point);
  std::swap(Others, UnwantedOf);
  CallInst *Call = Calls.pop_back_val();
  Call->setIsNoInline();
  if (DISubprogram *Scope = F.getSubprogram())
    Call->setDebugLoc(DILocation::get(Ctx, 0, 0, Scope));
}

void CellEmitter::evaluateHome() {
  WantsGathered = false;
  evaluateAll(*Home);
  WantsGathered = true;
}

Value *CellEmitter::shadowCell(unsigned Group, const Shift &At) {
  return cellPointer(Group, /*IsShadow=*/true, At, Shift(Inner + 1, 0), /*Moved=*/false);
}

void CellEmitter::emitShared(Value *Count, function_ref<void(Value *)> Body) {
  std::vector<std::pair<AllocaInst *, Value *>> Parts; ///< variable, memory
  if (addsAtHome())
    for (auto &[Marker, Sum] : ScalarSums) {
      Value *Bytes = B.CreateMul(Count, B.getInt64(F.getDataLayout().getTypeAllocSize(Sum->getAllocatedType())));
      Parts.push_back(
          {Sum, B.CreateCall(growFunction(*F.getParent()), {ConstantPointerNull::get(B.getPtrTy()), Bytes})});
    }
  createParallelMarker(B, isIndependent());
  OpenLoop L = openLoop(B.getInt64(0), Count, "part");
  if (!Parts.empty())
    clearScalarSums();
  Body(L.IV);
  for (auto &[Sum, Memory] : Parts) {
    Type *T = Sum->getAllocatedType();
    B.CreateStore(B.CreateLoad(T, Sum), B.CreateGEP(T, Memory, L.IV));
  }
  leaveAsItIs(closeLoop(L));
  if (Parts.empty())
    return;
  clearScalarSums();
  OpenLoop Adding = openLoop(B.getInt64(0), Count, "sum");
  for (auto &[Sum, Memory] : Parts) {
    Type *T = Sum->getAllocatedType();
    B.CreateStore(B.CreateFAdd(B.CreateLoad(T, Sum), B.CreateLoad(T, B.CreateGEP(T, Memory, Adding.IV))), Sum);
  }
  leaveAsItIs(closeLoop(Adding));
  FunctionCallee Free = F.getParent()->getOrInsertFunction("free", B.getVoidTy(), B.getPtrTy());
  for (auto &[Sum, Memory] : Parts)
    B.CreateCall(Free, Memory);
}

void CellEmitter::finish() {
  addScalarSums();
  for (CallInst *Call : Calls) {
    InlineFunctionInfo Info;
    InlineFunction(*Call, Info);
  }
  describeMemory();
}

void CellEmitter::fetch() {
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
  for (PointAdjoint *A : Points.all())
    for (const PointArgument &Arg : A->Arguments)
      if (Arg.TheKind == PointArgument::ScalarShadow && !ScalarSums.count(Arg.Of))
        ScalarSums[Arg.Of] = createVariable(Variables, Arg.Of->getType(), "nest.sum");
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

Value *CellEmitter::unwanted(Type *T) {
  AllocaInst *&Unwanted = UnwantedOf[T];
  if (!Unwanted)
    Unwanted = Variables.CreateAlloca(T, nullptr, "unwanted");
  B.CreateStore(Constant::getNullValue(T), Unwanted); // nothing is handed from one call to the next
  return Unwanted;
}

void CellEmitter::clearSums() {
  for (auto [I, G] : enumerate(N.Groups))
    if (G.Gathered) {
      B.CreateStore(ConstantFP::get(G.Element, 0.0), Sums[I]);
      B.CreateStore(B.getFalse(), Flags[I]);
    }
}

CellEmitter::CellSums CellEmitter::readSums() {
  CellSums Read;
  for (auto [I, G] : enumerate(N.Groups)) {
    Value *Flag = G.Gathered ? B.CreateLoad(B.getInt1Ty(), Flags[I]) : nullptr;
    Read.OfGroup.push_back({Flag, G.Gathered ? B.CreateLoad(G.Element, Sums[I]) : nullptr});
  }
  return Read;
}

void CellEmitter::addToCells(const CellSums &Added) {
  for (auto [I, Of] : enumerate(Added.OfGroup))
    if (Of.first)
      addGroup(I, Of.first, Of.second);
}

void CellEmitter::addToCells() { addToCells(readSums()); }

void CellEmitter::addToCell(Value *Pointer, Value *Sum) {
  IRBuilder<>::FastMathFlagGuard Guard(B);
  B.setFastMathFlags(cotangentFlags());
  Value *Old = B.CreateLoad(Sum->getType(), Pointer);
  B.CreateStore(B.CreateFAdd(Old, Sum), Pointer);
}

void CellEmitter::addGroup(unsigned Index, Value *Flag, Value *Sum) {
  BasicBlock *Add = newBlock("add"), *Added = newBlock("added");
  B.CreateCondBr(Flag, Add, Added);
  B.SetInsertPoint(Add);
  Shift Zero(Inner + 1, 0);
  Value *Pointer = cellPointer(Index, /*IsShadow=*/true, Zero, Zero, /*Moved=*/false);
  addToCell(Pointer, Sum);
  B.CreateBr(Added);
  B.SetInsertPoint(Added);
}

Value *CellEmitter::rowValid(const Shift &S) {
  Value *&Valid = RowValid[outer(S)];
  if (!Valid) {
    Valid = Row->getTrue();
    for (unsigned D = 0; D != Inner; ++D)
      if (varies(D))
        Valid = Row->CreateAnd(Valid, Row->CreateICmpULE(Row->CreateSub(Cell[D], points(*Row, S[D])), last(D)));
  }
  return Valid;
}

Value *CellEmitter::pointOf(unsigned Axis, const Shift &S, bool Moved) {
  Value *Point = Row->CreateSub(Cell[Axis], points(*Row, S[Axis]));
  if (Axis == 0 && Plane != 0)
    Point = Row->CreateAdd(Point, Row->getInt64(Plane));
  if (!Moved || !varies(Axis))
    return Point;
  Point = Row->CreateBinaryIntrinsic(Intrinsic::smax, Point, Row->getInt64(0));
  return Row->CreateBinaryIntrinsic(Intrinsic::smin, Point, last(Axis));
}

Value *CellEmitter::nearPointer(unsigned Group, bool IsShadow, const Shift &Distance) {
  const AccessGroup &G = N.Groups[Group];
  Value *&Own = RowPointers[{Group, IsShadow, Shift(), Shift()}];
  if (!Own) {
    Value *Offset = Row->getInt64(0); // the same for all arrays with these strides
    for (unsigned D = 0; D <= Inner; ++D)
      Offset = Row->CreateAdd(Offset, Row->CreateMul(Cell[D], Known[G.Strides[D]]));
    Own = Row->CreatePtrAdd(Row->CreatePtrAdd(Known[IsShadow ? shadowOf(G) : G.Root], Known[G.Offset]), Offset);
  }
  Value *Pointer = Own;
  for (unsigned D = 0; D <= Inner; ++D)
    if (Distance[D] != 0)
      Pointer = B.CreatePtrAdd(Pointer, B.CreateMul(Known[G.Strides[D]], B.getInt64(Distance[D])));
  Pointers[Pointer] = {G.Root, IsShadow};
  return Pointer;
}

Value *CellEmitter::farPointer(unsigned Group, bool IsShadow, const Shift &At, const Shift &S, bool Moved) {
  const AccessGroup &G = N.Groups[Group];
  Shift Key(outer(At)), From(outer(S));
  Key.back() = 2 + Moved; // not one of the near ones
  Value *&RowPointer = RowPointers[{Group, IsShadow, Key, From}];
  if (!RowPointer) {
    Value *Offset = Known[G.Offset];
    for (unsigned D = 0; D != Inner; ++D) {
      Value *Index = Row->CreateAdd(pointOf(D, S, Moved), points(*Row, At[D]));
      Offset = Row->CreateAdd(Offset, Row->CreateMul(Index, Known[G.Strides[D]]));
    }
    RowPointer = Row->CreatePtrAdd(Known[IsShadow ? shadowOf(G) : G.Root], Offset);
  }
  Value *Index = B.CreateAdd(B.CreateSub(Cell[Inner], points(B, S[Inner])), points(B, At[Inner]));
  Value *Pointer = B.CreatePtrAdd(RowPointer, B.CreateMul(Index, Known[G.Strides[Inner]]));
  Pointers[Pointer] = {G.Root, IsShadow};
  return Pointer;
}

Value *CellEmitter::cellPointer(unsigned Group, bool IsShadow, const Shift &At, const Shift &S, bool Moved) {
  const AccessGroup &G = N.Groups[Group];
  if (isFar(At) || isFar(S))
    return farPointer(Group, IsShadow, At, S, Moved);
  if (NearPointers) {
    Shift Distance(At);
    for (auto [X, By] : zip(Distance, S))
      X -= By;
    return nearPointer(Group, IsShadow, Distance);
  }
  // Without moving, only the difference counts: reads of neighbouring points that meet are one pointer.
  Shift Key = outer(At), From = outer(S);
  if (!Moved)
    for (unsigned D = 0; D != Inner; ++D) {
      Key[D] -= From[D] - (D == 0 ? Plane : 0);
      From[D] = 0;
    }
  Key.back() = Moved;
  Value *&RowPointer = RowPointers[{Group, IsShadow, Key, From}];
  if (!RowPointer) {
    Value *Offset = Known[G.Offset];
    for (unsigned D = 0; D != Inner; ++D) {
      Value *Point = Moved ? pointOf(D, From, /*Moved=*/true) : Cell[D];
      Value *Index = Row->CreateAdd(Point, Row->getInt64(Key[D]));
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
  Memory M{G.Root, IsShadow};
  if (Interior && !Moved) {
    M.Interior = Interior;
    M.Planes = Planes;
    M.Group = Group;
    M.Row = Key;
  }
  Pointers[Pointer] = std::move(M);
  return Pointer;
}

void CellEmitter::evaluate(const Shift &S) {
  bool IsHome = all_of(S, [](int64_t X) { return X == 0; });
  PointAdjoint &Plain = IsHome ? *Home : ReadsKept ? Points.Kept : *Away;
  PointAdjoint &Point = IsInner ? Points.inner(Plain) : Plain;
  Value *Valid = Masked || TestsRows ? rowValid(S) : B.getTrue();
  if (isa<ConstantInt>(Valid))
    return call(Point, S, Sums, Flags);
  if (TestsRows || (&Plain == Home && Home != Away)) { // home additions change memory
    BasicBlock *Then = newBlock("point"), *End = newBlock("point.end");
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
    if (!G.Gathered || !isGatheredAt(I, S, /*Always=*/false))
      continue;
    Value *Part = B.CreateSelect(Valid, B.CreateLoad(G.Element, PartSums[I]), ConstantFP::get(G.Element, 0.0));
    B.CreateStore(B.CreateFAdd(B.CreateLoad(G.Element, Sums[I]), Part), Sums[I]);
    Value *Flag = B.CreateAnd(Valid, B.CreateLoad(B.getInt1Ty(), PartFlags[I]));
    B.CreateStore(B.CreateOr(B.CreateLoad(B.getInt1Ty(), Flags[I]), Flag), Flags[I]);
  }
}

Value *CellEmitter::keptPointer(unsigned, const Shift &) { llvm_unreachable("nothing is kept"); }

bool CellEmitter::isGatheredAt(unsigned Group, const Shift &S, bool Always) const {
  return any_of(N.Roles, [&](const auto &Entry) {
    auto Found = N.Accesses.find(Entry.first);
    return Entry.second == LoadRole::Gathered && Found->second.Group == Group && Found->second.At == S &&
           !(Always && N.Conditional.contains(Entry.first));
  });
}

void CellEmitter::call(PointAdjoint &Point, const Shift &S, ArrayRef<AllocaInst *> Into,
                       ArrayRef<AllocaInst *> FlagsInto) {
  SmallVector<Value *, 16> Values;
  for (auto [I, A] : enumerate(Point.Arguments)) {
    Type *T = Point.F->getArg(I)->getType();
    Values.push_back(Point.uses(I) ? argument(A, S, Into, FlagsInto) : PoisonValue::get(T));
  }
  Calls.push_back(B.CreateCall(Point.F, Values));
  for (unsigned I = 0; AllSums.empty() && !AddsDirectly && I != N.Groups.size(); ++I)
    if (N.Groups[I].Gathered && isGatheredAt(I, S, /*Always=*/true))
      B.CreateStore(B.getTrue(), FlagsInto[I]);
}

Value *CellEmitter::argument(const PointArgument &A, const Shift &S, ArrayRef<AllocaInst *> Into,
                             ArrayRef<AllocaInst *> FlagsInto) {
  switch (A.TheKind) {
  case PointArgument::Index:
    if (!A.At.empty())
      return plus(Cell[A.Number], (A.Number == 0 ? Plane : 0) - A.At[A.Number]);
    return A.Number == Inner ? minus(Cell[Inner], S[Inner]) : pointOf(A.Number, S, Masked);
  case PointArgument::Captured:
    return Known[A.Of];
  case PointArgument::ScalarShadow:
    return WantsScalars ? ScalarSums[A.Of] : unwanted(A.Of->getType());
  case PointArgument::ArrayPrimal:
    return Known[A.Of];
  case PointArgument::ArrayShadow:
    return Known[cast<CallInst>(A.Of)->getArgOperand(1)];
  case PointArgument::CellPrimal:
    return cellPointer(A.Number, /*IsShadow=*/false, A.At, S, Masked);
  case PointArgument::CellShadow:
    if (!A.OfLoad)
      return cellPointer(A.Number, /*IsShadow=*/true, A.At, S, Masked);
    if (!WantsGathered)
      return unwanted(N.Groups[A.Number].Element);
    if (auto All = AllSums.find({A.Number, A.At}); All != AllSums.end())
      return All->second;
    if (AddsDirectly && N.Groups[A.Number].Gathered && A.At == S)
      return shadowCell(A.Number, Shift(Inner + 1, 0));
    return N.Groups[A.Number].Gathered && A.At == S ? Into[A.Number] : unwanted(N.Groups[A.Number].Element);
  case PointArgument::Kept:
    return keptPointer(A.Number, S);
  case PointArgument::Touched:
    if (auto All = AllFlags.find({A.Number, A.At}); WantsGathered && All != AllFlags.end())
      return All->second;
    if (!AllSums.empty())
      return unwanted(B.getInt1Ty());
    return A.At == S && !AddsDirectly ? FlagsInto[A.Number] : unwanted(B.getInt1Ty());
  }
  return nullptr;
}

void CellEmitter::addScalarSums() {
  IRBuilder<>::FastMathFlagGuard Guard(B);
  B.setFastMathFlags(cotangentFlags());
  for (auto &[Marker, Sum] : ScalarSums) {
    if (AddToScalar) {
      AddToScalar(B, *cast<CallInst>(Marker), B.CreateLoad(Marker->getType(), Sum));
      continue;
    }
    auto Shadow = Known.find(cast<CallInst>(Marker)->getArgOperand(1));
    if (Shadow == Known.end())
      continue;
    Value *Total = B.CreateFAdd(B.CreateLoad(Marker->getType(), Shadow->second), B.CreateLoad(Marker->getType(), Sum));
    B.CreateStore(Total, Shadow->second);
  }
}

MDNode *CellEmitter::groupsOf(const Memory &M) {
  if (!M.Interior)
    return IndependentAccesses;
  uint64_t Array = (uint64_t(M.Interior) * N.Groups.size() + M.Group) * 2 + M.IsShadow;
  MDNode *&Groups = RowGroups[{Array, M.Row}];
  if (!Groups)
    Groups = MDNode::get(Ctx, {IndependentAccesses, createRowGroup(*F.getParent(), {Array, M.Row, M.Planes})});
  return Groups;
}

void CellEmitter::describeMemory() {
  MDBuilder MD(Ctx);
  MDNode *Domain = MD.createAnonymousAliasScopeDomain("adstencil.plain.counter");
  MapVector<std::pair<const Value *, unsigned>, MDNode *> Scopes;
  for (const AccessGroup &G : N.Groups)
    for (bool IsShadow : {false, true})
      if (MDNode *&Scope = Scopes[{G.Root, IsShadow}]; !Scope)
        Scope = MD.createAnonymousAliasScope(Domain);
  if (N.Kept)
    Scopes[{nullptr, false}] = MD.createAnonymousAliasScope(Domain);
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
    I.setMetadata(LLVMContext::MD_access_group, isa<LoadInst>(I) ? groupsOf(Found->second) : IndependentAccesses);
    bool Changes = Found->second.IsShadow && (Points.Carry.F || any_of(N.Groups, [&](const AccessGroup &G) {
                                                return G.Gathered && G.Root == Found->second.Root;
                                              }));
    if (ReadsConstants && isa<LoadInst>(I) && !Changes)
      I.setMetadata(LLVMContext::MD_invariant_load, MDNode::get(Ctx, {}));
  }
}

} // namespace adstencil
