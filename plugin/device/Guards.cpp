// Most kernels begin by asking whether there is work for the thread:
//
//     if (i < nx && j > 0 && j < ny - 1) u[...] = ...          or          if (i >= n) return;
//
// In a loop over i that is a test per point and a body that cannot be vectorised. Here such conditions leave the loop:
// what is affine in i tightens its bounds, what does not depend on i is asked once per row, and the body is left
// without the branch:
//
//     if (j > 0 && j < ny - 1) for (i = max(begin, 0); i < min(end, nx); ++i) u[...] = ...
//
// Only branches are considered whose other side ends the thread without doing anything, reached from the start of the
// body without side effects; so evaluating a condition early, or not at all, cannot be noticed. A condition that would
// not have been evaluated may have no defined value: bounds are frozen, and whatever value is chosen then, the
// condition that guarded it makes the row empty.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "device/Threads.h"

#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Operator.h"
#include "llvm/IR/PatternMatch.h"
#include "llvm/Transforms/Utils/Local.h"

using namespace llvm;
using namespace llvm::PatternMatch;

namespace adstencil {

bool hasEffects(const BasicBlock &BB) {
  return any_of(BB, [](const Instruction &I) {
    if (I.isTerminator() || isa<AssumeInst>(I))
      return false;
    const auto *II = dyn_cast<IntrinsicInst>(&I);
    return I.mayHaveSideEffects() && !(II && II->isLifetimeStartOrEnd());
  });
}

bool endsThread(const RowLoop &L, BasicBlock &From, BasicBlock &BB) {
  BasicBlock *Before = &From, *At = &BB;
  DenseMap<Value *, Value *> Known;
  for (unsigned Steps = 0; Steps != 8; ++Steps) {
    if (At == L.Latch)
      return true;
    for (Instruction &I : *At) {
      if (auto *Phi = dyn_cast<PHINode>(&I)) {
        Value *V = Phi->getIncomingValueForBlock(Before);
        Known[Phi] = Known.count(V) ? Known[V] : V;
      } else if (isReduction(&I)) {
        Value *V = cast<CallInst>(I).getArgOperand(0);
        auto *C = dyn_cast<Constant>(Known.count(V) ? Known[V] : V);
        if (!C || !C->isZeroValue())
          return false;
      } else if (auto *II = dyn_cast<IntrinsicInst>(&I); II && II->isLifetimeStartOrEnd()) {
        continue;
      } else if (!I.isTerminator() && I.mayHaveSideEffects()) {
        return false;
      }
    }
    auto *Branch = dyn_cast<BranchInst>(At->getTerminator());
    if (!Branch || Branch->isConditional())
      return false;
    Before = At;
    At = Branch->getSuccessor(0);
  }
  return false;
}

bool isUnchanging(const RowLoop &L, const LoadInst &Load) {
  if (Load.isVolatile() || Load.isAtomic())
    return false;
  const Value *Object = getUnderlyingObject(Load.getPointerOperand());
  return L.Unchanging.contains(Object) ||
         (isa<GlobalVariable>(Object) && Load.hasMetadata(LLVMContext::MD_invariant_load));
}

static Value *computeEarly(RowLoop &L, Value *V, unsigned Depth) {
  if (isa<Constant, Argument>(V))
    return V;
  auto *I = dyn_cast<Instruction>(V);
  if (!I || V == L.X || Depth > 16)
    return nullptr;
  if (L.Outside.contains(I->getParent()))
    return I;
  if (Value *Known = L.Early.lookup(I))
    return Known;
  auto *Load = dyn_cast<LoadInst>(I);
  if (isa<PHINode, AllocaInst>(I) || (Load ? !isUnchanging(L, *Load) : I->mayReadFromMemory()) ||
      (!Load && !isSafeToSpeculativelyExecute(I)))
    return nullptr;
  SmallVector<Value *, 4> Operands;
  for (Value *Operand : I->operands()) {
    Value *New = isa<Function>(Operand) ? Operand : computeEarly(L, Operand, Depth + 1);
    if (!New)
      return nullptr;
    Operands.push_back(New);
  }
  Instruction *New = I->clone();
  for (auto [Index, Operand] : enumerate(Operands))
    New->setOperand(Index, Operand);
  New->insertBefore(L.Entry->getTerminator()->getIterator());
  New->setName(I->getName());
  return L.Early[I] = New;
}

Value *computeEarly(RowLoop &L, Value *V) { return computeEarly(L, V, 0); }

namespace {
class GuardHoister {
public:
  explicit GuardHoister(RowLoop &L) : L(L), B(L.Entry->getTerminator()), Long(B.getInt64Ty()) {}

