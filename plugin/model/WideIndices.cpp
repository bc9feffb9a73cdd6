// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "model/WideIndices.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Operator.h"

using namespace llvm;

namespace adstencil {

namespace {

/// Expressions deeper than this are not written by hand.
constexpr unsigned MostLevels = 24;

class Widener {
public:
  explicit Widener(Function &F) : F(F), Int(Type::getInt64Ty(F.getContext())) {}

  void run() {
    SmallVector<CastInst *, 32> Extensions;
    for (Instruction &I : instructions(F))
      if ((isa<SExtInst>(I) || (isa<ZExtInst>(I) && I.hasNonNeg())) && I.getType() == Int && canWiden(I.getOperand(0)))
        Extensions.push_back(cast<CastInst>(&I));
    for (CastInst *Extension : Extensions) {
      Extension->replaceAllUsesWith(wide(Extension->getOperand(0), MostLevels));
      Extension->eraseFromParent();
    }
  }

  void signExtendLeaves() {
    SmallVector<ZExtInst *, 16> Extensions;
    for (Instruction &I : instructions(F))
      if (isa<ZExtInst>(I) && I.hasNonNeg() && I.getType() == Int)
        Extensions.push_back(cast<ZExtInst>(&I));
    for (ZExtInst *Extension : Extensions) {
      auto *Signed = new SExtInst(Extension->getOperand(0), Int, Extension->getName(), Extension->getIterator());
      Signed->setDebugLoc(Extension->getDebugLoc());
      Extension->replaceAllUsesWith(Signed);
      Extension->eraseFromParent();
    }
  }

  /// phi i64 [..., sext(add nsw (trunc nsw phi), c)] counts in 64 bits.
  void widenCounters() {
    for (Instruction &I : instructions(F)) {
      auto *Phi = dyn_cast<PHINode>(&I);
      if (!Phi || Phi->getType() != Int)
        continue;
      for (Use &Incoming : Phi->incoming_values())
        if (auto *Next = dyn_cast<CastInst>(Incoming); Next && isNextOf(*Next, *Phi)) {
          auto *Sum = cast<BinaryOperator>(Next->getOperand(0));
          auto *Step = ConstantInt::getSigned(Int, cast<ConstantInt>(Sum->getOperand(1))->getSExtValue());
          auto *Wide = BinaryOperator::CreateNSWAdd(Phi, Step, Next->getName(), Next->getIterator());
          Wide->setDebugLoc(Sum->getDebugLoc());
          Next->replaceAllUsesWith(Wide);
        }
    }
  }

private:
  Function &F;
  Type *Int;
  DenseMap<Value *, Value *> Known;

  static bool isNextOf(const CastInst &Next, const PHINode &Phi) {
    bool IsSigned = isa<SExtInst>(Next) || (isa<ZExtInst>(Next) && Next.hasNonNeg());
    auto *Sum = dyn_cast<BinaryOperator>(Next.getOperand(0));
    if (!IsSigned || !Sum || Sum->getOpcode() != Instruction::Add || !Sum->hasNoSignedWrap() ||
        !isa<ConstantInt>(Sum->getOperand(1)))
      return false;
    auto *Narrow = dyn_cast<TruncInst>(Sum->getOperand(0));
    return Narrow && Narrow->getOperand(0) == &Phi && Narrow->hasNoSignedWrap();
  }

  /// True if the extension of V is the same operation on extended operands.
  static bool canWiden(const Value *V) {
    const auto *B = dyn_cast<BinaryOperator>(V);
    if (!B || !isa<OverflowingBinaryOperator>(B) || !B->hasNoSignedWrap())
      return false;
    if (B->getOpcode() == Instruction::Shl) {
      const auto *By = dyn_cast<ConstantInt>(B->getOperand(1));
      return By && By->getValue().ult(B->getType()->getIntegerBitWidth());
    }
    return B->getOpcode() == Instruction::Add || B->getOpcode() == Instruction::Sub ||
           B->getOpcode() == Instruction::Mul;
  }

  Value *wide(Value *V, unsigned Levels) {
    if (auto *C = dyn_cast<ConstantInt>(V))
      return ConstantInt::getSigned(Int, C->getSExtValue());
    Value *&Found = Known[V];
    if (Found)
      return Found;
    auto *I = dyn_cast<Instruction>(V);
    if (!I || Levels == 0 || !canWiden(V))
      return Found = extend(V);
    Value *X = wide(I->getOperand(0), Levels - 1), *Y = wide(I->getOperand(1), Levels - 1);
    auto *New = BinaryOperator::Create(cast<BinaryOperator>(I)->getOpcode(), X, Y, I->getName(), I->getIterator());
    New->setHasNoSignedWrap();
    New->setDebugLoc(I->getDebugLoc());
    return Known[V] = New; // the map may have grown
  }

  /// The extension of a leaf, behind its definition.
  Value *extend(Value *V) {
    auto *I = dyn_cast<Instruction>(V);
    auto Place = I ? I->getInsertionPointAfterDef() : std::optional(F.getEntryBlock().getFirstInsertionPt());
    IRBuilder<> B((*Place)->getParent(), *Place);
    return B.CreateSExt(V, Int, V->getName());
  }
};

} // namespace

void widenIndices(Function &F) { Widener(F).run(); }

void signExtendIndices(Function &F) {
  Widener(F).signExtendLeaves();
  Widener(F).widenCounters();
}

} // namespace adstencil
