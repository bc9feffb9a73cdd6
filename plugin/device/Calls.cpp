// What a kernel calls: intrinsics of the GPU and functions of CUDA's device library.
//
// Indices (tid, ctaid, ntid, nctaid) stay calls; Threads.cpp knows what they are in each kind of kernel. What threads
// do together becomes a call of the runtime with the calling thread, `__adstencil_this_thread()`; where the thread is
// an argument, Threads.cpp puts that in its place. Everything that is not known here is an error that names it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "device/Kernels.h"

#include "device/Threads.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Demangle/Demangle.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/IntrinsicsNVPTX.h"

using namespace llvm;

namespace adstencil {

/// The libdevice function that does the same as an intrinsic, with its prefix.
static std::string libdeviceName(StringRef Instruction) {
  static const StringMap<StringRef> Names = {
#define MATH(name, function) {name, function},
#include "device/Instructions.def"
#undef MATH
  };
  std::string Name = Instruction.str();
  if (size_t At = Name.find(".ftz"); At != std::string::npos)
    Name.erase(At, 4);
  auto Found = Names.find(Name);
  return Found == Names.end() ? "" : ("__nv_" + Found->second).str();
}

CallInst *thisThread(Function &F) {
  FunctionCallee Callee =
      F.getParent()->getOrInsertFunction("__adstencil_this_thread", PointerType::get(F.getContext(), 0));
  for (Instruction &I : F.getEntryBlock())
    if (auto *Call = dyn_cast<CallInst>(&I); Call && Call->getCalledOperand() == Callee.getCallee())
      return Call;
  return CallInst::Create(Callee, "self", F.getEntryBlock().getFirstNonPHIOrDbgOrAlloca());
}

bool isIndex(const Value *V, StringRef Register, unsigned Axis) {
  const auto *Call = dyn_cast<IntrinsicInst>(V);
  if (!Call)
    return false;
  StringRef Name = Call->getCalledFunction()->getName();
  return Name.consume_front("llvm.nvvm.read.ptx.sreg.") && Name.consume_front(Register) && Name.size() == 2 &&
         Name[0] == '.' && Name[1] == "xyz"[Axis];
}

Value *readIndex(IRBuilderBase &B, StringRef Register, unsigned Axis) {
  static constexpr Intrinsic::ID IDs[4][3] = {
      {Intrinsic::nvvm_read_ptx_sreg_tid_x, Intrinsic::nvvm_read_ptx_sreg_tid_y, Intrinsic::nvvm_read_ptx_sreg_tid_z},
      {Intrinsic::nvvm_read_ptx_sreg_ctaid_x, Intrinsic::nvvm_read_ptx_sreg_ctaid_y,
       Intrinsic::nvvm_read_ptx_sreg_ctaid_z},
      {Intrinsic::nvvm_read_ptx_sreg_ntid_x, Intrinsic::nvvm_read_ptx_sreg_ntid_y,
       Intrinsic::nvvm_read_ptx_sreg_ntid_z},
      {Intrinsic::nvvm_read_ptx_sreg_nctaid_x, Intrinsic::nvvm_read_ptx_sreg_nctaid_y,
       Intrinsic::nvvm_read_ptx_sreg_nctaid_z}};
  unsigned Row = StringSwitch<unsigned>(Register).Case("tid", 0).Case("ctaid", 1).Case("ntid", 2).Default(3);
  return B.CreateIntrinsic(IDs[Row][Axis], {});
}

namespace {
class CallLowering {
public:
  CallLowering(DeviceModule &D, Function &F, DeviceKernel &K)
      : D(D), F(F), K(K), Ctx(F.getContext()), Int(Type::getInt32Ty(Ctx)), Pointer(PointerType::get(Ctx, 0)) {}

  void run() {
    for (Instruction &I : make_early_inc_range(instructions(F)))
      if (auto *Call = dyn_cast<CallBase>(&I))
        lower(*Call);
    for (Instruction &I : instructions(F))
      for (Value *Operand : I.operands())
        if (auto *C = dyn_cast<Constant>(Operand))
          checkVariables(*C, I);
  }

private:
  DeviceModule &D;
  Function &F;
  DeviceKernel &K;
  LLVMContext &Ctx;
  Type *Int, *Pointer;

