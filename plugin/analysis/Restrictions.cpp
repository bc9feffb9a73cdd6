// What a kernel may not do, each with place, reason and a way out. Whatever would make a gradient wrong without being
// noticed is an error here; docs/reference.md lists the messages.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analysis/Activity.h"

#include "derive/Rules.h"
#include "model/Library.h"
#include "llvm/ADT/PostOrderIterator.h"
#include "llvm/Analysis/CFG.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Demangle/Demangle.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"

using namespace llvm;

namespace adstencil {

namespace {

/// Checks one kernel instruction by instruction. Each method returns false after a report.
class Checker {
public:
  Checker(const Request &R, const Activity &A) : R(R), A(A) {}

  bool check() {
    if (!checkControlFlow() || !checkCooperation())
      return false;
    for (const Instruction &I : instructions(*R.F))
      if (!checkInstruction(I))
        return false;
    return checkBits() && checkIntegerStores() && checkInactiveCarriers();
  }

private:
  const Request &R;
  const Activity &A;

  bool refuseAt(const Instruction &I, const Twine &Reason, StringRef Advice) const {
    refuse(I.getContext(), R.Kernel, &I, R.Place, Reason.str(), Advice);
    return false;
  }

  bool checkControlFlow() const {
    DominatorTree DT(*R.F);
    LoopInfo LI(DT);
    ReversePostOrderTraversal<const Function *> RPO(R.F);
    if (containsIrreducibleCFG<const BasicBlock *>(RPO, LI))
      return refuseAt(*R.F->getEntryBlock().getTerminator(),
                      "a goto jumps into the middle of a loop (irreducible control flow)",
                      "write the loop with for or while");
    for (const BasicBlock &BB : *R.F) {
      const Instruction *T = BB.getTerminator();
      if (isa<IndirectBrInst>(T) || isa<CallBrInst>(T))
        return refuseAt(*T, "it jumps to a computed address", "use a switch");
      if (isa<InvokeInst>(T) || isa<ResumeInst>(T) || BB.isEHPad())
        return refuseAt(*T, "it throws or catches exceptions",
                        "return an error code, or check before the kernel is called");
    }
    return true;
  }

  /// What the threads of a block or grid do together. One thread's reverse says nothing about it.
  bool checkCooperation() const {
    for (const Instruction &I : instructions(*R.F)) {
      const Value *Pointer = accessedPointer(const_cast<Instruction *>(&I));
      if (const auto *X = dyn_cast<AtomicRMWInst>(&I))
        Pointer = X->getPointerOperand();
      if (const auto *X = dyn_cast<AtomicCmpXchgInst>(&I))
        Pointer = X->getPointerOperand();
      constexpr unsigned Shared = 3;
      if (const auto *X = dyn_cast<AtomicRMWInst>(&I); X && R.OnGrid && !checkAtomic(*X))
        return false;
      if (isa<AtomicCmpXchgInst>(I) && R.OnGrid && A.isActiveMemory(Pointer))
        return refuseAt(I, "it changes active memory with atomicCAS", "use atomicAdd");
      if (Pointer && any_of(A.roots(Pointer), [](const Value *Root) {
            const auto *G = dyn_cast<GlobalVariable>(Root);
            return G && G->getAddressSpace() == Shared;
          }))
        return refuseAt(I, "it uses shared memory (__shared__), through which threads see each other's values",
                        "read global memory directly: neighbouring threads share it through the cache");
      const auto *CB = dyn_cast<CallBase>(&I);
      const Function *F = CB ? CB->getCalledFunction() : nullptr;
      if (F && !checkCooperation(*CB, F->getName()))
        return false;
    }
    return true;
  }

