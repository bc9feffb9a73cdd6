// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emit/KeptCotangents.h"

#include "emit/Cost.h"
#include "emit/PointCopies.h"
#include "frontend/Options.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include <set>

using namespace llvm;

namespace adstencil {

namespace {

/// More than these are no saving of memory traffic.
constexpr size_t MostKept = 4;

class Splitter {
public:
  Splitter(const GatherNest &N, const PointAdjoint &Away) : N(N), Away(Away) {}

  /// The values that contributions away from the point's own cell are made of: loads, and those that may be kept. Fills
  /// Kept; false if the function is not of the form that is understood.
  bool find() {
    const Function &F = *Away.F;
    if (F.size() != 1)
      return false;
    for (const Instruction &I : F.getEntryBlock()) {
      if (const PointArgument *A = asTarget(getLoadStorePointerOperand(&I)); A && isa<LoadInst>(I))
        continue; // a cell's value before
      else if (A && !isOwn(A->At))
        split(cast<StoreInst>(I).getValueOperand(), A->At);
      else if (!A && I.mayWriteToMemory())
        return false;
      if (isa<LoadInst>(I) || any_of(I.operands(), [&](const Use &U) { return isOfPoint(U); }))
        OfPoint.insert(&I);
      if (any_of(I.operands(), [&](const Use &U) { return isSum(U); }))
        Sums.insert(&I);
    }
    for (auto &[V, Shifts] : Wanted) // what is wanted once is evaluated where it is wanted
      if (Shifts.size() > 1)
        Kept.push_back(V);
    return !Kept.empty() && Kept.size() <= MostKept &&
           all_of(Kept, [&](const Instruction *I) { return I->getType() == Kept[0]->getType(); });
  }

  SmallVector<const Instruction *, 4> Kept;

  /// A copy with a pointer for each kept value. Rewrite gets the copy of each value and its pointer.
  PointAdjoint copy(const Twine &Name,
                    function_ref<void(Function &, ValueToValueMapTy &, ArrayRef<Argument *>)> Rewrite,
                    FunctionAnalysisManager &FAM) const {
    LLVMContext &Ctx = Away.F->getContext();
    SmallVector<Type *, 16> Types(Away.F->getFunctionType()->params());
    Types.append(Kept.size(), PointerType::getUnqual(Ctx));
    PointAdjoint A;
    A.Arguments = Away.Arguments;
    A.F = Function::Create(FunctionType::get(Type::getVoidTy(Ctx), Types, false), GlobalValue::InternalLinkage, Name,
                           Away.F->getParent());
    ValueToValueMapTy Map;
    for (Argument &Arg : Away.F->args()) {
      A.F->getArg(Arg.getArgNo())->setName(Arg.getName());
      Map[&Arg] = A.F->getArg(Arg.getArgNo());
    }
    SmallVector<ReturnInst *, 1> Returns;
    CloneFunctionInto(A.F, Away.F, Map, CloneFunctionChangeType::LocalChangesOnly, Returns);
    SmallVector<Argument *, 4> Pointers;
    for (size_t I = 0; I != Kept.size(); ++I) {
      A.Arguments.push_back({PointArgument::Kept, unsigned(I), nullptr, {}});
      Pointers.push_back(A.F->getArg(Away.Arguments.size() + I));
      Pointers.back()->setName("kept");
    }
    Rewrite(*A.F, Map, Pointers);
    PointCopies::tidy(*A.F, FAM);
    return A;
  }

  /// Removes additions to cells; OnlyOwn: those to the point's own cells.
  void removeAdditions(Function &F, bool OnlyOwn) const {
    for (Instruction &I : make_early_inc_range(F.getEntryBlock()))
      if (auto *St = dyn_cast<StoreInst>(&I))
        if (auto *Arg = dyn_cast<Argument>(St->getPointerOperand()); Arg && Arg->getArgNo() < Away.Arguments.size())
          if (!OnlyOwn || isOwn(Away.Arguments[Arg->getArgNo()].At))
            St->eraseFromParent();
  }

private:
  const GatherNest &N;
  const PointAdjoint &Away;
  MapVector<const Instruction *, std::set<Shift>> Wanted; ///< candidates, and the shifts that they contribute at
  SmallPtrSet<const Value *, 32> OfPoint;                 ///< depend on the point, not only on what is the same for all
  SmallPtrSet<const Value *, 32> Sums;                    ///< contain a cell's value before

