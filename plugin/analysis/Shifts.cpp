// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analysis/Shifts.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/ScalarEvolutionExpressions.h"
#include <map>
#include <vector>

using namespace llvm;

namespace adstencil {

namespace {

/// A sum of products of symbols with whole coefficients. Products of degree 0 are the constant.
class Polynomial {
public:
  using Monomial = std::vector<const SCEV *>; ///< sorted by address: only equality counts

  static std::optional<Polynomial> read(const SCEV *S, unsigned Depth = 16) {
    Polynomial P;
    if (const auto *C = dyn_cast<SCEVConstant>(S)) {
      if (C->getAPInt().getSignificantBits() > 62)
        return std::nullopt;
      P.add({}, C->getAPInt().getSExtValue());
      return P;
    }
    const auto *Sum = dyn_cast<SCEVAddExpr>(S);
    const auto *Product = dyn_cast<SCEVMulExpr>(S);
    if (Depth == 0 || (!Sum && !Product)) {
      P.add({S}, 1);
      return P;
    }
    if (Product)
      P.add({}, 1);
    for (const SCEV *Operand : cast<SCEVNAryExpr>(S)->operands()) {
      std::optional<Polynomial> Part = read(Operand, Depth - 1);
      if (!Part)
        return std::nullopt;
      if (Sum) {
        for (auto &[M, C] : Part->Terms)
          P.add(M, C);
      } else {
        P = P.times(*Part);
      }
    }
    return P;
  }

  bool isZero() const { return Terms.empty(); }

  int64_t coefficient(const Monomial &M) const {
    auto Found = Terms.find(M);
    return Found == Terms.end() ? 0 : Found->second;
  }

  /// The product of most symbols; of several, any, but always the same.
  Monomial leading() const {
    const Monomial *Most = nullptr;
    for (auto &[M, C] : Terms)
      if (!Most || M.size() > Most->size())
        Most = &M;
    return Most ? *Most : Monomial{};
  }

  void subtract(int64_t Factor, const Polynomial &Other) {
    for (auto &[M, C] : Other.Terms)
      add(M, -Factor * C);
  }

private:
  std::map<Monomial, int64_t> Terms; ///< without zeros

  void add(const Monomial &M, int64_t C) {
    int64_t &Coefficient = Terms[M];
    Coefficient += C;
    if (Coefficient == 0)
      Terms.erase(M);
  }

  Polynomial times(const Polynomial &Other) const {
    Polynomial P;
    for (auto &[M, C] : Terms)
      for (auto &[N, D] : Other.Terms) {
        Monomial Both(M);
        append_range(Both, N);
        llvm::sort(Both);
        P.add(Both, C * D);
      }
    return P;
  }
};

} // namespace

/// N / D, rounded to the nearest; at a tie towards zero.
static int64_t nearest(int64_t N, int64_t D) {
  int64_t Quotient = N / D, Rest = N % D;
  if (2 * std::abs(Rest) > std::abs(D))
    Quotient += (N < 0) == (D < 0) ? 1 : -1;
  return Quotient;
}

std::optional<Shift> shiftOf(ScalarEvolution &SE, const SCEV *Distance, ArrayRef<const SCEV *> Strides) {
  std::optional<Polynomial> Rest = Polynomial::read(Distance);
  if (!Rest)
    return std::nullopt;
  struct AxisStride {
    size_t Axis;
    Polynomial Stride;
    Polynomial::Monomial Leading;
  };
  std::vector<AxisStride> Order;
  for (auto [Axis, S] : enumerate(Strides)) {
    std::optional<Polynomial> Stride = Polynomial::read(S);
    if (!Stride)
      return std::nullopt;
    if (!Stride->isZero())
      Order.push_back({Axis, *Stride, Stride->leading()});
  }
  // Products of many symbols first; where axes share a product, the larger multiple of it.
  llvm::sort(Order, [](const AxisStride &X, const AxisStride &Y) {
    if (X.Leading.size() != Y.Leading.size())
      return X.Leading.size() > Y.Leading.size();
    int64_t CX = std::abs(X.Stride.coefficient(X.Leading)), CY = std::abs(Y.Stride.coefficient(Y.Leading));
    return CX != CY ? CX > CY : X.Axis < Y.Axis;
  });
  Shift S(Strides.size(), 0);
  for (const AxisStride &X : Order) {
    int64_t Steps = nearest(Rest->coefficient(X.Leading), X.Stride.coefficient(X.Leading));
    S[X.Axis] = Steps;
    Rest->subtract(Steps, X.Stride);
  }
  if (!Rest->isZero())
    return std::nullopt;
  return S;
}

} // namespace adstencil
