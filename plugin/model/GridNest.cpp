// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "model/GridNest.h"

#include "model/GridIndices.h"
#include "model/Request.h"
#include "model/UnsignedIndices.h"
#include "llvm/ADT/PostOrderIterator.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/PatternMatch.h"
#include "llvm/Transforms/Scalar/ADCE.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Scalar/InstSimplifyPass.h"
#include "llvm/Transforms/Scalar/SimplifyCFG.h"
#include "llvm/Transforms/Utils/Local.h"
#include "llvm/Transforms/Utils/LoopSimplify.h"

using namespace llvm;
using namespace llvm::PatternMatch;

namespace adstencil {

namespace {

bool isSum(const Value *V) {
  const auto *Sum = dyn_cast<BinaryOperator>(V);
  return Sum && Sum->getOpcode() == Instruction::Add && Sum->getType()->isIntegerTy();
}

/// Collects the terms of a sum, through additions that only serve it. Returns false if one of them may wrap.
bool collectTerms(Value *V, bool IsRoot, SmallVectorImpl<Value *> &Terms) {
  if (!isSum(V) || (!IsRoot && !V->hasOneUse())) {
    Terms.push_back(V);
    return true;
  }
  auto *Sum = cast<BinaryOperator>(V);
  bool Left = collectTerms(Sum->getOperand(0), false, Terms), Right = collectTerms(Sum->getOperand(1), false, Terms);
  return Left && Right && Sum->hasNoSignedWrap();
}

class NestFormer {
public:
  NestFormer(Function &F, const UnstridedAxes &Unstrided, GridNest &Nest, NoNest &Why)
      : F(F), Ctx(F.getContext()), Unstrided(Unstrided), Nest(Nest), Why(Why) {}

  bool run() {
    if (!checkBody())
      return false;
    Body = &F.getEntryBlock();
    Entry = BasicBlock::Create(Ctx, "nest.entry", &F, Body);
    EntryEnd = new UnreachableInst(Ctx, Entry);
    joinSteps();
    for (unsigned Axis = 3; Axis-- > 0;)
      if (!replaceIndex(Axis))
        return false;
    if (Points.empty())
      return fail("no thread computes its own point from blockIdx, blockDim and threadIdx");
    hoist();
    tightenByGuards();
    takeExceptions();
    for (const Point &X : Points)
      if (Unstrided.Strided[X.Axis] && X.Uppers.empty())
        return fail("where a loop of its threads ends is not the same for all of them");
    writeLoops();
    widen();
    return true;
  }

  /// Later, in the simplified nest. Returns true if something has changed.
  bool widenUnsigned() {
    IRBuilder<> B(F.getEntryBlock().getTerminator());
    SmallVector<CounterRange, 3> Ranges;
    for (auto [Index, Axis] : zip(Indices, Nest.Axes)) {
      if (!Index || !Axis.Low || !Axis.Last)
        return false;
      Ranges.push_back({Index, Axis.Low, B.CreateAdd(Axis.Low, Axis.Last)});
    }
    auto Tests = widenUnsignedIndices(F, Ranges, B);
    for (Value *Test : Tests)
      demand(B, Test);
    return !Tests.empty();
  }

private:
  Function &F;
  LLVMContext &Ctx;
  const UnstridedAxes &Unstrided;
  GridNest &Nest;
  NoNest &Why;
  BasicBlock *Body = nullptr, *Entry = nullptr;
  Instruction *EntryEnd = nullptr;
  /// One axis while the nest is written: Index stands for the point's index, i64.
  struct Point {
    unsigned Axis;
    Instruction *Index;
    bool ByThread, ByBlock;
    SmallVector<Value *, 2> Lowers, Uppers;
  };
  SmallVector<Point, 3> Points;                          ///< outermost first
  DenseMap<std::pair<Value *, unsigned>, Value *> Known; ///< by value and signedness: what it is in 64 bits
  /// `index != Bound`: one end of the Domain, if the other guards say that it is.
  struct Exception {
    Point *Of;
    Value *Bound;
    ICmpInst *Comparison;
    bool Positive;
  };
  SmallVector<Exception, 2> Exceptions;
  Value *Enters = nullptr;                ///< what all threads ask before anything else
  SmallVector<WeakTrackingVH, 3> Indices; ///< of the nest that has been written
  /// A bound `number - constant` without a sign, which wraps around below 0.
  struct Difference {
    Value *Bound, *Number;
    int64_t Constant;
  };
  SmallVector<Difference, 2> Differences;

