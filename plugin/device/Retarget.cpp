// From nvptx to the host, as far as no instruction has to be replaced.
//
// Both targets agree on the layout of everything clang hands to a kernel, so types and offsets stay. Address spaces
// become 0: a variable of space 1, 3 or 4 gets a twin in space 0, constants are rebuilt over the twins, and
// instructions change their types in place.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "device/Kernels.h"

#include "clang/Basic/LangOptions.h"
#include "clang/Frontend/CompilerInstance.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/AttributeMask.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/DebugInfo.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Operator.h"

using namespace llvm;

namespace adstencil {

/// The type with every pointer in address space 0.
static Type *flatType(Type *T) {
  if (isa<PointerType>(T))
    return PointerType::get(T->getContext(), 0);
  if (auto *V = dyn_cast<VectorType>(T))
    return VectorType::get(flatType(V->getElementType()), V->getElementCount());
  if (auto *A = dyn_cast<ArrayType>(T))
    return ArrayType::get(flatType(A->getElementType()), A->getNumElements());
  if (auto *S = dyn_cast<StructType>(T); S && S->isLiteral()) {
    SmallVector<Type *, 4> Elements;
    for (Type *E : S->elements())
      Elements.push_back(flatType(E));
    return StructType::get(T->getContext(), Elements, S->isPacked());
  }
  return T; // clang puts no pointers with address spaces into records
}

namespace {
/// Moves a module to address space 0.
class Flattener {
public:
  explicit Flattener(DeviceModule &D) : D(D) {}

  void run() {
    markConstantLoads();
    makeTwins();
    for (auto &[Old, New] : Twins)
      if (Old->hasInitializer())
        New->setInitializer(constant(Old->getInitializer()));
    for (GlobalVariable &G : D.M.globals())
      if (G.hasInitializer() && G.getAddressSpace() == 0)
        G.setInitializer(constant(G.getInitializer()));
    for (Function &F : D.M)
      flatten(F);
    for (auto &[Old, New] : Twins) {
      Old->removeDeadConstantUsers();
      Old->dropAllReferences();
    }
    for (auto &[Old, New] : Twins) {
      Old->removeDeadConstantUsers();
      Old->replaceAllUsesWith(PoisonValue::get(Old->getType())); // constants that nothing refers to
      New->takeName(Old);
      Old->eraseFromParent();
    }
  }

private:
  DeviceModule &D;
  MapVector<GlobalVariable *, GlobalVariable *> Twins;
  DenseMap<Constant *, Constant *> Done;

  /// Constant memory does not change while a kernel runs.
  void markConstantLoads() {
    for (Function &F : D.M)
      for (Instruction &I : instructions(F))
        if (auto *L = dyn_cast<LoadInst>(&I); L && L->isSimple()) {
          auto *G = dyn_cast<GlobalVariable>(getUnderlyingObject(L->getPointerOperand()));
          if (G && G->getAddressSpace() == 4)
            L->setMetadata(LLVMContext::MD_invariant_load, MDNode::get(F.getContext(), {}));
        }
  }

  void makeTwins() {
    SmallVector<GlobalVariable *, 16> Old;
    for (GlobalVariable &G : D.M.globals())
      if (G.getAddressSpace() != 0)
        Old.push_back(&G);
    for (GlobalVariable *G : Old) {
      auto *New = new GlobalVariable(D.M, G->getValueType(), G->isConstant(), G->getLinkage(), nullptr, "", G,
                                     GlobalVariable::NotThreadLocal, 0, G->isExternallyInitialized());
      New->setAlignment(G->getAlign());
      New->setDSOLocal(G->isDSOLocal());
      SmallVector<DIGlobalVariableExpression *, 1> Debug;
      G->getDebugInfo(Debug);
      for (DIGlobalVariableExpression *E : Debug)
        New->addDebugInfo(E);
      Twins[G] = New;
      if (G->getAddressSpace() == 3)
        D.Shared.insert(New);
    }
  }

