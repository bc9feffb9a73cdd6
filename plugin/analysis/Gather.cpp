// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analysis/Gather.h"

#include "analysis/Addresses.h"
#include "analysis/Evaluations.h"
#include "analysis/NestGuards.h"
#include "analysis/RimReads.h"
#include "model/Library.h"
#include "model/OpenMP.h"
#include "model/UnsignedIndices.h"
#include "llvm/ADT/SmallSet.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/ScalarEvolutionExpressions.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/Transforms/Utils/ScalarEvolutionExpander.h"

using namespace llvm;

namespace adstencil {

namespace {

class NestFinder {
public:
  NestFinder(AdjointPlan &P, DominatorTree &DT, PostDominatorTree &PDT, ScalarEvolution &SE, const Loop *Outermost)
      : P(P), DT(DT), PDT(PDT), SE(SE), Outermost(Outermost), Expander(SE, "gather") {
    Expander.disableCanonicalMode();
  }

  /// Returns false with a reason if the nest cannot be a gather.
  bool find() {
    N.WorkShared = !P.Grid && isWorkShared(*Outermost);
    if (!findAxes() || !checkInstructions() || !groupAccesses() || !assignRoles() ||
        !(P.Grid ? checkPoints() : testLevels() && proveOnce()) || !shareEvaluations() || !findRims() || !expandForms())
      return false;
    if (!P.Grid)
      findNestGuards(P, N, DT, SE, Expander);
    return true;
  }

  GatherNest N;
  NoGather Why;

private:
  AdjointPlan &P;
  DominatorTree &DT;
  PostDominatorTree &PDT;
  ScalarEvolution &SE;
  const Loop *Outermost;
  SCEVExpander Expander;
  SmallPtrSet<const Value *, 4> StoredRoots;
  SmallPtrSet<const Instruction *, 8> Apart; ///< loads of other time levels of stored arrays
  MapVector<size_t, int64_t> LeastLast;      ///< by axis: what its last value has to be at least
  std::string InnerIsNoAxis;                 ///< why the loop inside the last axis is none

  bool fail(const Twine &Reason, const Instruction *At = nullptr) {
    Why = {Reason.str(), At ? At : Outermost->getHeader()->getTerminator()};
    return false;
  }

  std::string nameOf(const Value *Root) const { return P.R.Roots[markerNumber(Root)].Name; }
  Instruction *place() const { return Outermost->getLoopPreheader()->getTerminator(); }

  // ---- the chain of loops ----

  /// True if the loop is left at its latch only, counts, and carries nothing from iteration to iteration.
  bool isAxis(const Loop *L) const {
    const CountedLoop &C = P.Loops.find(L)->second;
    return C.KnownBefore && C.Exiting.size() == 1 && C.Exiting[0] == L->getLoopLatch() &&
           hasSingleElement(L->getHeader()->phis()) && SE.isLoopInvariant(SE.getSCEV(C.Last), Outermost);
  }

  static bool isWork(const Instruction &I) { return isa<StoreInst>(I) || asAtomicAdd(&I); }

  bool findAxes() {
    if (!isAxis(Outermost))
      return fail(
          "a loop hands values from iteration to iteration, or its number of iterations is not known before it");
    N.Axes.push_back(Outermost);
    while (N.Axes.back()->getSubLoops().size() == 1 && (!P.Grid || N.Axes.size() != P.Grid->Axes.size())) {
      const Loop *Outer = N.Axes.back(), *Inner = Outer->getSubLoops()[0];
      bool AllInside = all_of(Outer->blocks(), [&](const BasicBlock *BB) {
        return Inner->contains(BB) || none_of(*BB, [&](const Instruction &I) { return isWork(I); });
      });
      size_t Conditions = N.Entered.size();
      if (!AllInside || !isAxis(Inner) || !findEntry(Outer, Inner)) {
        N.Entered.resize(Conditions);
        InnerIsNoAxis = AllInside
                            ? "the bounds of its inner loop change from iteration to iteration, or its iterations "
                              "hand values on"
                            : "there are stores between its loops";
        break;
      }
      N.Axes.push_back(Inner);
    }
    for (const Loop *L : N.Axes) {
      const SCEV *Last = SE.getSCEV(P.Loops.find(L)->second.Last);
      if (!canComputeAt(Last, place(), SE, Expander))
        return fail("the number of iterations of a loop is computed inside the nest");
      N.Last.push_back(Expander.expandCodeFor(Last, Type::getInt64Ty(P.R.F->getContext()), place()));
    }
    return true;
  }

