// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "model/GridIndices.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/IR/ConstantRange.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"

using namespace llvm;

namespace adstencil {

namespace {
struct Range {
  uint64_t First = 0, End = 0; ///< [First, End); empty: not an index variable
};
} // namespace

/// The values of an index variable: CUDA programming guide, "Compute capabilities", equal for all of them since 3.0.
static Range rangeOf(StringRef Name) {
  if (!Name.consume_front("llvm.nvvm.read.ptx.sreg."))
    return {};
  return StringSwitch<Range>(Name)
      .Cases({"tid.x", "tid.y"}, {0, 1024})
      .Case("tid.z", {0, 64})
      .Cases({"ntid.x", "ntid.y"}, {1, 1025})
      .Case("ntid.z", {1, 65})
      .Case("ctaid.x", {0, 0x7fffffff})
      .Cases({"ctaid.y", "ctaid.z"}, {0, 65535})
      .Case("nctaid.x", {1, 0x80000000})
      .Cases({"nctaid.y", "nctaid.z"}, {1, 65536})
      .Default({});
}

static bool isIndexVariable(const Value *V) {
  const auto *C = dyn_cast<CallInst>(V);
  return C && C->getCalledFunction() && rangeOf(C->getCalledFunction()->getName()).End != 0;
}

/// Sums and products of index variables and positive constants.
static bool isIndexArithmetic(const Value *V, unsigned Depth = 6) {
  if (isIndexVariable(V))
    return true;
  if (const auto *C = dyn_cast<ConstantInt>(V))
    return C->getValue().isNonNegative();
  const auto *B = dyn_cast<BinaryOperator>(V);
  if (!B || Depth == 0)
    return false;
  unsigned Op = B->getOpcode();
  return (Op == Instruction::Add || Op == Instruction::Mul || Op == Instruction::Shl) &&
         isIndexArithmetic(B->getOperand(0), Depth - 1) && isIndexArithmetic(B->getOperand(1), Depth - 1);
}

/// True for `i += stride` of a loop variable, with a stride made of index variables.
static bool isGridStride(const BinaryOperator &B) {
  if (B.getOpcode() != Instruction::Add)
    return false;
  for (unsigned K : {0u, 1u}) {
    const auto *Phi = dyn_cast<PHINode>(B.getOperand(K));
    const Value *Stride = B.getOperand(1 - K);
    if (Phi && !isa<Constant>(Stride) && isIndexArithmetic(Stride) && is_contained(Phi->incoming_values(), &B))
      return true;
  }
  return false;
}

/// True for `index + k * stride` with such a stride and any k.
static bool isStrided(const BinaryOperator &B) {
  if (B.getOpcode() != Instruction::Add)
    return false;
  for (unsigned K : {0u, 1u}) {
    const auto *Distance = dyn_cast<BinaryOperator>(B.getOperand(K));
    if (!Distance || Distance->getOpcode() != Instruction::Mul || !isIndexArithmetic(B.getOperand(1 - K)))
      continue;
    for (const Use &Factor : Distance->operands())
      if (!isa<Constant>(Factor) && isIndexArithmetic(Factor))
        return true;
  }
  return false;
}

static const Value *withoutExtension(const Value *V) {
  while (isa<ZExtInst, SExtInst>(V))
    V = cast<CastInst>(V)->getOperand(0);
  return V;
}

static std::string registerName(StringRef Register, unsigned Axis) {
  return ("llvm.nvvm.read.ptx.sreg." + Register + "." + Twine("xyz"[Axis])).str();
}

bool isGridRegister(const Value *V, StringRef Register, unsigned Axis) {
  const auto *Call = dyn_cast<CallInst>(withoutExtension(V));
  const Function *F = Call ? Call->getCalledFunction() : nullptr;
  return F && F->getName() == registerName(Register, Axis);
}

Value *readGridRegister(IRBuilder<> &B, StringRef Register, unsigned Axis) {
  Module *M = B.GetInsertBlock()->getModule();
  return B.CreateCall(M->getOrInsertFunction(registerName(Register, Axis), B.getInt32Ty()), {}, Register);
}

/// Register * blockDim.
static bool isProduct(const Value *V, StringRef Register, unsigned Axis) {
  const auto *Product = dyn_cast<BinaryOperator>(withoutExtension(V));
  if (!Product || Product->getOpcode() != Instruction::Mul)
    return false;
  const Value *A = Product->getOperand(0), *B = Product->getOperand(1);
  return (isGridRegister(A, Register, Axis) && isGridRegister(B, "ntid", Axis)) ||
         (isGridRegister(B, Register, Axis) && isGridRegister(A, "ntid", Axis));
}

bool isBlockStart(const Value *V, unsigned Axis) { return isProduct(V, "ctaid", Axis); }
bool isThreadCount(const Value *V, unsigned Axis) { return isProduct(V, "nctaid", Axis); }

void annotateGridIndices(Function &F) {
  for (Instruction &I : instructions(F)) {
    if (isIndexVariable(&I)) {
      auto &C = cast<CallInst>(I);
      Range R = rangeOf(C.getCalledFunction()->getName());
      if (C.getType()->isIntegerTy(32))
        C.addRangeRetAttr(ConstantRange(APInt(32, R.First), APInt(32, R.End)));
      continue;
    }
    auto *B = dyn_cast<BinaryOperator>(&I);
    if (!B || !B->getType()->isIntegerTy())
      continue;
    if (isIndexArithmetic(B)) {
      B->setHasNoUnsignedWrap();
      B->setHasNoSignedWrap();
    } else if (isGridStride(*B) || isStrided(*B)) {
      B->setHasNoSignedWrap();
    }
  }
}

} // namespace adstencil
