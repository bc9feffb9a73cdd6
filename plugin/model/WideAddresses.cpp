// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "model/WideAddresses.h"

#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/ScalarEvolutionExpressions.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Operator.h"

using namespace llvm;

namespace adstencil {

namespace {

class MultipliedOut : public SCEVRewriteVisitor<MultipliedOut> {
public:
  explicit MultipliedOut(ScalarEvolution &SE) : SCEVRewriteVisitor(SE) {}
  const SCEV *visitMulExpr(const SCEVMulExpr *E) {
    SmallVector<const SCEV *, 8> Terms = {SE.getOne(E->getType())};
    for (const SCEV *Factor : E->operands()) {
      SmallVector<const SCEV *, 8> Products;
      const SCEV *Known = visit(Factor);
      auto *Sum = dyn_cast<SCEVAddExpr>(Known);
      for (const SCEV *Term : Terms)
        for (const SCEV *Part : Sum ? Sum->operands() : ArrayRef(Known))
          Products.push_back(SE.getMulExpr(Term, Part));
      if (Products.size() > MostTerms)
        return E;
      Terms = std::move(Products);
    }
    return SE.getAddExpr(Terms);
  }

private:
  static constexpr size_t MostTerms = 64;
};

} // namespace

const SCEV *multipliedOut(ScalarEvolution &SE, const SCEV *Number) { return MultipliedOut(SE).visit(Number); }

/// V extended to 64 bits, where no-wrap flags allow it term by term. Signed: how V is extended.
static const SCEV *widen(ScalarEvolution &SE, Value *V, bool Signed, unsigned Depth) {
  Type *Wide = Type::getInt64Ty(V->getContext());
  auto Give = [&] {
    const SCEV *S = SE.getSCEV(V);
    return Signed ? SE.getNoopOrSignExtend(S, Wide) : SE.getNoopOrZeroExtend(S, Wide);
  };
  auto *I = dyn_cast<Instruction>(V);
  if (!I || Depth == 0 || SE.getTypeSizeInBits(V->getType()) > 64)
    return Give();
  if (auto *T = dyn_cast<TruncInst>(I))
    return (Signed ? T->hasNoSignedWrap() : T->hasNoUnsignedWrap()) && T->getOperand(0)->getType() == Wide
               ? widen(SE, T->getOperand(0), Signed, Depth - 1)
               : Give();
  if (isa<SExtInst>(I))
    return widen(SE, I->getOperand(0), /*Signed=*/true, Depth - 1);
  if (isa<ZExtInst>(I))
    return widen(SE, I->getOperand(0), /*Signed=*/I->hasNonNeg(), Depth - 1);
  auto *B = dyn_cast<BinaryOperator>(I);
  if (!B || !isa<OverflowingBinaryOperator>(B) || !(Signed ? B->hasNoSignedWrap() : B->hasNoUnsignedWrap()))
    return Give();
  const SCEV *X = widen(SE, B->getOperand(0), Signed, Depth - 1), *Y = widen(SE, B->getOperand(1), Signed, Depth - 1);
  switch (B->getOpcode()) {
  case Instruction::Add:
    return SE.getAddExpr(X, Y);
  case Instruction::Sub:
    return SE.getMinusSCEV(X, Y);
  case Instruction::Mul:
    return SE.getMulExpr(X, Y);
  case Instruction::Shl:
    if (auto *C = dyn_cast<ConstantInt>(B->getOperand(1)); C && C->getValue().ult(63))
      return SE.getMulExpr(X, SE.getConstant(Wide, uint64_t(1) << C->getZExtValue()));
    return Give();
  default:
    return Give();
  }
}

const SCEV *wideIndex(ScalarEvolution &SE, Value *Index) { return widen(SE, Index, /*Signed=*/true, 8); }

const SCEV *addressOf(ScalarEvolution &SE, const Value *Pointer) {
  if (auto *Cast = dyn_cast<AddrSpaceCastOperator>(Pointer)) // __ldg reads through the global address space
    return addressOf(SE, Cast->getPointerOperand());
  auto *G = dyn_cast<GetElementPtrInst>(Pointer);
  if (!G)
    return SE.getSCEV(const_cast<Value *>(Pointer));
  const DataLayout &DL = G->getDataLayout();
  unsigned Bits = DL.getIndexTypeSizeInBits(G->getType());
  SmallMapVector<Value *, APInt, 4> Variable;
  APInt Constant(Bits, 0);
  if (Bits != 64 || !cast<GEPOperator>(G)->collectOffset(DL, Bits, Variable, Constant))
    return SE.getSCEV(const_cast<Value *>(Pointer));
  const SCEV *Address = addressOf(SE, G->getPointerOperand());
  Address = SE.getAddExpr(Address, SE.getConstant(Constant));
  for (auto &[Index, Scale] : Variable)
    Address = SE.getAddExpr(Address, SE.getMulExpr(widen(SE, Index, /*Signed=*/true, 8), SE.getConstant(Scale)));
  return Address;
}

} // namespace adstencil