  bool fail(const Twine &Reason, const Instruction *At = nullptr) {
    Why = {Reason.str(), At};
    return false;
  }

  bool checkBody() {
    for (Instruction &I : instructions(F)) {
      if (isa<UnreachableInst>(I) || isa<SwitchInst>(I) ||
          (I.isTerminator() && !isa<BranchInst>(I) && !isa<ReturnInst>(I)))
        return fail("it may stop in the middle, or branches many ways", &I);
      if (isa<AllocaInst>(I))
        return fail("it uses a local array", &I);
      if (asAtomicAdd(&I) || I.isAtomic())
        return fail("it adds atomically", &I);
    }
    return true;
  }

  // ---- indices ----

  IRBuilder<> atEntry() { return IRBuilder<>(EntryEnd); }

  Value *readRegister(StringRef Register, unsigned Axis) {
    IRBuilder<> B = atEntry();
    return B.CreateZExt(readGridRegister(B, Register, Axis), B.getInt64Ty(), "", /*IsNonNeg=*/true);
  }

  bool reads(StringRef Register, unsigned Axis) const {
    return any_of(instructions(F),
                  [&](const Instruction &I) { return isa<CallInst>(I) && isGridRegister(&I, Register, Axis); });
  }

  /// The axes whose thread's number, and whose block's start, are terms of a sum, as bits.
  struct Halves {
    unsigned Threads = 0, Starts = 0;
    /// True if the index of some axis is in neither sum, but in both together.
    static bool fit(const Halves &A, const Halves &B) {
      return ((A.Threads & B.Starts) | (A.Starts & B.Threads)) & ~((A.Threads & A.Starts) | (B.Threads & B.Starts));
    }
  };

  static Halves halvesOf(Value *V) {
    Halves Found;
    SmallVector<Value *, 4> Terms;
    collectTerms(V, true, Terms);
    for (Value *Term : Terms)
      for (unsigned Axis : {0u, 1u, 2u}) {
        Found.Threads |= unsigned(isGridRegister(Term, "tid", Axis)) << Axis;
        Found.Starts |= unsigned(isBlockStart(Term, Axis)) << Axis;
      }
    return Found;
  }

  /// Makes one step through an array of several: the optimiser likes to go to the block's start in front of a loop, and
  /// on to the thread's element.
  void joinSteps() {
    ReversePostOrderTraversal<BasicBlock *> Order(Body);
    for (BasicBlock *BB : Order)
      for (Instruction &I : *BB)
        if (auto *Step = dyn_cast<GetElementPtrInst>(&I); Step && Step->getNumIndices() == 1)
          joinWithEarlier(*Step);
  }

  void joinWithEarlier(GetElementPtrInst &Step) {
    Halves Own = halvesOf(Step.getOperand(1));
    if (!Own.Threads && !Own.Starts)
      return;
    SmallVector<Value *, 4> Indices = {Step.getOperand(1)};
    auto *Before = dyn_cast<GetElementPtrInst>(Step.getPointerOperand());
    while (Before && Before->getNumIndices() == 1 && Before->getSourceElementType() == Step.getSourceElementType() &&
           Before->getOperand(1)->getType() == Indices[0]->getType()) {
      Indices.push_back(Before->getOperand(1));
      if (Halves::fit(Own, halvesOf(Before->getOperand(1)))) {
        IRBuilder<> B(&Step);
        Value *Sum = Indices[0];
        for (Value *Index : drop_begin(Indices))
          Sum = B.CreateAdd(Index, Sum);
        Step.setOperand(0, Before->getPointerOperand());
        Step.setOperand(1, Sum);
        Step.setNoWrapFlags(GEPNoWrapFlags::none());
        return;
      }
      Before = dyn_cast<GetElementPtrInst>(Before->getPointerOperand());
    }
  }

