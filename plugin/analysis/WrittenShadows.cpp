// The shadows of arrays that a kernel writes.
//
// Reversing `A[p] = v` reads the cotangent A_bar[p], hands it to v and clears it. `__vjp_` must leave A_bar as it is.
// For most kernels it may simply not clear: that is exact when no cell is stored twice and when the kernel's loads of A
// see original values only. Three grades of proof:
//
//   - `A[p] += v` hands the cotangent on and keeps it: nothing to prove;
//   - stores in one iteration that meet different cells of a block of constant size, or exclude each other, with an
//     address that is affine in the counters of all enclosing loops: no cell is met twice if, with the strides in order
//     of size, each stride is larger than all the smaller ones (and the block) can add up to. Constants are checked
//     here; symbolic strides at run time, once per call;
//   - otherwise changes of the shadow are logged and taken back at the end.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analysis/Addresses.h"
#include "analysis/WrittenFlags.h"

#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/ScalarEvolutionExpressions.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/Transforms/Utils/ScalarEvolutionExpander.h"

using namespace llvm;

namespace adstencil {

/// Follows the addends of V to a load from Pointer, through values that nothing else uses.
static LoadInst *findAddedLoad(Value *V, const Value *Pointer, unsigned Depth) {
  auto *I = dyn_cast<Instruction>(V);
  if (!I || Depth == 0 || !I->hasOneUse())
    return nullptr;
  if (auto *L = dyn_cast<LoadInst>(I))
    return L->getPointerOperand() == Pointer ? L : nullptr;
  if (I->getOpcode() == Instruction::FAdd) {
    if (LoadInst *L = findAddedLoad(I->getOperand(0), Pointer, Depth - 1))
      return L;
    return findAddedLoad(I->getOperand(1), Pointer, Depth - 1);
  }
  if (I->getOpcode() == Instruction::FSub)
    return findAddedLoad(I->getOperand(0), Pointer, Depth - 1);
  if (auto *II = dyn_cast<IntrinsicInst>(I);
      II && (II->getIntrinsicID() == Intrinsic::fmuladd || II->getIntrinsicID() == Intrinsic::fma))
    return findAddedLoad(II->getArgOperand(2), Pointer, Depth - 1);
  return nullptr;
}

static bool sameMemory(const AdjointPlan &P, const Value *A, const Value *B) {
  auto RootsA = P.A.roots(A);
  return any_of(P.A.roots(B), [&](const Value *Root) { return is_contained(RootsA, Root); });
}

/// True if nothing between the two instructions of one block touches the same array.
static bool isUndisturbed(const AdjointPlan &P, const LoadInst &L, const StoreInst &S) {
  if (L.getParent() != S.getParent())
    return false;
  for (const Instruction *I = L.getNextNode(); I != &S; I = I->getNextNode())
    if (const Value *Pointer = I ? getLoadStorePointerOperand(I) : nullptr;
        Pointer && sameMemory(P, Pointer, S.getPointerOperand()))
      return false;
  return true;
}

void findIncrements(AdjointPlan &P) {
  for (Instruction &I : instructions(*P.R.F)) {
    auto *S = dyn_cast<StoreInst>(&I);
    if (!S || !P.Shadow.count(S->getPointerOperand()))
      continue;
    LoadInst *L = findAddedLoad(S->getValueOperand(), S->getPointerOperand(), /*Depth=*/8);
    if (L && P.A.isActive(L) && isUndisturbed(P, *L, *S)) {
      P.Increment.insert(S);
      P.IncrementLoad.insert(L);
    }
  }
}

namespace {

class WrittenArray {
public:
  /// Within: only the accesses in this loop count; null: those of the whole kernel. Apart: loads that are known to meet
  /// no store.
  WrittenArray(AdjointPlan &P, ScalarEvolution &SE, const Value *Root, const Loop *Within = nullptr,
               const SmallPtrSetImpl<const Instruction *> *Apart = nullptr)
      : P(P), SE(SE), Root(Root), Within(Within), Apart(Apart) {}

  /// A condition under which no cell is stored twice and no iteration reads what another one stores. Null: none.
  Value *proveOnce() {
    collect();
    std::optional<Block> Bytes = Mixed ? std::nullopt : collectBlock();
    return Bytes ? proveInjective(Bytes->size()) : nullptr;
  }

  bool isOncePerPoint() {
    collect();
    return !Mixed && all_of(Stores, [&](StoreInst *S) {
      auto Meets = [&](Instruction *X) {
        return X != S && (loopOf(X) != loopOf(S) || (mayFollow(P, S, X) && !areApart(S, X)));
      };
      return none_of(Stores, Meets) && none_of(Loads, Meets);
    });
  }