  static bool isOwn(const Shift &S) {
    return all_of(S, [](int64_t X) { return X == 0; });
  }

  const PointArgument *asTarget(const Value *Pointer) const {
    const auto *Arg = dyn_cast_or_null<Argument>(Pointer);
    const PointArgument *A = Arg ? &Away.Arguments[Arg->getArgNo()] : nullptr;
    return A && A->TheKind == PointArgument::CellShadow && A->OfLoad && N.Groups[A->Number].Gathered ? A : nullptr;
  }

  bool isOfPoint(const Value *V) const {
    const auto *Arg = dyn_cast<Argument>(V);
    return OfPoint.contains(V) || (Arg && Away.Arguments[Arg->getArgNo()].TheKind == PointArgument::Index);
  }

  bool isSum(const Value *V) const {
    const auto *L = dyn_cast<LoadInst>(V);
    return Sums.contains(V) || (L && asTarget(L->getPointerOperand()));
  }

  /// Takes apart what is stored: sums that the cell's value before is part of, then factors that are the same for all
  /// points.
  void split(const Value *V, const Shift &At) {
    const auto *I = dyn_cast<Instruction>(V);
    if (!I || (!isSum(I) && !isOfPoint(I)) || (isa<LoadInst>(I) && isSum(I)))
      return;
    bool OfOne = count_if(I->operands(), [&](const Use &U) { return isOfPoint(U); }) == 1;
    unsigned Code = I->getOpcode();
    bool IsScaled = Code == Instruction::FNeg || (Code == Instruction::FMul && OfOne) ||
                    (Code == Instruction::FDiv && !isOfPoint(I->getOperand(1)));
    if (isSum(I) || IsScaled) {
      for (const Use &U : I->operands())
        split(U, At);
    } else if (!isa<LoadInst>(I) && I->getType()->isFloatingPointTy()) { // a condition is evaluated again
      Wanted[I].insert(At);
    }
  }
};

} // namespace

void deriveKept(GatherNest &N, PointAdjoints &Points, FunctionAnalysisManager &FAM) {
  constexpr unsigned MostAxes = 3;
  if (N.Axes.size() < 2 || N.Axes.size() > MostAxes || N.HasHomes || !N.Conditional.empty() || !N.Assumed.empty() ||
      Points.Merged.F || all_of(N.Evaluations, [&](const Shift &S) { return S[0] == N.Evaluations.front()[0]; }))
    return;
  Splitter S(N, Points.Away);
  if (!S.find() || (options().Keeps == Choice::ByCost && !isWorthKeeping(N, S.Kept)))
    return;
  N.Kept = S.Kept.size();
  N.KeptType = S.Kept[0]->getType();
  Points.Keeping = S.copy(
      Points.Away.F->getName() + ".keeping",
      [&](Function &F, ValueToValueMapTy &Map, ArrayRef<Argument *> Pointers) {
        S.removeAdditions(F, /*OnlyOwn=*/false);
        IRBuilder<> B(F.getEntryBlock().getTerminator());
        for (auto [Value, Pointer] : zip(S.Kept, Pointers))
          B.CreateStore(Map[Value], Pointer);
      },
      FAM);
  Points.Kept = S.copy(
      Points.Away.F->getName() + ".kept",
      [&](Function &F, ValueToValueMapTy &Map, ArrayRef<Argument *> Pointers) {
        S.removeAdditions(F, /*OnlyOwn=*/true);
        IRBuilder<> B(&*F.getEntryBlock().getFirstInsertionPt());
        for (auto [Value, Pointer] : zip(S.Kept, Pointers))
          cast<Instruction>(Map[Value])->replaceAllUsesWith(B.CreateLoad(N.KeptType, Pointer, "kept"));
      },
      FAM);
}

} // namespace adstencil
