// Which thread of a grid may add to which cells without asking the others.
//
// A cell q of a gathered array belongs to the thread that walks over q. That is safe if different cells have different
// addresses, and if nobody else adds to the array. `u[ix - 1 + nx * iy]` with 0 <= ix < nx fails the first: the cell in
// front of a row is the last one of the row before.
//
// The proof takes the axes in the order of their strides: the stride of each must exceed what the axes before it can
// add up to. With bounds and strides in the same symbols (1 <= ix < nx - 1, strides 1 and nx) the difference is a
// constant. Where they are not (a pitch of its own), the same is computed when the kernel runs, and the answer decides
// how cells are added to.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analysis/Addresses.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/ScalarEvolutionExpressions.h"
#include "llvm/IR/IRBuilder.h"

using namespace llvm;

namespace adstencil {

void keepGridCellsApart(GatherNest &N, const AdjointPlan &P) {
  auto RootOf = [&](const LoadInst *L) { return P.A.roots(L->getPointerOperand())[0]; };
  SmallPtrSet<const Value *, 4> Homes;
  for (auto &[L, Role] : N.Roles)
    if (Role == LoadRole::Home)
      Homes.insert(RootOf(L));
  for (auto &[L, Role] : N.Roles)
    if (Role == LoadRole::Gathered && Homes.contains(RootOf(L))) {
      N.Groups[N.Accesses.find(L)->second.Group].Gathered = false;
      N.Conditional.erase(L);
      Role = LoadRole::Home;
    }
}

namespace {

/// The cells of one group that a nest gathers into.
struct Cells {
  const AccessGroup *Group;
  SmallVector<const LoadInst *, 8> Loads; ///< that are gathered
  Shift Least;                            ///< by axis: no cell lies in front of that from the first point
  const SCEV *Bytes = nullptr;            ///< all cells lie within this many bytes, if that could be proved
};

/// An array may have this many more rows than are gathered into: the rim that a stencil leaves out, on both sides.
constexpr int64_t MostSpare = 16;

/// Takes a number of 64 bits that GridNest.cpp has cut off for what it is meant to be: a size, and one that fits; and a
/// difference that a launch demands not to wrap around for a difference.
class PlainSizes : public SCEVRewriteVisitor<PlainSizes> {
public:
  PlainSizes(ScalarEvolution &SE, const GridNest &Grid) : SCEVRewriteVisitor(SE), Grid(Grid) {}
  const SCEV *visitZeroExtendExpr(const SCEVZeroExtendExpr *E) {
    for (auto &[Bound, Plain] : Grid.Differences)
      if (Bound && Plain && SE.getSCEV(Bound) == E)
        return SE.getSCEV(Plain);
    return E;
  }
  const SCEV *visitUMinExpr(const SCEVUMinExpr *E) { return without(E, MostIndex); }
  const SCEV *visitSMinExpr(const SCEVSMinExpr *E) { return without(E, MostIndex); }
  const SCEV *visitSMaxExpr(const SCEVSMaxExpr *E) { return without(E, -MostIndex); }

private:
  const GridNest &Grid;

  const SCEV *without(const SCEVMinMaxExpr *E, int64_t CutOff) {
    auto *Limit = dyn_cast<SCEVConstant>(E->getOperand(0));
    bool IsCutOff = Limit && E->getNumOperands() == 2 && Limit->getAPInt() == APInt(64, CutOff, /*isSigned=*/true);
    return IsCutOff ? visit(E->getOperand(1)) : E;
  }
};

/// True for strides of loops that count down. Which way the cells lie makes no difference to whether they are apart.
bool isBackwards(const SCEV *Stride) {
  if (auto *C = dyn_cast<SCEVConstant>(Stride))
    return C->getAPInt().isNegative();
  auto *Sum = dyn_cast<SCEVAddExpr>(Stride);
  return Sum ? all_of(Sum->operands(), isBackwards) : Stride->isNonConstantNegative();
}

/// Puts axes in the order of their strides, when compiling.
class StrideOrder {
public:
  /// How many more cells than points there are along an axis, if the last point is this one. Nothing: not known.
  using SpreadFunction = function_ref<std::optional<int64_t>(unsigned, const SCEV *)>;

  /// Strides: in bytes, by axis.
  StrideOrder(ScalarEvolution &SE, const GridNest &Grid, ArrayRef<const SCEV *> Strides, SpreadFunction Spread)
      : SE(SE), Grid(Grid), Strides(Strides), Spread(Spread), Int(Type::getInt64Ty(SE.getContext())) {}

