// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "device/Kernels.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Intrinsics.h"

using namespace llvm;

namespace adstencil {

namespace {
enum class Body {
  None, // not a body: an intrinsic or a call
  SinCos,
  ReciprocalRoot,
  Reciprocal,
  Add,
  Subtract,
  Multiply,
  Divide,
  Saturate,
  ToSigned,
  ToUnsigned,
  FromSigned,
  FromUnsigned,
  Narrow,
  ToHalf,
  FromHalf,
  Reinterpret,
  LowWord,
  HighWord,
  JoinWords,
  IsNan,
  IsInfinite,
  IsFinite,
  SignBit,
  Absolute,
  LeadingZeros,
  PopulationCount,
  FindFirst,
  HighProductSigned,
  HighProductUnsigned,
  Product24Signed,
  Product24Unsigned,
  DistanceSigned,
  DistanceUnsigned,
  MeanSigned,
  MeanUpSigned,
  MeanUnsigned,
  MeanUpUnsigned,
};

struct Row {
  StringLiteral Name;
  Intrinsic::ID ID;
  bool Mixed;
  StringLiteral Symbol;
  Body TheBody;
};
} // namespace

static constexpr Row Rows[] = {
#define INTRINSIC(name, id) {"__nv_" #name, Intrinsic::id, false, "", Body::None},
#define MIXED(name, id) {"__nv_" #name, Intrinsic::id, true, "", Body::None},
#define LIBM(name, symbol) {"__nv_" #name, Intrinsic::not_intrinsic, false, #symbol, Body::None},
#define RUNTIME(name) {"__nv_" #name, Intrinsic::not_intrinsic, false, "__adstencil_math_" #name, Body::None},
#define BODY(name, body) {"__nv_" #name, Intrinsic::not_intrinsic, false, "", Body::body},
#define ROUND(name, body, id) {"__nv_" #name, Intrinsic::id, false, "", Body::body},
#include "device/Mathematics.def"
#undef INTRINSIC
#undef MIXED
#undef LIBM
#undef RUNTIME
#undef BODY
#undef ROUND
};

static const Row *findRow(StringRef Name) {
  static const StringMap<const Row *> ByName = [] {
    StringMap<const Row *> Map;
    for (const Row &R : Rows)
      Map[R.Name] = &R;
    return Map;
  }();
  return ByName.lookup(Name);
}

/// A call of a library function that touches no memory but what its pointer arguments point to.
static Value *callLibrary(IRBuilderBase &B, CallBase &Call, StringRef Symbol) {
  Module *M = Call.getModule();
  FunctionCallee Callee = M->getOrInsertFunction(Symbol, Call.getFunctionType());
  if (auto *F = dyn_cast<Function>(Callee.getCallee())) {
    bool Pointers = any_of(F->args(), [](Argument &A) { return A.getType()->isPointerTy(); });
    F->setMemoryEffects(Pointers ? MemoryEffects::argMemOnly() : MemoryEffects::none());
    F->setDoesNotThrow();
    F->addFnAttr(Attribute::WillReturn);
    F->addFnAttr(Attribute::NoFree);
    F->addFnAttr(Attribute::NoSync);
    F->addFnAttr(Attribute::NoCallback);
  }
  CallInst *New = B.CreateCall(Callee, SmallVector<Value *, 4>(Call.args()));
  if (isa<FPMathOperator>(New))
    New->copyFastMathFlags(&Call);
  return New;
}

namespace {
/// Writes the few instructions of one body.
class BodyWriter {
public:
  BodyWriter(IRBuilderBase &B, CallBase &Call) : B(B), Call(Call), T(Call.getType()) {}