  bool checkCooperation(const CallBase &CB, StringRef Name) const {
    struct Row {
      StringLiteral Prefix, What, Advice;
    };
    static constexpr StringLiteral Split = "split the kernel in two at this place";
    static constexpr StringLiteral Plain = "let each thread read what it needs from global memory";
    static constexpr Row Rows[] = {
        {"llvm.nvvm.barrier", "it waits for other threads (__syncthreads)", Split},
        {"llvm.nvvm.bar.", "it waits for other threads (__syncwarp, __syncthreads)", Split},
        {"llvm.nvvm.shfl", "it reads registers of other threads (a warp shuffle)", Plain},
        {"llvm.nvvm.vote", "it asks other threads (a warp vote)", Plain},
        {"llvm.nvvm.match", "it asks other threads (a warp match)", Plain},
        {"llvm.nvvm.redux", "it reduces over the threads of a warp", "add to one cell with atomicAdd"},
        {"llvm.nvvm.activemask", "it asks which threads are active (__activemask)", Plain},
        {"llvm.nvvm.tex", "it reads a texture", "read a plain array, with __ldg or const __restrict__"},
        {"llvm.nvvm.tld4", "it reads a texture", "read a plain array, with __ldg or const __restrict__"},
        {"__nv_tex_surf", "it uses a texture or surface", "read a plain array, with __ldg or const __restrict__"},
        {"llvm.nvvm.suld", "it uses a surface", "use a plain array"},
        {"llvm.nvvm.sust", "it uses a surface", "use a plain array"},
        {"llvm.nvvm.read.ptx.sreg.clock", "it reads the clock", "measure with events around the launch"},
        {"llvm.nvvm.read.ptx.sreg.globaltimer", "it reads the clock", "measure with events around the launch"},
        {"cudaLaunchDevice", "it launches a kernel (dynamic parallelism)", "launch from the host"},
        {"cudaGetParameterBuffer", "it launches a kernel (dynamic parallelism)", "launch from the host"},
        {"cudaCG", "it uses cooperative groups", Split},
    };
    for (const Row &X : Rows)
      if (Name.starts_with(X.Prefix))
        return refuseAt(CB, X.What, X.Advice);
    return true;
  }

  /// The name that CUDA gives an atomic operation.
  static StringRef atomicName(const AtomicRMWInst &X) {
    switch (X.getOperation()) {
    case AtomicRMWInst::Xchg:
      return "atomicExch";
    case AtomicRMWInst::Add:
    case AtomicRMWInst::FAdd:
      return "atomicAdd";
    case AtomicRMWInst::Sub:
    case AtomicRMWInst::FSub:
      return "atomicSub";
    case AtomicRMWInst::Min:
    case AtomicRMWInst::UMin:
    case AtomicRMWInst::FMin:
      return "atomicMin";
    case AtomicRMWInst::Max:
    case AtomicRMWInst::UMax:
    case AtomicRMWInst::FMax:
      return "atomicMax";
    default:
      return "an atomic operation";
    }
  }

  /// atomicAdd to an array: its adjoint reads the cotangent of the sum. That is all, as long as nobody looks at the
  /// sum.
  bool checkAtomic(const AtomicRMWInst &X) const {
    const Value *Pointer = X.getPointerOperand();
    if (!A.isActiveMemory(Pointer))
      return checkAccess(X, Pointer, false, true);
    bool Adds = X.getOperation() == AtomicRMWInst::FAdd && isDifferentiableType(X.getValOperand()->getType());
    if (!R.OnGrid)
      return checkAccess(X, Pointer, false, true);
    if (!Adds)
      return refuseAt(X, "it changes active memory with " + atomicName(X),
                      "use atomicAdd, or mark the parameter [[adstencil::inactive]]");
    if (!X.use_empty())
      return refuseAt(X, "the result of atomicAdd is used: it depends on which thread comes first",
                      "use atomicAdd for its sum alone");
    for (const Instruction &I : instructions(*R.F)) {
      const Value *Other = getLoadStorePointerOperand(&I);
      if (!Other || !isDifferentiableType(getLoadStoreType(&I)))
        continue;
      auto Roots = A.roots(Other);
      if (any_of(A.roots(Pointer), [&](const Value *Root) { return is_contained(Roots, Root); }))
        return refuseAt(I, "an array is updated with atomicAdd and also accessed directly",
                        "use two kernels, so that the sums are complete before they are read");
    }
    return true;
  }

  bool checkInstruction(const Instruction &I) const {
    if (const auto *L = dyn_cast<LoadInst>(&I))
      return checkAccess(I, L->getPointerOperand(), L->isVolatile(), L->isAtomic());
    if (const auto *S = dyn_cast<StoreInst>(&I))
      return checkAccess(I, S->getPointerOperand(), S->isVolatile(), S->isAtomic()) && checkStore(*S);
    if (const auto *X = dyn_cast<AtomicRMWInst>(&I))
      return checkAtomic(*X);
    if (const auto *X = dyn_cast<AtomicCmpXchgInst>(&I))
      return checkAccess(I, X->getPointerOperand(), false, true);
    if (const auto *AI = dyn_cast<AllocaInst>(&I); AI && !AI->isStaticAlloca())
      return refuseAt(I, "it allocates memory inside the kernel (an array whose length is not constant)",
                      "give the array a constant length, or pass it in");
    if (isa<VAArgInst>(&I))
      return refuseAt(I, "it reads variable arguments", "name every parameter");
    if (const auto *CB = dyn_cast<CallBase>(&I))
      return checkCall(*CB);
    return checkType(I);
  }