  /// How many bytes all cells lie within, if those along the given axes are apart; otherwise null. The axes may be in
  /// any order of strides, and each bound of an axis is worth a try.
  const SCEV *findBytes(SmallVector<unsigned, 4> Axes, uint64_t Size) {
    do {
      SmallVector<unsigned, 4> Inwards(reverse(Axes));
      SmallVector<const SCEV *, 4> Smaller;
      if (const SCEV *Bytes = tryOrder(Inwards, SE.getConstant(Int, Size), Smaller))
        return Bytes;
    } while (std::next_permutation(Axes.begin(), Axes.end()));
    return nullptr;
  }

private:
  ScalarEvolution &SE;
  const GridNest &Grid;
  ArrayRef<const SCEV *> Strides;
  SpreadFunction Spread;
  Type *Int;

  const SCEV *number(int64_t X) { return SE.getConstant(Int, X, /*isSigned=*/true); }

  /// True if S is not negative, given that these strides are positive, and that all axes have points: `2 nx` is not, if
  /// nx is a stride or the limit of an index.
  bool isNotNegative(const SCEV *S, ArrayRef<const SCEV *> Positive) {
    S = multipliedOut(SE, S);
    if (SE.isKnownNonNegative(S))
      return true;
    auto ExceedsMultiple = [&](const SCEV *Number) { // some times what Number is above 1
      const SCEV *Above = multipliedOut(SE, SE.getAddExpr(Number, number(-1)));
      const SCEV *Unit = SE.getConstant(SE.getConstantMultiple(S));
      for (int64_t Times = 1; !isa<SCEVConstant>(Number) && Times <= MostSpare; ++Times)
        for (const SCEV *Multiple : {number(Times), SE.getMulExpr(Unit, number(Times))})
          if (SE.isKnownNonNegative(SE.getMinusSCEV(S, SE.getMulExpr(Above, Multiple))))
            return true;
      return false;
    };
    return any_of(Positive, ExceedsMultiple) || any_of(counts(), ExceedsMultiple);
  }

  /// What is more than 0 where there are points: by axis, the distances of upper and lower bounds.
  ArrayRef<const SCEV *> counts() {
    if (Counts.empty())
      for (const GridAxis &Axis : Grid.Axes)
        for (const WeakTrackingVH &Upper : Axis.Uppers)
          for (const WeakTrackingVH &Lower : Axis.Lowers)
            if (Upper && Lower)
              Counts.push_back(SE.getMinusSCEV(PlainSizes(SE, Grid).visit(SE.getSCEV(Upper)),
                                               PlainSizes(SE, Grid).visit(SE.getSCEV(Lower))));
    return Counts;
  }
  SmallVector<const SCEV *, 8> Counts;

  /// Smaller: the strides of the axes before, which are positive, because they exceed something that is.
  const SCEV *tryOrder(ArrayRef<unsigned> Order, const SCEV *Bytes, SmallVectorImpl<const SCEV *> &Smaller) {
    if (Order.empty())
      return Bytes;
    unsigned D = Order.front();
    const SCEV *Stride = Strides[D];
    if (!isNotNegative(SE.getMinusSCEV(Stride, Bytes), Smaller))
      return nullptr;
    Smaller.push_back(Stride);
    const GridAxis &Axis = Grid.Axes[D];
    // AsCounted: the last point, counted from the first one. Last: the same, or more, in the symbols of strides.
    auto Continue = [&](const SCEV *Last, const SCEV *AsCounted) -> const SCEV * {
      std::optional<int64_t> More = Spread(D, AsCounted);
      if (!More)
        return nullptr;
      const SCEV *Steps = SE.getAddExpr(Last, number(*More));
      return tryOrder(Order.drop_front(), SE.getAddExpr(Bytes, SE.getMulExpr(Stride, Steps)), Smaller);
    };
    for (const WeakTrackingVH &Upper : Axis.Uppers)
      for (const WeakTrackingVH &Lower : Axis.Lowers) {
        if (!Upper || !Lower)
          continue;
        const SCEV *Steps = SE.getMinusSCEV(PlainSizes(SE, Grid).visit(SE.getSCEV(Upper)),
                                            PlainSizes(SE, Grid).visit(SE.getSCEV(Lower)));
        const SCEV *Count = Axis.Low ? SE.getMinusSCEV(SE.getSCEV(Upper), SE.getSCEV(Axis.Low)) : Steps;
        if (const SCEV *All = Continue(SE.getAddExpr(Steps, number(-1)), SE.getAddExpr(Count, number(-1))))
          return All;
      }
    if (Axis.Last)
      if (const SCEV *All = Continue(PlainSizes(SE, Grid).visit(SE.getSCEV(Axis.Last)), SE.getSCEV(Axis.Last)))
        return All;
    Smaller.pop_back();
    return nullptr;
  }
};

class CellProof {
public:
  CellProof(const GatherNest &N, const AdjointPlan &P, const DominatorTree &DT, ScalarEvolution &SE, Instruction *Place)
      : N(N), P(P), DT(DT), SE(SE), B(Place), Int(B.getInt64Ty()) {}

