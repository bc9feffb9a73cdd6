// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analysis/Demand.h"

using namespace llvm;

namespace adstencil {

bool mayGather(const Request &R) { return R.Strategy != "sequential" && R.Strategy != "scatter"; }

/// The same for a kernel whose threads add where they read: own-point reads are what every demand is happy with.
static NoGather whyNotOnGrid(const AdjointPlan &P) {
  StringRef Demand = P.R.Strategy;
  bool Scatters = any_of(P.Reads, [](const auto &Read) { return Read.second == ReadStrategy::Scatter; });
  if ((Demand != "gather" && Demand != "tile") || !Scatters)
    return {};
  if (!P.NoGrid.Reason.empty())
    return P.NoGrid;
  return {"its threads add atomically where several of them read a cell"};
}

/// Why the plan does not keep the demand; an empty reason if it does.
static NoGather whyNot(const AdjointPlan &P) {
  StringRef Demand = P.R.Strategy;
  if (Demand.empty() || !mayGather(P.R))
    return {};
  if (P.R.OnGrid && !P.Grid)
    return whyNotOnGrid(P);
  for (auto &[L, Why] : P.NoGathers)
    return Why;
  if (P.Gathers.empty())
    return {"it has no loop nest"};
  for (auto &[L, N] : P.Gathers) {
    if ((Demand == "own-point" || Demand == "reduction") && !N->isOwnPoint())
      return {"an array is read at several points of a cell's surroundings", L->getHeader()->getTerminator()};
    if (Demand == "tile" && !N->Tiled && !(P.Grid && N->NoTile.empty())) // the CPU device gathers by rows
      return {P.Grid ? N->NoTile
                     : "not every point contributes for each of its reads, or there is one place to read from only",
              L->getHeader()->getTerminator()};
    for (auto &[Load, Role] : N->Roles) {
      bool Reduces = Role == LoadRole::Home && N->Accesses.count(Load);
      if (Role == LoadRole::Home && (!Reduces || Demand == "own-point"))
        return {Reduces ? "an array of fewer dimensions than the nest is summed over points"
                        : "an array is read at a data-dependent index",
                Load};
    }
  }
  return {};
}

bool checkDemand(const AdjointPlan &P) {
  NoGather Why = whyNot(P);
  if (Why.Reason.empty())
    return true;
  refuse(P.R.F->getContext(), P.R.Kernel, Why.At, P.R.Place,
         "the strategy '" + P.R.Strategy + "' cannot be kept: " + Why.Reason,
         "change the kernel, or take the demand away: the derivative is right without it");
  return false;
}

} // namespace adstencil