  static Type *getAccessType(const Instruction *I) {
    return isa<LoadInst>(I) || isa<StoreInst>(I) ? getLoadStoreType(const_cast<Instruction *>(I)) : I->getType();
  }

  /// Neither a parameter's array, nor the members of a by-value parameter, nor a local or global variable.
  static bool isUnknownMemory(const Value *Root) {
    if (const auto *A = dyn_cast<Argument>(Root))
      return !A->hasByValAttr();
    return !isArrayMarker(Root) && !isa<AllocaInst>(Root) && !isa<GlobalVariable>(Root);
  }

  bool checkAccess(const Instruction &I, const Value *Pointer, bool Volatile, bool Atomic) const {
    if ((Volatile || Atomic) && A.isActiveMemory(Pointer))
      return refuseAt(I, Volatile ? "a volatile access to active memory" : "an atomic access to active memory",
                      Volatile ? "drop volatile, or mark the parameter [[adstencil::inactive]]"
                               : "use a plain load and store, or mark the parameter [[adstencil::inactive]]");
    if (isDifferentiableType(getAccessType(&I)) && any_of(A.roots(Pointer), isUnknownMemory))
      return refuseAt(I,
                      "a pointer is used whose origin cannot be followed (made from an integer, or taken from an array "
                      "of pointers)",
                      "index the array that is a parameter of the kernel");
    if ((Volatile || Atomic) && !I.use_empty())
      return refuseAt(I, Volatile ? "a volatile value is used" : "an atomic value is used",
                      "read it before the kernel and pass it in");
    return checkType(I);
  }

  bool checkStore(const StoreInst &S) const {
    const Value *V = S.getValueOperand();
    if (V->getType()->isPointerTy())
      return refuseAt(S, "a pointer is stored to memory, so what it points to can no longer be followed",
                      "keep pointers in local variables, and pass views by value");
    if (!A.isVaried(V))
      return true;
    if (!isDifferentiableType(V->getType()))
      return checkType(*cast<Instruction>(V));
    for (const Value *Root : A.roots(S.getPointerOperand())) {
      if (isArrayMarker(Root) || isa<AllocaInst>(Root))
        continue;
      if (const auto *G = dyn_cast<GlobalVariable>(Root))
        return refuseAt(
            S, "global '" + demangle(G->getName().str()) + "' is written with an active value and has no shadow",
            "pass it as a parameter, or mark what flows into it [[adstencil::inactive]]");
      return refuseAt(S, "memory without a shadow is written with an active value",
                      "pass the array as a parameter of the kernel, with a shadow");
    }
    return true;
  }

  bool checkType(const Instruction &I) const {
    if (isa<FPToSIInst>(I) || isa<FPToUIInst>(I)) {
      if (A.isVaried(I.getOperand(0)))
        return refuseAt(
            I, "an active value is turned into an integer",
            "compute the integer from something inactive or from floor(x), whose derivative is 0, or mark its source "
            "[[adstencil::inactive]]");
      return true;
    }
    if (isa<BitCastInst>(I) && A.isVaried(I.getOperand(0)) && !I.getType()->isFPOrFPVectorTy() &&
        !feedsComparisonsOnly(I))
      return refuseAt(I, "the bits of an active value are used as an integer",
                      "use the functions of <cmath>, or mark its source [[adstencil::inactive]]");
    if (!A.isVaried(&I))
      return true;
    if (isDifferentiableType(I.getType()))
      return hasRule(I) ||
             refuseAt(I, "there is no derivative rule for '" + Twine(I.getOpcodeName()) + "' of an active value",
                      "write the operation with arithmetic and the functions of <cmath>");
    if (I.getType()->isAggregateType())
      return refuseAt(I, "an active aggregate stays one after simplification", "use its members one by one");
    if (I.getType()->isVectorTy())
      return refuseAt(I, "an active vector register value", "write the scalar loop: the compiler vectorises it");
    std::string Name = I.getType()->isX86_FP80Ty() || I.getType()->isFP128Ty() ? "long double" : "half precision";
    return refuseAt(I, "an active value of type " + Name,
                    "use float or double, or mark its source [[adstencil::inactive]]");
  }

  /// True for the instructions that derive/ knows.
  static bool hasRule(const Instruction &I) {
    if (const auto *CB = dyn_cast<CallBase>(&I))
      return findRule(*CB) || isScalarMarker(CB);
    return I.isBinaryOp() || I.getOpcode() == Instruction::FNeg || isa<FPExtInst>(I) || isa<FPTruncInst>(I) ||
           isa<SelectInst>(I) || isa<PHINode>(I) || isa<LoadInst>(I) || isa<FreezeInst>(I);
  }