  void lower(CallBase &Call) {
    if (auto *Asm = dyn_cast<InlineAsm>(Call.getCalledOperand()))
      return D.refuse(K.Name, &Call, "it contains inline assembly ('" + Asm->getAsmString() + "')");
    Function *Callee = Call.getCalledFunction();
    if (!Callee || !Callee->isDeclaration())
      return;
    StringRef Name = Callee->getName();
    if (Callee->getIntrinsicID() == Intrinsic::trap)
      return trap(Call);
    if (Name.starts_with("llvm.nvvm."))
      return instruction(Call, *Callee, Name.drop_front(10));
    if (Callee->isIntrinsic() || Name.starts_with("adstencil.") || Name.starts_with("__adstencil_") ||
        Name.starts_with("__ubsan_handle_"))
      return;
    library(Call, Name);
  }

  // ---- functions ----

  void library(CallBase &Call, StringRef Name) {
    if (lowerMathematics(Call, Name))
      return;
    if (Name == "vprintf")
      return Call.setCalledFunction(
          Call.getModule()->getOrInsertFunction("__adstencil_vprintf", Call.getFunctionType()));
    if (Name == "__assertfail" || Name == "__assert_fail")
      return assertion(Call);
    if (Name == "__nvvm_reflect")
      return replace(Call, ConstantInt::get(Call.getType(), 0));
    if (StringSwitch<bool>(Name)
            .Cases({"malloc", "realloc", "free", "memcpy", "memmove", "memset", "abort", "__cxa_pure_virtual"}, true)
            .Default(false))
      return;
    // clang calls some builtins by their C names.
    if (lowerMathematics(Call, ("__nv_" + Name).str()))
      return;
    if (Name.starts_with("cudaLaunchDevice") || Name.starts_with("cudaGetParameterBuffer") ||
        Name.starts_with("cudaConfigureCall"))
      return D.refuse(K.Name, &Call, "it launches another kernel");
    if (Name.starts_with("__nv_tex") || Name.starts_with("__itex") || Name.starts_with("__isurf"))
      return D.refuse(K.Name, &Call, "it uses textures or surfaces");
    D.refuse(K.Name, &Call, "it calls '" + demangle(Name.str()) + "', which is not defined in this file");
  }

  void assertion(CallBase &Call) {
    IRBuilder<> B(&Call);
    FunctionCallee Failed = Call.getModule()->getOrInsertFunction("__adstencil_assert_failed", B.getVoidTy(), Pointer,
                                                                  Pointer, Int, Pointer);
    cast<Function>(Failed.getCallee())->addFnAttr(Attribute::NoReturn);
    B.CreateCall(Failed, SmallVector<Value *, 4>(drop_end(Call.args(), Call.arg_size() - 4)))->setDoesNotReturn();
    // The runtime may leave by an exception.
    F.removeFnAttr(Attribute::NoUnwind);
    F.addFnAttr(Attribute::getWithUWTableKind(Ctx, UWTableKind::Default));
    replace(Call, nullptr);
  }

  void trap(CallBase &Call) {
    IRBuilder<> B(&Call);
    FunctionCallee Trapped = Call.getModule()->getOrInsertFunction("__adstencil_trapped", B.getVoidTy(), Pointer);
    cast<Function>(Trapped.getCallee())->addFnAttr(Attribute::NoReturn);
    B.CreateCall(Trapped, {B.CreateGlobalString(K.Name, "kernel.name")})->setDoesNotReturn();
    F.removeFnAttr(Attribute::NoUnwind);
    F.addFnAttr(Attribute::getWithUWTableKind(Ctx, UWTableKind::Default));
    replace(Call, nullptr);
  }

  /// Variables that only another file could provide.
  void checkVariables(Constant &C, Instruction &I) {
    if (auto *G = dyn_cast<GlobalVariable>(&C)) {
      if (G->isDeclaration() && !D.Shared.contains(G))
        D.refuse(K.Name, &I,
                 "it uses the variable '" + demangle(G->getName().str()) + "', which is not defined in this file");
      return;
    }
    if (!isa<GlobalValue>(C))
      for (Value *Operand : C.operands())
        if (auto *Inner = dyn_cast<Constant>(Operand))
          checkVariables(*Inner, I);
  }

  // ---- instructions ----

  void replace(CallBase &Call, Value *New) {
    if (New && !Call.getType()->isVoidTy()) {
      Call.replaceAllUsesWith(New);
      if (isa<Instruction>(New) && !New->hasName())
        New->takeName(&Call);
    }
    Call.eraseFromParent();
  }