  bool isApartOnGrid() {
    collect();
    std::optional<Block> Bytes = Mixed ? std::nullopt : collectBlock();
    return Bytes && gridPointsApart(P, SE, *Stores[0], Bytes->size());
  }

  /// Returns false after a report.
  bool decide() {
    collect();
    if (P.R.OnGrid && !Mixed && decideForThread())
      return true;
    decideSerially();
    if (!P.R.OnGrid || P.Uses[Root] != ShadowUse::Logged)
      return true;
    if (canLog())
      return true;
    // Other threads change neighbouring cells meanwhile, so a log could not be taken back.
    refuse(P.R.F->getContext(), P.R.Kernel, Stores[0], P.R.Place,
           "__vjp_ has to leave the shadow of '" + P.R.Roots[markerNumber(Root)].Name +
               "' as it is, but a thread may store to a cell of it twice, or read a cell that it has stored to",
           "let each thread store to a cell once, after its reads, or call __adjoint_ (which carries the shadow back)" +
               P.adviceOnPoints());
    return false;
  }

private:
  /// A thread may log and take back changes of cells that nobody else changes, if it is known how many there can be.
  bool canLog() const {
    auto Reads = P.Reads.find(Root);
    return !Mixed && (Reads == P.Reads.end() || Reads->second == ReadStrategy::OwnPoint) &&
           all_of(Stores, [&](StoreInst *S) { return isBounded(loopOf(S)); }) &&
           all_of(Loads, [&](LoadInst *L) { return isBounded(loopOf(L)); });
  }

  bool isBounded(const Loop *L) const {
    for (; L; L = L->getParentLoop())
      if (P.MaxIterations.lookup(L) == 0)
        return false;
    return true;
  }

  void decideSerially() {
    ShadowUse &Use = P.Uses[Root];
    Use = ShadowUse::Logged;
    if (Mixed)
      return;
    if (OnlyIncrements && Loads.empty()) {
      Use = ShadowUse::Keep;
      return;
    }
    std::optional<Block> Bytes = collectBlock();
    if (!Bytes)
      return;
    Value *Proof = proveInjective(Bytes->size());
    if (!Proof)
      return;
    if (auto *C = dyn_cast<ConstantInt>(Proof)) {
      Use = C->isOne() ? ShadowUse::Keep : ShadowUse::Logged;
      return;
    }
    Use = ShadowUse::Guarded;
    P.Guard[Root] = Proof;
  }

  /// For a thread of a grid without loops around its accesses. Cells that other threads store to are not read by this
  /// one (that would be a data race), so only its own stores matter: no cell twice, and no read behind a store. Where
  /// that depends on values, it is tested at run time.
  bool decideForThread() {
    SmallVector<std::pair<Instruction *, Instruction *>, 4> MayMeet;
    for (StoreInst *S : Stores) {
      if (loopOf(S))
        return false;
      for (LoadInst *L : Loads)
        if (loopOf(L))
          return false;
        else if (mayFollow(P, S, L) && !areApart(S, L))
          MayMeet.push_back({S, L});
      for (StoreInst *T : Stores)
        if (S != T && mayFollow(P, S, T) && !areApart(S, T))
          MayMeet.push_back({S, T});
    }
    if (MayMeet.empty()) {
      P.Uses[Root] = ShadowUse::Keep;
      return true;
    }
    if (canLog())
      return false;
    SCEVExpander Expander(SE, "proof");
    Expander.disableCanonicalMode();
    Instruction *Place = firstPlace();
    IRBuilder<> B(Place);
    Value *Proof = B.getTrue();
    for (auto &[S, Other] : MayMeet) {
      const SCEV *X = SE.getSCEV(getLoadStorePointerOperand(S)), *Y = SE.getSCEV(getLoadStorePointerOperand(Other));
      if (X == Y || !canExpandAt(X, Place) || !canExpandAt(Y, Place))
        return false;
      Value *PointerX = Expander.expandCodeFor(X, nullptr, Place),
            *PointerY = Expander.expandCodeFor(Y, nullptr, Place);
      B.SetInsertPoint(Place);
      Proof = B.CreateAnd(Proof, B.CreateICmpNE(PointerX, PointerY));
    }
    P.Uses[Root] = ShadowUse::Guarded;
    P.Guard[Root] = Proof;
    return true;
  }