  /// Sign tests look at bits and compare them: they steer, they do not compute.
  static bool feedsComparisonsOnly(const Instruction &I) {
    return all_of(I.users(), [](const User *U) {
      const auto *J = cast<Instruction>(U);
      return isa<ICmpInst>(J) ||
             ((J->isBitwiseLogicOp() || J->isShift() || isa<TruncInst>(J)) && feedsComparisonsOnly(*J));
    });
  }

  bool checkCall(const CallBase &CB) const {
    switch (classify(CB)) {
    case LibraryCall::Mathematics:
    case LibraryCall::Marker:
    case LibraryCall::Prints:
    case LibraryCall::NoReturn:
      return checkType(CB);
    case LibraryCall::Pure:
      if (isa<IntrinsicInst>(CB) && CB.getType()->isIntOrIntVectorTy() && !passesActiveValue(CB))
        return true;
      break;
    case LibraryCall::Memory:
      return refuseAt(CB, "a block of memory is moved that cannot be split into elements",
                      "copy the elements in a loop");
    case LibraryCall::Allocates:
      return refuseAt(CB, "it allocates memory inside the kernel", "allocate before the kernel and pass the array in");
    case LibraryCall::Throws:
      return refuseAt(CB, "it throws or catches exceptions",
                      "return an error code, or check before the kernel is called");
    case LibraryCall::Unknown:
      break;
    }
    return checkUnknownCall(CB);
  }

  bool passesActiveValue(const CallBase &CB) const {
    return any_of(CB.args(), [&](const Use &U) { return A.isVaried(U); });
  }

  bool passesActive(const CallBase &CB) const {
    return any_of(CB.args(),
                  [&](const Use &U) { return A.isVaried(U) || (U->getType()->isPointerTy() && A.isActiveMemory(U)); });
  }

  bool passesMemory(const CallBase &CB) const {
    return any_of(CB.args(), [&](const Use &U) {
      if (!U->getType()->isPointerTy())
        return false;
      return any_of(A.roots(U), [](const Value *V) {
        const auto *G = dyn_cast<GlobalVariable>(V);
        return !(G && G->isConstant());
      });
    });
  }

  bool checkUnknownCall(const CallBase &CB) const {
    if (CB.isInlineAsm())
      return refuseAt(CB, "it contains inline assembly", "write it in C++, or move it out of the kernel");
    if (const auto *II = dyn_cast<IntrinsicInst>(&CB)) {
      StringRef Name = Intrinsic::getBaseName(II->getIntrinsicID());
      if (Name.starts_with("llvm.va_"))
        return refuseAt(CB, "it reads variable arguments", "name every parameter");
      if (Name.starts_with("llvm.experimental.constrained."))
        return refuseAt(
            CB,
            "its arithmetic depends on the rounding mode or raises exceptions (-frounding-math, a strict -ffp-model)",
            "compile the file of the kernel without these options");
      // Rounding an active value to an integer (lrint and its kin).
      if (CB.getType()->isIntOrIntVectorTy() && passesActiveValue(CB) && Name != "llvm.is.fpclass")
        return refuseAt(
            CB, "an active value is turned into an integer",
            "compute the integer from something inactive or from floor(x), whose derivative is 0, or mark its source "
            "[[adstencil::inactive]]");
      // The math functions of the GPU's compiler that some headers use under their own names.
      if (CB.doesNotAccessMemory() && (CB.getType()->isIntOrIntVectorTy() || !passesActive(CB)))
        return true;
      return refuseAt(CB, "'" + Name + "' has no derivative rule", "use a function of <cmath>");
    }
    const Function *F = CB.getCalledFunction();
    if (!F)
      return refuseAt(CB, "it calls through a pointer (a virtual or indirect call), so the body is not known",
                      "call the function by name, or pass it as a template argument");
    std::string Name = demangle(F->getName().str());
    if (StringRef(Name).starts_with("__nv_") && CB.getType()->isIntegerTy() && passesActiveValue(CB))
      return refuseAt(
          CB, "an active value is turned into an integer",
          "compute the integer from something inactive or from floor(x), whose derivative is 0, or mark its source "
          "[[adstencil::inactive]]");
    bool Active = passesActive(CB);
    if (Active || passesMemory(CB))
      return refuseAt(CB,
                      "'" + Name + "' is called with " + (Active ? "a value that depends on active data" : "memory") +
                          " but its body is not in this file",
                      "define it here (inline, in a header), or compute its result before the kernel and pass it in");
    return true;
  }