  void instruction(CallBase &Call, Function &Callee, StringRef Name) {
    if (Intrinsic::ID ID = Callee.getIntrinsicID(); ID != Intrinsic::not_intrinsic)
      Name = Intrinsic::getBaseName(ID).drop_front(10);
    if (std::string Math = libdeviceName(Name); !Math.empty() && lowerMathematics(Call, Math))
      return;
    IRBuilder<> B(&Call);
    if (Name.consume_front("read.ptx.sreg.")) {
      if (Value *V = specialRegister(B, Name))
        return replace(Call, V);
      if (is_contained({"tid", "ctaid", "ntid", "nctaid"}, Name.drop_back(2)) && !Name.ends_with(".w"))
        return;
    } else if (Value *V = together(B, Call, Name)) {
      return replace(Call, V);
    } else if (Value *V = alone(B, Call, Name)) {
      return replace(Call, V);
    }
    StringRef What = Name.starts_with("tex.") || Name.starts_with("suld.") || Name.starts_with("sust.")
                         ? "it uses textures or surfaces"
                         : "";
    if (!What.empty())
      return D.refuse(K.Name, &Call, What);
    D.refuse(K.Name, &Call, "it uses the GPU instruction '" + Callee.getName() + "'");
  }

  Value *index(IRBuilderBase &B, StringRef Register, unsigned Axis) { return readIndex(B, Register, Axis); }

  /// tid.x + ntid.x * (tid.y + ntid.y * tid.z).
  Value *linearThread(IRBuilderBase &B) {
    Value *Plane = B.CreateAdd(index(B, "tid", 1), B.CreateMul(index(B, "ntid", 1), index(B, "tid", 2)));
    return B.CreateAdd(index(B, "tid", 0), B.CreateMul(index(B, "ntid", 0), Plane));
  }

  Value *specialRegister(IRBuilderBase &B, StringRef Name) {
    if (Name == "warpsize")
      return B.getInt32(32);
    if (Name == "nwarpid")
      return B.getInt32(32);
    if (Name == "smid")
      return B.getInt32(0);
    if (Name == "nsmid")
      return B.getInt32(1);
    if (Name == "warpid")
      return B.CreateLShr(linearThread(B), 5);
    if (Name == "laneid")
      return B.CreateAnd(linearThread(B), 31);
    if (Name.consume_front("lanemask.")) {
      Value *Own = B.CreateShl(B.getInt32(1), B.CreateAnd(linearThread(B), 31));
      Value *Below = B.CreateSub(Own, B.getInt32(1));
      return StringSwitch<function_ref<Value *()>>(Name)
          .Case("eq", [&]() -> Value * { return Own; })
          .Case("lt", [&]() -> Value * { return Below; })
          .Case("le", [&]() -> Value * { return B.CreateOr(Below, Own); })
          .Case("ge", [&]() -> Value * { return B.CreateNot(Below); })
          .Default([&]() -> Value * { return B.CreateNot(B.CreateOr(Below, Own)); })();
    }
    if (Name == "clock64")
      return B.CreateIntrinsic(Intrinsic::readcyclecounter, {});
    if (Name == "clock")
      return B.CreateTrunc(B.CreateIntrinsic(Intrinsic::readcyclecounter, {}), Int);
    if (Name == "globaltimer") {
      FunctionCallee Clock = F.getParent()->getOrInsertFunction("__adstencil_math_nanoseconds", B.getInt64Ty());
      return B.CreateCall(Clock);
    }
    return nullptr;
  }

  /// Calls a function of abi.h with the calling thread in front.
  CallInst *callThread(IRBuilderBase &B, StringRef Name, Type *Result, ArrayRef<Value *> Arguments) {
    K.Waits = true;
    SmallVector<Value *, 8> All = {thisThread(F)};
    All.append(Arguments.begin(), Arguments.end());
    SmallVector<Type *, 8> Types;
    for (Value *V : All)
      Types.push_back(V->getType());
    return B.CreateCall(F.getParent()->getOrInsertFunction(Name, FunctionType::get(Result, Types, false)), All);
  }

