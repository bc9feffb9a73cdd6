// One place for both directions: the tangent of I is the sum over its operands of partial * dot, the adjoint adds
// bar * partial to each operand. A cotangent (or tangent) of exactly 0 contributes 0 where a partial may be infinite.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "derive/Adjoint.h"

#include "derive/Rules.h"
#include "frontend/Options.h"
#include "llvm/IR/IntrinsicInst.h"

using namespace llvm;

namespace adstencil {

FastMathFlags cotangentFlags() {
  FastMathFlags Flags;
  if (!options().StrictCotangents) {
    Flags.setAllowReassoc();
    Flags.setNoSignedZeros();
    Flags.setAllowContract();
    Flags.setAllowReciprocal();
  }
  return Flags;
}

/// Primal values of an instruction's operands and of its result, fetched when a partial asks for them.
using Fetch = function_ref<Value *(Value *)>;

namespace {

/// A linear map from the change of one operand to the change of the result.
struct Partial {
  enum Kind { None, Identity, Minus, Factor, Divide } K = None;
  Value *V = nullptr;     ///< factor or divisor
  Value *Scale = nullptr; ///< further factor, for x / y with respect to y: -r; the quotient is the one for x
  bool Singular = false;  ///< the factor may be infinite
};

/// Bar · Factor. A factor that chooses 0, 1 or -1 chooses the product: 0 is 0 whatever Bar is, and 1 needs no
/// arithmetic.
Value *times(IRBuilder<> &B, Value *Bar, Value *Factor) {
  auto IsUnit = [](const Value *V) {
    const auto *C = dyn_cast<ConstantFP>(V);
    return C && (C->isZero() || abs(C->getValueAPF()).isExactlyValue(1.0));
  };
  if (auto *S = dyn_cast<SelectInst>(Factor); S && (IsUnit(S->getTrueValue()) || IsUnit(S->getFalseValue())))
    return B.CreateSelect(S->getCondition(), times(B, Bar, S->getTrueValue()), times(B, Bar, S->getFalseValue()));
  if (auto *C = dyn_cast<ConstantFP>(Factor)) {
    if (C->isZero())
      return C;
    if (C->isExactlyValue(1.0))
      return Bar;
    if (C->isExactlyValue(-1.0))
      return B.CreateFNeg(Bar);
  }
  return B.CreateFMul(Bar, Factor);
}

Value *apply(IRBuilder<> &B, const Partial &P, Value *Bar) {
  Value *Result = Bar;
  switch (P.K) {
  case Partial::None:
    return nullptr;
  case Partial::Identity:
    return Bar;
  case Partial::Minus:
    return B.CreateFNeg(Bar);
  case Partial::Factor:
    Result = times(B, Bar, P.V);
    break;
  case Partial::Divide:
    Result = B.CreateFDiv(Bar, P.V);
    if (P.Scale) { // if it were reassociated, the optimiser would sink the division and have two of them
      IRBuilder<>::FastMathFlagGuard Guard(B);
      FastMathFlags Flags = B.getFastMathFlags();
      Flags.setAllowReassoc(false);
      B.setFastMathFlags(Flags);
      Result = B.CreateFMul(Result, P.Scale);
    }
    break;
  }
  if (!P.Singular)
    return Result;
  Value *Zero = ConstantFP::get(Bar->getType(), 0.0);
  return B.CreateSelect(B.CreateFCmpOEQ(Bar, Zero), Zero, Result);
}

} // namespace

/// 1 / V for a constant whose inverse is an ordinary number. Empty if cotangents are to be computed to the letter.
static std::optional<APFloat> inverseOf(const Value *V) {
  const auto *C = dyn_cast<ConstantFP>(V);
  if (!C || !cotangentFlags().allowReciprocal())
    return std::nullopt;
  APFloat Inverse = APFloat::getOne(C->getValueAPF().getSemantics());
  Inverse.divide(C->getValueAPF(), APFloat::rmNearestTiesToEven);
  return Inverse.isNormal() ? std::optional(Inverse) : std::nullopt;
}

static Partial partialOfBinary(IRBuilder<> &B, Instruction &I, unsigned K, Fetch Primal) {
  switch (I.getOpcode()) {
  case Instruction::FAdd:
    return {Partial::Identity};
  case Instruction::FSub:
    return {K == 0 ? Partial::Identity : Partial::Minus};
  case Instruction::FMul:
    return {Partial::Factor, Primal(I.getOperand(1 - K))};
  case Instruction::FDiv:
    if (K == 0)
      return {Partial::Divide, Primal(I.getOperand(1)), nullptr, !isa<Constant>(I.getOperand(1))};
    if (std::optional<APFloat> Inverse = inverseOf(I.getOperand(0))) { // c / y: 1 / y is known from the result
      IRBuilder<>::FastMathFlagGuard Guard(B);
      B.clearFastMathFlags(); // reassociated, the square of the result could overflow or vanish
      Value *Result = Primal(&I), *Reciprocal = B.CreateFMul(Result, ConstantFP::get(I.getType(), *Inverse));
      return {Partial::Factor, B.CreateFNeg(B.CreateFMul(Reciprocal, Result)), nullptr, true};
    }
    return {Partial::Divide, Primal(I.getOperand(1)), B.CreateFNeg(Primal(&I)), true};
  case Instruction::FRem: {
    if (K == 0)
      return {Partial::Identity};
    // x - trunc(x/y) y, as for fmod.
    Value *Difference = B.CreateFSub(Primal(&I), Primal(I.getOperand(0)));
    Value *Quotient = B.CreateFDiv(Difference, Primal(I.getOperand(1)));
    return {Partial::Factor, B.CreateUnaryIntrinsic(Intrinsic::rint, Quotient), nullptr, true};
  }
  default:
    return {};
  }
}

static Partial partialOfRule(IRBuilder<> &B, CallBase &CB, const Rule &R, unsigned K, Fetch Primal) {
  if (!hasPartial(R, K))
    return {};
  SmallVector<Value *, 3> Args(R.Arity, nullptr);
  for (unsigned J = 0; J != R.Arity; ++J)
    if (partialUsesArgument(R, K, J))
      Args[J] = Primal(CB.getArgOperand(J));
  Value *Result = partialUsesResult(R, K) ? Primal(&CB) : nullptr;
  // Partials are values of the primal's kind: no reassociation in them.
  IRBuilder<>::FastMathFlagGuard Guard(B);
  B.clearFastMathFlags();
  Value *V = emitPartial(B, R, K, Args, Result, CB.getType());
  if (auto *C = dyn_cast<ConstantFP>(V); C && C->isExactlyValue(1.0))
    return {Partial::Identity};
  return {Partial::Factor, V, nullptr, partialIsSingular(R, K)};
}

/// The partial of I with respect to operand K. Conversions and selections are treated by their callers.
static Partial partialOf(IRBuilder<> &B, Instruction &I, unsigned K, Fetch Primal) {
  if (auto *CB = dyn_cast<CallBase>(&I)) {
    const Rule *R = findRule(*CB);
    return R ? partialOfRule(B, *CB, *R, K, Primal) : Partial{};
  }
  if (I.getOpcode() == Instruction::FNeg)
    return {Partial::Minus};
  if (isa<FreezeInst>(I))
    return {Partial::Identity};
  return partialOfBinary(B, I, K, Primal);
}

static bool isKnown(const Instruction &I) {
  if (const auto *CB = dyn_cast<CallBase>(&I))
    return findRule(*CB);
  return I.isBinaryOp() || I.getOpcode() == Instruction::FNeg || isa<FreezeInst>(I);
}

static unsigned operandCount(const Instruction &I) {
  if (const auto *CB = dyn_cast<CallBase>(&I))
    return findRule(*CB)->Arity;
  return I.getNumOperands();
}

bool emitAdjoint(IRBuilder<> &B, Instruction &I, Value *Bar, AdjointContext &Context) {
  IRBuilder<>::FastMathFlagGuard Guard(B);
  B.setFastMathFlags(cotangentFlags());
  if (isa<FPExtInst>(I) || isa<FPTruncInst>(I)) {
    Context.addTo(B, I.getOperand(0), B.CreateFPCast(Bar, I.getOperand(0)->getType()));
    return true;
  }
  if (auto *S = dyn_cast<SelectInst>(&I)) {
    Value *Zero = ConstantFP::get(Bar->getType(), 0.0);
    Value *Condition = Context.primal(B, S->getCondition());
    if (Context.isActive(S->getTrueValue()))
      Context.addTo(B, S->getTrueValue(), B.CreateSelect(Condition, Bar, Zero));
    if (Context.isActive(S->getFalseValue()))
      Context.addTo(B, S->getFalseValue(), B.CreateSelect(Condition, Zero, Bar));
    return true;
  }
  if (!isKnown(I))
    return false;
  auto Primal = [&](Value *V) { return Context.primal(B, V); };
  for (unsigned K = 0; K != operandCount(I); ++K) {
    Value *Operand = I.getOperand(K);
    if (!Context.isActive(Operand))
      continue;
    // Conversions with a rounding mode (__double2float_rz) are functions, too.
    if (Value *Contribution = apply(B, partialOf(B, I, K, Primal), Bar))
      Context.addTo(B, Operand, B.CreateFPCast(Contribution, Operand->getType()));
  }
  return true;
}

Value *emitTangent(IRBuilder<> &B, Instruction &I, ArrayRef<Value *> Dots) {
  IRBuilder<>::FastMathFlagGuard Guard(B);
  B.setFastMathFlags(cotangentFlags());
  Value *Zero =
      isa<FPMathOperator>(I) || I.getType()->isFloatingPointTy() ? ConstantFP::get(I.getType(), 0.0) : nullptr;
  if (isa<FPExtInst>(I) || isa<FPTruncInst>(I))
    return B.CreateFPCast(Dots[0], I.getType());
  if (auto *S = dyn_cast<SelectInst>(&I))
    return B.CreateSelect(S->getCondition(), Dots[1] ? Dots[1] : Zero, Dots[2] ? Dots[2] : Zero);
  if (!isKnown(I))
    return nullptr;
  auto Primal = [](Value *V) { return V; };
  Value *Sum = nullptr;
  for (unsigned K = 0; K != operandCount(I); ++K) {
    if (!Dots[K])
      continue;
    Value *Term = apply(B, partialOf(B, I, K, Primal), B.CreateFPCast(Dots[K], I.getType()));
    if (Term)
      Sum = Sum ? B.CreateFAdd(Sum, Term) : Term;
  }
  return Sum ? Sum : Zero;
}

} // namespace adstencil