  /// The point's index in type T, at Place.
  Value *indexAs(Instruction *Index, Type *T, Instruction *Place) {
    IRBuilder<> B(Place);
    if (T == Index->getType())
      return Index;
    return T->getIntegerBitWidth() > 64 ? B.CreateZExt(Index, T)
                                        : B.CreateTrunc(Index, T, "", /*IsNUW=*/true, /*IsNSW=*/true);
  }

  /// Replaces what the threads compute their index along an axis by. Returns false if they use it in another way.
  bool replaceIndex(unsigned Axis) {
    bool ByThread = reads("tid", Axis), ByBlock = reads("ctaid", Axis);
    if (!ByThread && !ByBlock)
      return true;
    // A placeholder that becomes counter + low.
    auto *Index = new FreezeInst(PoisonValue::get(Type::getInt64Ty(Ctx)), "index", Body->begin());
    if (ByThread && ByBlock) {
      SmallVector<BinaryOperator *, 16> Sums;
      for (Instruction &I : instructions(F))
        if (isSum(&I))
          Sums.push_back(cast<BinaryOperator>(&I));
      for (bool Inner : {true, false})
        for (BinaryOperator *Sum : Sums)
          replaceSum(*Sum, Axis, Index, Inner);
    } else {
      StringRef Register = ByThread ? "tid" : "ctaid";
      for (Instruction &I : make_early_inc_range(instructions(F)))
        if (isa<CallInst>(I) && isGridRegister(&I, Register, Axis))
          I.replaceAllUsesWith(indexAs(Index, I.getType(), &I));
    }
    dropDead();
    for (Instruction &I : instructions(F))
      for (StringRef Register : {"tid", "ctaid"})
        if (isa<CallInst>(I) && isGridRegister(&I, Register, Axis))
          return fail("it uses threadIdx or blockIdx other than to find its point", &I);
    Points.push_back({Axis, Index, ByThread, ByBlock, {}, {}});
    return true;
  }

  /// Inner: only sums of nothing but the two terms.
  void replaceSum(BinaryOperator &Sum, unsigned Axis, Instruction *Index, bool Inner) {
    SmallVector<Value *, 4> Terms;
    bool Exact = collectTerms(&Sum, true, Terms);
    auto Thread = find_if(Terms, [&](Value *V) { return isGridRegister(V, "tid", Axis); });
    auto Start = find_if(Terms, [&](Value *V) { return isBlockStart(V, Axis); });
    if (Thread == Terms.end() || Start == Terms.end() || (Inner && Terms.size() != 2))
      return;
    IRBuilder<> B(&Sum);
    Value *New = indexAs(Index, Sum.getType(), &Sum);
    for (auto It = Terms.begin(); It != Terms.end(); ++It) {
      if (It == Thread || It == Start)
        continue;
      // An index plus one, or minus anything that is not negative, does not wrap as a signed number.
      auto *C = dyn_cast<ConstantInt>(*It);
      bool Small = C && C->getValue().sle(1) && Terms.size() == 3;
      bool Signed = Small || (Exact && Terms.size() == 3);
      New = B.CreateAdd(New, *It, "", /*HasNUW=*/Signed && C && !C->isNegative(), Signed);
    }
    Sum.replaceAllUsesWith(New);
  }

  void dropDead() {
    for (bool Changed = true; Changed;) {
      Changed = false;
      for (Instruction &I : make_early_inc_range(instructions(F)))
        if (isInstructionTriviallyDead(&I) && !isa<FreezeInst>(I)) {
          I.eraseFromParent();
          Changed = true;
        }
    }
  }

  // ---- what is the same for all threads ----

  bool isOutside(const Value *V) const {
    const auto *I = dyn_cast<Instruction>(V);
    return !I || I->getParent() == Entry;
  }

  /// True if a load finds the same in every thread, at any time.
  static bool isConstantLoad(const LoadInst &L) {
    if (!L.isSimple())
      return false;
    const auto *A = dyn_cast<Argument>(getUnderlyingObject(L.getPointerOperand()));
    return (A && A->hasByValAttr()) ||
           (L.hasMetadata(LLVMContext::MD_invariant_load) && !L.getType()->isFPOrFPVectorTy());
  }