  Value *prove() {
    collect();
    Value *Proof = nullptr;
    auto Demand = [&](Value *Condition) { Proof = Proof ? B.CreateAnd(Proof, Condition) : Condition; };
    for (Cells &C : All)
      if (!areApart(C))
        Demand(spanOf(C).Apart);
    for (size_t I = 0; I != All.size(); ++I)
      for (size_t J = 0; J != I; ++J)
        if (All[I].Group->Root == All[J].Group->Root && !areDisjoint(All[I], All[J])) {
          Span X = spanOf(All[I]), Y = spanOf(All[J]);
          Demand(B.CreateOr(B.CreateICmpSGE(X.Low, B.CreateAdd(Y.Low, Y.Bytes)),
                            B.CreateICmpSGE(Y.Low, B.CreateAdd(X.Low, X.Bytes))));
        }
    if (auto *C = dyn_cast_or_null<ConstantInt>(Proof); C && C->isOne())
      return nullptr;
    return Proof;
  }

private:
  const GatherNest &N;
  const AdjointPlan &P;
  const DominatorTree &DT;
  ScalarEvolution &SE;
  IRBuilder<> B;
  Type *Int;
  SmallVector<Cells, 4> All;

  void collect() {
    for (auto [Index, G] : enumerate(N.Groups)) {
      if (!G.Gathered)
        continue;
      Cells C{&G, {}, {}, nullptr};
      for (auto &[L, Role] : N.Roles)
        if (auto Found = N.Accesses.find(L); Role == LoadRole::Gathered && Found->second.Group == Index)
          C.Loads.push_back(L);
      for (unsigned D = 0; D != N.Axes.size(); ++D)
        if (std::optional<int64_t> Least = leastOf(C, D))
          C.Least.push_back(*Least);
      All.push_back(C);
    }
  }

  // ---- where cells are, seen from the points ----

  const SCEV *shiftOf(const LoadInst *L, unsigned D) {
    int64_t Entry = N.Accesses.find(L)->second.At[D];
    const SCEV *Near = number(nearPart(Entry));
    return farNumber(Entry) ? SE.getAddExpr(N.Far[farNumber(Entry) - 1].Form, Near) : Near;
  }

  static std::optional<int64_t> constantOf(const SCEV *S) {
    const auto *C = dyn_cast<SCEVConstant>(S);
    return C && C->getAPInt().getSignificantBits() < 62 ? std::optional(C->getAPInt().getSExtValue()) : std::nullopt;
  }

  /// Bounds of the points that execute a load.
  PointBounds boundsOf(const LoadInst *L) {
    auto Known = N.Bounds.find(L);
    if (Known != N.Bounds.end())
      return Known->second;
    SmallVector<const SCEV *, 4> Last;
    for (Value *Steps : N.Last)
      Last.push_back(SE.getSCEV(Steps));
    return BoundsFinder(N.Axes, Last, P.Grid, P.LI, DT, SE).Bounds;
  }

  std::optional<int64_t> leastOf(const Cells &C, unsigned D) {
    std::optional<int64_t> Least;
    for (const LoadInst *L : C.Loads) {
      const PointBounds Bounds = boundsOf(L);
      std::optional<int64_t> Best;
      auto Try = [&](const SCEV *S) {
        if (std::optional<int64_t> Number = constantOf(S))
          Best = Best ? std::max(*Best, *Number) : *Number;
      };
      for (const SCEV *Lower : Bounds.Lowers[D]) {
        const SCEV *Cell = SE.getAddExpr(Lower, shiftOf(L, D));
        Try(Cell);
        for (const SCEV *Upper : Bounds.Uppers[D]) // not negative, where there are points that execute it
          Try(SE.getMinusSCEV(Cell, Upper));
      }
      if (!Best)
        return std::nullopt;
      Least = Least ? std::min(*Least, *Best) : *Best;
    }
    return Least;
  }