  /// True if everything that S is made of is there at Place, which may be in the middle of a block.
  static bool canExpandAt(const SCEV *S, const Instruction *Place) {
    DominatorTree DT(*const_cast<Function *>(Place->getFunction()));
    return !SCEVExprContains(S, [&](const SCEV *Part) {
      const auto *U = dyn_cast<SCEVUnknown>(Part);
      const auto *I = U ? dyn_cast<Instruction>(U->getValue()) : nullptr;
      return isa<SCEVUDivExpr>(Part) || isa<SCEVAddRecExpr>(Part) || (I && !DT.dominates(I, Place));
    });
  }

  /// A place that control passes before every access of the array.
  Instruction *firstPlace() const {
    DominatorTree DT(*P.R.F);
    BasicBlock *Block = nullptr;
    SmallPtrSet<const Instruction *, 8> Accesses(Stores.begin(), Stores.end());
    Accesses.insert(Loads.begin(), Loads.end());
    for (const Instruction *I : Accesses) {
      auto *Parent = const_cast<BasicBlock *>(I->getParent());
      Block = Block ? DT.findNearestCommonDominator(Block, Parent) : Parent;
    }
    for (Instruction &I : *Block)
      if (Accesses.contains(&I))
        return &I;
    return Block->getTerminator();
  }

  /// True if two accesses are known to meet different cells.
  bool areApart(Instruction *A, Instruction *B) const {
    const auto *Distance = dyn_cast<SCEVConstant>(
        SE.getMinusSCEV(addressOf(SE, getLoadStorePointerOperand(A)), addressOf(SE, getLoadStorePointerOperand(B))));
    if (!Distance)
      return false;
    const DataLayout &DL = A->getDataLayout();
    uint64_t Size = std::max(DL.getTypeStoreSize(getLoadStoreType(A)), DL.getTypeStoreSize(getLoadStoreType(B)));
    return Distance->getAPInt().abs().uge(Size);
  }

  AdjointPlan &P;
  ScalarEvolution &SE;
  const Value *Root;
  const Loop *Within;
  const SmallPtrSetImpl<const Instruction *> *Apart;
  SmallVector<StoreInst *, 4> Stores;
  SmallVector<LoadInst *, 4> Loads; ///< active loads that are not part of an increment
  bool OnlyIncrements = true;
  bool Mixed = false; ///< some pointer may also lead to other roots

  void collect() {
    for (Instruction &I : instructions(*P.R.F)) {
      Value *Pointer = getLoadStorePointerOperand(&I);
      if (!Pointer || !P.Shadow.count(Pointer) || (Within && !Within->contains(&I)) || (Apart && Apart->contains(&I)))
        continue;
      auto Roots = P.A.roots(Pointer);
      if (!is_contained(Roots, Root))
        continue;
      Mixed |= Roots.size() > 1;
      if (auto *S = dyn_cast<StoreInst>(&I)) {
        Stores.push_back(S);
        OnlyIncrements &= P.Increment.contains(S);
      } else if (auto *L = dyn_cast<LoadInst>(&I); P.A.isActive(L) && !P.IncrementLoad.contains(L)) {
        Loads.push_back(L);
      }
    }
  }

  const Loop *loopOf(const Instruction *I) const { return P.LI.getLoopFor(I->getParent()); }

  /// What the accesses of one iteration touch, in bytes from the first store's address.
  struct Block {
    int64_t First = 0, End = 0;
    uint64_t size() const { return End - First; }
  };

  /// The bytes of an access, from the first store's address; nothing if the distance is not constant.
  std::optional<Block> bytesOf(Instruction *Access) const {
    const SCEV *Base = addressOf(SE, Stores[0]->getPointerOperand());
    const auto *Distance =
        dyn_cast<SCEVConstant>(SE.getMinusSCEV(addressOf(SE, getLoadStorePointerOperand(Access)), Base));
    if (!Distance || loopOf(Access) != loopOf(Stores[0]))
      return std::nullopt;
    int64_t First = Distance->getAPInt().getSExtValue();
    return Block{First, First + int64_t(Access->getDataLayout().getTypeStoreSize(getLoadStoreType(Access)))};
  }

  /// All accesses of an iteration lie in one block of constant size, at most one store meets a cell, and no load comes
  /// behind a store that it meets. If the blocks of different iterations are apart, no cell is stored twice and every
  /// load sees the original.
  std::optional<Block> collectBlock() const {
    SmallVector<std::pair<Instruction *, Block>, 8> Accesses;
    Block All;
    auto Add = [&](Instruction *I) {
      std::optional<Block> Bytes = bytesOf(I);
      if (!Bytes)
        return false;
      Accesses.push_back({I, *Bytes});
      All.First = std::min(All.First, Bytes->First);
      All.End = std::max(All.End, Bytes->End);
      return true;
    };
    if (Stores.empty() || !all_of(Stores, Add) || !all_of(Loads, Add))
      return std::nullopt;
    for (auto &[S, Written] : Accesses)
      for (auto &[X, Touched] : Accesses)
        if (isa<StoreInst>(S) && S != X && Written.First < Touched.End && Touched.First < Written.End &&
            mayFollow(P, S, X))
          return std::nullopt;
    return All;
  }