  /// Collects the conditions under which an iteration of Outer reaches Inner. False if they change inside the nest.
  bool findEntry(const Loop *Outer, const Loop *Inner) {
    BasicBlock *Below = Inner->getLoopPreheader();
    while (Below != Outer->getHeader()) {
      BasicBlock *Above = DT.getNode(Below)->getIDom()->getBlock();
      if (!PDT.dominates(Below, Above)) {
        auto *Branch = dyn_cast<BranchInst>(Above->getTerminator());
        if (!Branch || !Branch->isConditional() || !Outermost->isLoopInvariant(Branch->getCondition()))
          return false;
        bool IfTrue = DT.dominates(BasicBlockEdge(Above, Branch->getSuccessor(0)), Below);
        if (!IfTrue && !DT.dominates(BasicBlockEdge(Above, Branch->getSuccessor(1)), Below))
          return false;
        N.Entered.push_back({Branch->getCondition(), IfTrue});
      }
      Below = Above;
    }
    return true;
  }

  // ---- what may stand in a nest ----

  bool checkInstructions() {
    for (const BasicBlock *BB : Outermost->blocks())
      for (const Instruction &I : *BB) {
        if (any_of(I.users(), [&](const User *U) { return !Outermost->contains(cast<Instruction>(U)); }))
          return fail("a value that is computed in it is used behind it", &I);
        if (any_of(I.operands(), [](const Use &U) { return isa<AllocaInst>(U); }))
          return fail("it uses a local array", &I);
        if (asAtomicAdd(&I))
          return fail("it adds atomically", &I);
        if (const auto *CB = dyn_cast<CallBase>(&I)) {
          LibraryCall Kind = classify(*CB);
          if (Kind != LibraryCall::Mathematics && Kind != LibraryCall::Marker && Kind != LibraryCall::Pure)
            return fail("it calls a function whose body is not in this file", &I);
        }
        if (isArrayMarker(&I) || isScalarMarker(&I))
          return fail("a pointer to an array is loaded inside it", &I);
        for (const Use &U : I.operands())
          if (!canCapture(U))
            return fail("a pointer or an active value that it uses is computed in front of it", &I);
      }
    return true;
  }

  /// True if the load sees the same value wherever it stands.
  bool isNeverStored(const LoadInst &L) const {
    auto Roots = P.A.roots(L.getPointerOperand());
    if (L.isVolatile() || L.isAtomic() || Roots.size() != 1 || !isArrayMarker(Roots[0]))
      return false;
    return none_of(instructions(*P.R.F), [&](const Instruction &I) {
      return (isa<StoreInst>(I) || asAtomicAdd(&I)) &&
             is_contained(P.A.roots(accessedPointer(const_cast<Instruction *>(&I))), Roots[0]);
    });
  }

  /// True if a value from outside can be handed to the point function, or computed in it again.
  bool canCapture(const Value *V, unsigned Depth = 16) const {
    const auto *I = dyn_cast<Instruction>(V);
    if (!I || Outermost->contains(I) || isArrayMarker(I) || isScalarMarker(I))
      return true;
    // The shadows of arrays whose pointers are members of a record are loaded pointers.
    if (I->getType()->isPointerTy() ? isa<LoadInst>(I) : !P.A.isActive(I))
      return true;
    if (const auto *L = dyn_cast<LoadInst>(I))
      return !P.Grid && isNeverStored(*L) && canCapture(L->getPointerOperand(), Depth - 1);
    bool Again = isa<GetElementPtrInst>(I) || isa<CastInst>(I) || isa<BinaryOperator>(I) || isa<UnaryOperator>(I) ||
                 isa<SelectInst>(I) || isa<FreezeInst>(I);
    if (const auto *CB = dyn_cast<CallBase>(I))
      Again = classify(*CB) == LibraryCall::Mathematics;
    return Again && Depth != 0 && all_of(I->operands(), [&](const Use &U) { return canCapture(U, Depth - 1); });
  }

  // ---- accesses ----

  struct Form {
    const SCEV *Start;
    SmallVector<const SCEV *, 4> Strides;
  };