  void run() {
    Value *First = B.CreateSExt(L.Begin, Long), *Last = B.CreateSExt(L.End, Long);
    Begin = First;
    End = Last;
    BasicBlock *BB = L.First;
    SmallPtrSet<BasicBlock *, 16> Seen;
    while (BB && Seen.insert(BB).second && !hasEffects(*BB))
      BB = step(*BB);
    if (!Hoisted)
      return;
    // Bounds of 64 bits may lie beyond what 32 hold.
    L.Begin = B.CreateTrunc(B.CreateBinaryIntrinsic(Intrinsic::smin, Begin, Last), B.getInt32Ty(), "begin");
    L.End = B.CreateTrunc(B.CreateBinaryIntrinsic(Intrinsic::smax, End, First), B.getInt32Ty(), "end");
  }

  std::optional<Affine> affine(Value *V, bool Signed) {
    if (V == L.X)
      return Affine{1, B.getInt64(0)};
    if (Value *Same = computeEarly(L, V))
      return number(Same, Signed);
    if (auto *Z = dyn_cast<ZExtInst>(V))
      return affine(Z->getOperand(0), Z->hasNonNeg() && Signed);
    if (auto *S = dyn_cast<SExtInst>(V))
      return Signed || S->getOperand(0) == L.X ? affine(S->getOperand(0), true) : std::nullopt;
    if (auto *T = dyn_cast<TruncInst>(V)) {
      Value *X = T->getOperand(0);
      if (isa<ZExtInst, SExtInst>(X) && cast<CastInst>(X)->getSrcTy() == T->getType())
        return affine(cast<CastInst>(X)->getOperand(0), Signed);
      return std::nullopt;
    }
    auto *O = dyn_cast<BinaryOperator>(V);
    if (O && (O->getOpcode() == Instruction::Add || O->getOpcode() == Instruction::Sub))
      return sum(*O, Signed);
    return std::nullopt;
  }

private:
  RowLoop &L;
  IRBuilder<> B; ///< before the loop
  Type *Long;
  Value *Begin = nullptr, *End = nullptr; ///< i64
  bool Hoisted = false;

  /// Treats the branch at the end of BB; returns the block to go on with.
  BasicBlock *step(BasicBlock &BB) {
    auto *Branch = dyn_cast<BranchInst>(BB.getTerminator());
    if (!Branch)
      return nullptr;
    BasicBlock *Next = Branch->getSuccessor(0);
    if (Branch->isConditional()) {
      bool EndsIfTrue = endsThread(L, BB, *Branch->getSuccessor(0)),
           EndsIfFalse = endsThread(L, BB, *Branch->getSuccessor(1));
      if (EndsIfTrue == EndsIfFalse)
        return nullptr;
      Next = Branch->getSuccessor(EndsIfTrue);
      BasicBlock *Other = Branch->getSuccessor(!EndsIfTrue);
      Value *Left = require(Branch->getCondition(), !EndsIfTrue);
      if (!Left) {
        Other->removePredecessor(&BB);
        IRBuilder<> At(Branch);
        At.CreateBr(Next)->setDebugLoc(Branch->getDebugLoc());
        Branch->eraseFromParent();
      } else {
        Branch->setCondition(Left);
      }
    }
    return Next != L.Latch && Next->getSinglePredecessor() ? Next : nullptr;
  }

  /// Sees to it that threads for which V is not Wanted are left out. Returns what is left to test, null if nothing.
  Value *require(Value *V, bool Wanted) {
    Value *X, *Y;
    if (match(V, m_Not(m_Value(X)))) {
      Value *Left = require(X, !Wanted);
      return !Left ? nullptr : Left == X ? V : negated(Left, V);
    }
    if (Wanted ? match(V, m_LogicalAnd(m_Value(X), m_Value(Y))) : match(V, m_LogicalOr(m_Value(X), m_Value(Y)))) {
      Value *LeftX = require(X, Wanted), *LeftY = require(Y, Wanted);
      if (!LeftX || !LeftY)
        return LeftX ? LeftX : LeftY;
      return V;
    }
    if (Value *Condition = computeEarly(L, V)) {
      Condition = B.CreateFreeze(Wanted ? Condition : B.CreateNot(Condition));
      L.Any = L.Any ? B.CreateAnd(L.Any, Condition) : Condition;
      return Hoisted = true, nullptr;
    }
    auto *Compare = dyn_cast<ICmpInst>(V);
    if (Compare && Compare->getOperand(0)->getType()->isIntegerTy() && tighten(*Compare, Wanted))
      return Hoisted = true, nullptr;
    return V;
  }

  static Value *negated(Value *V, Value *Like) {
    IRBuilder<> At(cast<Instruction>(Like));
    return At.CreateNot(V);
  }

  // ---- what is affine in x ----

