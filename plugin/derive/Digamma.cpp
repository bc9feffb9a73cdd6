// psi(x) = d/dx log Gamma(x), in IR, computed in double:
//
//     x <= 0, or x < 1/2   reflection  psi(x) = psi(1 - x) - pi / tan(pi x)
//     1/2 <= x < 12        recurrence  psi(x) = psi(x + 1) - 1/x, upwards
//     x >= 12              asymptotic series  log x - 1/(2x) - sum_k B_2k / (2k x^2k)
//
// Seven terms of the series at x = 12 leave an error below 1e-16. Poles give infinity or NaN as tan does.
// Source: Abramowitz and Stegun, 6.3.5, 6.3.7, 6.3.18.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "derive/Digamma.h"

#include "derive/Rules.h"

#include "llvm/IR/IRBuilder.h"

using namespace llvm;

namespace adstencil {

static Function *createDouble(Module &M) {
  LLVMContext &Ctx = M.getContext();
  Type *D = Type::getDoubleTy(Ctx);
  auto *F = Function::Create(FunctionType::get(D, {D}, false), GlobalValue::InternalLinkage, "__adstencil_digamma", M);
  F->addFnAttr(Attribute::NoUnwind);
  F->addFnAttr(Attribute::WillReturn);
  F->setDoesNotAccessMemory();
  BasicBlock *Entry = BasicBlock::Create(Ctx, "entry", F);
  BasicBlock *Loop = BasicBlock::Create(Ctx, "recurrence", F);
  BasicBlock *Body = BasicBlock::Create(Ctx, "step", F);
  BasicBlock *Series = BasicBlock::Create(Ctx, "series", F);
  auto C = [&](double V) { return ConstantFP::get(D, V); };
  IRBuilder<> B(Entry);
  Value *X = F->getArg(0);
  Value *Small = B.CreateFCmpOLT(X, C(0.5));
  Value *Start = B.CreateSelect(Small, B.CreateFSub(C(1), X), X);
  B.CreateBr(Loop);

  B.SetInsertPoint(Loop);
  PHINode *T = B.CreatePHI(D, 2, "t");
  PHINode *Sum = B.CreatePHI(D, 2, "sum");
  B.CreateCondBr(B.CreateFCmpOLT(T, C(12)), Body, Series);
  B.SetInsertPoint(Body);
  Value *NextSum = B.CreateFSub(Sum, B.CreateFDiv(C(1), T));
  Value *NextT = B.CreateFAdd(T, C(1));
  B.CreateBr(Loop);
  T->addIncoming(Start, Entry);
  T->addIncoming(NextT, Body);
  Sum->addIncoming(C(0), Entry);
  Sum->addIncoming(NextSum, Body);

  B.SetInsertPoint(Series);
  Value *Inverse = B.CreateFDiv(C(1), T);
  Value *W = B.CreateFMul(Inverse, Inverse);
  // B_2k / 2k for k = 7 … 1, by Horner.
  const double Terms[] = {1.0 / 12, -691.0 / 32760, 1.0 / 132, -1.0 / 240, 1.0 / 252, -1.0 / 120, 1.0 / 12};
  Value *P = C(Terms[0]);
  for (unsigned I = 1; I != 7; ++I)
    P = B.CreateFAdd(B.CreateFMul(P, W), C(Terms[I]));
  Value *R = B.CreateFAdd(Sum, emitFunction(B, "log", {T}));
  R = B.CreateFSub(R, B.CreateFMul(C(0.5), Inverse));
  R = B.CreateFSub(R, B.CreateFMul(P, W));
  const double Pi = 3.14159265358979323846;
  Value *TanPiX = emitFunction(B, "tan", {B.CreateFMul(C(Pi), X)});
  Value *Reflected = B.CreateFSub(R, B.CreateFDiv(C(Pi), TanPiX));
  B.CreateRet(B.CreateSelect(Small, Reflected, R));
  return F;
}

Function *digammaFunction(Module &M, Type *T) {
  Function *Double = M.getFunction("__adstencil_digamma");
  if (!Double)
    Double = createDouble(M);
  if (T->isDoubleTy())
    return Double;
  if (Function *Float = M.getFunction("__adstencil_digammaf"))
    return Float;
  auto *F = Function::Create(FunctionType::get(T, {T}, false), GlobalValue::InternalLinkage, "__adstencil_digammaf", M);
  F->addFnAttr(Attribute::NoUnwind);
  F->addFnAttr(Attribute::WillReturn);
  F->setDoesNotAccessMemory();
  IRBuilder<> B(BasicBlock::Create(M.getContext(), "entry", F));
  Value *Wide = B.CreateFPExt(F->getArg(0), Type::getDoubleTy(M.getContext()));
  B.CreateRet(B.CreateFPTrunc(B.CreateCall(Double, {Wide}), T));
  return F;
}

} // namespace adstencil