  /// The address as Start + Σ p_d · stride_d.
  std::optional<Form> formOf(const Value *Pointer, const Value *Root) const {
    DenseMap<const Loop *, const SCEV *> Steps;
    const SCEV *Rest = addressOf(SE, Pointer);
    while (const auto *Rec = dyn_cast<SCEVAddRecExpr>(Rest)) {
      if (!Rec->isAffine() || !SE.isLoopInvariant(Rec->getStepRecurrence(SE), Outermost))
        return std::nullopt;
      Steps[Rec->getLoop()] = Rec->getStepRecurrence(SE);
      Rest = Rec->getStart();
    }
    if (!SE.isLoopInvariant(Rest, Outermost) || SE.getPointerBase(Rest) != SE.getSCEV(const_cast<Value *>(Root)))
      return std::nullopt;
    Form F{Rest, {}};
    for (const Loop *L : N.Axes) {
      const SCEV *Step = Steps.lookup(L);
      F.Strides.push_back(Step ? Step : SE.getZero(Type::getInt64Ty(P.R.F->getContext())));
      Steps.erase(L);
    }
    if (!Steps.empty())
      return std::nullopt;
    return F;
  }

  /// Adds the access to the group of the cells that it belongs to, or to a new one.
  void group(const Instruction *I, CallInst *Root, const Form &F) {
    Type *Element = getLoadStoreType(const_cast<Instruction *>(I));
    for (auto [Index, G] : enumerate(N.Groups)) {
      if (G.Root != Root || G.Element != Element || G.StrideForm != F.Strides)
        continue;
      if (std::optional<Shift> S = shiftOf(SE, SE.getMinusSCEV(F.Start, G.Start), F.Strides)) {
        N.Accesses[I] = {unsigned(Index), *S};
        return;
      }
    }
    AccessGroup G;
    G.Root = Root;
    G.Element = Element;
    G.Start = F.Start;
    G.StrideForm = F.Strides;
    N.Accesses[I] = {unsigned(N.Groups.size()), Shift(N.Axes.size(), 0)};
    N.Groups.push_back(std::move(G));
  }

  /// True if a load is not executed where the axes have some more points; notes it then. Around a periodic axis of one
  /// point the neighbour but one is reached in two turns.
  bool isForFewPoints(const LoadInst &L) {
    if (P.Grid)
      return false;
    constexpr int64_t MostTurns = 2 * MostRim;
    BoundsFinder Finder = boundsOf(P, N, DT, SE);
    Finder.confine(L.getParent());
    for (size_t D = 0; D != N.Axes.size(); ++D)
      for (const SCEV *Lower : Finder.Bounds.Lowers[D])
        for (const SCEV *Upper : Finder.Bounds.Uppers[D]) {
          const SCEV *Steps = SE.getMinusSCEV(Upper, Lower);
          for (int64_t Times = 1; !isa<SCEVConstant>(Steps) && Times <= MostTurns;
               ++Times) { // more and more is taken away with each point
            Steps = SE.getAddExpr(Steps, SE.getSCEV(N.Last[D]));
            const auto *C = dyn_cast<SCEVConstant>(Steps);
            if (!C || !C->getAPInt().sle(MostTurns))
              continue;
            int64_t Least = C->getAPInt().isNegative() ? 0 : C->getAPInt().getSExtValue() / Times + 1;
            N.Never.insert(&L);
            LeastLast[D] = std::max(LeastLast.lookup(D), Least);
            return true;
          }
        }
    return false;
  }