  /// A condition under which no block of Size bytes meets another one, computed in front of the outermost loop. Null:
  /// not to be had.
  Value *proveInjective(uint64_t Size) {
    StoreInst *S = Stores[0];
    LLVMContext &Ctx = S->getContext();
    const Loop *Innermost = loopOf(S);
    SmallVector<Axis, 4> Axes;
    if (!splitAddress(addressOf(SE, S->getPointerOperand()), Innermost, SE, Axes))
      return nullptr;
    if (Axes.empty())
      return ConstantInt::getTrue(Ctx);
    if (Axes.size() > 6)
      return nullptr;
    if (isKnownInjective(P, SE, Axes, Innermost, Size))
      return ConstantInt::getTrue(Ctx);
    const Loop *Outermost = Innermost->getOutermostLoop();
    Instruction *Place = Outermost->getLoopPreheader()->getTerminator();
    SCEVExpander Expander(SE, "proof");
    Expander.disableCanonicalMode();
    IRBuilder<> B(Place);
    SmallVector<Extent, 4> Extents;
    for (const Axis &X : Axes) {
      const CountedLoop &C = P.Loops.find(X.L)->second;
      if (!C.KnownBefore)
        return nullptr;
      const SCEV *Last = SE.getSCEV(C.Last);
      if (!SE.isLoopInvariant(Last, Outermost) || !canComputeAt(Last, Place, SE, Expander) ||
          !canComputeAt(X.Stride, Place, SE, Expander))
        return nullptr;
      Value *Stride = B.CreateSExtOrTrunc(Expander.expandCodeFor(X.Stride, nullptr, Place), B.getInt64Ty());
      Value *LastValue = Expander.expandCodeFor(Last, B.getInt64Ty(), Place);
      B.SetInsertPoint(Place);
      Extents.push_back({Stride, LastValue});
    }
    // A test that only loops of a single iteration pass is not worth the code behind it.
    if (any_of(Extents, [&](const Extent &X) {
          auto *C = dyn_cast<ConstantInt>(X.Stride);
          return C && C->getValue().abs().ult(Size);
        }))
      return nullptr;
    return emitInjective(B, B.getInt64(Size), Extents);
  }
};

} // namespace

Value *proveWrittenOnce(AdjointPlan &P, ScalarEvolution &SE, const Value *Root, const Loop *Nest,
                        const SmallPtrSetImpl<const Instruction *> &Apart) {
  return WrittenArray(P, SE, Root, Nest, &Apart).proveOnce();
}

bool storesOncePerPoint(AdjointPlan &P, ScalarEvolution &SE, const Value *Root, const Loop *Nest) {
  return WrittenArray(P, SE, Root, Nest).isOncePerPoint();
}

bool storesApart(AdjointPlan &P, ScalarEvolution &SE, const Value *Root, const Loop *Nest) {
  return WrittenArray(P, SE, Root, Nest).isApartOnGrid();
}

bool planWrittenShadows(AdjointPlan &P, ScalarEvolution &SE) {
  SmallVector<const Value *, 8> Written;
  for (Instruction &I : instructions(*P.R.F))
    if (auto *S = dyn_cast<StoreInst>(&I); S && P.Shadow.count(S->getPointerOperand()))
      for (const Value *Root : P.A.roots(S->getPointerOperand()))
        if (isArrayMarker(Root) && !is_contained(Written, Root))
          Written.push_back(Root);
  for (const Value *Root : Written)
    if (!WrittenArray(P, SE, Root).decide())
      return false;
  WrittenFlags Flags(P.A, Written);
  SmallVector<Value *, 16> Pointers;
  for (Instruction &I : instructions(*P.R.F))
    if (Value *Pointer = getLoadStorePointerOperand(&I); Pointer && P.Shadow.count(Pointer))
      Pointers.push_back(Pointer);
  for (Value *Pointer : Pointers)
    if (Value *Flag = Flags.flagOf(Pointer); !isa<ConstantInt>(Flag))
      P.IsWritten[Pointer] = Flag;
  return true;
}

} // namespace adstencil
