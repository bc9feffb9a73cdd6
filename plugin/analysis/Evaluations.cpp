// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analysis/Evaluations.h"

#include "analysis/AdjointPlan.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/ScalarEvolutionExpressions.h"

using namespace llvm;

namespace adstencil {

namespace {

class EvaluationChooser {
public:
  EvaluationChooser(GatherNest &N, const AdjointPlan &P, ScalarEvolution &SE) : N(N), P(P), SE(SE) {}

  /// Groups with many shifts first; each is moved to where it shares most evaluations with those before it.
  void choose() {
    std::vector<std::pair<unsigned, std::vector<Shift>>> Order;
    for (AccessGroup &G : N.Groups)
      centre(G);
    for (unsigned I = 0; I != N.Groups.size(); ++I)
      if (N.Groups[I].Gathered)
        Order.push_back({I, shiftsOf(I)});
    sort(Order, [](const auto &X, const auto &Y) {
      return std::pair(Y.second.size(), X.first) < std::pair(X.second.size(), Y.first);
    });
    if (N.HasHomes || Order.empty())
      N.Evaluations.push_back(Shift(N.Axes.size(), 0));
    for (auto &[Index, Shifts] : Order) {
      Shift By = bestMove(Shifts);
      moveBy(Index, By, 1);
      for (const Shift &S : Shifts)
        if (Shift Moved = sum(S, By); !is_contained(N.Evaluations, Moved))
          N.Evaluations.push_back(Moved);
    }
    sort(N.Evaluations);
  }

private:
  GatherNest &N;
  const AdjointPlan &P;
  ScalarEvolution &SE;

  /// The place of shift 0 as seen from the cell that a point stores to, if the arrays have the same strides.
  std::optional<Shift> shiftFromStored(const AccessGroup &G) const {
    for (auto &[I, At] : N.Accesses) {
      const AccessGroup &Stored = N.Groups[At.Group];
      if (!isa<StoreInst>(I) || Stored.StrideForm != G.StrideForm || Stored.Element != G.Element)
        continue;
      const SCEV *Here = SE.getMinusSCEV(G.Start, SE.getSCEV(G.Root));
      const SCEV *There = SE.getMinusSCEV(Stored.Start, SE.getSCEV(Stored.Root));
      if (std::optional<Shift> S = shiftOf(SE, SE.getMinusSCEV(Here, There), G.StrideForm))
        return sum(*S, At.At, -1);
    }
    return std::nullopt;
  }

  /// Chooses what shift 0 means: the cell that is stored to, if it has the same index; otherwise the access in the
  /// middle, so that the shifts reach out equally far. A group that is met at one place is met at shift 0.
  void centre(AccessGroup &G) {
    unsigned Index = &G - N.Groups.data();
    if (G.Gathered && shiftsOf(Index).size() > 1)
      if (std::optional<Shift> S = shiftFromStored(G))
        return moveBy(Index, *S, 1);
    SmallVector<Shift, 8> All;
    for (auto &[I, At] : N.Accesses)
      if (At.Group == Index && !isFar(At.At) &&
          (!G.Gathered || N.Roles.lookup(dyn_cast<LoadInst>(I)) == LoadRole::Gathered))
        All.push_back(At.At);
    if (All.empty()) // its own accesses have gone home
      return;
    auto Reach = [&](const Shift &Centre) {
      int64_t Most = 0, Sum = 0;
      for (const Shift &S : All)
        for (auto [X, C] : zip(S, Centre)) {
          Most = std::max(Most, std::abs(X - C));
          Sum += std::abs(X - C);
        }
      return std::tuple(Most, Sum, Centre);
    };
    sort(All); // a choice that does not depend on the order of a hash table
    const Shift *Best = &*min_element(All, [&](const Shift &X, const Shift &Y) { return Reach(X) < Reach(Y); });
    moveBy(Index, Shift(*Best), -1);
  }

  /// Adds Sign · By to all shifts of a group, and moves its start the other way.
  void moveBy(unsigned Index, const Shift &By, int64_t Sign) {
    AccessGroup &G = N.Groups[Index];
    for (auto &[I, At] : N.Accesses)
      if (At.Group == Index)
        for (auto [X, D] : zip(At.At, By))
          X += Sign * D;
    for (auto [Stride, D] : zip(G.StrideForm, By))
      G.Start = SE.getMinusSCEV(G.Start,
                                SE.getMulExpr(Stride, SE.getConstant(Stride->getType(), Sign * D, /*isSigned=*/true)));
  }

  /// The shifts at which loads of a group are gathered, each once, in order.
  std::vector<Shift> shiftsOf(unsigned Index) const {
    std::vector<Shift> Shifts;
    for (auto &[L, Role] : N.Roles)
      if (auto Found = N.Accesses.find(L); Role == LoadRole::Gathered && Found->second.Group == Index &&
                                           !P.IncrementLoad.contains(L) && !is_contained(Shifts, Found->second.At))
        Shifts.push_back(Found->second.At);
    sort(Shifts);
    return Shifts;
  }

  static Shift sum(const Shift &X, const Shift &Y, int64_t Sign = 1) {
    Shift S(X);
    for (auto [A, B] : zip(S, Y))
      A += Sign * B;
    return S;
  }

  /// The move of a group that lets its loads share most evaluations; of several, the one that leaves the shifts small.
  Shift bestMove(ArrayRef<Shift> Shifts) const {
    Shift Best(N.Axes.size(), 0);
    auto Rate = [&](const Shift &By) {
      int64_t Shared = 0, Most = 0;
      for (const Shift &S : Shifts) {
        Shift Moved = sum(S, By);
        Shared += is_contained(N.Evaluations, Moved);
        for (int64_t X : Moved)
          Most = std::max(Most, std::abs(nearPart(X)));
      }
      return std::pair(-Shared, Most);
    };
    for (const Shift &E : N.Evaluations)
      for (const Shift &S : Shifts)
        if (Shift By = sum(E, S, -1); !isFar(E) && !isFar(S) && Rate(By) < Rate(Best))
          Best = By;
    return Best;
  }
};

} // namespace

void chooseEvaluations(GatherNest &N, const AdjointPlan &P, ScalarEvolution &SE) {
  EvaluationChooser(N, P, SE).choose();
}

} // namespace adstencil
