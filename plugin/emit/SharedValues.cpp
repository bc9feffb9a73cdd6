// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emit/SharedValues.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/IR/InstIterator.h"
#include <map>
#include <set>

using namespace llvm;

namespace adstencil {

namespace {

class ShiftNumbering {
public:
  ShiftNumbering(const GatherNest &N, const PointAdjoint &Point, const Request &R)
      : N(N), Point(Point), Active(R), Body(Point.F->getEntryBlock()) {
    for (const Instruction &I : Body)
      if (!I.getType()->isVoidTy())
        enter(I);
  }

  std::vector<SharedValues> find(unsigned LeastWork) {
    SmallPtrSet<const Instruction *, 16> Candidates;
    for (const Instruction &I : Body)
      if (isMoving(&I) && Positions[numberOf(&I).Class].size() > 1 && Active.isActive(&I) && !isa<LoadInst>(I) &&
          workBehind(I) >= LeastWork)
        Candidates.insert(&I);
    std::vector<SharedValues> Levels;
    while (!Candidates.empty()) {
      SetVector<const Instruction *> Outermost = outermost(Candidates);
      std::map<unsigned, std::map<Shift, const Instruction *>> Found;
      for (const Instruction *I : Outermost)
        Found[numberOf(I).Class][numberOf(I).At] = I;
      // Values of which all but one are parts of other shared values are left to those.
      bool Alone = Candidates.remove_if([&](const Instruction *I) {
        auto Of = Found.find(numberOf(I).Class);
        return Of != Found.end() && Of->second.size() < 2;
      });
      if (Alone)
        continue;
      if (Outermost.empty())
        break;
      Levels.push_back(assign(Outermost, Found));
      Candidates.remove_if([&](const Instruction *I) { return Found.count(numberOf(I).Class) != 0; });
    }
    return Levels;
  }

private:
  /// The value of a class, seen from At. Empty: the same at all points.
  struct Number {
    unsigned Class;
    Shift At;
  };
  using Key = std::vector<int64_t>;

  const GatherNest &N;
  const PointAdjoint &Point;
  Activity Active;
  const BasicBlock &Body;
  unsigned Classes = 0;
  DenseMap<const Value *, Number> Numbers;
  std::map<unsigned, std::set<Shift>> Positions; ///< of all values of a class
  std::map<Key, unsigned> Leaves;
  std::map<Key, SmallVector<const Instruction *, 2>> Equal; ///< candidates for the same class

  bool isMoving(const Value *V) { return !numberOf(V).At.empty(); }

  static Shift minus(Shift A, const Shift &By) {
    for (auto [X, Y] : zip(A, By))
      X -= Y;
    return A;
  }

  Number leaf(Key K, Shift At) {
    auto [Found, IsNew] = Leaves.try_emplace(std::move(K), Classes);
    Classes += IsNew;
    return {Found->second, std::move(At)};
  }

  const PointArgument *asArgument(const Value *V) const {
    const auto *A = dyn_cast<Argument>(V);
    return A ? &Point.Arguments[A->getArgNo()] : nullptr;
  }

  const Number &numberOf(const Value *V) {
    auto Found = Numbers.find(V);
    if (Found != Numbers.end())
      return Found->second;
    Number New{0, {}};
    if (const PointArgument *A = asArgument(V); A && A->TheKind == PointArgument::Index)
      New = leaf({PointArgument::Index, A->Number}, Shift(N.Axes.size(), 0));
    else
      New.Class = Classes++;
    return Numbers.try_emplace(V, std::move(New)).first->second;
  }

  void enter(const Instruction &I) {
    if (isArrayMarker(&I)) {
      const PointArgument *A = asArgument(I.getOperand(0));
      if (A && A->TheKind == PointArgument::CellPrimal && A->OfLoad)
        Numbers.try_emplace(&I, leaf({PointArgument::CellPrimal, A->Number}, A->At));
      return; // a class of its own otherwise
    }
    if (isScalarMarker(&I) || isa<AllocaInst>(I))
      return;
    SmallVector<Number, 4> Operands;
    for (const Use &U : I.operands())
      Operands.push_back(numberOf(U));
    if (I.isCommutative() && Operands.size() >= 2 &&
        std::tie(Operands[1].Class, Operands[1].At) < std::tie(Operands[0].Class, Operands[0].At))
      std::swap(Operands[0], Operands[1]);
    auto Base = find_if(Operands, [](const Number &X) { return !X.At.empty(); });
    Shift At = Base == Operands.end() ? Shift() : Base->At;
    Key K;
    for (const Number &X : Operands) {
      K.push_back(X.Class);
      if (!X.At.empty())
        append_range(K, minus(X.At, At));
    }
    auto &Same = Equal[K];
    auto Found = find_if(Same, [&](const Instruction *X) {
      return X->isSameOperationAs(&I, Instruction::CompareIgnoringAlignment) &&
             X->getRawSubclassOptionalData() == I.getRawSubclassOptionalData();
    });
    Number New{Found == Same.end() ? Classes++ : numberOf(*Found).Class, At};
    if (Found == Same.end())
      Same.push_back(&I);
    if (!At.empty())
      Positions[New.Class].insert(At);
    Numbers.try_emplace(&I, std::move(New));
  }

  /// Active operations that the value depends on, itself included.
  unsigned workBehind(const Instruction &I) const {
    SmallSetVector<const Instruction *, 32> Behind;
    Behind.insert(&I);
    unsigned Work = 0;
    for (size_t At = 0; At != Behind.size(); ++At) {
      Work += Active.isActive(Behind[At]) && !isa<LoadInst>(Behind[At]);
      for (const Use &U : Behind[At]->operands())
        if (const auto *Operand = dyn_cast<Instruction>(U))
          Behind.insert(Operand);
    }
    return Work;
  }

  /// The candidates that the stores meet first.
  SetVector<const Instruction *> outermost(const SmallPtrSetImpl<const Instruction *> &Candidates) const {
    SetVector<const Instruction *> Found;
    SmallSetVector<const Instruction *, 32> Reached;
    for (const Instruction &I : Body)
      if (isa<StoreInst>(I))
        Reached.insert(&I);
    for (size_t At = 0; At != Reached.size(); ++At)
      for (const Use &U : Reached[At]->operands())
        if (const auto *Operand = dyn_cast<Instruction>(U)) {
          if (Candidates.contains(Operand))
            Found.insert(Operand);
          else
            Reached.insert(Operand);
        }
    return Found;
  }

  SharedValues assign(const SetVector<const Instruction *> &Outermost,
                      const std::map<unsigned, std::map<Shift, const Instruction *>> &Found) {
    SharedValues Result;
    std::set<Shift> Away;
    for (const Instruction *I : Outermost) {
      const auto &[OwnAt, Own] = *Found.at(numberOf(I).Class).rbegin();
      Shift Owner = minus(numberOf(I).At, OwnAt);
      if (any_of(Owner, [](int64_t X) { return X != 0; }))
        Away.insert(Owner);
      Result.Values[I] = {Own, std::move(Owner)};
    }
    Result.Points.emplace_back(N.Axes.size(), 0);
    append_range(Result.Points, Away);
    return Result;
  }
};

} // namespace

std::vector<SharedValues> findSharedValues(const GatherNest &N, const PointAdjoint &Point, const Request &R,
                                           unsigned LeastWork) {
  return ShiftNumbering(N, Point, R).find(LeastWork);
}

} // namespace adstencil
