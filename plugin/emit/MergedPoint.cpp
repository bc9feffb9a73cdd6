// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emit/MergedPoint.h"

#include "frontend/Options.h"
#include "model/Library.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Scalar/ADCE.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Utils/ValueMapper.h"
#include <map>

using namespace llvm;

namespace adstencil {

namespace {

/// More instructions than this are not copied: compile time is worth more.
constexpr size_t MostInstructions = 20000;

/// Copies the body of a point, a single block, once for each shift. Cells are known by their distance from the cell
/// that is gathered into, so what two points read of one cell is one load.
class PointMerger {
public:
  PointMerger(const GatherNest &N, Request &R, const PointAdjoint &Point)
      : N(N), R(R), Point(Point), Body(Point.F->getEntryBlock()), Ctx(Point.F->getContext()) {}

  /// True if every part of the body can be written several times into one function.
  bool canMerge() const {
    if (Point.F->size() != 1 || Body.size() * N.Evaluations.size() > MostInstructions)
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

  PointAdjoint merge() {
    for (const Shift &S : N.Evaluations)
      for (auto [I, A] : enumerate(Point.Arguments))
        if (Point.uses(I) && isPassed(A, S))
          numberOf(around(A, S), Point.F->getArg(I)->getType());
    Merged.F = Function::Create(FunctionType::get(Type::getVoidTy(Ctx), Types, false), GlobalValue::InternalLinkage,
                                Point.F->getName() + "s", Point.F->getParent());
    Merged.F->setAttributes(Point.F->getAttributes());
    IRBuilder<> B(BasicBlock::Create(Ctx, "entry", Merged.F));
    for (const Shift &S : N.Evaluations)
      copy(B, S);
    for (Instruction *I : Stores)
      B.Insert(I);
    B.CreateRetVoid();
    return std::move(Merged);
  }

private:
  using Key = std::tuple<unsigned, unsigned, Value *, Shift, bool>;

  const GatherNest &N;
  Request &R;
  const PointAdjoint &Point;
  const BasicBlock &Body;
  LLVMContext &Ctx;
  PointAdjoint Merged;
  SmallVector<Type *, 16> Types;
  std::map<Key, unsigned> Numbers;
  std::map<std::pair<Value *, Type *>, Value *> Loads; ///< by marker
  std::map<std::pair<unsigned, Value *>, Value *> Markers;
  DenseMap<unsigned, unsigned> Constant; ///< roots without a shadow, by the root they stand for
  SmallVector<Instruction *, 16> Stores;

  static Key keyOf(const PointArgument &A) { return {A.TheKind, A.Number, A.Of, A.At, A.OfLoad}; }

  /// True if no point changes what the load reads: a cell, as the plan has proved, or an array that is not stored to.
  bool mayMove(const LoadInst &L) const {
    const Value *Root = getUnderlyingObject(L.getPointerOperand());
    if (!isArrayMarker(Root))
      return false;
    const PointArgument *A = asArgument(cast<CallInst>(Root)->getArgOperand(0));
    bool IsCell = A && A->TheKind == PointArgument::CellPrimal && Root == L.getPointerOperand();
    return none_of(Body, [&](const Instruction &I) {
      const auto *S = dyn_cast<StoreInst>(&I);
      return S &&
             (IsCell ? S->getPointerOperand() == Root : markerNumber(S->getPointerOperand()) == markerNumber(Root));
    });
  }

  /// The argument as seen from the cell: the point is S away.
  static PointArgument around(PointArgument A, const Shift &S) {
    if (A.TheKind == PointArgument::Index) {
      A.At = S;
    } else if (A.TheKind == PointArgument::CellPrimal || A.TheKind == PointArgument::CellShadow) {
      for (auto [X, By] : zip(A.At, S))
        X -= By;
    }
    return A;
  }

  /// True if this load's cell is the one that is gathered into.
  bool isGathered(const PointArgument &A, const Shift &S) const {
    return A.OfLoad && A.At == S && N.Groups[A.Number].Gathered;
  }

  /// What has no contribution here needs no shadow.
  bool isPassed(const PointArgument &A, const Shift &S) const {
    switch (A.TheKind) {
    case PointArgument::ScalarShadow:
    case PointArgument::ArrayShadow:
      return false;
    case PointArgument::CellShadow:
      return !A.OfLoad || isGathered(A, S);
    default:
      return true;
    }
  }

  unsigned numberOf(const PointArgument &A, Type *T = nullptr) {
    auto [Found, IsNew] = Numbers.try_emplace(keyOf(A), Merged.Arguments.size());
    if (IsNew) {
      Merged.Arguments.push_back(A);
      Types.push_back(T);
    }
    return Found->second;
  }

  Argument *argument(const PointArgument &A) { return Merged.F->getArg(numberOf(A)); }

  const PointArgument *asArgument(const Value *V) const {
    const auto *A = dyn_cast<Argument>(V);
    return A ? &Point.Arguments[A->getArgNo()] : nullptr;
  }

  unsigned constantRoot(unsigned Number) {
    auto [Found, IsNew] = Constant.try_emplace(Number, R.Roots.size());
    if (IsNew) {
      RootInfo Root = R.Roots[Number];
      Root.HasShadow = false;
      R.Roots.push_back(std::move(Root));
    }
    return Found->second;
  }

  /// The marker of the copy: active for stores, and for loads of the cell itself.
  Value *markerOf(IRBuilder<> &B, const CallInst &Marker, Value *Primal, const Shift &S) {
    const PointArgument *A = asArgument(Marker.getArgOperand(0)), *Shadow = asArgument(Marker.getArgOperand(1));
    bool IsActive = A && A->TheKind == PointArgument::CellPrimal && (!A->OfLoad || isGathered(*A, S));
    unsigned Number = IsActive ? markerNumber(&Marker) : constantRoot(markerNumber(&Marker));
    Value *&Found = Markers[{Number, Primal}];
    if (!Found) {
      Found = createArrayMarker(B, Primal, IsActive ? argument(around(*Shadow, S)) : Primal, Number);
      Found->setName(Marker.getName());
    }
    return Found;
  }

  void copy(IRBuilder<> &B, const Shift &S) {
    ValueToValueMapTy Map;
    for (auto [I, A] : enumerate(Point.Arguments))
      if (Point.uses(I))
        Map[Point.F->getArg(I)] = isPassed(A, S) ? static_cast<Value *>(argument(around(A, S)))
                                                 : PoisonValue::get(Point.F->getArg(I)->getType());
    for (const Instruction &I : Body) {
      if (I.isTerminator())
        continue;
      if (isScalarMarker(&I)) { // contributes at home only
        const Value *Primal = cast<CallInst>(I).getArgOperand(0);
        Map[&I] = MapValue(Primal, Map, RF_IgnoreMissingLocals);
        continue;
      }
      Instruction *Copy = I.clone();
      RemapInstruction(Copy, Map, RF_IgnoreMissingLocals | RF_NoModuleLevelChanges);
      if (isArrayMarker(&I)) {
        Map[&I] = markerOf(B, cast<CallInst>(I), Copy->getOperand(0), S);
        Copy->deleteValue();
        continue;
      }
      if (isa<StoreInst>(Copy)) { // no load sees it
        Stores.push_back(Copy);
        continue;
      }
      if (isa<LoadInst>(Copy) && isArrayMarker(Copy->getOperand(0))) {
        Value *&Known = Loads[{Copy->getOperand(0), Copy->getType()}];
        if (Known) {
          Map[&I] = Known;
          Copy->deleteValue();
          continue;
        }
        Known = Copy;
      }
      if (auto *CB = dyn_cast<CallBase>(Copy); CB && classify(*CB) == LibraryCall::Mathematics)
        CB->setDoesNotAccessMemory(); // but for errno, which is of no interest here
      B.Insert(Copy, I.getName());
      Map[&I] = Copy;
    }
  }
};

/// Instructions that the reverse has to do something for.
size_t countActive(const Request &R) {
  Activity Active(R);
  return count_if(instructions(*R.F), [&](const Instruction &I) { return Active.isActive(&I); });
}

} // namespace

bool deriveMerged(const AdjointPlan &P, const GatherNest &N, PointAdjoints &Points, FunctionAnalysisManager &FAM) {
  if (N.isOwnPoint() || !N.Conditional.empty() || options().Merges == Choice::Never)
    return true;
  PointAdjoint Point = copyPoint(P, N, /*Inner=*/!N.Assumed.empty(), FAM);
  Request R = P.R;
  R.TheMode = DerivativeMode::Vjp;
  PointMerger Merger(N, R, Point);

  if (Merger.canMerge()) {
    Points.Merged = Merger.merge();
    R.F = Points.Merged.F;
    size_t Apart = countActive(R);
    FunctionPassManager FPM;
    FPM.addPass(EarlyCSEPass(/*UseMemorySSA=*/false));
    FPM.addPass(ADCEPass());
    FAM.invalidate(*R.F, FPM.run(*R.F, FAM));

    // Points that share little are as good, and quicker to compile, apart.
    if (options().Merges == Choice::ByCost && 10 * countActive(R) > 9 * Apart)
      discard(Points.Merged, FAM);
  }
  discard(Point, FAM);
  return !Points.Merged.F || differentiatePoint(P, R, Points.Merged, SmallPtrSet<const Instruction *, 1>(),
                                                DenseMap<const LoadInst *, Value *>(), FAM);
}

} // namespace adstencil