  bool isHoistable(const Instruction &I) const {
    if (isa<PHINode>(I) || I.isTerminator() || isa<FreezeInst>(I) ||
        !all_of(I.operands(), [&](const Use &U) { return isOutside(U); }))
      return false;
    if (isArrayMarker(&I) || isScalarMarker(&I))
      return true;
    if (const auto *L = dyn_cast<LoadInst>(&I))
      return isConstantLoad(*L) && (I.getParent() == Body || isSafeToSpeculativelyExecute(&I));
    // Floating-point arithmetic stays where the derivative looks for it.
    return !I.getType()->isFPOrFPVectorTy() && !I.mayReadOrWriteMemory() && isSafeToSpeculativelyExecute(&I);
  }

  void hoist() {
    ReversePostOrderTraversal<BasicBlock *> Order(Body);
    for (BasicBlock *BB : Order)
      for (Instruction &I : make_early_inc_range(*BB))
        if (isHoistable(I))
          I.moveBefore(EntryEnd->getIterator());
  }

  // ---- guards ----

  /// What a value is as a number: the index of an axis (or none) plus something that is the same for all threads.
  struct Linear {
    Point *Of = nullptr;
    Value *Rest = nullptr; ///< i64
    bool CutOff = false;   ///< Rest may be less than the number that it stands for
  };

  /// True if a sum with another such number does not overflow.
  bool isShort(const Value *V) const { return ComputeNumSignBits(V, F.getDataLayout()) >= 3; }

  Value *plus(Value *A, Value *B) {
    if (match(B, m_Zero()))
      return A;
    if (!isShort(A) || !isShort(B))
      return atEntry().CreateBinaryIntrinsic(Intrinsic::sadd_sat, A, B);
    return atEntry().CreateAdd(A, B, "", false, /*HasNSW=*/true);
  }
  Value *minus(Value *A, Value *B) {
    if (match(B, m_Zero()))
      return A;
    if (!isShort(A) || !isShort(B))
      return atEntry().CreateBinaryIntrinsic(Intrinsic::ssub_sat, A, B);
    return atEntry().CreateSub(A, B, "", false, /*HasNSW=*/true);
  }

  /// The number closest to V that an index may have, which compares with all indices as V does.
  Value *near(Value *V) {
    if (isShort(V))
      return V;
    V = atEntry().CreateBinaryIntrinsic(Intrinsic::smax, V, number(-MostIndex));
    return atEntry().CreateBinaryIntrinsic(Intrinsic::smin, V, number(MostIndex));
  }
  Value *number(int64_t X) { return ConstantInt::getSigned(Type::getInt64Ty(Ctx), X); }

  /// V, which is the same for all threads, in 64 bits: term by term as far as nothing wraps, so that `nx - 1` in a
  /// bound meets `nx` in a stride.
  Value *wide(Value *V, bool Signed, unsigned Depth = 8) {
    Value *&Found = Known[{V, Signed}];
    if (Found)
      return Found;
    Value *New = widened(V, Signed, Depth);
    return Known[{V, Signed}] = New; // the map may have grown
  }

  Value *widened(Value *V, bool Signed, unsigned Depth) {
    IRBuilder<> B = atEntry();
    if (auto *O = dyn_cast<OverflowingBinaryOperator>(V);
        O && Signed && O->hasNoSignedWrap() && Depth != 0 && V->getType()->getIntegerBitWidth() < 64) {
      auto Part = [&](unsigned I) { return wide(O->getOperand(I), true, Depth - 1); };
      if (O->getOpcode() == Instruction::Add)
        return plus(Part(0), Part(1));
      if (O->getOpcode() == Instruction::Sub)
        return minus(Part(0), Part(1));
      if (O->getOpcode() == Instruction::Mul)
        return B.CreateMul(Part(0), Part(1), "", false, /*HasNSW=*/true);
    }
    Value *Wide = V;
    if (V->getType()->getIntegerBitWidth() < 64)
      Wide = Signed ? B.CreateSExt(V, B.getInt64Ty()) : B.CreateZExt(V, B.getInt64Ty());
    else if (!Signed)
      Wide = B.CreateBinaryIntrinsic(Intrinsic::umin, V, number(MostIndex));
    Value *Number;
    ConstantInt *C;
    if (!Signed && match(V, m_Add(m_Value(Number), m_ConstantInt(C))) && C->isNegative() &&
        C->getSExtValue() >= -MostSubtracted) // `nx - 1`
      Differences.push_back({Wide, Number, -C->getSExtValue()});
    return Wide;
  }