  Value *write(const Row &R) {
    Value *X = Call.getArgOperand(0);
    Type *From = X->getType();
    switch (R.TheBody) {
    case Body::None:
      return nullptr;
    case Body::SinCos:
      B.CreateStore(unary(Intrinsic::sin, X), Call.getArgOperand(1));
      B.CreateStore(unary(Intrinsic::cos, X), Call.getArgOperand(2));
      return PoisonValue::get(T);
    case Body::ReciprocalRoot:
      return B.CreateFDiv(ConstantFP::get(T, 1.0), unary(Intrinsic::sqrt, X));
    case Body::Reciprocal:
      return exact([&] { return B.CreateFDiv(ConstantFP::get(T, 1.0), X); });
    case Body::Add:
      return exact([&] { return B.CreateFAdd(X, second()); });
    case Body::Subtract:
      return exact([&] { return B.CreateFSub(X, second()); });
    case Body::Multiply:
      return exact([&] { return B.CreateFMul(X, second()); });
    case Body::Divide:
      return exact([&] { return B.CreateFDiv(X, second()); });
    case Body::Saturate:
      return B.CreateBinaryIntrinsic(Intrinsic::minnum,
                                     B.CreateBinaryIntrinsic(Intrinsic::maxnum, X, ConstantFP::get(T, 0.0)),
                                     ConstantFP::get(T, 1.0));
    case Body::ToSigned:
      return B.CreateIntrinsic(Intrinsic::fptosi_sat, {T, From}, {unary(R.ID, X)});
    case Body::ToUnsigned:
      return B.CreateIntrinsic(Intrinsic::fptoui_sat, {T, From}, {unary(R.ID, X)});
    case Body::FromSigned:
      return B.CreateSIToFP(X, T);
    case Body::FromUnsigned:
      return B.CreateUIToFP(X, T);
    case Body::Narrow:
      return B.CreateFPTrunc(X, T);
    case Body::ToHalf:
      return B.CreateBitCast(B.CreateFPTrunc(X, B.getHalfTy()), T);
    case Body::FromHalf:
      return B.CreateFPExt(B.CreateBitCast(X, B.getHalfTy()), T);
    case Body::Reinterpret:
      return B.CreateBitCast(X, T);
    case Body::LowWord:
      return B.CreateTrunc(B.CreateBitCast(X, B.getInt64Ty()), T);
    case Body::HighWord:
      return B.CreateTrunc(B.CreateLShr(B.CreateBitCast(X, B.getInt64Ty()), 32), T);
    case Body::JoinWords:
      return B.CreateBitCast(
          B.CreateOr(B.CreateShl(B.CreateZExt(X, B.getInt64Ty()), 32), B.CreateZExt(second(), B.getInt64Ty())), T);
    case Body::IsNan:
      return B.CreateZExt(B.createIsFPClass(X, fcNan), T);
    case Body::IsInfinite:
      return B.CreateZExt(B.createIsFPClass(X, fcInf), T);
    case Body::IsFinite:
      return B.CreateZExt(B.createIsFPClass(X, fcFinite), T);
    case Body::SignBit:
      return B.CreateZExt(B.CreateICmpSLT(B.CreateBitCast(X, B.getIntNTy(From->getPrimitiveSizeInBits())),
                                          ConstantInt::get(B.getIntNTy(From->getPrimitiveSizeInBits()), 0)),
                          T);
    default:
      return integer(R.TheBody, X);
    }
  }

private:
  IRBuilderBase &B;
  CallBase &Call;
  Type *T;

  Value *second() { return Call.getArgOperand(1); }
  Value *unary(Intrinsic::ID ID, Value *X) { return B.CreateUnaryIntrinsic(ID, X); }

  /// Arithmetic that must not be contracted with its neighbours.
  template <class Operation> Value *exact(Operation Op) {
    IRBuilderBase::FastMathFlagGuard Guard(B);
    FastMathFlags Flags = B.getFastMathFlags();
    Flags.setAllowContract(false);
    B.setFastMathFlags(Flags);
    return Op();
  }