  bool groupAccesses() {
    SmallVector<std::tuple<const LoadInst *, CallInst *, Form>, 8> Rim;
    const BasicBlock *Latch = N.Axes.back()->getLoopLatch();
    for (const BasicBlock *BB : Outermost->blocks())
      for (const Instruction &I : *BB) {
        const Value *Pointer = getLoadStorePointerOperand(&I);
        if (!Pointer)
          continue;
        bool Active = P.Shadow.count(Pointer) && (isa<StoreInst>(I) || P.A.isActive(&I));
        if (Active && isa<LoadInst>(I) && !DT.dominates(BB, Latch) && isForFewPoints(cast<LoadInst>(I)))
          continue;
        auto Roots = P.A.roots(Pointer);
        if (Roots.size() != 1 || !isArrayMarker(Roots[0])) {
          if (Active)
            return fail("which array is accessed is decided when it runs", &I);
          continue;
        }
        auto *Root = cast<CallInst>(const_cast<Value *>(Roots[0]));
        std::optional<Form> F = formOf(Pointer, Root);
        if (isa<StoreInst>(I) && Active) {
          StoredRoots.insert(Root);
          if (!F && !InnerIsNoAxis.empty())
            return fail(InnerIsNoAxis, &I);
          if (!F)
            return fail("where '" + nameOf(Root) + "' is stored to is not an affine function of the loop counters", &I);
        }
        if (F && Active && isa<LoadInst>(I) && !DT.dominates(BB, Latch))
          Rim.push_back({cast<LoadInst>(&I), Root, *F});
        else if (F)
          group(&I, Root, *F);
      }
    for (auto [D, Least] : LeastLast)
      N.Enough.push_back(IRBuilder<>(place()).CreateICmpSGE(N.Last[D], ConstantInt::get(N.Last[D]->getType(), Least)));
    // Places at the rim are found from the others, and those that move with fewer axes come last.
    RimFinder Finder(P, N, DT, SE);
    for (bool AtRim : {false, true})
      for (size_t Moving = N.Axes.size() + 1; Moving-- > 0;)
        for (auto &[L, Root, F] : Rim)
          if (movesAlong(F) == Moving && Finder.isAtRim(*L) == AtRim &&
              (StoredRoots.contains(Root) || !Finder.place(*L, Root, F.Start, F.Strides)))
            group(L, Root, F);
    return true;
  }

  /// Along how many axes an address moves.
  static size_t movesAlong(const Form &F) {
    return count_if(F.Strides, [](const SCEV *Stride) { return !Stride->isZero(); });
  }

  bool movesWithEveryAxis(const AccessGroup &G) const {
    return none_of(G.StrideForm, [](const SCEV *S) { return S->isZero(); });
  }

  bool assignRoles() {
    const BasicBlock *Latch = N.Axes.back()->getLoopLatch();
    for (const BasicBlock *BB : Outermost->blocks())
      for (const Instruction &I : *BB) {
        if (const auto *L = dyn_cast<LoadInst>(&I); L && P.A.isActive(L) && !N.Never.contains(L)) {
          const Value *Root = P.A.roots(L->getPointerOperand())[0];
          auto Found = N.Accesses.find(L);
          if (StoredRoots.contains(Root) && isOtherLevel(L)) {
            N.Roles[L] = LoadRole::Gathered;
            N.Groups[Found->second.Group].Gathered = true;
            Apart.insert(L);
            N.ReadsOtherLevels = true;
            if (!DT.dominates(BB, Latch))
              N.Conditional.insert(L);
          } else if (StoredRoots.contains(Root)) {
            if (Found == N.Accesses.end() || P.LI.getLoopFor(BB) != N.Axes.back())
              return fail("where '" + nameOf(Root) +
                              "', which it also stores to, is read is not an affine function of "
                              "the loop counters",
                          L);
            N.Roles[L] = LoadRole::Carried;
          } else if (auto Use = P.Uses.find(Root); Use != P.Uses.end()) { // __vjp_ keeps it: another nest stores to it
            if (Use->second == ShadowUse::Logged)
              return fail("__vjp_ has to bring back the shadow of '" + nameOf(Root) +
                              "', which the kernel stores to elsewhere",
                          L);
            if (Use->second == ShadowUse::Guarded)
              N.Once.push_back(P.Guard.lookup(Root));
            N.Roles[L] = LoadRole::Carried;
          } else if (Found != N.Accesses.end() && movesWithEveryAxis(N.Groups[Found->second.Group])) {
            N.Roles[L] = LoadRole::Gathered;
            N.Groups[Found->second.Group].Gathered = true;
            if (!DT.dominates(BB, Latch))
              N.Conditional.insert(L);
          } else {
            N.Roles[L] = LoadRole::Home;
            N.HasHomes = true;
          }
        }
        for (const Use &U : I.operands())
          if (isActiveOutside(U)) {
            N.HasHomes = true;
            N.AddsToOutside |= dependsOnLoad(U);
          }
      }
    return true;
  }

  /// True for a read of another time level of an array than the one that is stored to: u[p + n * t] and u[p + n * (t +
  /// 1)]. That the levels are apart is tested at run time (testLevels). For __vjp_ the array is one that the kernel
  /// writes.
  bool isOtherLevel(const LoadInst *L) const {
    auto Found = N.Accesses.find(L);
    if (P.R.TheMode == DerivativeMode::Vjp || Found == N.Accesses.end())
      return false;
    const AccessGroup &Read = N.Groups[Found->second.Group];
    return movesWithEveryAxis(Read) && all_of(N.Accesses, [&](const auto &Entry) {
             const AccessGroup &Stored = N.Groups[Entry.second.Group];
             return !isa<StoreInst>(Entry.first) || Stored.Root != Read.Root ||
                    (&Stored != &Read && !isa<SCEVConstant>(SE.getMinusSCEV(Read.Start, Stored.Start)));
           });
  }