  /// True if V flows into active memory.
  bool reachesOutput(const Instruction *V) const {
    SmallVector<const Instruction *, 16> Stack = {V};
    SmallPtrSet<const Instruction *, 16> Seen;
    while (!Stack.empty()) {
      const Instruction *I = Stack.pop_back_val();
      if (!Seen.insert(I).second)
        continue;
      for (const User *U : I->users()) {
        const auto *J = cast<Instruction>(U);
        if (const auto *S = dyn_cast<StoreInst>(J);
            S && S->getValueOperand() == I && A.isActiveMemory(S->getPointerOperand()))
          return true;
        if (isDifferentiableType(J->getType()))
          Stack.push_back(J);
      }
    }
    return false;
  }

  /// An array without a shadow may take active values (a time step, a residual to look at). If the kernel reads them
  /// back and they enter an output, their derivatives would be lost without a word.
  bool checkInactiveCarriers() const {
    DenseSet<const Value *> Carriers;
    for (const Instruction &I : instructions(*R.F))
      if (const auto *S = dyn_cast<StoreInst>(&I); S && A.isVaried(S->getValueOperand()))
        for (const Value *Root : A.roots(S->getPointerOperand()))
          if (isArrayMarker(Root) && !A.isActiveRoot(Root))
            Carriers.insert(Root);
    for (const Instruction &I : instructions(*R.F)) {
      const auto *L = dyn_cast<LoadInst>(&I);
      if (!L || !isDifferentiableType(L->getType()) || !reachesOutput(L))
        continue;
      for (const Value *Root : A.roots(L->getPointerOperand()))
        if (Carriers.contains(Root))
          return refuseAt(I,
                          "'" + R.Roots[markerNumber(Root)].Name +
                              "' has no shadow but carries active values from a store to an output",
                          "give it a shadow: drop [[adstencil::inactive]], or pass shadowed(array, shadow)");
    }
    return true;
  }

  /// Clearing numbers through integers (`*(int4*)&u[i] = zero`) would leave the shadow as it is. Where the array has
  /// other fields beside its numbers, the integer may be one of those; that cannot be told here.
  bool checkIntegerStores() const {
    for (const Instruction &I : instructions(*R.F)) {
      const auto *S = dyn_cast<StoreInst>(&I);
      if (!S || !S->getValueOperand()->getType()->isIntOrIntVectorTy())
        continue;
      for (const Value *Root : A.roots(S->getPointerOperand()))
        if (isArrayMarker(Root) && A.isActiveRoot(Root) && R.Roots[markerNumber(Root)].OnlyFloating)
          return refuseAt(I,
                          "integers are stored over the floating-point numbers of '" +
                              R.Roots[markerNumber(Root)].Name + "', and its shadow would not notice",
                          "store numbers of the array's own type");
    }
    return true;
  }

  /// Follows integers read from active memory: if they come back as numbers or are stored to active memory, somebody
  /// moves floating-point values as bits, and their derivatives would silently be lost.
  bool checkBits() const {
    DenseSet<const Value *> Bits;
    bool Changed = true;
    while (Changed) {
      Changed = false;
      for (const Instruction &I : instructions(*R.F)) {
        if (const auto *S = dyn_cast<StoreInst>(&I)) {
          if (Bits.contains(S->getValueOperand()) && A.isActiveMemory(S->getPointerOperand()))
            return refuseAt(I,
                            "active memory is copied as integers or bytes (a union of float and int, or a block copy)",
                            "copy the members one by one, with their own type");
          continue;
        }
        if (Bits.contains(&I))
          continue;
        bool Reads = isa<LoadInst>(I) && I.getType()->isIntegerTy() && A.isActiveMemory(I.getOperand(0));
        bool Passes = any_of(I.operands(), [&](const Use &U) { return Bits.contains(U); }) &&
                      (I.getType()->isIntegerTy() || isa<BitCastInst>(I)) && !isa<CmpInst>(I) && !isa<LoadInst>(I);
        if (Passes && isa<BitCastInst>(I) && I.getType()->isFPOrFPVectorTy())
          return refuseAt(I, "active memory is read as integer bits and used as a number (a union of float and int)",
                          "read it with its own type");
        if (Reads || Passes) {
          Bits.insert(&I);
          Changed = true;
        }
      }
    }
    return true;
  }
};

} // namespace

bool checkRestrictions(const Request &R, const Activity &A) { return Checker(R, A).check(); }

} // namespace adstencil