  Constant *constant(Constant *C) {
    if (auto *G = dyn_cast<GlobalVariable>(C)) {
      auto Twin = Twins.find(G);
      return Twin == Twins.end() ? G : Twin->second;
    }
    if (isa<GlobalValue, BlockAddress, DSOLocalEquivalent>(C))
      return C;
    if (isa<ConstantPointerNull>(C))
      return ConstantPointerNull::get(cast<PointerType>(flatType(C->getType())));
    if (isa<PoisonValue>(C))
      return PoisonValue::get(flatType(C->getType()));
    if (isa<UndefValue>(C))
      return UndefValue::get(flatType(C->getType()));
    if (C->getNumOperands() == 0)
      return flatType(C->getType()) == C->getType() ? C : Constant::getNullValue(flatType(C->getType()));
    if (Constant *Known = Done.lookup(C))
      return Known;
    Constant *New = rebuilt(C);
    Done[C] = New;
    return New;
  }

  Constant *rebuilt(Constant *C) {
    SmallVector<Constant *, 8> Operands;
    for (Value *V : C->operands())
      Operands.push_back(constant(cast<Constant>(V)));
    if (auto *E = dyn_cast<ConstantExpr>(C)) {
      if (E->getOpcode() == Instruction::AddrSpaceCast)
        return Operands[0];
      if (auto *GEP = dyn_cast<GEPOperator>(E))
        return ConstantExpr::getGetElementPtr(GEP->getSourceElementType(), Operands[0], ArrayRef(Operands).drop_front(),
                                              GEP->getNoWrapFlags());
      return E->getWithOperands(Operands, flatType(E->getType()));
    }
    if (auto *A = dyn_cast<ConstantArray>(C))
      return ConstantArray::get(cast<ArrayType>(flatType(A->getType())), Operands);
    if (auto *S = dyn_cast<ConstantStruct>(C))
      return ConstantStruct::get(cast<StructType>(flatType(S->getType())), Operands);
    if (isa<ConstantVector>(C))
      return ConstantVector::get(Operands);
    return C;
  }

  /// Gives a call of an intrinsic with pointers into address spaces its form in space 0.
  void flattenCall(CallBase &Call) {
    FunctionType *Old = Call.getFunctionType();
    SmallVector<Type *, 8> Parameters;
    for (Type *T : Old->params())
      Parameters.push_back(flatType(T));
    auto *New = FunctionType::get(flatType(Old->getReturnType()), Parameters, Old->isVarArg());
    if (New == Old)
      return;
    Function *F = Call.getCalledFunction();
    Intrinsic::ID ID = F ? F->getIntrinsicID() : Intrinsic::not_intrinsic;
    SmallVector<Type *, 4> Overloads;
    if (ID != Intrinsic::not_intrinsic && Intrinsic::isOverloaded(ID) &&
        Intrinsic::getIntrinsicSignature(ID, New, Overloads)) {
      Call.setCalledFunction(Intrinsic::getOrInsertDeclaration(&D.M, ID, Overloads));
      return;
    }
    // What is left is an instruction of the GPU alone: lowering will name it. Here it only has to be valid.
    FunctionCallee Twin = D.M.getOrInsertFunction(((F ? F->getName() : "indirect") + ".flat").str(), New);
    Call.setCalledFunction(Twin);
  }