  /// First and last byte, from the start of the array, that accesses of a group touch.
  std::pair<const SCEV *, const SCEV *> bytesOf(unsigned Index) const {
    const AccessGroup &G = N.Groups[Index];
    Shift Low(N.Axes.size(), 0), High(N.Axes.size(), 0);
    for (auto &[I, At] : N.Accesses)
      if (At.Group == Index)
        for (size_t D = 0; D != Low.size(); ++D) {
          Low[D] = std::min(Low[D], At.At[D]);
          High[D] = std::max(High[D], At.At[D]);
        }
    const SCEV *First = SE.getMinusSCEV(G.Start, SE.getSCEV(G.Root)), *Last = First;
    auto Times = [&](const SCEV *Stride, int64_t X) {
      return SE.getMulExpr(Stride, SE.getConstant(Stride->getType(), X, /*isSigned=*/true));
    };
    for (size_t D = 0; D != Low.size(); ++D) {
      const SCEV *Stride = G.StrideForm[D], *Back = Times(Stride, Low[D]);
      const SCEV *Ahead = SE.getAddExpr(SE.getMulExpr(Stride, SE.getSCEV(N.Last[D])), Times(Stride, High[D]));
      First = SE.getAddExpr(First, SE.getSMinExpr(Back, Ahead));
      Last = SE.getAddExpr(Last, SE.getSMaxExpr(Back, Ahead));
    }
    int64_t Size = P.R.F->getDataLayout().getTypeStoreSize(G.Element);
    return {First, SE.getAddExpr(Last, SE.getConstant(Last->getType(), Size - 1))};
  }

  /// Tests that what is read of other time levels is not stored to. False if the test cannot be written.
  bool testLevels() {
    SmallSet<std::pair<unsigned, unsigned>, 4> Done;
    for (const Instruction *L : Apart)
      for (auto &[I, At] : N.Accesses) {
        unsigned Read = N.Accesses.find(L)->second.Group;
        if (!isa<StoreInst>(I) || N.Groups[At.Group].Root != N.Groups[Read].Root ||
            !Done.insert({Read, At.Group}).second)
          continue;
        auto [FirstRead, LastRead] = bytesOf(Read);
        auto [FirstStored, LastStored] = bytesOf(At.Group);
        IRBuilder<> B(place());
        SmallVector<Value *, 4> Bounds;
        for (const SCEV *Form : {LastRead, FirstStored, LastStored, FirstRead}) {
          if (!canComputeAt(Form, place(), SE, Expander))
            return fail("which part of an array is read and which is stored to is computed inside the nest");
          Bounds.push_back(Expander.expandCodeFor(Form, B.getInt64Ty(), place()));
        }
        B.SetInsertPoint(place());
        Value *IsApart = B.CreateOr(B.CreateICmpSLT(Bounds[0], Bounds[1]), B.CreateICmpSLT(Bounds[2], Bounds[3]));
        if (isFalse(IsApart))
          return fail("an iteration reads what another one stores", L);
        if (!isa<ConstantInt>(IsApart))
          N.Once.push_back(IsApart);
      }
    return true;
  }

  /// True if a value from outside carries a derivative: it is computed again at each point, and added to at home.
  bool isActiveOutside(const Value *V) const {
    const auto *I = dyn_cast<Instruction>(V);
    return I && !Outermost->contains(I) && !I->getType()->isPointerTy() && P.A.isActive(I);
  }

  bool dependsOnLoad(const Value *V) const {
    return isActiveOutside(V) && (isa<LoadInst>(V) || any_of(cast<Instruction>(V)->operands(),
                                                             [&](const Use &U) { return dependsOnLoad(U); }));
  }

