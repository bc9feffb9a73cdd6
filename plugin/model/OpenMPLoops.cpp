// The loops of OpenMP get their counters and nests back.
//
// Clang normalises a loop to iv = 0, 1, ..., count - 1 and computes the user's counters from iv:
//
//     for (iv = 0; iv <= n0 * n1 - 1; ++iv) {       for (d = 0; d < n0; ++d)
//       j = a + iv / n1;                              for (r = 0; r < n1; ++r) {
//       i = b + (iv - iv / n1 * n1);         =>         j = a + d;
//       ...                                             i = b + r;
//     }                                                 ...
//
// For three loops M = n1 * n2 comes first, and the remainder is split once more. The number of iterations is a product
// whose factors are the values that the divisions use, so n0 is what remains of the product without those of M. Where a
// loop does not look like this it stays as it is: flat, slower to differentiate, and right.
//
// Then the user's counters become variables of their own (j = a, a + 1, ...), as they are in a serial loop: an `int`
// that is computed from a 64-bit iv by truncation would hide that it does not overflow.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "model/OpenMPLoops.h"

#include "model/OpenMP.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/PatternMatch.h"
#include "llvm/Transforms/Utils/Local.h"
#include "llvm/Transforms/Utils/LoopSimplify.h"

using namespace llvm;
using namespace llvm::PatternMatch;