  /// How far behind Last the cells reach along an axis.
  std::optional<int64_t> mostOf(const Cells &C, unsigned D, const SCEV *Last) {
    std::optional<int64_t> Most;
    for (const LoadInst *L : C.Loads) {
      const PointBounds Bounds = boundsOf(L);
      std::optional<int64_t> Best;
      auto Try = [&](const SCEV *Number) { // how far in front of Last
        if (std::optional<int64_t> Less = constantOf(Number))
          Best = Best ? std::min(*Best, -*Less) : -*Less;
      };
      for (const SCEV *Upper : Bounds.Uppers[D]) {
        const SCEV *Less = SE.getMinusSCEV(Last, SE.getAddExpr(Upper, shiftOf(L, D)));
        Try(Less);
        for (const SCEV *Other : Bounds.Uppers[D])
          Try(SE.getMinusSCEV(Less, Other));
      }
      if (!Best)
        return std::nullopt;
      Most = Most ? std::max(*Most, *Best) : *Best;
    }
    return Most;
  }

  uint64_t sizeOf(const Cells &C) const { return P.R.F->getDataLayout().getTypeStoreSize(C.Group->Element); }
  const SCEV *number(int64_t X) { return SE.getConstant(Int, X, /*isSigned=*/true); }

  // ---- when compiling ----

  /// True if the cells of the group are apart; fills C.Bytes if they lie behind its start.
  bool areApart(Cells &C) {
    SmallVector<unsigned, 4> Order;
    for (unsigned D = 0; D != N.Axes.size(); ++D)
      Order.push_back(D);
    if (C.Least.size() != N.Axes.size())
      return false;
    auto Spread = [&](unsigned D, const SCEV *Last) -> std::optional<int64_t> {
      std::optional<int64_t> Most = mostOf(C, D, Last);
      return Most ? std::optional(*Most - C.Least[D]) : std::nullopt;
    };
    SmallVector<const SCEV *, 4> Strides;
    for (const SCEV *S : C.Group->StrideForm)
      Strides.push_back(isBackwards(S) ? SE.getNegativeSCEV(S) : S);
    const SCEV *Bytes = StrideOrder(SE, *P.Grid, Strides, Spread).findBytes(std::move(Order), sizeOf(C));
    if (equal(Strides, C.Group->StrideForm))
      C.Bytes = Bytes;
    return Bytes;
  }

  const SCEV *lowOf(const Cells &C) {
    const SCEV *Low = C.Group->Start;
    for (auto [Stride, S] : zip(C.Group->StrideForm, C.Least))
      Low = SE.getAddExpr(Low, SE.getMulExpr(Stride, number(S)));
    return Low;
  }

  bool areDisjoint(const Cells &X, const Cells &Y) {
    // Members of one record: the strides are multiples of its size.
    if (X.Group->StrideForm == Y.Group->StrideForm)
      if (auto *Distance = dyn_cast<SCEVConstant>(SE.getMinusSCEV(X.Group->Start, Y.Group->Start))) {
        uint64_t Record = 0;
        for (const SCEV *S : X.Group->StrideForm)
          Record = std::gcd(Record, SE.getConstantMultiple(S).getZExtValue());
        int64_t Rest = Record == 0 ? 0 : Distance->getAPInt().getSExtValue() % int64_t(Record);
        Rest = Rest < 0 ? Rest + Record : Rest;
        if (uint64_t(Rest) >= sizeOf(Y) && Record - Rest >= sizeOf(X))
          return true;
      }
    auto IsBehind = [&](const Cells &Behind, const Cells &Front) {
      return Front.Bytes && Behind.Bytes &&
             SE.isKnownNonNegative(SE.getMinusSCEV(SE.getMinusSCEV(lowOf(Behind), lowOf(Front)), Front.Bytes));
    };
    return IsBehind(X, Y) || IsBehind(Y, X);
  }

  // ---- when running ----

  struct Span {
    Value *Low, *Bytes; ///< where the cells begin, from the start of the array, and how far they reach
    Value *Apart;       ///< i1
  };

  /// First and last cell along an axis.
  std::pair<Value *, Value *> rangeOf(const Cells &C, unsigned D) {
    Value *First = nullptr, *Last = nullptr;
    auto Add = [&](Value *Low, Value *High) {
      First = First ? B.CreateBinaryIntrinsic(Intrinsic::smin, First, Low) : Low;
      Last = Last ? B.CreateBinaryIntrinsic(Intrinsic::smax, Last, High) : High;
    };
    std::optional<int64_t> Least, Most; // of points that are everywhere
    for (const LoadInst *L : C.Loads) {
      int64_t Entry = N.Accesses.find(L)->second.At[D];
      auto Executed = N.Executed.find(L);
      if (Executed == N.Executed.end()) {
        Least = std::min(Least.value_or(Entry), Entry);
        Most = std::max(Most.value_or(Entry), Entry);
        continue;
      }
      Value *By = B.getInt64(nearPart(Entry));
      if (farNumber(Entry))
        By = B.CreateAdd(N.Far[farNumber(Entry) - 1].Steps, By);
      auto [Low, High] = Executed->second[D];
      Add(B.CreateAdd(Low, By), B.CreateAdd(High, By));
    }
    if (Least)
      Add(B.getInt64(*Least), B.CreateAdd(N.Last[D], B.getInt64(*Most)));
    return {First, Last};
  }