  Value *integer(Body TheBody, Value *X) {
    switch (TheBody) {
    case Body::Absolute:
      return B.CreateBinaryIntrinsic(Intrinsic::abs, X, B.getFalse());
    case Body::LeadingZeros:
      return B.CreateZExtOrTrunc(B.CreateBinaryIntrinsic(Intrinsic::ctlz, X, B.getFalse()), T);
    case Body::PopulationCount:
      return B.CreateZExtOrTrunc(unary(Intrinsic::ctpop, X), T);
    case Body::FindFirst: {
      Value *Zeros = B.CreateBinaryIntrinsic(Intrinsic::cttz, X, B.getFalse());
      Value *First = B.CreateAdd(Zeros, ConstantInt::get(X->getType(), 1));
      Value *IsZero = B.CreateICmpEQ(X, ConstantInt::get(X->getType(), 0));
      return B.CreateZExtOrTrunc(B.CreateSelect(IsZero, ConstantInt::get(X->getType(), 0), First), T);
    }
    case Body::HighProductSigned:
      return highProduct(X, true);
    case Body::HighProductUnsigned:
      return highProduct(X, false);
    case Body::Product24Signed:
      return B.CreateMul(B.CreateAShr(B.CreateShl(X, 8), 8), B.CreateAShr(B.CreateShl(second(), 8), 8));
    case Body::Product24Unsigned:
      return B.CreateMul(B.CreateAnd(X, 0xffffff), B.CreateAnd(second(), 0xffffff));
    case Body::DistanceSigned:
      return distance(X, Intrinsic::smax, Intrinsic::smin);
    case Body::DistanceUnsigned:
      return distance(X, Intrinsic::umax, Intrinsic::umin);
    case Body::MeanSigned:
      return mean(X, true, 0);
    case Body::MeanUpSigned:
      return mean(X, true, 1);
    case Body::MeanUnsigned:
      return mean(X, false, 0);
    case Body::MeanUpUnsigned:
      return mean(X, false, 1);
    default:
      return nullptr;
    }
  }

  Value *widen(Value *V, bool Signed) {
    Type *Wide = B.getIntNTy(2 * V->getType()->getIntegerBitWidth());
    return Signed ? B.CreateSExt(V, Wide) : B.CreateZExt(V, Wide);
  }
  Value *highProduct(Value *X, bool Signed) {
    Value *Product = B.CreateMul(widen(X, Signed), widen(second(), Signed));
    return B.CreateTrunc(B.CreateLShr(Product, X->getType()->getIntegerBitWidth()), T);
  }
  /// |x - y| + z.
  Value *distance(Value *X, Intrinsic::ID Max, Intrinsic::ID Min) {
    Value *Difference =
        B.CreateSub(B.CreateBinaryIntrinsic(Max, X, second()), B.CreateBinaryIntrinsic(Min, X, second()));
    return B.CreateAdd(Difference, Call.getArgOperand(2));
  }
  Value *mean(Value *X, bool Signed, uint64_t Up) {
    Value *Sum = B.CreateAdd(widen(X, Signed), widen(second(), Signed));
    Sum = B.CreateAdd(Sum, ConstantInt::get(Sum->getType(), Up));
    return B.CreateTrunc(Signed ? B.CreateAShr(Sum, 1) : B.CreateLShr(Sum, 1), T);
  }
};
} // namespace

bool lowerMathematics(CallBase &Call, StringRef Name) {
  const Row *R = findRow(Name);
  if (!R)
    return false;
  IRBuilder<> B(&Call);
  if (isa<FPMathOperator>(Call))
    B.setFastMathFlags(Call.getFastMathFlags());
  Value *New = nullptr;
  if (R->TheBody != Body::None) {
    New = BodyWriter(B, Call).write(*R);
  } else if (!R->Symbol.empty()) {
    New = callLibrary(B, Call, R->Symbol);
  } else {
    SmallVector<Type *, 2> Overloads = {Call.getType()};
    if (R->Mixed)
      Overloads.push_back(Call.getArgOperand(Call.arg_size() - 1)->getType());
    New = B.CreateIntrinsic(R->ID, Overloads, SmallVector<Value *, 4>(Call.args()),
                            isa<FPMathOperator>(Call) ? FMFSource(&Call) : FMFSource());
  }
  if (!Call.getType()->isVoidTy()) {
    New->takeName(&Call);
    Call.replaceAllUsesWith(New);
  }
  Call.eraseFromParent();
  return true;
}

} // namespace adstencil
