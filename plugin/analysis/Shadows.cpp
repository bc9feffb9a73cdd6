// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analysis/Shadows.h"

using namespace llvm;

namespace adstencil {

Value *Shadows::shadowOf(Value *Pointer) {
  auto Found = Known.find(Pointer);
  if (Found != Known.end())
    return Found->second;
  Value *S = create(Pointer);
  Known[Pointer] = S;
  return S;
}

Value *Shadows::create(Value *Pointer) {
  if (isa<ConstantPointerNull>(Pointer) || isa<UndefValue>(Pointer))
    return Pointer;
  auto *I = dyn_cast<Instruction>(Pointer);
  if (isArrayMarker(Pointer) && A.isActiveRoot(Pointer))
    return cast<CallInst>(I)->getArgOperand(1);
  if (auto *AI = dyn_cast<AllocaInst>(Pointer)) {
    IRBuilder<> B(AI->getNextNode());
    AllocaInst *Shadow = B.CreateAlloca(AI->getAllocatedType(), AI->getArraySize(), AI->getName() + ".shadow");
    Shadow->setAlignment(AI->getAlign());
    Locals.push_back(Shadow);
    return Shadow;
  }
  if (auto *Phi = dyn_cast<PHINode>(Pointer)) {
    PHINode *Shadow =
        PHINode::Create(Phi->getType(), Phi->getNumIncomingValues(), Phi->getName() + ".shadow", Phi->getIterator());
    Known[Pointer] = Shadow; // the phi may be part of a cycle
    for (auto [V, BB] : zip(Phi->incoming_values(), Phi->blocks())) {
      Value *S = shadowOf(V);
      Shadow->addIncoming(S ? S : PoisonValue::get(Phi->getType()), BB);
    }
    return Shadow;
  }
  if (I && (isa<GetElementPtrInst>(I) || isa<SelectInst>(I) || isa<LoadInst>(I) || isa<AddrSpaceCastInst>(I) ||
            isa<FreezeInst>(I))) {
    Instruction *Shadow = I->clone();
    Shadow->setName(I->getName() + ".shadow");
    Shadow->dropUnknownNonDebugMetadata();
    Shadow->insertAfter(I->getIterator());
    for (Use &U : Shadow->operands())
      if (U->getType()->isPointerTy())
        if (Value *S = shadowOf(U))
          U.set(S);
    return Shadow;
  }
  refuse(R.F->getContext(), R.Kernel, I, R.Place,
         "a pointer leads sometimes into active memory and sometimes into memory without a shadow",
         "give all arrays that it may point to a shadow, or mark all of them [[adstencil::inactive]]");
  return nullptr;
}

} // namespace adstencil
