// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emit/DeviceLibrary.h"

#include "report/Diagnostics.h"
#include "clang/Basic/CodeGenOptions.h"
#include "clang/Frontend/CompilerInstance.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/InstrTypes.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Transforms/IPO/Internalize.h"

using namespace llvm;

namespace adstencil {

static bool lacksFunctions(const Module &M) {
  return any_of(
      M, [](const Function &F) { return F.isDeclaration() && !F.use_empty() && F.getName().starts_with("__nv_"); });
}

/// Answers libdevice's questions about the compilation. The pass that does so for clang has run already.
static void answerReflection(Module &M) {
  Function *Reflect = M.getFunction("__nvvm_reflect");
  if (!Reflect)
    return;
  for (User *U : make_early_inc_range(Reflect->users())) {
    auto *Call = dyn_cast<CallBase>(U);
    if (!Call)
      continue;
    StringRef Question;
    if (auto *G = dyn_cast<GlobalVariable>(Call->getArgOperand(0)->stripPointerCasts()))
      if (auto *Text = dyn_cast_or_null<ConstantDataSequential>(G->hasInitializer() ? G->getInitializer() : nullptr))
        Question = Text->getAsCString();
    uint64_t Answer = 0;
    if (Question == "__CUDA_FTZ") {
      if (auto *Flag = mdconst::extract_or_null<ConstantInt>(M.getModuleFlag("nvvm-reflect-ftz")))
        Answer = Flag->getZExtValue();
    } else if (Question == "__CUDA_ARCH") {
      StringRef Cpu = Call->getFunction()->getFnAttribute("target-cpu").getValueAsString();
      unsigned Sm = 0;
      if (Cpu.consume_front("sm_") && !Cpu.take_while(isDigit).getAsInteger(10, Sm))
        Answer = Sm * 10;
    } else {
      continue; // left to the code generator's own pass
    }
    Call->replaceAllUsesWith(ConstantInt::get(Call->getType(), Answer));
    Call->eraseFromParent();
  }
}

void linkDeviceLibrary(Module &M) {
  if (!lacksFunctions(M))
    return;
  for (const auto &File : diagnosticTarget()->getCodeGenOpts().LinkBitcodeFiles) {
    auto Buffer = MemoryBuffer::getFile(File.Filename);
    if (!Buffer)
      continue;
    auto Library = parseBitcodeFile(**Buffer, M.getContext());
    if (!Library) {
      consumeError(Library.takeError());
      continue;
    }
    (*Library)->setTargetTriple(M.getTargetTriple());
    (*Library)->setDataLayout(M.getDataLayout());
    // As clang does it: the functions become this module's own, compiled for its target.
    AttrBuilder Target(M.getContext());
    for (const Function &F : M)
      if (F.getCallingConv() == CallingConv::PTX_Kernel) {
        for (StringRef Name : {"target-cpu", "target-features"})
          if (F.hasFnAttribute(Name))
            Target.addAttribute(F.getFnAttribute(Name));
        break;
      }
    for (Function &F : **Library)
      if (!F.isDeclaration())
        F.addFnAttrs(Target);
    Linker::linkModules(M, std::move(*Library), Linker::LinkOnlyNeeded, [](Module &Into, const StringSet<> &New) {
      internalizeModule(Into, [&](const GlobalValue &GV) { return !GV.hasName() || !New.contains(GV.getName()); });
    });
  }
  answerReflection(M);
}

} // namespace adstencil