  std::optional<Linear> read(Value *V, bool Signed, unsigned Depth = 8) {
    if (!V->getType()->isIntegerTy() || V->getType()->getIntegerBitWidth() > 64 || Depth == 0)
      return std::nullopt;
    for (Point &X : Points)
      if (V == X.Index || match(V, m_Trunc(m_Specific(X.Index))))
        return Linear{&X, number(0)};
    if (isOutside(V))
      return Linear{nullptr, wide(V, Signed), !Signed && V->getType()->isIntegerTy(64) && !isa<ConstantInt>(V)};
    auto *I = cast<Instruction>(V);
    if (isa<SExtInst>(I)) {
      std::optional<Linear> X = read(I->getOperand(0), true, Depth - 1);
      bool IsIndex = X && X->Of && match(X->Rest, m_Zero()); // not negative
      return Signed || IsIndex ? X : std::nullopt;
    }
    if (isa<ZExtInst>(I))
      return read(I->getOperand(0), false, Depth - 1);
    auto *O = dyn_cast<OverflowingBinaryOperator>(I);
    if (!O || (I->getOpcode() != Instruction::Add && I->getOpcode() != Instruction::Sub))
      return std::nullopt;
    std::optional<Linear> A = read(I->getOperand(0), Signed, Depth - 1), B = read(I->getOperand(1), Signed, Depth - 1);
    if (!A || !B || (A->Of && B->Of) || (B->Of && I->getOpcode() == Instruction::Sub) || A->CutOff || B->CutOff)
      return std::nullopt;
    // An index plus one or minus a number does not wrap as a signed number, an index plus a number not as another.
    bool Exact = Signed ? O->hasNoSignedWrap() : O->hasNoUnsignedWrap();
    if (auto *C = dyn_cast<ConstantInt>(I->getOperand(1)); C && A->Of && I->getOpcode() == Instruction::Add) {
      bool IsIndex = isa<ConstantInt>(A->Rest) && cast<ConstantInt>(A->Rest)->isZero();
      Exact |= IsIndex && (Signed ? C->getValue().sle(1) : C->getValue().isNonNegative());
    }
    if (!Exact)
      return std::nullopt;
    if (I->getOpcode() == Instruction::Sub)
      return Linear{A->Of, minus(A->Rest, B->Rest)};
    return Linear{A->Of ? A->Of : B->Of, plus(A->Rest, B->Rest)};
  }

  /// Takes `index + a ⋈ b` into the bounds. Returns false if it has another form.
  bool takeComparison(ICmpInst &C, bool Positive) {
    CmpInst::Predicate Is = Positive ? C.getPredicate() : C.getInversePredicate();
    if (CmpInst::isUnsigned(Is) && takeRange(C, Is))
      return true;
    bool Signed = !CmpInst::isUnsigned(Is);
    std::optional<Linear> A = read(C.getOperand(0), Signed), B = read(C.getOperand(1), Signed);
    if (!A || !B || bool(A->Of) == bool(B->Of))
      return false;
    if (B->Of) {
      std::swap(A, B);
      Is = CmpInst::getSwappedPredicate(Is);
    }
    Value *Bound = isShort(A->Rest) ? minus(near(B->Rest), A->Rest) : near(minus(B->Rest, A->Rest));
    Point &X = *A->Of;
    switch (Is) {
    case CmpInst::ICMP_SLT:
    case CmpInst::ICMP_ULT:
      X.Uppers.push_back(Bound);
      return true;
    case CmpInst::ICMP_SLE:
    case CmpInst::ICMP_ULE:
      X.Uppers.push_back(plus(Bound, number(1)));
      return true;
    case CmpInst::ICMP_SGT:
    case CmpInst::ICMP_UGT:
      X.Lowers.push_back(plus(Bound, number(1)));
      return true;
    case CmpInst::ICMP_SGE:
    case CmpInst::ICMP_UGE:
      X.Lowers.push_back(Bound);
      return true;
    case CmpInst::ICMP_EQ:
      X.Lowers.push_back(Bound);
      X.Uppers.push_back(plus(Bound, number(1)));
      return true;
    case CmpInst::ICMP_NE: // `index > 0` in other words
      if (auto *Zero = dyn_cast<ConstantInt>(Bound); Zero && Zero->isZero()) {
        X.Lowers.push_back(number(1));
        return true;
      }
      Exceptions.push_back({&X, Bound, &C, Positive});
      return false;
    default:
      return false;
    }
  }

