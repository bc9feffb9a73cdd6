// Attributes such as noinline and optnone say how the user's function is to be compiled; they do not bind the private
// copy that a derivative is made from, so they are not asked.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "model/Inline.h"

#include "model/Library.h"
#include "model/Memory.h"
#include "model/Strategy.h"
#include "llvm/Demangle/Demangle.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include "llvm/Transforms/Utils/Local.h"

using namespace llvm;

namespace adstencil {

namespace {
/// A call and the chain of functions it was inlined through.
struct Site {
  CallBase *Call;
  int Parent; ///< index into Chain, -1 for the function itself
};
struct ChainLink {
  Function *F;
  int Parent;
};
} // namespace

static Function *calleeOf(CallBase &CB) {
  Value *Callee = CB.getCalledOperand()->stripPointerCastsAndAliases();
  return dyn_cast<Function>(Callee);
}

/// Gives a call of a function by a value of another type (a helper called through a cast pointer) its direct form.
static void makeDirect(CallBase &CB, Function *F) {
  if (CB.getCalledFunction() != F && CB.getFunctionType() == F->getFunctionType())
    CB.setCalledFunction(F);
}

static constexpr StringLiteral CallKernel = "_ZN9adstencil6detail11call_kernelI";

/// adstencil::detail::call_kernel<kernel_tag<&K>>(…) in adstencil/launch.h stands for a call of the __global__ function
/// K, which the language does not have. Returns K.
static Function *kernelBehind(Function &F) {
  std::string Text = demangle(F.getName().str());
  StringRef Name = StringRef(Text).split("kernel_tag<&").second;
  if (Name.starts_with("("))
    Name = Name.drop_front();
  Function *Found = nullptr;
  size_t Length = 0;
  for (Function &K : *F.getParent()) {
    if (K.getCallingConv() != CallingConv::PTX_Kernel || K.isDeclaration() ||
        K.getFunctionType() != F.getFunctionType())
      continue;
    std::string Candidate = demangle(K.getName().str());
    StringRef Behind = Name;
    if (Behind.consume_front(Candidate) && (Behind.starts_with(")") || Behind.starts_with(">")) &&
        Candidate.size() > Length) {
      Found = &K;
      Length = Candidate.size();
    }
  }
  return Found;
}

Inlined inlineCalls(Request &R) {
  Inlined Done = Inlined::Nothing;
  std::vector<ChainLink> Chain;
  SmallVector<Site, 16> Work;
  for (Instruction &I : instructions(*R.F))
    if (auto *CB = dyn_cast<CallBase>(&I))
      Work.push_back({CB, -1});
  while (!Work.empty()) {
    Site S = Work.pop_back_val();
    Function *F = calleeOf(*S.Call);
    if (F && F->getName().starts_with(CallKernel)) {
      F = kernelBehind(*F);
      if (!F) {
        refuse(R.F->getContext(), R.Kernel, S.Call, R.Place,
               "internal error: the __global__ function that '" + R.Kernel + "' names is not in this module",
               "please report this kernel");
        return Inlined::Refused;
      }
      for (StringRef Bound : {"nvvm.maxntid", "nvvm.minctasm", "nvvm.maxclusterrank", "nvvm.reqntid"})
        if (F->hasFnAttribute(Bound))
          R.F->addFnAttr(F->getFnAttribute(Bound));
    }
    if (!F || F->isDeclaration() || F->getName().starts_with("adstencil."))
      continue;
    // Functions that print are kept out of the derivative as they stand.
    if (classify(*S.Call) == LibraryCall::Prints)
      continue;
    // The functions of libdevice have bodies, and rules for their names.
    if (classify(*S.Call) == LibraryCall::Mathematics || splitsIntoRules(*F))
      continue;
    for (int C = S.Parent; C != -1; C = Chain[C].Parent)
      if (Chain[C].F == F || F == R.F) {
        refuse(F->getContext(), R.Kernel, S.Call, R.Place,
               "'" + demangle(F->getName().str()) + "' calls itself (recursion)", "write the recursion as a loop");
        return Inlined::Refused;
      }
    if (!noteStrategy(R, *F))
      return Inlined::Refused;
    makeDirect(*S.Call, F);
    Chain.push_back({F, S.Parent});
    int Link = Chain.size() - 1;
    InlineFunctionInfo Info;
    InlineResult Result = InlineFunction(*S.Call, Info, /*MergeAttributes=*/false, nullptr, /*InsertLifetime=*/true);
    if (!Result.isSuccess())
      continue; // stays a call; the restrictions decide whether that matters
    Done = Inlined::Something;
    for (CallBase *New : Info.InlinedCallSites)
      Work.push_back({New, Link});
  }
  // Exceptions do not leave a kernel: what may throw and is still a call only prints, or is refused later.
  for (Instruction &I : make_early_inc_range(instructions(*R.F)))
    if (auto *II = dyn_cast<InvokeInst>(&I)) {
      LibraryCall Kind = classify(*II);
      if (Kind != LibraryCall::Unknown && Kind != LibraryCall::Throws)
        changeToCall(II);
    }
  removeUnreachableBlocks(*R.F);
  return Done;
}

} // namespace adstencil
