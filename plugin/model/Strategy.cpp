// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "model/Strategy.h"

#include "frontend/Strategies.h"
#include "model/Request.h"
#include "llvm/IR/Constants.h"

using namespace llvm;

namespace adstencil {

/// The attribute of a function in the IR: its strategies, separated by commas.
static constexpr StringLiteral StrategyAttribute = "adstencil-strategy";
static constexpr StringLiteral Annotations = "llvm.global.annotations";

/// The text of an annotation if it is one of the plugin's.
static StringRef textOf(const ConstantStruct &Entry) {
  const auto *Text = dyn_cast<GlobalVariable>(Entry.getOperand(1)->stripPointerCasts());
  const auto *Data =
      Text && Text->hasInitializer() ? dyn_cast<ConstantDataSequential>(Text->getInitializer()) : nullptr;
  StringRef S = Data && Data->isCString() ? Data->getAsCString() : "";
  return S.starts_with("adstencil.") ? S : "";
}

static void addStrategy(Function &F, StringRef Name) {
  StringRef Old = F.getFnAttribute(StrategyAttribute).getValueAsString();
  SmallVector<StringRef, 2> Names;
  Old.split(Names, ',', -1, /*KeepEmpty=*/false);
  if (!is_contained(Names, Name))
    F.addFnAttr(StrategyAttribute, Old.empty() ? Name.str() : (Old + "," + Name).str());
}

void takeAnnotations(Module &M) {
  GlobalVariable *List = M.getGlobalVariable(Annotations, /*AllowInternal=*/true);
  auto *Entries = List && List->hasInitializer() ? dyn_cast<ConstantArray>(List->getInitializer()) : nullptr;
  if (!Entries)
    return;
  SmallVector<Constant *, 16> Kept;
  for (Use &U : Entries->operands()) {
    auto *Entry = dyn_cast<ConstantStruct>(U.get());
    StringRef Text = Entry ? textOf(*Entry) : "";
    if (Text.empty()) {
      Kept.push_back(cast<Constant>(U.get()));
      continue;
    }
    if (auto *F = dyn_cast<Function>(Entry->getOperand(0)->stripPointerCasts());
        F && Text.consume_front(StrategyMarker))
      addStrategy(*F, Text);
  }
  if (Kept.size() == Entries->getNumOperands())
    return;
  // The list would keep functions that are inlined everywhere in the object file.
  if (!Kept.empty()) {
    auto *T = ArrayType::get(Entries->getType()->getElementType(), Kept.size());
    auto *New = new GlobalVariable(M, T, List->isConstant(), List->getLinkage(), ConstantArray::get(T, Kept), "", List,
                                   List->getThreadLocalMode(), List->getAddressSpace());
    New->setSection(List->getSection());
    New->takeName(List);
  }
  List->eraseFromParent();
}

void dropStrategies(Module &M) {
  for (Function &F : M)
    F.removeFnAttr(StrategyAttribute);
}

/// True for what stands between a request and the user's function: the templates of adstencil/derivatives.h and
/// adstencil/launch.h, and the conversion of a lambda to a pointer.
static bool leadsToKernel(const Function &F) {
  StringRef Name = F.getName();
  return Name.starts_with("_ZN9adstencil6detail") || Name.starts_with("_ZNK9adstencil6detail") ||
         Name.contains("8__invokeE");
}

bool noteStrategy(Request &R, const Function &Callee) {
  if (R.KernelIsKnown || leadsToKernel(Callee))
    return true;
  R.KernelIsKnown = true;
  R.Strategy = Callee.getFnAttribute(StrategyAttribute).getValueAsString().str();
  StringRef Demand = R.Strategy;
  if (Demand.contains(',')) {
    auto [One, Other] = Demand.split(',');
    refuse(Callee.getContext(), R.Kernel, nullptr, R.Place,
           ("it is declared with the strategies '" + One + "' and '" + Other.split(',').first + "'").str(),
           "keep one of them");
    return false;
  }
  if (R.OnGrid && Demand == "sequential" && R.TheMode != DerivativeMode::Tangent) {
    refuse(Callee.getContext(), R.Kernel, nullptr, R.Place,
           "the strategy 'sequential' cannot be met: a grid has no order",
           "let the plan choose, or write the kernel as a loop nest");
    return false;
  }
  return true;
}

} // namespace adstencil
