// compile for the device → differentiate → keep what the host can launch → inline → retarget → lower calls → threads →
// link → register
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "device/HostDevice.h"

#include "device/DeviceCompilation.h"
#include "device/Kernels.h"
#include "clang/Frontend/CompilerInstance.h"
#include "llvm/IR/DebugInfo.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace adstencil {

static bool internalError(clang::CompilerInstance &CI, StringRef Problem) {
  clang::DiagnosticsEngine &Diags = CI.getDiagnostics();
  Diags.Report(Diags.getCustomDiagID(clang::DiagnosticsEngine::Error,
                                     "internal error: kernels for the CPU device are not valid code: %0"))
      << Problem;
  return false;
}

/// True if the host can launch a kernel or name a device variable: otherwise there is nothing to do.
static bool hasDeviceCode(const Module &Host) {
  return any_of(Host.functions(), [](const Function &F) { return F.getName().contains("__device_stub__"); }) ||
         Host.getFunction("__adstencil_request");
}

bool compileForHostDevice(Module &Host, clang::CompilerInstance &CI,
                          function_ref<bool(Module &, bool Optimised)> Differentiate, bool Optimised) {
  if (!hasDeviceCode(Host) || CI.getDiagnostics().hasErrorOccurred())
    return !CI.getDiagnostics().hasErrorOccurred();
  std::unique_ptr<Module> Device = compileForDevice(CI, Host.getContext(), /*Checks=*/true);
  // Checks are code between the kernel's own, with ends of their own in the middle of loops. A file whose kernels are
  // differentiated goes without them, as it does on a GPU.
  if (Device && wantsChecks(CI) && Device->getFunction("__adstencil_request"))
    Device = compileForDevice(CI, Host.getContext(), /*Checks=*/false);
  if (!Device || !Differentiate(*Device, Optimised) || CI.getDiagnostics().hasErrorOccurred())
    return false;

  DeviceModule D(*Device, CI, Optimised);
  collectKernels(D, Host);
  if (D.Kernels.empty() && D.Variables.empty())
    return true;
  inlineIntoKernels(D);
  retarget(D, Host);
  for (DeviceKernel &K : D.Kernels)
    lowerCalls(D, *K.F, K);
  for (Function *F : D.Residual)
    lowerCalls(D, *F, D.Kernels.front());
  if (D.Failed)
    return false;
  for (Function *F : D.Residual)
    lowerResidual(D, *F);
  for (DeviceKernel &K : D.Kernels)
    emitThreads(D, K);
  if (D.Failed)
    return false;
  if (CI.getCodeGenOpts().getDebugInfo() == codegenoptions::NoDebugInfo)
    StripDebugInfo(*Device);

  // Across the linker by name; internal again behind it.
  for (DeviceKernel &K : D.Kernels)
    for (Function *F : {K.Run, K.Body})
      if (F)
        F->setLinkage(GlobalValue::ExternalLinkage);
  for (GlobalVariable *G : D.Shared) {
    G->removeDeadConstantUsers();
    if (G->use_empty())
      G->eraseFromParent();
  }
  std::string Problem;
  raw_string_ostream OS(Problem);
  if (verifyModule(*Device, &OS))
    return internalError(CI, Problem);
  if (Linker::linkModules(Host, std::move(Device)))
    return internalError(CI, "they cannot be linked into the host's");
  emitRegistration(D, Host);
  return true;
}

} // namespace adstencil
