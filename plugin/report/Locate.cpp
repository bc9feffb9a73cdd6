// The second, silent compilation that finds the places of refusals.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "report/Diagnostics.h"

#include "clang/CodeGen/CodeGenAction.h"
#include "clang/Frontend/CompilerInstance.h"
#include "llvm/IR/LLVMContext.h"

using namespace clang;

namespace adstencil {

std::vector<Refusal> refusalsWithPlaces(CompilerInstance &CI) {
  std::vector<Refusal> Found;
  auto Invocation = std::make_shared<CompilerInvocation>(CI.getInvocation());
  CodeGenOptions &CodeGen = Invocation->getCodeGenOpts();
  CodeGen.setDebugInfo(llvm::codegenoptions::LocTrackingOnly);
  CodeGen.PassBuilderCallbacks.clear(); // the plugin's action registers itself again
  Invocation->getDependencyOutputOpts() = DependencyOutputOptions();
  Invocation->getDiagnosticOpts().VerifyDiagnostics = false;
  Invocation->getDiagnosticOpts().DiagnosticSerializationFile.clear();

  CompilerInstance Again(Invocation, CI.getPCHContainerOperations());
  Again.setVirtualFileSystem(CI.getVirtualFileSystemPtr());
  Again.createDiagnostics();
  Again.getDiagnostics().setSuppressAllDiagnostics(true); // what it has to say has been said
  RefusalCollector = &Found;
  llvm::LLVMContext Ctx;
  EmitLLVMOnlyAction Action(&Ctx);
  Again.ExecuteAction(Action);
  RefusalCollector = nullptr;
  setDiagnosticTarget(&CI);
  return Found;
}

} // namespace adstencil