  /// The threads of a grid store to different cells. That leaves what a thread does to its own ones.
  bool checkPoints() {
    if (N.Axes.size() != P.Grid->Axes.size())
      return fail("its points are not a nest of loops");
    bool Strided = P.Grid->hasStrided();
    if (N.ReadsOtherLevels) // where both are one, the point's own cell is read
      return fail("which part of an array is read and which is stored to is decided when it runs", *Apart.begin());
    for (const Value *Root : StoredRoots) {
      bool OnlyIncrements = all_of(N.Accesses, [&](auto &Entry) {
        auto *S = dyn_cast<StoreInst>(Entry.first);
        return N.Groups[Entry.second.Group].Root != Root || !S || P.Increment.contains(S);
      });
      for (auto &[L, Role] : N.Roles)
        if (Role == LoadRole::Carried && !P.IncrementLoad.contains(L) && P.A.roots(L->getPointerOperand())[0] == Root) {
          OnlyIncrements = false;
          if (P.Reads.lookup(Root) != ReadStrategy::OwnPoint)
            return fail("a thread may read cells of '" + nameOf(Root) + "' that it does not store to", L);
        }
      N.Carries |= !OnlyIncrements;
      bool Repeated = any_of(N.Accesses, [&](auto &Entry) {
        return N.Groups[Entry.second.Group].Root == Root && isa<StoreInst>(Entry.first) &&
               P.LI.getLoopFor(Entry.first->getParent()) != N.Axes.back();
      });
      if (!OnlyIncrements && (Repeated || !storesOncePerPoint(P, SE, Root, Outermost)))
        return fail("a thread may store to a cell of '" + nameOf(Root) +
                    "' twice, or read a cell that it has stored to");
      if (Strided && !OnlyIncrements && !storesApart(P, SE, Root, Outermost))
        return fail("points of one thread may meet the same cell of '" + nameOf(Root) + "'");
    }
    keepGridCellsApart(N, P);
    return demandIndices();
  }

  /// Indices of 32 bits are below 2^31 where they are those of threads. Where they are counters of loops it is tested,
  /// and so is what model/UnsignedIndices.h demands.
  bool demandIndices() {
    for (Instruction &I : make_early_inc_range(P.R.F->getEntryBlock()))
      if (isDemand(&I)) {
        Value *Condition = I.getOperand(0);
        if (isFalse(Condition))
          return fail("its indices wrap around", &I);
        if (!isa<ConstantInt>(Condition))
          N.Fits.push_back(Condition);
        I.eraseFromParent();
      }
    constexpr int64_t Most = (int64_t(1) << 31) - 1; // threads of an axis
    for (const GridAxis &Axis : P.Grid->Axes) {
      if (!Axis.Strided || Axis.Wide)
        continue;
      IRBuilder<> B(place());
      Value *High = Axis.High; // may have been simplified away
      if (!High && Axis.Low && Axis.Last)
        High = B.CreateAdd(B.CreateAdd(Axis.Low, Axis.Last), B.getInt64(1));
      if (!High)
        return fail("its points are not a nest of loops");
      if (SE.isKnownPredicate(CmpInst::ICMP_SLE, SE.getSCEV(High), SE.getConstant(APInt(64, Most))))
        continue;
      N.Fits.push_back(B.CreateICmpSLE(High, B.getInt64(Most)));
    }
    return true;
  }

  bool proveOnce() {
    for (const Value *Root : StoredRoots) {
      bool OnlyIncrements = true;
      for (auto &[I, At] : N.Accesses)
        if (N.Groups[At.Group].Root == Root) {
          if (auto *S = dyn_cast<StoreInst>(I))
            OnlyIncrements &= P.Increment.contains(S);
          else if (auto *L = cast<LoadInst>(I); P.A.isActive(L) && !Apart.contains(L))
            OnlyIncrements &= P.IncrementLoad.contains(L);
        }
      N.Carries |= !OnlyIncrements;
      Value *Proof = OnlyIncrements ? nullptr : proveWrittenOnce(P, SE, Root, Outermost, Apart);
      // __vjp_ has to keep the shadow over the whole kernel, not only over this nest.
      bool Kept = P.R.TheMode != DerivativeMode::Vjp || P.Uses.lookup(Root) == ShadowUse::Keep ||
                  P.Uses.lookup(Root) == ShadowUse::Guarded;
      if (Kept && OnlyIncrements)
        continue;
      if (!Kept || !Proof || isFalse(Proof))
        return fail("a cell of '" + nameOf(Root) +
                    "' may be stored twice, or read by another iteration than the one that stores to it");
      if (!isa<ConstantInt>(Proof))
        N.Once.push_back(Proof);
    }
    return true;
  }

