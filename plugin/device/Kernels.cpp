// The stub of kernel `_Z4stepPd` is `_Z19__device_stub__stepPd`: the same mangling with a prefixed identifier. A kernel
// whose stub the host module does not have cannot be launched from it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "device/Kernels.h"

#include "clang/Basic/FileManager.h"
#include "clang/Basic/SourceManager.h"
#include "clang/Frontend/CompilerInstance.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Demangle/Demangle.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/Path.h"
#include "llvm/Transforms/IPO/GlobalDCE.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

using namespace llvm;

namespace adstencil {

static constexpr StringLiteral StubPrefix = "__device_stub__";

/// The place of I in the user's file, outside of the headers it was inlined from.
static clang::SourceLocation placeOf(clang::CompilerInstance &CI, const Instruction *I) {
  if (!I || !CI.hasSourceManager())
    return {};
  clang::SourceManager &SM = CI.getSourceManager();
  clang::SourceLocation Found;
  for (const DILocation *Loc = I->getDebugLoc(); Loc; Loc = Loc->getInlinedAt()) {
    SmallString<128> Path(Loc->getFilename());
    if (sys::path::is_relative(Path)) {
      Path = Loc->getDirectory();
      sys::path::append(Path, Loc->getFilename());
    }
    auto Entry = SM.getFileManager().getOptionalFileRef(Path);
    if (!Entry || Loc->getLine() == 0)
      continue;
    clang::SourceLocation Place =
        SM.translateFileLineCol(&Entry->getFileEntry(), Loc->getLine(), std::max(1u, Loc->getColumn()));
    if (Place.isInvalid())
      continue;
    Found = Place;
    if (!SM.isInSystemHeader(Place))
      break;
  }
  return Found;
}

void DeviceModule::refuse(StringRef Kernel, const Instruction *I, const Twine &Reason) {
  Failed = true;
  clang::DiagnosticsEngine &Diags = CI.getDiagnostics();
  unsigned ID = Diags.getCustomDiagID(clang::DiagnosticsEngine::Error, "kernel '%0' cannot run on the CPU device: %1");
  Diags.Report(placeOf(CI, I), ID) << Kernel << Reason.str();
}

/// Names that the kernel of the given stub may have: one of the occurrences of the prefix is that of the identifier,
/// and some of the digits in front of it are its length (the others belong to a name that ends in digits).
static SmallVector<std::string, 4> kernelNames(StringRef Stub) {
  SmallVector<std::string, 4> Names;
  for (size_t At = Stub.find(StubPrefix); At != StringRef::npos; At = Stub.find(StubPrefix, At + 1)) {
    StringRef Rest = Stub.substr(At + StubPrefix.size());
    if (At == 0)
      Names.push_back(Rest.str()); // extern "C"
    for (size_t Digits = At; Digits-- > 0 && isDigit(Stub[Digits]);) {
      unsigned Length;
      if (Stub.slice(Digits, At).getAsInteger(10, Length) || Length > Stub.size() - At)
        break;
      if (Stub[Digits] != '0' && Length > StubPrefix.size())
        Names.push_back((Stub.take_front(Digits) + Twine(Length - StubPrefix.size()) + Rest).str());
    }
  }
  return Names;
}

/// `void step<double>(double*)` becomes `step<double>`.
static std::string readableName(StringRef Symbol) {
  ItaniumPartialDemangler Demangler;
  if (Demangler.partialDemangle(Symbol.str().c_str()))
    return Symbol.str();
  std::string Text = demangle(Symbol.str());
  // The base name alone would lose the namespace; the whole text has the parameters.
  StringRef Name = Text;
  unsigned Depth = 0;
  for (size_t I = Name.size(); I-- > 0;) {
    Depth += Name[I] == ')';
    if (Name[I] == '(' && --Depth == 0) {
      Name = Name.take_front(I);
      break;
    }
  }
  if (!Name.contains(' '))
    return Name.str();
  // Templates have their return type in front.
  if (Name.starts_with("void "))
    return Name.drop_front(5).str();
  return Name.str();
}

/// The most threads of a block: __launch_bounds__, or what any GPU allows.
static uint32_t maxThreads(const Function &F) {
  SmallVector<StringRef, 3> Axes;
  F.getFnAttribute("nvvm.maxntid").getValueAsString().split(Axes, ',', -1, /*KeepEmpty=*/false);
  uint32_t Threads = 1;
  for (StringRef Axis : Axes) {
    uint32_t N = 1;
    if (!Axis.trim().getAsInteger(10, N))
      Threads *= N;
  }
  return Axes.empty() ? 1024 : Threads;
}

static bool isKernel(const Function &F) { return !F.isDeclaration() && F.getCallingConv() == CallingConv::PTX_Kernel; }

void dropUnneeded(Module &M) {
  ModuleAnalysisManager MAM;
  PassBuilder PB;
  FunctionAnalysisManager FAM;
  CGSCCAnalysisManager CAM;
  LoopAnalysisManager LAM;
  PB.registerModuleAnalyses(MAM);
  PB.registerFunctionAnalyses(FAM);
  PB.registerCGSCCAnalyses(CAM);
  PB.registerLoopAnalyses(LAM);
  PB.crossRegisterProxies(LAM, FAM, CAM, MAM);
  GlobalDCEPass().run(M, MAM);
}

/// Variables of the device that have a shadow on the host. The others belong to the kernels alone.
static void collectVariables(DeviceModule &D, Module &Host) {
  for (GlobalVariable &G : D.M.globals()) {
    unsigned Space = G.getAddressSpace();
    if (!G.isExternallyInitialized() || (Space != 1 && Space != 4))
      continue;
    GlobalVariable *Shadow = Host.getGlobalVariable(G.getName(), /*AllowInternal=*/true);
    if (!Shadow || G.isDeclaration()) {
      G.setExternallyInitialized(false);
      continue;
    }
    D.Variables.push_back({Shadow, G.getName().str(), "adstencil.variable." + G.getName().str()});
    G.setName(D.Variables.back().Linked);
    G.setConstant(false); // __constant__ is constant during a launch, not for ever
  }
}

void collectKernels(DeviceModule &D, Module &Host) {
  StringMap<std::string> StubOf;
  for (Function &F : Host)
    if (!F.isDeclaration() && F.getName().contains(StubPrefix))
      for (const std::string &Name : kernelNames(F.getName()))
        StubOf[Name] = F.getName().str();
  for (Function &F : D.M) {
    auto Stub = StubOf.find(F.getName());
    if (!isKernel(F) || Stub == StubOf.end())
      continue;
    DeviceKernel K;
    K.F = &F;
    K.Symbol = F.getName().str();
    K.Name = readableName(K.Symbol);
    K.Stub = Stub->second;
    K.MaxThreads = maxThreads(F);
    if (!D.Model)
      D.Model = Host.getFunction(K.Stub);
    D.Kernels.push_back(std::move(K));
  }
  collectVariables(D, Host);

  SmallPtrSet<GlobalValue *, 16> Kept;
  for (DeviceKernel &K : D.Kernels)
    Kept.insert(K.F);
  for (DeviceVariable &V : D.Variables)
    Kept.insert(D.M.getNamedValue(V.Linked));
  for (StringRef Name : {"llvm.used", "llvm.compiler.used", "llvm.global_ctors", "llvm.global_dtors"})
    if (GlobalVariable *G = D.M.getGlobalVariable(Name, /*AllowInternal=*/true))
      G->eraseFromParent();
  for (GlobalObject &G : D.M.global_objects()) {
    G.setComdat(nullptr);
    G.setVisibility(GlobalValue::DefaultVisibility);
    if (G.isDeclaration()) {
      G.setDSOLocal(false);
      continue;
    }
    G.setLinkage(Kept.contains(&G) ? GlobalValue::ExternalLinkage : GlobalValue::InternalLinkage);
    G.setDSOLocal(true);
    G.setSection("");
  }
  dropUnneeded(D.M);
}

} // namespace adstencil
