// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "model/UnsignedIndices.h"

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/PatternMatch.h"

using namespace llvm;
using namespace llvm::PatternMatch;

namespace adstencil {

namespace {

constexpr StringLiteral DemandName = "adstencil.demand";

/// Expressions deeper than this, and products of more numbers, are not written by hand.
constexpr unsigned MostLevels = 16, MostFactors = 3;

class Widener {
public:
  Widener(Function &F, ArrayRef<CounterRange> Counters, IRBuilder<> &AtEntry)
      : F(F), Counters(Counters), AtEntry(AtEntry), Int(AtEntry.getInt64Ty()), DT(F) {}

  SmallVector<Value *, 4> run() {
    SmallVector<ZExtInst *, 16> Indices;
    for (Instruction &I : instructions(F))
      if (auto *Extension = dyn_cast<ZExtInst>(&I); Extension && isIndex(*Extension)) {
        Indices.push_back(Extension);
        collectFactors(Extension->getOperand(0), false);
      }
    SmallVector<Value *, 4> Tests;
    for (ZExtInst *Extension : Indices) {
      Value *Index = Extension->getOperand(0);
      // A machine multiplies no numbers of 128 bits at once.
      Exact = mostOf(Index).getActiveBits() < 64 ? Int : AtEntry.getInt128Ty();
      auto [Least, Most] = rangeOf(Index);
      Value *Limit = ConstantInt::get(Exact, uint64_t(1) << 32);
      Tests.push_back(AtEntry.CreateAnd(AtEntry.CreateICmpSGE(Least, ConstantInt::get(Exact, 0)),
                                        AtEntry.CreateICmpSLT(Most, Limit)));
      IRBuilder<> B(Extension);
      Extension->replaceAllUsesWith(wide(B, Index));
      Extension->eraseFromParent();
    }
    return Tests;
  }

private:
  Function &F;
  ArrayRef<CounterRange> Counters;
  IRBuilder<> &AtEntry;
  Type *Int;
  Type *Exact = nullptr; ///< holds all values of the expression that is looked at
  DominatorTree DT;
  SmallPtrSet<const CounterRange *, 4> Met; ///< counters of the expression that is looked at
  SmallPtrSet<const Value *, 4> Factors;    ///< leaves by which counters are multiplied, in any index

  /// True for an index that every point uses, and that is linear in each counter.
  bool isIndex(const ZExtInst &Extension) {
    Met.clear();
    return Extension.getType() == Int && Extension.getOperand(0)->getType()->isIntegerTy(32) &&
           !isOutside(&Extension) && isUsedByEveryPoint(Extension) &&
           factorsOf(Extension.getOperand(0), MostLevels) <= MostFactors && !Met.empty();
  }

  bool isOutside(const Value *V) const {
    auto *I = dyn_cast<Instruction>(V);
    return !I || I->getParent() == &F.getEntryBlock();
  }

  /// True if an access whose address depends on V is executed at every point.
  bool isUsedByEveryPoint(const Value &V, unsigned Depth = 8) const {
    return Depth != 0 && any_of(V.users(), [&](const User *U) {
             auto *I = cast<Instruction>(U);
             if (auto *Pointer = getLoadStorePointerOperand(I))
               return Pointer == &V && isAtEveryPoint(*I);
             // What is masked, or taken modulo something, may have wrapped around before.
             Kind K = kindOf(I);
             bool IsLinear = K == Kind::Sum || K == Kind::Difference || K == Kind::Product || K == Kind::Shift;
             return (isa<GetElementPtrInst>(I) || IsLinear) && isUsedByEveryPoint(*I, Depth - 1);
           });
  }

  /// True if the instruction is executed at least once between two steps of the innermost counter.
  bool isAtEveryPoint(const Instruction &I) const {
    auto *Index = dyn_cast<Instruction>(Counters.back().Counter);
    if (!Index)
      return false;
    const BasicBlock *Head = Index->getParent();
    return DT.dominates(Head, I.getParent()) && all_of(predecessors(Head), [&](const BasicBlock *From) {
             return !DT.dominates(Head, From) || DT.dominates(I.getParent(), From);
           });
  }

  // ---- expressions: sums and products, which may be taken modulo 2^32 at their end ----

  enum class Kind { Sum, Difference, Product, Shift, Same, Counter, Leaf };

  const CounterRange *counterOf(const Value *V) const {
    auto *Found = find_if(Counters, [&](const CounterRange &C) { return C.Counter == V; });
    return Found == Counters.end() ? nullptr : Found;
  }

