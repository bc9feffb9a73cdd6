// What metadata says about loops: the note of shared loops, and what clang promises the vectoriser.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "model/OpenMPLoops.h"

#include "model/OpenMP.h"
#include "llvm/Analysis/LoopInfo.h"

using namespace llvm;

namespace adstencil {

static constexpr StringLiteral Note = "adstencil.parallel";
/// What clang promises the vectoriser about the loops of `omp simd` and `schedule(dynamic)`.
static constexpr StringLiteral Promises[] = {"llvm.loop.parallel_accesses", "llvm.loop.vectorize."};

void noteWorkSharing(BranchInst &Back) {
  LLVMContext &Ctx = Back.getContext();
  MDNode *Property = MDNode::get(Ctx, {MDString::get(Ctx, Note)});
  Back.setMetadata(LLVMContext::MD_loop,
                   makePostTransformationMetadata(Ctx, Back.getMetadata(LLVMContext::MD_loop), {Note}, {Property}));
}

bool isWorkShared(const Loop &L) { return findOptionMDForLoop(&L, Note) != nullptr; }

static void dropProperties(Instruction &Back, ArrayRef<StringRef> Prefixes) {
  MDNode *Old = Back.getMetadata(LLVMContext::MD_loop);
  if (!Old)
    return;
  MDNode *New = makePostTransformationMetadata(Back.getContext(), Old, Prefixes, {});
  Back.setMetadata(LLVMContext::MD_loop, New->getNumOperands() > 1 ? New : nullptr);
}

bool dropWorkSharing(Instruction &Back) {
  if (!findOptionMDForLoopID(Back.getMetadata(LLVMContext::MD_loop), Note))
    return false;
  dropProperties(Back, {Note});
  return true;
}

void forgetWorkSharing(Function &F) {
  for (BasicBlock &BB : F)
    if (Instruction *T = BB.getTerminator())
      dropWorkSharing(*T);
}

void dropPromises(Function &F) {
  SmallVector<StringRef, 2> Prefixes(std::begin(Promises), std::end(Promises));
  for (BasicBlock &BB : F)
    for (Instruction &I : BB) {
      I.setMetadata(LLVMContext::MD_access_group, nullptr);
      if (I.isTerminator())
        dropProperties(I, Prefixes);
    }
}

bool hasPromise(const Loop &L) {
  return any_of(Promises, [&](StringRef Prefix) {
    MDNode *ID = L.getLoopID();
    return ID && any_of(drop_begin(ID->operands()), [&](const MDOperand &O) {
             auto *Property = dyn_cast<MDNode>(O);
             auto *Text =
                 Property && Property->getNumOperands() ? dyn_cast<MDString>(Property->getOperand(0)) : nullptr;
             return Text && Text->getString().starts_with(Prefix);
           });
  });
}

} // namespace adstencil