  Value *barrier(IRBuilderBase &B, CallBase &Call, unsigned Kind) {
    auto *Number = dyn_cast<ConstantInt>(Call.getArgOperand(0));
    if (!Number || !Number->isZero()) {
      D.refuse(K.Name, &Call, "it uses a barrier other than that of __syncthreads");
      return PoisonValue::get(Call.getType());
    }
    Value *Predicate = Kind == 0 ? B.getInt32(0) : B.CreateZExt(Call.getArgOperand(1), Int);
    Value *Result = callThread(B, "__adstencil_barrier", Int, {B.getInt32(Kind), Predicate});
    return Call.getType()->isIntegerTy(1) ? B.CreateIsNotNull(Result) : Result;
  }

  Value *shuffle(IRBuilderBase &B, CallBase &Call, StringRef Name) {
    unsigned Kind = StringSwitch<unsigned>(Name.take_until([](char C) { return C == '.'; }))
                        .Case("idx", 0)
                        .Case("up", 1)
                        .Case("down", 2)
                        .Default(3);
    Value *Given = Call.getArgOperand(1);
    bool Pair = Call.getType()->isStructTy();
    Value *Valid = ConstantPointerNull::get(cast<PointerType>(Pointer));
    if (Pair) {
      IRBuilder<> Entry(&*F.getEntryBlock().getFirstInsertionPt());
      Valid = Entry.CreateAlloca(Int);
    }
    Value *Word = callThread(B, "__adstencil_shuffle", Int,
                             {B.getInt32(Kind), Call.getArgOperand(0), B.CreateBitCast(Given, Int),
                              Call.getArgOperand(2), Call.getArgOperand(3), Valid});
    Value *Result = B.CreateBitCast(Word, Given->getType());
    if (!Pair)
      return Result;
    Value *Both = B.CreateInsertValue(PoisonValue::get(Call.getType()), Result, 0);
    return B.CreateInsertValue(Both, B.CreateIsNotNull(B.CreateLoad(Int, Valid)), 1);
  }

  Value *match(IRBuilderBase &B, CallBase &Call, bool All) {
    Value *Found = ConstantPointerNull::get(cast<PointerType>(Pointer));
    if (All) {
      IRBuilder<> Entry(&*F.getEntryBlock().getFirstInsertionPt());
      Found = Entry.CreateAlloca(Int);
    }
    Value *Mask = callThread(
        B, "__adstencil_match", Int,
        {B.getInt32(All), Call.getArgOperand(0), B.CreateZExt(Call.getArgOperand(1), B.getInt64Ty()), Found});
    if (!All)
      return Mask;
    Value *Both = B.CreateInsertValue(PoisonValue::get(Call.getType()), Mask, 0);
    return B.CreateInsertValue(Both, B.CreateIsNotNull(B.CreateLoad(Int, Found)), 1);
  }

  /// What threads do together. Null if Name is nothing of the kind.
  Value *together(IRBuilderBase &B, CallBase &Call, StringRef Name) {
    if (Name == "barrier.cta.sync.aligned.all" || Name == "barrier.cta.sync.all")
      return barrier(B, Call, 0);
    if (Name.starts_with("barrier.cta.red.") && Name.ends_with(".all"))
      return barrier(B, Call,
                     Name.starts_with("barrier.cta.red.popc")  ? 1
                     : Name.starts_with("barrier.cta.red.and") ? 2
                                                               : 3);
    if (Name == "bar.warp.sync")
      return callThread(B, "__adstencil_warp_barrier", B.getVoidTy(), {Call.getArgOperand(0)});
    if (Name.consume_front("shfl.sync."))
      return shuffle(B, Call, Name);
    if (Name.starts_with("vote.") && Name.ends_with(".sync")) {
      unsigned Kind = StringSwitch<unsigned>(Name)
                          .Case("vote.ballot.sync", 0)
                          .Case("vote.all.sync", 1)
                          .Case("vote.any.sync", 2)
                          .Default(3);
      Value *Result = callThread(B, "__adstencil_vote", Int,
                                 {B.getInt32(Kind), Call.getArgOperand(0), B.CreateZExt(Call.getArgOperand(1), Int)});
      return Kind == 0 ? Result : B.CreateIsNotNull(Result);
    }
    if (Name.starts_with("match."))
      return match(B, Call, Name.starts_with("match.all"));
    if (Name.consume_front("redux.sync.")) {
      int Kind = StringSwitch<int>(Name)
                     .Case("add", 0)
                     .Case("umin", 1)
                     .Case("umax", 2)
                     .Case("min", 3)
                     .Case("max", 4)
                     .Case("and", 5)
                     .Case("or", 6)
                     .Case("xor", 7)
                     .Default(-1);
      if (Kind >= 0)
        return callThread(B, "__adstencil_reduce_warp", Int,
                          {B.getInt32(Kind), Call.getArgOperand(1), Call.getArgOperand(0)});
    }
    if (Name == "activemask") {
      CallInst *Mask = callThread(B, "__adstencil_active_mask", Int, {});
      // The runtime tells the branches of a warp apart by the return address.
      Mask->addFnAttr(Attribute::NoMerge);
      Mask->addFnAttr(Attribute::Convergent);
      // Or else optimizations take it away from the call.
      Mask->getCalledFunction()->addFnAttr(Attribute::Convergent);
      return Mask;
    }
    return nullptr;
  }