  /// True if B is A + 1.
  static bool follows(Value *A, Value *B) {
    auto *X = dyn_cast<ConstantInt>(A), *Y = dyn_cast<ConstantInt>(B);
    return X && Y ? Y->getSExtValue() == X->getSExtValue() + 1 : match(B, m_Add(m_Specific(A), m_One()));
  }

  void takeExceptions() {
    for (Exception &E : Exceptions) {
      bool IsLast = any_of(E.Of->Uppers, [&](Value *Upper) { return follows(E.Bound, Upper); });
      bool IsFirst = is_contained(E.Of->Lowers, E.Bound);
      if (IsLast)
        E.Of->Uppers.push_back(E.Bound);
      else if (IsFirst)
        E.Of->Lowers.push_back(plus(E.Bound, number(1)));
      else
        continue;
      E.Comparison->replaceAllUsesWith(ConstantInt::getBool(Ctx, E.Positive));
    }
  }

  /// `(unsigned)(index - a) < b` with constants: a range in one comparison.
  bool takeRange(ICmpInst &C, CmpInst::Predicate Is) {
    auto *Limit = dyn_cast<ConstantInt>(C.getOperand(1));
    auto *Sum = dyn_cast<BinaryOperator>(C.getOperand(0));
    auto *By = Sum && Sum->getOpcode() == Instruction::Add ? dyn_cast<ConstantInt>(Sum->getOperand(1)) : nullptr;
    if (!Limit || !By || !By->isNegative() || (Is != CmpInst::ICMP_ULT && Is != CmpInst::ICMP_ULE))
      return false;
    std::optional<Linear> X = read(Sum->getOperand(0), false);
    auto *Rest = X ? dyn_cast<ConstantInt>(X->Rest) : nullptr;
    if (!Rest || !X->Of || !Rest->isZero() || Limit->isNegative() || !isShort(Limit) || !isShort(By))
      return false;
    int64_t First = -By->getSExtValue();
    X->Of->Lowers.push_back(number(First));
    X->Of->Uppers.push_back(number(First + Limit->getSExtValue() + (Is == CmpInst::ICMP_ULE)));
    return true;
  }

  /// Takes into the bounds what can be of the condition that V is Positive; what has been taken becomes a constant.
  void take(Value *V, bool Positive, unsigned Depth = 16) {
    Value *A, *B;
    if (isa<Constant>(V) || Depth == 0)
      return;
    if (isOutside(V)) {
      IRBuilder<> AtEntry = atEntry();
      Value *Condition = AtEntry.CreateFreeze(Positive ? V : AtEntry.CreateNot(V));
      Enters = Enters ? AtEntry.CreateAnd(Enters, Condition) : Condition;
      V->replaceUsesWithIf(ConstantInt::getBool(Ctx, Positive),
                           [&](Use &U) { return cast<Instruction>(U.getUser())->getParent() != Entry; });
      return;
    }
    if (match(V, m_Not(m_Value(A))) || match(V, m_Freeze(m_Value(A)))) {
      take(A, isa<FreezeInst>(V) ? Positive : !Positive, Depth - 1);
    } else if (Positive ? match(V, m_LogicalAnd(m_Value(A), m_Value(B)))
                        : match(V, m_LogicalOr(m_Value(A), m_Value(B)))) {
      take(A, Positive, Depth - 1);
      take(B, Positive, Depth - 1);
    } else if (auto *C = dyn_cast<ICmpInst>(V); C && takeComparison(*C, Positive)) {
      C->replaceAllUsesWith(ConstantInt::getBool(Ctx, Positive));
    }
  }

