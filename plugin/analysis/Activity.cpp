// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analysis/Activity.h"

#include "derive/Rules.h"
#include "model/Library.h"
#include "model/Normalise.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"

using namespace llvm;

namespace adstencil {

Activity::Activity(const Request &R) : R(R) {
  spreadVaried();
  spreadUseful();
}

SmallVector<const Value *, 2> Activity::roots(const Value *Pointer) const {
  auto Known = Cache.find(Pointer);
  if (Known != Cache.end())
    return Known->second;
  SmallVector<const Value *, 2> Found, Result;
  rootsOf(Pointer, Found);
  for (const Value *V : Found) {
    if (isa<ConstantPointerNull>(V) || isa<UndefValue>(V))
      continue;
    // Two pointers read from one array of pointers may be the same pointer: the array stands for both.
    if (const auto *L = dyn_cast<LoadInst>(V)) {
      SmallVector<const Value *, 2> Outer;
      rootsOf(L->getPointerOperand(), Outer);
      if (Outer.size() == 1 && isArrayMarker(Outer[0]))
        V = Outer[0];
    }
    if (!is_contained(Result, V))
      Result.push_back(V);
  }
  Cache[Pointer] = Result;
  return Result;
}

bool Activity::isActiveRoot(const Value *Root) const {
  if (isArrayMarker(Root))
    return R.Roots[markerNumber(Root)].HasShadow;
  return ActiveLocals.contains(Root);
}

bool Activity::isActiveMemory(const Value *Pointer) const {
  return any_of(roots(Pointer), [&](const Value *V) { return isActiveRoot(V); });
}

bool Activity::becomesVaried(const Instruction &I) const {
  if (isScalarMarker(&I))
    return true;
  if (const auto *L = dyn_cast<LoadInst>(&I))
    return L->getType()->isFPOrFPVectorTy() && isActiveMemory(L->getPointerOperand());
  Type *T = I.getType();
  if (!T->isFPOrFPVectorTy() && !T->isAggregateType())
    return false;
  if (const auto *CB = dyn_cast<CallBase>(&I)) {
    if (const Rule *Rule = findRule(*CB)) {
      for (unsigned K = 0; K != Rule->Arity; ++K)
        if (hasPartial(*Rule, K) && Varied.contains(CB->getArgOperand(K)))
          return true;
      return false;
    }
    return any_of(CB->args(), [&](const Use &U) { return Varied.contains(U); });
  }
  return any_of(I.operands(), [&](const Use &U) { return Varied.contains(U); });
}

void Activity::spreadVaried() {
  bool Changed = true;
  while (Changed) {
    Changed = false;
    for (const Instruction &I : instructions(*R.F)) {
      if (const auto *S = dyn_cast<StoreInst>(&I)) {
        if (!Varied.contains(S->getValueOperand()))
          continue;
        for (const Value *Root : roots(S->getPointerOperand()))
          if (isa<AllocaInst>(Root))
            Changed |= ActiveLocals.insert(Root).second;
      } else if (!Varied.contains(&I) && becomesVaried(I)) {
        Varied.insert(&I);
        Changed = true;
      }
    }
  }
}

void Activity::spreadUseful() {
  SmallVector<const Value *, 32> Work;
  auto Push = [&](const Value *V) {
    if (isa<Instruction>(V) && Varied.contains(V) && Useful.insert(V).second)
      Work.push_back(V);
  };
  for (const Instruction &I : instructions(*R.F))
    if (const auto *S = dyn_cast<StoreInst>(&I); S && isActiveMemory(S->getPointerOperand()))
      Push(S->getValueOperand());
    else if (const auto *X = asAtomicAdd(&I); X && isActiveMemory(X->getPointerOperand()))
      Push(X->getValOperand());
  while (!Work.empty()) {
    const auto *I = cast<Instruction>(Work.pop_back_val());
    if (isa<LoadInst>(I) || isScalarMarker(I))
      continue;
    for (const Use &U : I->operands())
      Push(U);
  }
}

} // namespace adstencil