  /// Atomic operations for one block or for all of the system.
  Value *atomic(IRBuilderBase &B, CallBase &Call, StringRef Name) {
    Value *Address = Call.getArgOperand(0), *Operand = Call.getArgOperand(1);
    if (Name.starts_with("cas.")) {
      Value *Pair =
          B.CreateAtomicCmpXchg(Address, Operand, Call.getArgOperand(2), MaybeAlign(),
                                AtomicOrdering::SequentiallyConsistent, AtomicOrdering::SequentiallyConsistent);
      return B.CreateExtractValue(Pair, 0);
    }
    bool Float = Operand->getType()->isFloatingPointTy();
    auto Operation = StringSwitch<AtomicRMWInst::BinOp>(Name.take_until([](char C) { return C == '.'; }))
                         .Case("add", Float ? AtomicRMWInst::FAdd : AtomicRMWInst::Add)
                         .Case("and", AtomicRMWInst::And)
                         .Case("or", AtomicRMWInst::Or)
                         .Case("xor", AtomicRMWInst::Xor)
                         .Case("exch", AtomicRMWInst::Xchg)
                         .Case("inc", AtomicRMWInst::UIncWrap)
                         .Case("dec", AtomicRMWInst::UDecWrap)
                         .Default(AtomicRMWInst::BAD_BINOP);
    if (Operation == AtomicRMWInst::BAD_BINOP)
      return nullptr; // max and min do not say whether they are signed
    return B.CreateAtomicRMW(Operation, Address, Operand, MaybeAlign(), AtomicOrdering::SequentiallyConsistent);
  }

  /// What a thread does for itself. Null if the host cannot.
  Value *alone(IRBuilderBase &B, CallBase &Call, StringRef Name) {
    if (Name.starts_with("membar.") || Name == "fence.sc.cluster")
      return B.CreateFence(AtomicOrdering::SequentiallyConsistent);
    if (Name == "nanosleep" || Name == "pm.event.mask" || Name.starts_with("prefetch"))
      return UndefValue::get(Int); // only ever a hint
    if (Name.starts_with("ldu.global.")) {
      auto *L = B.CreateLoad(Call.getType(), Call.getArgOperand(0));
      L->setMetadata(LLVMContext::MD_invariant_load, MDNode::get(Ctx, {}));
      return L;
    }
    if (Name == "reflect")
      return B.getInt32(0);
    if (Name.starts_with("move.") || Name == "internal.addrspace.wrap")
      return Call.getArgOperand(0);
    if (Name == "lohi.i2d") {
      Value *Low = B.CreateZExt(Call.getArgOperand(0), B.getInt64Ty());
      Value *High = B.CreateShl(B.CreateZExt(Call.getArgOperand(1), B.getInt64Ty()), 32);
      return B.CreateBitCast(B.CreateOr(Low, High), B.getDoubleTy());
    }
    if (Name == "fns") {
      FunctionCallee Callee = F.getParent()->getOrInsertFunction("__adstencil_math_fns", Call.getFunctionType());
      return B.CreateCall(Callee, SmallVector<Value *, 3>(Call.args()));
    }
    if (Name.consume_front("atomic."))
      return atomic(B, Call, Name);
    return nullptr;
  }
};
} // namespace

void lowerCalls(DeviceModule &D, Function &F, DeviceKernel &K) { CallLowering(D, F, K).run(); }

} // namespace adstencil