  std::optional<Affine> number(Value *V, bool Signed) {
    unsigned Bits = V->getType()->getIntegerBitWidth();
    if (Bits > 64)
      return std::nullopt;
    if (Bits < 64)
      return Affine{0, Signed ? B.CreateSExt(V, Long) : B.CreateZExt(V, Long)};
    // Compared with numbers of 33 bits, anything beyond 2^62 is as good as 2^62.
    Value *Most = B.getInt64(int64_t(1) << 62), *Least = B.getInt64(-(int64_t(1) << 62));
    V = Signed ? B.CreateBinaryIntrinsic(Intrinsic::smax, V, Least) : V;
    return Affine{0, B.CreateBinaryIntrinsic(Signed ? Intrinsic::smin : Intrinsic::umin, V, Most)};
  }

  std::optional<Affine> sum(BinaryOperator &O, bool Signed) {
    bool Minus = O.getOpcode() == Instruction::Sub;
    Value *P = O.getOperand(0), *Q = O.getOperand(1);
    bool Exact = Signed ? O.hasNoSignedWrap() : O.hasNoUnsignedWrap();
    if (auto *C = dyn_cast<ConstantInt>(Q); C && !Exact && P == L.X && C->getBitWidth() == 32) {
      // x is from 0 to 2^31 - 2.
      int64_t Added = Minus ? -C->getSExtValue() : C->getSExtValue();
      Exact = Signed ? Added <= 1 && Added >= -INT32_MAX : Added >= 0;
    }
    // 64-bit numbers have been clamped: only small ones may be added to.
    for (Value *V : {P, Q})
      if (V->getType()->getIntegerBitWidth() == 64 && !isa<ZExtInst, SExtInst>(V)) {
        auto *C = dyn_cast<ConstantInt>(V);
        if ((!C && !isSum(V)) || (C && C->getValue().getSignificantBits() > 32))
          return std::nullopt;
      }
    if (!Exact)
      return std::nullopt;
    std::optional<Affine> X = affine(P, Signed), Y = affine(Q, Signed);
    if (!X || !Y)
      return std::nullopt;
    int Scale = Minus ? X->Scale - Y->Scale : X->Scale + Y->Scale;
    if (Scale < -1 || Scale > 1)
      return std::nullopt;
    return Affine{Scale, Minus ? B.CreateSub(X->Offset, Y->Offset) : B.CreateAdd(X->Offset, Y->Offset)};
  }

  static bool isSum(const Value *V) {
    const auto *O = dyn_cast<BinaryOperator>(V);
    return O && (O->getOpcode() == Instruction::Add || O->getOpcode() == Instruction::Sub);
  }

  void atLeast(Value *V) { Begin = B.CreateBinaryIntrinsic(Intrinsic::smax, Begin, V); }
  void below(Value *V) { End = B.CreateBinaryIntrinsic(Intrinsic::smin, End, V); }

  bool tighten(ICmpInst &Compare, bool Wanted) {
    CmpInst::Predicate P = Wanted ? Compare.getPredicate() : Compare.getInversePredicate();
    if (P == CmpInst::ICMP_NE)
      return false;
    bool Signed = !CmpInst::isUnsigned(P);
    std::optional<Affine> X = affine(Compare.getOperand(0), Signed), Y = affine(Compare.getOperand(1), Signed);
    if (!X || !Y || X->Scale == Y->Scale)
      return false;
    int Scale = X->Scale - Y->Scale;
    if (Scale < -1 || Scale > 1)
      return false;
    // Scale * x  P  Bound.
    Value *Bound = B.CreateFreeze(B.CreateSub(Y->Offset, X->Offset));
    if (Scale == -1) {
      Bound = B.CreateNeg(Bound);
      P = CmpInst::getSwappedPredicate(P);
    }
    Value *After = B.CreateAdd(Bound, B.getInt64(1));
    switch (P) {
    case CmpInst::ICMP_SLT:
    case CmpInst::ICMP_ULT:
      below(Bound);
      break;
    case CmpInst::ICMP_SLE:
    case CmpInst::ICMP_ULE:
      below(After);
      break;
    case CmpInst::ICMP_SGT:
    case CmpInst::ICMP_UGT:
      atLeast(After);
      break;
    case CmpInst::ICMP_SGE:
    case CmpInst::ICMP_UGE:
      atLeast(Bound);
      break;
    default:
      atLeast(Bound);
      below(After);
    }
    return true;
  }
};
} // namespace

void hoistGuards(RowLoop &L) { GuardHoister(L).run(); }

std::optional<Affine> affineInX(RowLoop &L, Value *V, bool Signed) { return GuardHoister(L).affine(V, Signed); }

} // namespace adstencil