  static bool isFalse(const Value *Proof) {
    const auto *C = dyn_cast<ConstantInt>(Proof);
    return C && C->isZero();
  }

  /// More evaluations than this are no gather any more: the code would grow without bound.
  static constexpr size_t MostEvaluations = 128;

  bool shareEvaluations() {
    chooseEvaluations(N, P, SE);
    return N.Evaluations.size() <= MostEvaluations ||
           fail("it reads at more than " + Twine(MostEvaluations) + " places around a point");
  }

  // ---- what is computed in front of the nest ----

  bool findRims() {
    return findExecuted(P, N, DT, SE, Expander) || fail("where a read at the rim lies is computed inside the nest");
  }

  bool expandForms() {
    Type *Int = Type::getInt64Ty(P.R.F->getContext());
    for (AccessGroup &G : N.Groups) {
      const SCEV *Offset = SE.getMinusSCEV(G.Start, SE.getSCEV(G.Root));
      if (!canComputeAt(Offset, place(), SE, Expander) ||
          any_of(G.StrideForm, [&](const SCEV *S) { return !canComputeAt(S, place(), SE, Expander); }))
        return fail("an index is computed inside the nest");
      G.Offset = Expander.expandCodeFor(Offset, Int, place());
      for (const SCEV *S : G.StrideForm)
        G.Strides.push_back(Expander.expandCodeFor(S, Int, place()));
    }
    for (FarSteps &Far : N.Far)
      Far.Steps = Expander.expandCodeFor(Far.Form, Int, place());
    if (P.Grid)
      N.Apart = gridCellsApart(N, P, DT, SE, place());
    return true;
  }
};

} // namespace

/// True if the nest may be tiled: it gathers from several points, and every point contributes for each of its reads.
static bool canTile(const GatherNest &N) {
  return !N.isOwnPoint() && N.Conditional.empty() && !(N.WorkShared && N.Axes.size() == 1);
}

/// The same for the points of a grid. What they add has to fit into the shared memory of a GPU. The CPU device has rows
/// for its threads, which it gathers.
static bool canTileGrid(GatherNest &N, const AdjointPlan &P) {
  // What a block may have without asking, less what sums over the grid take (emit/GridSum.h).
  constexpr uint64_t SharedBytes = 48 << 10, SumBytes = 1024 * 8 + 16;
  bool HasSums = any_of(P.R.Parameters, [](const RequestParameter &X) { return X.Kind == 's' && X.HasShadow; });
  BlockTile Tile;
  if (N.isOwnPoint()) { // nothing is evaluated twice
    N.NoTile = "every point adds to its own cells only";
    return false;
  }
  if (any_of(N.Evaluations, isFar)) {
    N.NoTile = "it reads at the other end of the grid";
    return false;
  }
  N.NoTile = planBlockTile(N, SharedBytes - (HasSums ? SumBytes : 0), Tile);
  if (!N.NoTile.empty() || P.R.OnCpu)
    return false;
  N.Block = std::move(Tile);
  return true;
}

bool GatherNest::cellsApartAlongRows(bool WithStored) const {
  SmallPtrSet<const Value *, 8> Roots;
  for (const AccessGroup &G : Groups) {
    if (!G.Gathered && !WithStored)
      continue;
    const auto *Along = dyn_cast<ConstantInt>(G.Strides.back());
    if (!Along || Along->isZero() || !Roots.insert(G.Root).second)
      return false;
  }
  return true;
}

void findGathers(AdjointPlan &P, DominatorTree &DT, PostDominatorTree &PDT, ScalarEvolution &SE) {
  for (const Loop *L : P.LI) {
    bool Works = any_of(L->blocks(), [&](const BasicBlock *BB) {
      return any_of(*BB, [&](const Instruction &I) {
        const Value *Pointer = getLoadStorePointerOperand(&I);
        return Pointer && P.Shadow.count(Pointer);
      });
    });
    if (!Works)
      continue;
    NestFinder Finder(P, DT, PDT, SE, L);
    if (Finder.find()) {
      P.Gathers[L] = std::make_unique<GatherNest>(std::move(Finder.N));
      GatherNest &N = *P.Gathers[L];
      bool MayTile = P.Grid ? canTileGrid(N, P) : canTile(N);
      N.Tiled = MayTile && P.R.Strategy == "tile";
      N.MayTile = MayTile && P.R.Strategy != "gather";
    } else
      P.NoGathers[L] = Finder.Why;
  }
}

} // namespace adstencil
