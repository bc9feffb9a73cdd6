// The descriptors of abi.h, and a constructor that hands them to the runtime before any constructor of the user's that
// might launch a kernel.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "device/Kernels.h"

#include "llvm/IR/IRBuilder.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

using namespace llvm;

namespace adstencil {

/// Below 101 belongs to the implementation of the language.
static constexpr int ConstructorPriority = 101;

static GlobalVariable *constantData(Module &M, Constant *Data, const Twine &Name) {
  auto *G = new GlobalVariable(M, Data->getType(), /*isConstant=*/true, GlobalValue::PrivateLinkage, Data, Name);
  G->setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
  return G;
}

static Constant *table(Module &M, ArrayRef<uint32_t> Numbers) {
  if (Numbers.empty())
    return ConstantPointerNull::get(PointerType::get(M.getContext(), 0));
  return constantData(M, ConstantDataArray::get(M.getContext(), Numbers), "adstencil.bytes");
}

/// struct adstencil_kernel.
static GlobalVariable *descriptor(Module &Host, const DeviceKernel &K) {
  LLVMContext &Ctx = Host.getContext();
  auto *Pointer = PointerType::get(Ctx, 0);
  Type *Int = Type::getInt32Ty(Ctx), *Long = Type::getInt64Ty(Ctx);
  auto *T = StructType::get(
      Ctx, {Pointer, Pointer, Int, Int, Long, Int, Int, Pointer, Pointer, Pointer, Pointer, Pointer, Int, Int});
  Constant *Null = ConstantPointerNull::get(Pointer);
  auto Code = [&](StringRef Suffix) -> Constant * {
    Function *F = Host.getFunction((K.Symbol + Suffix).str());
    return F ? static_cast<Constant *>(F) : Null;
  };
  Constant *Name = constantData(Host, ConstantDataArray::getString(Ctx, K.Symbol), "adstencil.name");
  Constant *Members[] = {Host.getFunction(K.Stub),
                         Name,
                         ConstantInt::get(Int, static_cast<uint32_t>(K.Kind)),
                         ConstantInt::get(Int, K.MaxThreads),
                         ConstantInt::get(Long, K.StaticShared),
                         ConstantInt::get(Int, K.ParameterBytes.size()),
                         ConstantInt::get(Int, K.ReductionBytes.size()),
                         table(Host, K.ParameterBytes),
                         table(Host, K.ReductionBytes),
                         Code(".run"),
                         Code(".thread"),
                         Null,
                         ConstantInt::get(Int, K.Adds),
                         ConstantInt::get(Int, K.Phases)};
  return new GlobalVariable(Host, T, /*isConstant=*/false, GlobalValue::InternalLinkage,
                            ConstantStruct::get(T, Members), "adstencil.kernel." + K.Symbol);
}

void emitRegistration(DeviceModule &D, Module &Host) {
  LLVMContext &Ctx = Host.getContext();
  auto *Pointer = PointerType::get(Ctx, 0);
  Type *Void = Type::getVoidTy(Ctx), *Long = Type::getInt64Ty(Ctx);
  auto *Constructor = Function::createWithDefaultAttr(FunctionType::get(Void, false), GlobalValue::InternalLinkage, 0,
                                                      "adstencil.register", &Host);
  Constructor->setDoesNotThrow();
  IRBuilder<> B(BasicBlock::Create(Ctx, "", Constructor));
  FunctionCallee RegisterKernel = Host.getOrInsertFunction("__adstencil_register_kernel", Void, Pointer);
  FunctionCallee RegisterVariable =
      Host.getOrInsertFunction("__adstencil_register_variable", Void, Pointer, Pointer, Long);
  for (const DeviceKernel &K : D.Kernels) {
    for (StringRef Suffix : {".run", ".thread"})
      if (Function *F = Host.getFunction((K.Symbol + Suffix).str())) {
        F->setLinkage(GlobalValue::InternalLinkage);
        F->setDSOLocal(true);
      }
    B.CreateCall(RegisterKernel, {descriptor(Host, K)});
  }
  for (const DeviceVariable &V : D.Variables) {
    GlobalVariable *G = Host.getGlobalVariable(V.Linked, /*AllowInternal=*/true);
    if (!G)
      continue;
    V.Host->replaceAllUsesWith(G);
    V.Host->eraseFromParent();
    G->setName(V.Symbol);
    G->setLinkage(GlobalValue::InternalLinkage);
    G->setDSOLocal(true);
    Constant *Name = constantData(Host, ConstantDataArray::getString(Ctx, V.Symbol), "adstencil.name");
    uint64_t Bytes = Host.getDataLayout().getTypeAllocSize(G->getValueType());
    B.CreateCall(RegisterVariable, {G, Name, ConstantInt::get(Long, Bytes)});
  }
  B.CreateRetVoid();
  appendToGlobalCtors(Host, Constructor, ConstructorPriority);
}

} // namespace adstencil
