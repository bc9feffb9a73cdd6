// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emit/PointCopies.h"

#include "model/Library.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/Transforms/Scalar/ADCE.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"

using namespace llvm;

namespace adstencil {

/// More instructions than this are not copied: compile time is worth more.
static constexpr size_t MostInstructions = 20000;

bool PointCopies::canCopy(size_t Times) const {
  if (Point.F->size() != 1 || Body.size() * Times > MostInstructions)
    return false;
  for (auto [I, A] : enumerate(Point.Arguments))
    if (A.TheKind == PointArgument::Touched && Point.uses(I))
      return false;
  return all_of(Body, [&](const Instruction &I) {
    if (const auto *L = dyn_cast<LoadInst>(&I))
      return L->isSimple() && mayMove(*L);
    if (const auto *S = dyn_cast<StoreInst>(&I))
      return S->isSimple() && isArrayMarker(S->getPointerOperand());
    const auto *CB = dyn_cast<CallBase>(&I);
    return !I.mayWriteToMemory() || (CB && classify(*CB) == LibraryCall::Mathematics);
  });
}

/// True if no point changes what the load reads: a cell, as the plan has proved, or an array that is not stored to.
bool PointCopies::mayMove(const LoadInst &L) const {
  const Value *Root = getUnderlyingObject(L.getPointerOperand());
  if (!isArrayMarker(Root))
    return false;
  const PointArgument *A = asArgument(cast<CallInst>(Root)->getArgOperand(0));
  if (A && A->TheKind == PointArgument::CellPrimal && Root == L.getPointerOperand())
    return true;
  return none_of(Body, [&](const Instruction &I) {
    const auto *S = dyn_cast<StoreInst>(&I);
    return S && markerNumber(S->getPointerOperand()) == markerNumber(Root);
  });
}

/// The argument as seen by the caller: the point is S away.
static PointArgument around(PointArgument A, const Shift &S) {
  if (A.TheKind == PointArgument::Index) {
    A.At = S;
  } else if (A.TheKind == PointArgument::CellPrimal || A.TheKind == PointArgument::CellShadow) {
    for (auto [X, By] : zip(A.At, S))
      X -= By;
  }
  return A;
}

/// What has no contribution here needs no shadow.
bool PointCopies::isPassed(const PointArgument &A, const Shift &S) const {
  switch (A.TheKind) {
  case PointArgument::ScalarShadow:
    return CopiesScalars;
  case PointArgument::ArrayShadow:
    return false;
  case PointArgument::CellShadow:
    return !A.OfLoad || isGathered(A, S);
  default:
    return true;
  }
}

unsigned PointCopies::numberOf(const PointArgument &A, Type *T) {
  auto [Found, IsNew] = Numbers.try_emplace({A.TheKind, A.Number, A.Of, A.At, A.OfLoad}, Copies.Arguments.size());
  if (IsNew) {
    Copies.Arguments.push_back(A);
    Types.push_back(T);
  }
  return Found->second;
}

const PointArgument *PointCopies::asArgument(const Value *V) const {
  const auto *A = dyn_cast<Argument>(V);
  return A ? &Point.Arguments[A->getArgNo()] : nullptr;
}

void PointCopies::start(ArrayRef<Shift> Shifts, const Twine &Suffix) {
  Copies = PointAdjoint();
  Types.clear();
  Numbers.clear();
  Loads.clear();
  Markers.clear();
  Stores.clear();
  for (const Shift &S : Shifts)
    for (auto [I, A] : enumerate(Point.Arguments))
      if (Point.uses(I) && isPassed(A, S))
        numberOf(around(A, S), Point.F->getArg(I)->getType());
  Copies.F = Function::Create(FunctionType::get(Type::getVoidTy(Ctx), Types, false), GlobalValue::InternalLinkage,
                              Point.F->getName() + Suffix, Point.F->getParent());
  Copies.F->setAttributes(Point.F->getAttributes());
  B.SetInsertPoint(BasicBlock::Create(Ctx, "entry", Copies.F));
}

void PointCopies::mapArguments(ValueToValueMapTy &Map, const Shift &S) {
  for (auto [I, A] : enumerate(Point.Arguments))
    if (Point.uses(I))
      Map[Point.F->getArg(I)] = isPassed(A, S) ? static_cast<Value *>(argument(around(A, S)))
                                               : PoisonValue::get(Point.F->getArg(I)->getType());
}

unsigned PointCopies::constantRoot(unsigned Number) {
  auto [Found, IsNew] = Constant.try_emplace(Number, R.Roots.size());
  if (IsNew) {
    RootInfo Root = R.Roots[Number];
    Root.HasShadow = false;
    R.Roots.push_back(std::move(Root));
  }
  return Found->second;
}

/// The marker of the copy: active for stores, and for loads that contribute.
Value *PointCopies::markerOf(const CallInst &Marker, Value *Primal, const Shift &S, bool Active) {
  const PointArgument *A = asArgument(Marker.getArgOperand(0)), *Shadow = asArgument(Marker.getArgOperand(1));
  bool IsActive = A && A->TheKind == PointArgument::CellPrimal && (!A->OfLoad || (Active && isGathered(*A, S)));
  unsigned Number = IsActive ? markerNumber(&Marker) : constantRoot(markerNumber(&Marker));
  Value *&Found = Markers[{Number, Primal}];
  if (!Found) {
    Found = createArrayMarker(B, Primal, IsActive ? argument(around(*Shadow, S)) : Primal, Number);
    Found->setName(Marker.getName());
  }
  return Found;
}

void PointCopies::copy(const Instruction &I, ValueToValueMapTy &Map, const Shift &S, bool Active) {
  if (isScalarMarker(&I) && !(CopiesScalars && Active)) {
    const Value *Primal = cast<CallInst>(I).getArgOperand(0);
    Map[&I] = MapValue(Primal, Map, RF_IgnoreMissingLocals);
    return;
  }
  Instruction *Copy = I.clone();
  RemapInstruction(Copy, Map, RF_IgnoreMissingLocals | RF_NoModuleLevelChanges);
  if (isArrayMarker(&I)) {
    Map[&I] = markerOf(cast<CallInst>(I), Copy->getOperand(0), S, Active);
    Copy->deleteValue();
    return;
  }
  if (isa<StoreInst>(Copy)) { // no load sees it
    Stores.push_back(Copy);
    return;
  }
  if (isa<LoadInst>(Copy) && isArrayMarker(Copy->getOperand(0))) {
    Value *&Known = Loads[{Copy->getOperand(0), Copy->getType()}];
    if (Known) {
      Map[&I] = Known;
      Copy->deleteValue();
      return;
    }
    Known = Copy;
  }
  if (auto *CB = dyn_cast<CallBase>(Copy); CB && classify(*CB) == LibraryCall::Mathematics)
    CB->setDoesNotAccessMemory(); // but for errno, which is of no interest here
  B.Insert(Copy, I.getName());
  Map[&I] = Copy;
}

PointAdjoint PointCopies::finish() {
  for (Instruction *I : Stores)
    B.Insert(I);
  B.CreateRetVoid();
  return std::move(Copies);
}

void PointCopies::tidy(Function &F, FunctionAnalysisManager &FAM) {
  FunctionPassManager FPM;
  FPM.addPass(EarlyCSEPass(/*UseMemorySSA=*/false));
  FPM.addPass(ADCEPass());
  FAM.invalidate(F, FPM.run(F, FAM));
}

} // namespace adstencil