  Kind kindOf(const Value *V) const {
    if (counterOf(V))
      return Kind::Counter;
    if (match(V, m_Add(m_Value(), m_Value())) || match(V, m_DisjointOr(m_Value(), m_Value())))
      return Kind::Sum;
    if (match(V, m_Sub(m_Value(), m_Value())))
      return Kind::Difference;
    if (match(V, m_Mul(m_Value(), m_Value())))
      return Kind::Product;
    if (match(V, m_Shl(m_Value(), m_ConstantInt())))
      return Kind::Shift;
    if (auto *T = dyn_cast<TruncInst>(V); T && T->getSrcTy() == Int)
      return Kind::Same;
    if (isa<ZExtInst, SExtInst>(V) && cast<CastInst>(V)->getSrcTy()->isIntegerTy(32))
      return Kind::Same;
    return Kind::Leaf;
  }

  /// The most factors of a term, or a large number where the expression is not linear in each counter, or not known in
  /// front of the nest but for counters. Notes the counters in Met.
  unsigned factorsOf(const Value *V, unsigned Levels) {
    constexpr unsigned TooMany = 1000;
    if (Levels == 0)
      return TooMany;
    auto Of = [&](unsigned K) { return factorsOf(cast<User>(V)->getOperand(K), Levels - 1); };
    switch (kindOf(V)) {
    case Kind::Counter:
      return Met.insert(counterOf(V)).second ? 1 : TooMany; // twice: the corners would not be exact
    case Kind::Leaf:
      return isOutside(V) && V->getType()->getIntegerBitWidth() <= 32 ? 1 : isa<ConstantInt>(V) ? 1 : TooMany;
    case Kind::Same:
      return Of(0);
    case Kind::Shift: // by less than the width, or the number is poison
      return cast<ConstantInt>(cast<User>(V)->getOperand(1))->getValue().ult(32) ? Of(0) + 1 : TooMany;
    case Kind::Sum:
    case Kind::Difference:
      return std::max(Of(0), Of(1));
    case Kind::Product: {
      size_t Before = Met.size();
      unsigned Left = Of(0);
      bool LeftVaries = Met.size() != Before;
      Before = Met.size();
      unsigned Right = Of(1);
      return LeftVaries && Met.size() != Before ? TooMany : Left + Right;
    }
    }
    llvm_unreachable("all kinds have been named");
  }

  /// A bound of the absolute value, whatever the values of counters and leaves are.
  APInt mostOf(const Value *V) const {
    constexpr unsigned Bits = 256;
    auto Of = [&](unsigned K) { return mostOf(cast<User>(V)->getOperand(K)); };
    auto *T = dyn_cast<TruncInst>(V);
    switch (kindOf(V)) {
    case Kind::Counter: // see MostIndex
      return APInt::getOneBitSet(Bits, 60);
    case Kind::Leaf:
      if (auto *C = dyn_cast<ConstantInt>(V))
        return valueOf(*C, Bits).abs();
      return APInt::getMaxValue(32).zext(Bits);
    case Kind::Same:
      return T && counterOf(T->getOperand(0)) && T->hasNoSignedWrap() ? APInt::getSignedMaxValue(32).zext(Bits) : Of(0);
    case Kind::Shift:
      return Of(0).shl(cast<ConstantInt>(cast<User>(V)->getOperand(1))->getZExtValue());
    case Kind::Sum:
    case Kind::Difference:
      return Of(0) + Of(1);
    case Kind::Product:
      return Of(0) * Of(1);
    }
    llvm_unreachable("all kinds have been named");
  }

  /// A constant as it was probably meant: `- 1`, or a large number without a sign.
  static APInt valueOf(const ConstantInt &C, unsigned Bits) {
    return C.getSExtValue() >= -MostSubtracted ? C.getValue().sextOrTrunc(Bits) : C.getValue().zextOrTrunc(Bits);
  }

  /// A leaf or constant as a number of type T.
  Value *leaf(IRBuilder<> &B, Value *V, Type *T) {
    if (auto *C = dyn_cast<ConstantInt>(V))
      return ConstantInt::get(T, valueOf(*C, T->getIntegerBitWidth()));
    return Factors.contains(V) ? B.CreateZExt(V, T) : B.CreateSExt(V, T);
  }