  static bool hasEffects(const BasicBlock &BB) {
    return any_of(BB, [](const Instruction &I) { return I.mayHaveSideEffects(); });
  }

  /// True if a thread that goes to BB does nothing more.
  static bool isEnd(const BasicBlock *BB, unsigned Depth = 8) {
    if (hasEffects(*BB) || Depth == 0)
      return false;
    if (isa<ReturnInst>(BB->getTerminator()))
      return true;
    const auto *Branch = dyn_cast<BranchInst>(BB->getTerminator());
    return Branch && !Branch->isConditional() && isEnd(Branch->getSuccessor(0), Depth - 1);
  }

  void tightenByGuards() {
    SmallPtrSet<BasicBlock *, 16> Seen;
    for (BasicBlock *BB = Body; BB && Seen.insert(BB).second && !hasEffects(*BB);) {
      auto *Branch = dyn_cast<BranchInst>(BB->getTerminator());
      if (!Branch)
        return;
      if (!Branch->isConditional()) {
        BB = Branch->getSuccessor(0);
        continue;
      }
      bool EndIfTrue = isEnd(Branch->getSuccessor(0)), EndIfFalse = isEnd(Branch->getSuccessor(1));
      if (EndIfTrue == EndIfFalse)
        return;
      BB = Branch->getSuccessor(EndIfTrue ? 1 : 0);
      take(Branch->getCondition(), !EndIfTrue);
    }
  }

  // ---- the nest ----

  /// Demands that a bound does not wrap around, and notes what it is then. The bound stays what the kernel computes:
  /// where it does wrap around, all of the points that the kernel computes get to the demand.
  void demandDifference(const Difference &D) {
    IRBuilder<> B = atEntry();
    Value *Number = B.CreateZExt(D.Number, B.getInt64Ty());
    Value *Plain = B.CreateSub(Number, B.getInt64(uint64_t(D.Constant)));
    demand(B, D.Number->getType()->isIntegerTy(64) ? B.CreateICmpUGE(Number, B.getInt64(uint64_t(D.Constant)))
                                                   : B.CreateICmpSGE(Plain, B.getInt64(0)));
    Nest.Differences.push_back({D.Bound, Plain});
  }

  /// How many threads the grid has along an axis.
  Value *countOf(const Point &X) {
    Value *Blocks = X.ByBlock ? readRegister("nctaid", X.Axis) : number(1);
    return atEntry().CreateMul(Blocks, X.ByThread ? readRegister("ntid", X.Axis) : number(1), "count", true, true);
  }