  Span spanOf(const Cells &C) {
    struct Extent {
      Value *Stride, *Steps;
    };
    SmallVector<Extent, 4> Extents;
    Value *Low = C.Group->Offset;
    for (size_t D = 0; D != N.Axes.size(); ++D) {
      Value *Stride = C.Group->Strides[D];
      auto [First, Last] = rangeOf(C, D);
      Low = B.CreateAdd(
          Low, B.CreateBinaryIntrinsic(Intrinsic::smin, B.CreateMul(Stride, First), B.CreateMul(Stride, Last)));
      Extents.push_back({B.CreateBinaryIntrinsic(Intrinsic::abs, Stride, B.getFalse()), B.CreateSub(Last, First)});
    }
    // Bubble sort by stride, in IR: constant strides fold away.
    for (size_t Count = Extents.size(); Count > 1; --Count)
      for (size_t I = 0; I + 1 < Count; ++I) {
        Extent &X = Extents[I], &Y = Extents[I + 1];
        Value *Swap = B.CreateICmpUGT(X.Stride, Y.Stride);
        Extent Small = {B.CreateSelect(Swap, Y.Stride, X.Stride), B.CreateSelect(Swap, Y.Steps, X.Steps)};
        Extent Large = {B.CreateSelect(Swap, X.Stride, Y.Stride), B.CreateSelect(Swap, X.Steps, Y.Steps)};
        X = Small;
        Y = Large;
      }
    Value *Bytes = B.getInt64(sizeOf(C)), *Apart = B.getTrue();
    for (const Extent &X : Extents) {
      Value *Single = B.CreateICmpEQ(X.Steps, B.getInt64(0));
      Apart = B.CreateAnd(Apart, B.CreateOr(Single, B.CreateICmpUGE(X.Stride, Bytes)));
      Bytes = B.CreateAdd(Bytes, B.CreateMul(X.Stride, X.Steps));
    }
    return {Low, Bytes, Apart};
  }
};

} // namespace

bool gridPointsApart(const AdjointPlan &P, ScalarEvolution &SE, const Instruction &Access, uint64_t Size) {
  if (!P.Grid->hasStrided())
    return true;
  SmallVector<const Loop *, 4> Loops; // innermost first
  for (const Loop *L = P.LI.getLoopFor(Access.getParent()); L; L = L->getParentLoop())
    Loops.push_back(L);
  if (Loops.size() != P.Grid->Axes.size())
    return false;
  DenseMap<const Loop *, const SCEV *> Steps;
  const SCEV *Rest = addressOf(SE, getLoadStorePointerOperand(&Access));
  while (const auto *Rec = dyn_cast<SCEVAddRecExpr>(Rest)) {
    if (!Rec->isAffine() || !SE.isLoopInvariant(Rec->getStepRecurrence(SE), Loops.back()))
      return false;
    Steps[Rec->getLoop()] = Rec->getStepRecurrence(SE);
    Rest = Rec->getStart();
  }
  if (!SE.isLoopInvariant(Rest, Loops.back()))
    return false;
  SmallVector<const SCEV *, 4> Strides;
  SmallVector<unsigned, 4> Strided, All;
  for (auto [D, L] : enumerate(reverse(Loops))) {
    const SCEV *Stride = Steps.lookup(L);
    All.push_back(D);
    if (P.Grid->Axes[D].Strided)
      Strided.push_back(D);
    Strides.push_back(Stride && isBackwards(Stride) ? SE.getNegativeSCEV(Stride) : Stride);
    if (!Stride && P.Grid->Axes[D].Strided)
      return false;
  }
  auto None = [](unsigned, const SCEV *) { return std::optional<int64_t>(0); };
  StrideOrder Order(SE, *P.Grid, Strides, None);
  // The other axes may say what is known of a stride: nx * ny is positive where there is a point below nx and ny.
  return Order.findBytes(Strided, Size) || (!is_contained(Strides, nullptr) && Order.findBytes(All, Size));
}

Value *gridCellsApart(const GatherNest &N, const AdjointPlan &P, const DominatorTree &DT, ScalarEvolution &SE,
                      Instruction *Place) {
  return CellProof(N, P, DT, SE, Place).prove();
}

} // namespace adstencil