  /// Notes the leaves of V by which counters are multiplied: the lengths of rows. IsFactor: V is multiplied by one.
  void collectFactors(const Value *V, bool IsFactor) {
    Kind K = kindOf(V);
    if (K == Kind::Leaf && IsFactor)
      Factors.insert(V);
    if (K == Kind::Leaf || K == Kind::Counter)
      return;
    auto *U = cast<User>(V);
    for (unsigned Operand = 0; Operand != (K == Kind::Same || K == Kind::Shift ? 1 : 2); ++Operand)
      collectFactors(U->getOperand(Operand),
                     IsFactor || (K == Kind::Product && hasCounter(U->getOperand(1 - Operand))));
  }

  bool hasCounter(const Value *V) const {
    Kind K = kindOf(V);
    return K == Kind::Counter ||
           (K != Kind::Leaf && any_of(cast<User>(V)->operands(), [&](const Use &U) { return hasCounter(U); }));
  }

  Value *power(Type *T, const User *Shift) {
    return ConstantInt::get(T, uint64_t(1) << cast<ConstantInt>(Shift->getOperand(1))->getZExtValue());
  }

  /// The expression in 64 bits.
  Value *wide(IRBuilder<> &B, Value *V) {
    auto Of = [&](unsigned K) { return wide(B, cast<User>(V)->getOperand(K)); };
    switch (kindOf(V)) {
    case Kind::Counter:
      return V;
    case Kind::Leaf:
      return leaf(isOutside(V) ? AtEntry : B, V, Int);
    case Kind::Same:
      return Of(0);
    case Kind::Shift:
      return B.CreateMul(Of(0), power(Int, cast<User>(V)));
    case Kind::Sum: {
      Value *Left = Of(0), *Right = Of(1);
      return B.CreateAdd(Left, Right);
    }
    case Kind::Difference: {
      Value *Left = Of(0), *Right = Of(1);
      return B.CreateSub(Left, Right);
    }
    case Kind::Product: {
      Value *Left = Of(0), *Right = Of(1);
      return B.CreateMul(Left, Right);
    }
    }
    llvm_unreachable("all kinds have been named");
  }

  using Range = std::pair<Value *, Value *>;

  /// Its least and largest value, without any wrapping.
  Range rangeOf(Value *V) {
    IRBuilder<> &B = AtEntry;
    auto Of = [&](unsigned K) { return rangeOf(cast<User>(V)->getOperand(K)); };
    switch (kindOf(V)) {
    case Kind::Counter: {
      const CounterRange *C = counterOf(V);
      return {B.CreateSExtOrTrunc(C->First, Exact), B.CreateSExtOrTrunc(C->Last, Exact)};
    }
    case Kind::Leaf: {
      Value *Number = leaf(B, V, Exact);
      return {Number, Number};
    }
    case Kind::Same:
      return Of(0);
    case Kind::Shift: {
      Range X = Of(0);
      Value *Factor = power(Exact, cast<User>(V));
      return {B.CreateMul(X.first, Factor), B.CreateMul(X.second, Factor)};
    }
    case Kind::Sum: {
      Range X = Of(0), Y = Of(1);
      return {B.CreateAdd(X.first, Y.first), B.CreateAdd(X.second, Y.second)};
    }
    case Kind::Difference: {
      Range X = Of(0), Y = Of(1);
      return {B.CreateSub(X.first, Y.second), B.CreateSub(X.second, Y.first)};
    }
    case Kind::Product: { // one of them is the same for all points
      Range X = Of(0), Y = Of(1);
      Value *AtFirst = B.CreateMul(X.first, Y.first), *AtLast = B.CreateMul(X.second, Y.second);
      return {B.CreateBinaryIntrinsic(Intrinsic::smin, AtFirst, AtLast),
              B.CreateBinaryIntrinsic(Intrinsic::smax, AtFirst, AtLast)};
    }
    }
    llvm_unreachable("all kinds have been named");
  }
};

} // namespace

SmallVector<Value *, 4> widenUnsignedIndices(Function &F, ArrayRef<CounterRange> Counters, IRBuilder<> &AtEntry) {
  return Widener(F, Counters, AtEntry).run();
}

void demand(IRBuilder<> &B, Value *Condition) {
  Module *M = B.GetInsertBlock()->getModule();
  B.CreateCall(M->getOrInsertFunction(DemandName, B.getVoidTy(), B.getInt1Ty()), {Condition});
}

bool isDemand(const Value *V) {
  auto *Call = dyn_cast<CallInst>(V);
  return Call && Call->getCalledFunction() && Call->getCalledFunction()->getName() == DemandName;
}

} // namespace adstencil
