// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analysis/WrittenFlags.h"

#include "llvm/IR/IRBuilder.h"

using namespace llvm;

namespace adstencil {

Value *WrittenFlags::flagOf(Value *Pointer) {
  auto Found = Known.find(Pointer);
  if (Found != Known.end())
    return Found->second;
  LLVMContext &Ctx = Pointer->getContext();
  auto Roots = A.roots(Pointer);
  bool All = all_of(Roots, [&](const Value *Root) { return Written.contains(Root); });
  if (All || none_of(Roots, [&](const Value *Root) { return Written.contains(Root); }))
    return Known[Pointer] = ConstantInt::getBool(Ctx, All && !Roots.empty());
  Value *Flag = nullptr;
  if (auto *Phi = dyn_cast<PHINode>(Pointer)) {
    PHINode *New = PHINode::Create(Type::getInt1Ty(Ctx), Phi->getNumIncomingValues(), "written", Phi->getIterator());
    Known[Pointer] = New; // the phi may be part of a cycle
    for (auto [V, BB] : zip(Phi->incoming_values(), Phi->blocks()))
      New->addIncoming(flagOf(V), BB);
    return New;
  }
  if (auto *S = dyn_cast<SelectInst>(Pointer))
    Flag = SelectInst::Create(S->getCondition(), flagOf(S->getTrueValue()), flagOf(S->getFalseValue()), "written",
                              std::next(S->getIterator()));
  else
    Flag = flagOf(cast<Instruction>(Pointer)->getOperand(0)); // gep, cast
  return Known[Pointer] = Flag;
}

} // namespace adstencil