namespace adstencil {

namespace {

/// for (Counter = 0; Counter < Count; ++Counter), in the form that clang writes: tested in the header.
struct FlatLoop {
  PHINode *Counter;
  Instruction *Next;
  ICmpInst *Test;
  BranchInst *Branch;
  BasicBlock *Preheader, *Header, *Latch, *Exit;
  Value *Count;
  bool Signed;
  BasicBlock *Front;      ///< in front of the nest
  Value *Enter = nullptr; ///< computed there: the loop has an iteration
  Value *More = nullptr;  ///< computed at the end of the loop: there is another iteration
};

} // namespace

/// X of X + 1 - 1 and X - 1 + 1, or of X - 1 itself where there is something to add: the number Limit + 1.
static Value *plusOne(IRBuilder<> &B, Value *Limit) {
  Value *X;
  if (match(Limit, m_Sub(m_Value(X), m_One())) || match(Limit, m_Add(m_Value(X), m_AllOnes())))
    return X;
  return B.CreateAdd(Limit, ConstantInt::get(Limit->getType(), 1));
}

/// The number of iterations, computed in front of the loop. Null if it is not known.
static Value *countOf(const Loop &L, const ICmpInst &Test, bool StaysIfTrue, const PHINode &Counter) {
  Value *Limit = Test.getOperand(1);
  CmpPredicate Predicate = StaysIfTrue ? Test.getCmpPredicate() : Test.getInverseCmpPredicate();
  bool Changed = false;
  if (Test.getOperand(0) != &Counter || !L.makeLoopInvariant(Limit, Changed, L.getLoopPreheader()->getTerminator()))
    return nullptr;
  IRBuilder<> B(L.getLoopPreheader()->getTerminator());
  switch (Predicate) {
  case CmpInst::ICMP_SLE:
  case CmpInst::ICMP_ULE:
    return plusOne(B, Limit);
  case CmpInst::ICMP_SLT:
  case CmpInst::ICMP_ULT: {
    Value *X;
    if (match(Limit, m_Add(m_Value(X), m_One())) && !isa<Constant>(X))
      return plusOne(B, X);
    return Limit;
  }
  default:
    return nullptr;
  }
}

/// Recognises a loop of clang's. Nothing has been changed that matters where the answer is empty.
static std::optional<FlatLoop> recognise(const Loop &L) {
  BasicBlock *Header = L.getHeader(), *Preheader = L.getLoopPreheader(), *Latch = L.getLoopLatch();
  auto *Branch = dyn_cast<BranchInst>(Header->getTerminator());
  if (!Preheader || !Latch || Latch == Header || !Branch || !Branch->isConditional() || L.getExitingBlock() != Header)
    return std::nullopt;
  auto *Test = dyn_cast<ICmpInst>(Branch->getCondition());
  auto *Counter = Test ? dyn_cast<PHINode>(Test->getOperand(0)) : nullptr;
  bool StaysIfTrue = L.contains(Branch->getSuccessor(0));
  BasicBlock *Exit = Branch->getSuccessor(StaysIfTrue);
  if (!Counter || Counter->getParent() != Header || !Test->hasOneUse() || L.contains(Exit))
    return std::nullopt;
  auto *Next = dyn_cast<Instruction>(Counter->getIncomingValueForBlock(Latch));
  if (!Next || !match(Next, m_c_Add(m_Specific(Counter), m_One())) ||
      !match(Counter->getIncomingValueForBlock(Preheader), m_Zero()))
    return std::nullopt;
  Value *Count = countOf(L, *Test, StaysIfTrue, *Counter);
  if (!Count)
    return std::nullopt;
  return FlatLoop{Counter, Next, Test, Branch, Preheader, Header, Latch, Exit, Count, Test->isSigned(), Preheader};
}

namespace {

/// A factor of a product: a value, or its extension to the product's type.
struct Factor {
  Value *V;
  unsigned Extension; ///< Instruction::SExt, Instruction::ZExt, or 0
  bool operator==(const Factor &) const = default;
};

/// A product of integers.
struct Product {
  SmallVector<Factor, 4> Factors;
  APInt Constant;
};

} // namespace

/// Adds the factors of V to P. Clang multiplies the lengths of inner loops in the user's type, where they have to fit,
/// and extends the product.
static void addFactors(Value *V, unsigned Extension, Product &P) {
  Value *A, *B;
  if (auto *C = dyn_cast<ConstantInt>(V)) {
    unsigned Width = P.Constant.getBitWidth();
    P.Constant *= Extension == Instruction::SExt ? C->getValue().sext(Width) : C->getValue().zext(Width);
  } else if (match(V, m_Mul(m_Value(A), m_Value(B)))) {
    addFactors(A, Extension, P);
    addFactors(B, Extension, P);
  } else if (Extension == 0 && match(V, m_ZExtOrSExt(m_Value(A)))) {
    addFactors(A, cast<CastInst>(V)->getOpcode(), P);
  } else {
    P.Factors.push_back({V, Extension});
  }
}

/// What remains of the product Whole without the factors of Part; null if they are not all there.
static Value *quotient(IRBuilder<> &B, Value *Whole, Value *Part) {
  APInt One(Whole->getType()->getIntegerBitWidth(), 1);
  Product Rest{{}, One}, Without{{}, One};
  addFactors(Whole, 0, Rest);
  addFactors(Part, 0, Without);
  for (const Factor &X : Without.Factors) {
    auto *At = find(Rest.Factors, X);
    if (At == Rest.Factors.end())
      return nullptr;
    Rest.Factors.erase(At);
  }
  if (!Without.Constant.isStrictlyPositive() || !Rest.Constant.isStrictlyPositive() ||
      Rest.Constant.urem(Without.Constant) != 0)
    return nullptr;
  APInt Constant = Rest.Constant.udiv(Without.Constant);
  Value *Result = Constant == 1 && !Rest.Factors.empty() ? nullptr : B.getInt(Constant);
  for (const Factor &X : Rest.Factors) {
    Value *V = X.Extension == 0 ? X.V : B.CreateCast(Instruction::CastOps(X.Extension), X.V, Whole->getType());
    Result = Result ? B.CreateMul(Result, V) : V;
  }
  return Result;
}

namespace {

/// iv / M, iv / M * M and iv - iv / M * M, where all that happens to iv is this.
struct Division {
  Value *Divisor = nullptr;
  SmallVector<Instruction *, 2> Quotients, Products, Remainders;
};

} // namespace

using BlockSet = SmallPtrSet<BasicBlock *, 16>;

/// Moves what V needs in front of the nest whose blocks are given, if that is possible.
static bool moveToFront(Value *V, const Loop &L, const BlockSet &Blocks, Instruction *Front) {
  SmallVector<const Value *, 8> Stack = {V};
  while (!Stack.empty()) {
    const auto *I = dyn_cast<Instruction>(Stack.pop_back_val());
    if (!I || !Blocks.contains(I->getParent()))
      continue;
    if (!isSafeToSpeculativelyExecute(I) || isa<PHINode>(I) || I->mayReadFromMemory())
      return false;
    append_range(Stack, I->operand_values());
  }
  bool Changed = false;
  return L.makeLoopInvariant(V, Changed, Front);
}

/// Finds how the counter is split. Empty if it is not, or if it is used in other ways, too.
static std::optional<Division> divisionOf(const FlatLoop &Flat, const Loop &L, const BlockSet &Blocks) {
  Division D;
  Instruction *Front = Flat.Front->getTerminator();
  for (User *U : Flat.Counter->users()) {
    auto *I = cast<Instruction>(U);
    if (I == Flat.Next || I == Flat.Test)
      continue;
    if (!L.contains(I))
      return std::nullopt;
    Value *M;
    if (match(I, m_IDiv(m_Specific(Flat.Counter), m_Value(M))) && moveToFront(M, L, Blocks, Front)) {
      if (D.Divisor && D.Divisor != M)
        return std::nullopt;
      D.Divisor = M;
      D.Quotients.push_back(I);
    } else if (match(I,
                     m_Sub(m_Specific(Flat.Counter), m_c_Mul(m_IDiv(m_Specific(Flat.Counter), m_Value()), m_Value()))))
      D.Remainders.push_back(I);
    else
      return std::nullopt;
  }
  if (!D.Divisor)
    return std::nullopt;
  for (Instruction *R : D.Remainders) {
    auto *Product = cast<Instruction>(R->getOperand(1));
    if (!match(Product, m_c_Mul(m_IDiv(m_Specific(Flat.Counter), m_Specific(D.Divisor)), m_Specific(D.Divisor))))
      return std::nullopt;
    D.Products.push_back(Product);
  }
  return D;
}

/// True if the header holds nothing but its phis and the test.
static bool hasBareHeader(const FlatLoop &Flat) {
  return all_of(*Flat.Header, [&](const Instruction &I) {
    return isa<PHINode>(I) || &I == Flat.Test || &I == Flat.Branch || I.isDebugOrPseudoInst();
  });
}

/// Puts a loop over the quotients around the loop, which then runs over the remainders. Returns the outer loop, and
/// changes Flat to describe the inner one.
static FlatLoop wrap(FlatLoop &Flat, const Division &D, Value *OuterCount, const Loop &L) {
  Function &F = *Flat.Header->getParent();
  LLVMContext &Ctx = F.getContext();
  Type *T = Flat.Counter->getType();
  BasicBlock *Header = BasicBlock::Create(Ctx, "nest.header", &F, Flat.Header);
  BasicBlock *Preheader = BasicBlock::Create(Ctx, "nest.body", &F, Flat.Header);
  BasicBlock *Latch = BasicBlock::Create(Ctx, "nest.next", &F, Flat.Header);
  DebugLoc Loc = Flat.Branch->getDebugLoc();

  // Values that go round in the flat loop go round in both.
  IRBuilder<> B(Header);
  PHINode *Counter = B.CreatePHI(T, 2, "nest.counter");
  SmallVector<PHINode *, 4> Inner;
  for (PHINode &Phi : Flat.Header->phis())
    Inner.push_back(&Phi);
  for (PHINode *Phi : Inner) {
    if (Phi == Flat.Counter)
      continue;
    PHINode *Around = B.CreatePHI(Phi->getType(), 2, Phi->getName() + ".nest");
    Phi->replaceUsesWithIf(Around, [&](Use &U) { return !L.contains(cast<Instruction>(U.getUser())); });
    Around->addIncoming(Phi->getIncomingValueForBlock(Flat.Preheader), Flat.Preheader);
    Around->addIncoming(Phi, Latch);
    Phi->setIncomingValueForBlock(Flat.Preheader, Around);
  }
  B.SetCurrentDebugLocation(Loc);
  Value *Zero = ConstantInt::get(T, 0), *One = ConstantInt::get(T, 1);
  CmpInst::Predicate Less = Flat.Signed ? CmpInst::ICMP_SLT : CmpInst::ICMP_ULT;
  auto *Test = cast<ICmpInst>(B.Insert(new ICmpInst(Less, Counter, OuterCount), "nest.test"));
  BranchInst *Branch = B.CreateCondBr(Test, Preheader, Flat.Exit);
  IRBuilder<>(Preheader).CreateBr(Flat.Header)->setDebugLoc(Loc);
  B.SetInsertPoint(Latch);
  auto *Next = cast<Instruction>(B.CreateAdd(Counter, One, "nest.step", /*HasNUW=*/true, /*HasNSW=*/Flat.Signed));
  BranchInst *Back = B.CreateBr(Header);
  Counter->addIncoming(Zero, Flat.Preheader);
  Counter->addIncoming(Next, Latch);

  Flat.Preheader->getTerminator()->replaceSuccessorWith(Flat.Header, Header);
  Flat.Branch->replaceSuccessorWith(Flat.Exit, Latch);
  Flat.Exit->replacePhiUsesWith(Flat.Header, Header);
  for (PHINode *Phi : Inner)
    Phi->replaceIncomingBlockWith(Flat.Preheader, Preheader);

  Instruction *InnerBack = Flat.Latch->getTerminator();
  if (dropWorkSharing(*InnerBack))
    noteWorkSharing(*Back);
  for (Instruction *I : D.Quotients)
    I->replaceAllUsesWith(Counter);
  for (Instruction *I : D.Remainders)
    I->replaceAllUsesWith(Flat.Counter);
  for (ArrayRef<Instruction *> Dead : {ArrayRef<Instruction *>(D.Remainders), ArrayRef<Instruction *>(D.Products),
                                       ArrayRef<Instruction *>(D.Quotients)})
    for (Instruction *I : Dead)
      if (I->use_empty())
        I->eraseFromParent();
  FlatLoop Outer{Counter, Next,      Test,       Branch,      Flat.Preheader, Header,
                 Latch,   Flat.Exit, OuterCount, Flat.Signed, Flat.Front};
  Flat.Preheader = Preheader;
  Flat.Exit = Latch;
  Flat.Count = D.Divisor;
  return Outer;
}

/// The inner loop's test against its own count.
static void testAgainstCount(FlatLoop &Flat, const Loop &L) {
  bool StaysIfTrue = L.contains(Flat.Branch->getSuccessor(0));
  CmpInst::Predicate Stay = Flat.Signed ? CmpInst::ICMP_SLT : CmpInst::ICMP_ULT;
  Flat.Test->setPredicate(StaysIfTrue ? Stay : CmpInst::getInversePredicate(Stay));
  Flat.Test->setOperand(1, Flat.Count);
}

/// Whether the tests in front of a nest of so many loops (`first < last`) take the user's counter for signed (1),
/// unsigned (-1), or do not say (0). First is what the counter starts with, in the user's own type.
static int signOf(const Value *First, const DominatorTree &DT, const BasicBlock *Preheader, unsigned Levels) {
  int Sign = 0;
  for (const DomTreeNode *Node = DT.getNode(Preheader); Node && Levels; Node = Node->getIDom()) {
    const auto *Branch = dyn_cast<BranchInst>(Node->getBlock()->getTerminator());
    if (!Branch || !Branch->isConditional())
      continue;
    SmallVector<const Value *, 4> Tests = {Branch->getCondition()};
    for (unsigned I = 0; I != Tests.size(); ++I) {
      const Value *A, *B;
      if (match(Tests[I], m_LogicalAnd(m_Value(A), m_Value(B))))
        Tests.append({A, B});
      const auto *Test = dyn_cast<ICmpInst>(Tests[I]);
      if (!Test)
        continue;
      Levels -= Levels != 0;
      if (!Test->isRelational() || Test->getOperand(0) != First)
        continue;
      int Says = Test->isSigned() ? 1 : -1;
      if (Sign == -Says)
        return 0;
      Sign = Says;
    }
  }
  return Sign;
}

namespace {

/// V = First + Counter * Step, or First - Counter * Step, in a type as wide as the counter's or narrower.
struct UserCounter {
  Instruction *V;
  Value *First, *Step;
  bool Down;
  bool NSW;
};

} // namespace

/// A value without its extension or truncation, in type T; null if it is not simply there.
static Value *inType(IRBuilder<> &B, Value *V, Type *T) {
  Value *Narrow;
  if (V->getType() == T)
    return V;
  if (match(V, m_ZExtOrSExt(m_Value(Narrow))) && Narrow->getType() == T)
    return Narrow;
  return B.CreateTrunc(V, T);
}

/// Reads the user's counter that V computes from Counter.
static std::optional<UserCounter> readCounter(Instruction *V, PHINode *Counter) {
  UserCounter C{V, nullptr, nullptr, false, false};
  Value *Sum = V, *Distance = nullptr;
  match(V, m_Trunc(m_Value(Sum)));
  Type *T = Counter->getType();
  if (match(Sum, m_Add(m_Value(C.First), m_Value(Distance))) ||
      match(Sum, m_Sub(m_Value(C.First), m_Value(Distance)))) {
    auto *O = cast<OverflowingBinaryOperator>(Sum);
    C.Down = O->getOpcode() == Instruction::Sub;
    C.NSW = Sum == V && O->hasNoSignedWrap();
    if (!C.Down && C.First == Counter)
      std::swap(C.First, Distance);
  } else {
    C.First = ConstantInt::get(T, 0);
    Distance = Sum;
  }
  if (!match(Distance, m_c_Mul(m_Specific(Counter), m_Value(C.Step)))) {
    if (Distance != Counter)
      return std::nullopt;
    C.Step = ConstantInt::get(T, 1);
  }
  return C;
}

/// Makes the user's counter a variable of the loop. Where it goes in steps of one the loop's tests become those of a
/// serial loop.
static void makeVariable(const UserCounter &C, FlatLoop &Level, const DominatorTree &DT, unsigned Levels) {
  Type *T = C.V->getType();
  IRBuilder<> Front(Level.Front->getTerminator());
  Value *First = inType(Front, C.First, T), *Step = inType(Front, C.Step, T);
  // The user's counter does not leave its type before the loop ends, which for signed types is a rule of C++ and for
  // all types one of OpenMP (the number of iterations can be computed).
  int Sign = signOf(First, DT, Level.Front, Levels);
  IRBuilder<> B(Level.Header, Level.Header->begin());
  B.SetCurrentDebugLocation(C.V->getDebugLoc());
  PHINode *Phi = B.CreatePHI(T, 2, "user.counter");
  B.SetInsertPoint(Level.Latch->getTerminator());
  bool NSW = C.NSW || Sign > 0, NUW = Sign < 0 && !C.Down;
  Value *Next = C.Down ? B.CreateSub(Phi, Step, "", NUW, NSW) : B.CreateAdd(Phi, Step, "", NUW, NSW);
  Phi->addIncoming(First, Level.Preheader);
  Phi->addIncoming(Next, Level.Latch);
  C.V->replaceAllUsesWith(Phi);
  RecursivelyDeleteTriviallyDeadInstructions(C.V);
  if (!match(Step, m_One()))
    return;
  Value *Count = inType(Front, Level.Count, T);
  Value *End = C.Down ? Front.CreateSub(First, Count) : Front.CreateAdd(First, Count);
  if (!NSW && !NUW) {
    Level.More = B.CreateICmpNE(Next, End);
    return;
  }
  CmpInst::Predicate Before = !NSW ? CmpInst::ICMP_ULT : C.Down ? CmpInst::ICMP_SGT : CmpInst::ICMP_SLT;
  Level.Enter = Front.CreateICmp(Before, First, End);
  Level.More = B.CreateICmp(Before, Next, End);
}

/// Finds the user's counter that is computed from this one: the end of a chain of single uses.
static std::optional<UserCounter> findUserCounter(const FlatLoop &Level, const Loop &L, const BlockSet &Blocks) {
  Instruction *Last = nullptr;
  for (User *U : Level.Counter->users()) {
    if (U == Level.Next || U == Level.Test)
      continue;
    if (Last || !L.contains(cast<Instruction>(U)))
      return std::nullopt; // the counter is the user's own
    Last = cast<Instruction>(U);
  }
  auto Follows = [&](unsigned Opcode) {
    return Last->hasOneUse() && Last->user_back()->getOpcode() == Opcode && L.contains(Last->user_back());
  };
  if (!Last)
    return std::nullopt;
  bool IsProduct = Last->getOpcode() == Instruction::Mul;
  if (IsProduct && (Follows(Instruction::Add) || Follows(Instruction::Sub)))
    Last = Last->user_back();
  bool IsSum = Last->getOpcode() == Instruction::Add || Last->getOpcode() == Instruction::Sub;
  if ((IsProduct || IsSum) && Follows(Instruction::Trunc))
    Last = Last->user_back();
  if (!IsSum && !isa<TruncInst>(Last))
    return std::nullopt;
  std::optional<UserCounter> C = readCounter(Last, Level.Counter);
  Instruction *Front = Level.Front->getTerminator();
  if (!C || !moveToFront(C->First, L, Blocks, Front) || !moveToFront(C->Step, L, Blocks, Front))
    return std::nullopt;
  return C;
}

/// Moves the test of a loop that has at least one iteration to its end. Blocks are those of the loop.
static void testAtEnd(const FlatLoop &Level, const BlockSet &Blocks) {
  auto IsOutside = [&](Use &U) { return !Blocks.contains(cast<Instruction>(U.getUser())->getParent()); };
  for (PHINode &Phi : Level.Header->phis())
    Phi.replaceUsesWithIf(Phi.getIncomingValueForBlock(Level.Latch), IsOutside);
  Instruction *Back = Level.Latch->getTerminator();
  IRBuilder<> B(Back);
  B.SetCurrentDebugLocation(Level.Branch->getDebugLoc());
  BranchInst *End = B.CreateCondBr(Level.More, Level.Header, Level.Exit);
  End->setMetadata(LLVMContext::MD_loop, Back->getMetadata(LLVMContext::MD_loop));
  Back->eraseFromParent();
  Level.Exit->replacePhiUsesWith(Level.Header, Level.Latch);
  B.SetInsertPoint(Level.Branch);
  B.CreateBr(Level.Branch->getSuccessor(!Blocks.contains(Level.Branch->getSuccessor(0))));
  Level.Branch->eraseFromParent();
  Level.Test->eraseFromParent();
}

/// Moves the tests of a nest: those whether to enter to its front, the others to the ends of its loops. Clang has
/// tested in front of the nest that all its loops have iterations, so that the former mostly disappear.
static void moveTests(MutableArrayRef<FlatLoop> Nest, const Loop &L) {
  const FlatLoop &Outer = Nest.front();
  BasicBlock *Front = Outer.Front, *Exit = Outer.Exit;
  IRBuilder<> B(Front->getTerminator());
  Value *Enter = B.getTrue();
  for (FlatLoop &Level : Nest) {
    CmpInst::Predicate Less = Level.Signed ? CmpInst::ICMP_SLT : CmpInst::ICMP_ULT;
    if (!Level.Enter)
      Level.Enter = B.CreateICmp(Less, ConstantInt::get(Level.Count->getType(), 0), Level.Count);
    if (!Level.More)
      Level.More = IRBuilder<>(Level.Latch->getTerminator()).CreateICmp(Less, Level.Next, Level.Count);
    Enter = B.CreateLogicalAnd(Enter, Level.Enter);
  }
  // What the loop hands on meets in phis what it started with.
  BlockSet Blocks(L.block_begin(), L.block_end()), All = Blocks;
  for (const FlatLoop &Level : Nest)
    All.insert_range(ArrayRef<BasicBlock *>{Level.Header, Level.Latch, Level.Preheader});
  for (PHINode &Phi : Outer.Header->phis()) {
    PHINode *Last = PHINode::Create(Phi.getType(), 2, Phi.getName() + ".last", Exit->begin());
    Phi.replaceUsesWithIf(Last, [&](Use &U) { return !All.contains(cast<Instruction>(U.getUser())->getParent()); });
    if (Last->use_empty()) {
      Last->eraseFromParent();
      continue;
    }
    Last->addIncoming(&Phi, Outer.Header);
  }
  for (PHINode &Last : Exit->phis()) {
    auto *Phi = dyn_cast<PHINode>(Last.getIncomingValueForBlock(Outer.Header));
    bool IsOurs = Phi && Phi->getParent() == Outer.Header;
    Last.addIncoming(IsOurs ? Phi->getIncomingValueForBlock(Front) : Last.getIncomingValueForBlock(Outer.Header),
                     Front);
  }
  for (const FlatLoop &Level : reverse(Nest)) {
    Blocks.insert_range(ArrayRef<BasicBlock *>{Level.Header, Level.Latch});
    testAtEnd(Level, Blocks);
    Blocks.insert(Level.Preheader);
  }
  Instruction *In = Front->getTerminator();
  B.SetInsertPoint(In);
  B.CreateCondBr(Enter, In->getSuccessor(0), Exit)->setDebugLoc(In->getDebugLoc());
  In->eraseFromParent();
}

/// Where the user's counter starts at 1 it has become one with the next value of clang's.
static void separateUser(const FlatLoop &Flat) {
  Instruction *Copy = Flat.Next->clone();
  Copy->insertBefore(Flat.Next->getIterator());
  Flat.Next->replaceUsesWithIf(Copy, [&](Use &U) { return U.getUser() != Flat.Counter; });
  if (Copy->use_empty())
    Copy->eraseFromParent();
}

/// Restores one loop and what was collapsed into it.
static void restore(Loop &L, Function &F) {
  std::optional<FlatLoop> Flat = recognise(L);
  if (!Flat)
    return;
  separateUser(*Flat);
  bool Shared = isWorkShared(L); // the note moves
  // The number of iterations is one that the counter's type has.
  if (Shared)
    Flat->Next->setHasNoUnsignedWrap();
  BlockSet Blocks(L.block_begin(), L.block_end());
  SmallVector<FlatLoop, 3> Nest;
  while (hasBareHeader(*Flat)) {
    std::optional<Division> D = divisionOf(*Flat, L, Blocks);
    if (!D)
      break;
    IRBuilder<> B(Flat->Front->getTerminator());
    Value *OuterCount = quotient(B, Flat->Count, D->Divisor);
    if (!OuterCount)
      break;
    Nest.push_back(wrap(*Flat, *D, OuterCount, L));
    Blocks.insert_range(ArrayRef<BasicBlock *>{Nest.back().Header, Nest.back().Latch, Flat->Preheader});
    testAgainstCount(*Flat, L);
  }
  Nest.push_back(*Flat);
  DominatorTree DT(F);
  for (FlatLoop &Level : Nest)
    if (std::optional<UserCounter> C = findUserCounter(Level, L, Blocks))
      makeVariable(*C, Level, DT, Nest.size());
  if (Shared)
    moveTests(Nest, L);
}

void restoreNests(Function &F, FunctionAnalysisManager &FAM) {
  FunctionPassManager FPM;
  FPM.addPass(LoopSimplifyPass());
  PreservedAnalyses PA = FPM.run(F, FAM);
  FAM.invalidate(F, PA);
  LoopInfo &LI = FAM.getResult<LoopAnalysis>(F);
  // A new loop goes around blocks that belong to the old one, so what LoopInfo says about other loops stays true.
  for (Loop *L : LI.getLoopsInPreorder())
    if (isWorkShared(*L) || hasPromise(*L))
      restore(*L, F);
  dropPromises(F);
  FAM.invalidate(F, PreservedAnalyses::none());
}

} // namespace adstencil