  void writeLoops() {
    IRBuilder<> B = atEntry();
    BasicBlock *Exit = BasicBlock::Create(Ctx, "nest.exit", &F);
    ReturnInst::Create(Ctx, Exit);
    Value *Any = Enters ? Enters : B.getTrue();
    SmallVector<Value *, 3> Last;
    for (Point &X : Points) {
      GridAxis Axis;
      Axis.Launch = X.Axis;
      Axis.Strided = Unstrided.Strided[X.Axis];
      Axis.Wide = Unstrided.Wide[X.Axis];
      Axis.Lowers.push_back(B.getInt64(0));
      Axis.Lowers.append(X.Lowers.begin(), X.Lowers.end());
      if (!Axis.Strided)
        Axis.Uppers.push_back(countOf(X));
      Axis.Uppers.append(X.Uppers.begin(), X.Uppers.end());
      Value *Low = Axis.Lowers.front(), *High = Axis.Uppers.front();
      for (Value *V : drop_begin(Axis.Lowers))
        Low = B.CreateBinaryIntrinsic(Intrinsic::smax, Low, V);
      for (Value *V : drop_begin(Axis.Uppers))
        High = B.CreateBinaryIntrinsic(Intrinsic::smin, High, V);
      Axis.Low = Low;
      Axis.High = High;
      Any = B.CreateAnd(Any, B.CreateICmpSLT(Low, High));
      Last.push_back(B.CreateSub(B.CreateSub(High, Low, "", false, true), B.getInt64(1), "last", false, true));
      Axis.Last = Last.back();
      Nest.Axes.push_back(Axis);
    }
    SmallVector<ReturnInst *, 4> Returns;
    for (BasicBlock &BB : F)
      if (auto *R = dyn_cast<ReturnInst>(BB.getTerminator()); R && &BB != Exit)
        Returns.push_back(R);
    BasicBlock *Before = Entry, *OutTo = Exit;
    SmallVector<BasicBlock *, 3> Heads, Latches;
    for (size_t I = 0; I != Points.size(); ++I) {
      Heads.push_back(BasicBlock::Create(Ctx, "points", &F, Body));
      Latches.push_back(BasicBlock::Create(Ctx, "points.next", &F));
    }
    for (auto [I, X] : enumerate(Points)) {
      B.SetInsertPoint(Heads[I]);
      PHINode *Counter = B.CreatePHI(B.getInt64Ty(), 2, "point");
      Value *Index = B.CreateAdd(Counter, Nest.Axes[I].Low, "index", /*HasNUW=*/true, /*HasNSW=*/true);
      B.CreateBr(I + 1 == Points.size() ? Body : Heads[I + 1]);
      B.SetInsertPoint(Latches[I]);
      Counter->addIncoming(B.getInt64(0), Before);
      Counter->addIncoming(B.CreateAdd(Counter, B.getInt64(1), "", true, true), Latches[I]);
      B.CreateCondBr(B.CreateICmpEQ(Counter, Last[I]), OutTo, Heads[I]);
      Indices.push_back(Index);
      X.Index->replaceAllUsesWith(Index);
      X.Index->eraseFromParent();
      Before = Heads[I];
      OutTo = Latches[I];
    }
    for (ReturnInst *R : Returns) {
      BranchInst::Create(Latches.back(), R->getIterator());
      R->eraseFromParent();
    }
    auto *Branch = BranchInst::Create(Heads.front(), Exit, Any, EntryEnd->getIterator());
    EntryEnd->eraseFromParent();
    EntryEnd = Branch;
    for (const Difference &D : Differences)
      if (!D.Bound->use_empty())
        demandDifference(D);
  }

  /// An index in 64 bits is the counter again.
  void widen() {
    for (Instruction &I : make_early_inc_range(instructions(F))) {
      if (!isa<SExtInst, ZExtInst>(I))
        continue;
      auto *T = dyn_cast<TruncInst>(I.getOperand(0));
      if (T && T->getOperand(0)->getType() == I.getType() &&
          (isa<SExtInst>(I) ? T->hasNoSignedWrap() : T->hasNoUnsignedWrap()))
        I.replaceAllUsesWith(T->getOperand(0));
    }
  }
};

} // namespace

static void simplifyNest(Function &F, FunctionAnalysisManager &FAM) {
  FAM.invalidate(F, PreservedAnalyses::none());
  FunctionPassManager FPM;
  FPM.addPass(InstSimplifyPass());
  FPM.addPass(EarlyCSEPass(/*UseMemorySSA=*/false));
  FPM.addPass(SimplifyCFGPass(SimplifyCFGOptions().speculateBlocks(false)));
  FPM.addPass(ADCEPass());
  FPM.addPass(LoopSimplifyPass());
  FAM.invalidate(F, FPM.run(F, FAM));
}

bool formNest(Function &F, const UnstridedAxes &Unstrided, GridNest &Nest, NoNest &Why, FunctionAnalysisManager &FAM) {
  NestFormer Former(F, Unstrided, Nest, Why);
  bool Formed = Former.run();
  FAM.invalidate(F, PreservedAnalyses::none());
  if (!Formed)
    return false;
  simplifyNest(F, FAM);
  if (Former.widenUnsigned())
    simplifyNest(F, FAM);
  return true;
}

} // namespace adstencil