  void flatten(Function &F) {
    for (Instruction &I : instructions(F)) {
      for (Use &U : I.operands())
        if (auto *C = dyn_cast<Constant>(U); C && !isa<MetadataAsValue>(U))
          U.set(constant(C));
      I.mutateType(flatType(I.getType()));
    }
    for (Instruction &I : make_early_inc_range(instructions(F))) {
      if (auto *Cast = dyn_cast<AddrSpaceCastInst>(&I)) {
        Cast->replaceAllUsesWith(Cast->getPointerOperand());
        Cast->eraseFromParent();
      } else if (auto *Call = dyn_cast<CallBase>(&I); Call && !Call->isInlineAsm()) {
        flattenCall(*Call);
      }
    }
  }
};
} // namespace

/// Scopes of a GPU mean nothing here: every atomic operation is one for all threads.
static void widenScopes(Function &F) {
  for (Instruction &I : instructions(F)) {
    if (auto *L = dyn_cast<LoadInst>(&I); L && L->isAtomic())
      L->setSyncScopeID(SyncScope::System);
    else if (auto *S = dyn_cast<StoreInst>(&I); S && S->isAtomic())
      S->setSyncScopeID(SyncScope::System);
    else if (auto *R = dyn_cast<AtomicRMWInst>(&I))
      R->setSyncScopeID(SyncScope::System);
    else if (auto *X = dyn_cast<AtomicCmpXchgInst>(&I))
      X->setSyncScopeID(SyncScope::System);
    else if (auto *Fence = dyn_cast<FenceInst>(&I))
      Fence->setSyncScopeID(SyncScope::System);
  }
}

void giveHostAttributes(const DeviceModule &D, Function &F) {
  static constexpr StringLiteral FromHost[] = {"target-cpu",
                                               "target-features",
                                               "tune-cpu",
                                               "frame-pointer",
                                               "prefer-vector-width",
                                               "min-legal-vector-width",
                                               "probe-stack",
                                               "stack-probe-size",
                                               "no-trapping-math",
                                               "stack-protector-buffer-size"};
  AttributeMask Strings;
  for (Attribute A : F.getAttributes().getFnAttrs())
    if (A.isStringAttribute() && !A.getKindAsString().starts_with("unsafe-fp") && A.getKindAsString() != "approx-func")
      Strings.addAttribute(A.getKindAsString());
  F.removeFnAttrs(Strings);
  for (Attribute::AttrKind Kind : {Attribute::Convergent, Attribute::OptimizeNone, Attribute::NoInline,
                                   Attribute::AlwaysInline, Attribute::OptimizeForSize, Attribute::MinSize})
    F.removeFnAttr(Kind);
  if (D.Model) {
    for (StringRef Name : FromHost)
      if (Attribute A = D.Model->getFnAttribute(Name); A.isValid())
        F.addFnAttr(A);
    F.setUWTableKind(D.Model->getUWTableKind());
  }
  if (!D.Optimised) {
    F.addFnAttr(Attribute::NoInline);
    F.addFnAttr(Attribute::OptimizeNone);
  }
  const clang::SanitizerSet &Sanitize = D.CI.getLangOpts().Sanitize;
  auto Add = [&](clang::SanitizerMask Mask, Attribute::AttrKind Kind) {
    if (Sanitize.hasOneOf(Mask))
      F.addFnAttr(Kind);
  };
  using namespace clang;
  Add(SanitizerKind::Address | SanitizerKind::KernelAddress, Attribute::SanitizeAddress);
  Add(SanitizerKind::HWAddress | SanitizerKind::KernelHWAddress, Attribute::SanitizeHWAddress);
  Add(SanitizerKind::Thread, Attribute::SanitizeThread);
  Add(SanitizerKind::Memory | SanitizerKind::KernelMemory, Attribute::SanitizeMemory);
}

void retarget(DeviceModule &D, Module &Host) {
  Module &M = D.M;
  M.setDataLayout(Host.getDataLayout());
  M.setTargetTriple(Host.getTargetTriple());
  for (NamedMDNode &N : make_early_inc_range(M.named_metadata()))
    if (N.getName() != "llvm.dbg.cu")
      M.eraseNamedMetadata(&N);
  Flattener(D).run();
  for (Function &F : M) {
    F.setCallingConv(CallingConv::C);
    if (F.isIntrinsic())
      continue;
    if (F.isDeclaration())
      F.removeFnAttr(Attribute::Convergent);
    else
      giveHostAttributes(D, F);
    widenScopes(F);
    for (Instruction &I : instructions(F))
      if (auto *Call = dyn_cast<CallBase>(&I); Call && !Call->isInlineAsm()) {
        Call->setCallingConv(CallingConv::C);
        Call->removeFnAttr(Attribute::Convergent);
      }
  }
}

} // namespace adstencil
