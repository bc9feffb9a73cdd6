// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "model/Request.h"

#include "llvm/Demangle/Demangle.h"

#include "model/Leaves.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Demangle/Demangle.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Module.h"
#include <map>

using namespace llvm;

namespace adstencil {

static constexpr StringLiteral ArrayMarkerName = "adstencil.array";
static constexpr StringLiteral ScalarMarkerPrefix = "adstencil.scalar.";

Function *requestMarker(Module &M) { return M.getFunction("__adstencil_request"); }

static const Function *calledMarker(const Value *V) {
  const auto *C = dyn_cast<CallInst>(V);
  return C ? C->getCalledFunction() : nullptr;
}
bool isArrayMarker(const Value *V) {
  const Function *F = calledMarker(V);
  return F && F->getName() == ArrayMarkerName;
}
bool isScalarMarker(const Value *V) {
  const Function *F = calledMarker(V);
  return F && F->getName().starts_with(ScalarMarkerPrefix);
}
unsigned markerNumber(const Value *Marker) {
  return cast<ConstantInt>(cast<CallInst>(Marker)->getArgOperand(2))->getZExtValue();
}

static void makePure(Function *F) {
  F->setDoesNotAccessMemory();
  F->setDoesNotThrow();
  F->addFnAttr(Attribute::WillReturn);
  F->addFnAttr(Attribute::Speculatable);
  F->addRetAttr(Attribute::NoUndef);
}

CallInst *createArrayMarker(IRBuilderBase &B, Value *Primal, Value *Shadow, unsigned Number) {
  Module &M = *B.GetInsertBlock()->getModule();
  auto Callee = M.getOrInsertFunction(
      ArrayMarkerName, FunctionType::get(B.getPtrTy(), {B.getPtrTy(), B.getPtrTy(), B.getInt32Ty()}, false));
  makePure(cast<Function>(Callee.getCallee()));
  return B.CreateCall(Callee, {Primal, Shadow, B.getInt32(Number)});
}

static CallInst *createScalarMarker(IRBuilderBase &B, Value *Primal, Value *Shadow, unsigned Number) {
  Module &M = *B.GetInsertBlock()->getModule();
  Type *T = Primal->getType();
  std::string Name = (ScalarMarkerPrefix + (T->isFloatTy() ? "f32" : "f64")).str();
  auto Callee = M.getOrInsertFunction(Name, FunctionType::get(T, {T, B.getPtrTy(), B.getInt32Ty()}, false));
  makePure(cast<Function>(Callee.getCallee()));
  return B.CreateCall(Callee, {Primal, Shadow, B.getInt32(Number)});
}

void nameArguments(Request &R) {
  R.ArgumentNames.clear();
  for (Instruction &I : instructions(*R.F)) {
    if (!isArrayMarker(&I))
      continue;
    const RootInfo &Root = R.Roots[markerNumber(&I)];
    const auto &Marker = cast<CallInst>(I);
    if (Root.HasShadow)
      R.ArgumentNames[Marker.getArgOperand(1)] = Root.Name + " (shadow)";
    R.ArgumentNames[Marker.getArgOperand(0)] = Root.Name;
  }
}

void removeMarkers(Function &F) {
  for (Instruction &I : make_early_inc_range(instructions(F)))
    if (isArrayMarker(&I) || isScalarMarker(&I)) {
      I.replaceAllUsesWith(cast<CallInst>(I).getArgOperand(0));
      I.eraseFromParent();
    }
}

/// The leaves of the object behind Address, of which Size bytes matter. The object is a local variable or a by-value
/// parameter; anything else has no type in the IR.
static bool leavesBehind(Value *Address, uint64_t Size, const DataLayout &DL, SmallVectorImpl<Leaf> &Leaves) {
  APInt Offset(DL.getIndexTypeSizeInBits(Address->getType()), 0);
  Value *Base = Address->stripAndAccumulateConstantOffsets(DL, Offset, /*AllowNonInbounds=*/true);
  Type *T = nullptr;
  if (auto *A = dyn_cast<AllocaInst>(Base))
    T = A->getAllocatedType();
  else if (auto *A = dyn_cast<Argument>(Base))
    T = A->getParamByValType();
  if (!T)
    return false;
  SmallVector<Leaf> All;
  collectLeaves(T, DL, 0, All);
  uint64_t First = Offset.getZExtValue();
  for (Leaf L : All)
    if (L.Offset >= First && L.Offset < First + Size)
      Leaves.push_back({L.Offset - First, L.T});
  return true;
}

namespace {
/// Writes the markers of one request, in front of its call.
class MarkerWriter {
public:
  MarkerWriter(Request &R, CallBase &Call) : R(R), B(&Call), DL(Call.getModule()->getDataLayout()) {}

  bool write(const RequestParameter &P, Value *Primal, Value *Shadow, uint64_t Size) {
    switch (P.Kind) {
    case 'p':
      markPointer(P.Name, P, Primal, Shadow);
      return true;
    case 'r':
      return markReference(P, Primal, Shadow);
    case 'v':
    case 's': {
      SmallVector<Leaf> Leaves;
      if (!leavesBehind(Primal, Size, DL, Leaves))
        return false;
      for (auto [Index, L] : enumerate(Leaves))
        markLeaf(P, L, Leaves.size() == 1 ? P.Name : P.Name + "." + std::to_string(Index), Primal, Shadow);
      return true;
    }
    default:
      return false;
    }
  }

private:
  Request &R;
  IRBuilder<> B;
  const DataLayout &DL;

  unsigned newRoot(StringRef Name, const RequestParameter &P) {
    R.Roots.push_back({Name.str(), P.HasShadow, P.OnlyFloating});
    return R.Roots.size() - 1;
  }
  Value *at(Value *Base, uint64_t Offset) { return Offset ? B.CreateConstGEP1_64(B.getInt8Ty(), Base, Offset) : Base; }

  /// Variable holds a pointer, ShadowVariable holds the shadow's: the variable gets the marked pointer.
  void markPointer(StringRef Name, const RequestParameter &P, Value *Variable, Value *ShadowVariable) {
    Value *Pointer = B.CreateLoad(B.getPtrTy(), Variable, Name);
    Value *Shadow = P.HasShadow ? B.CreateLoad(B.getPtrTy(), ShadowVariable, Name + ".shadow") : Pointer;
    B.CreateStore(createArrayMarker(B, Pointer, Shadow, newRoot(Name, P)), Variable);
  }

  /// `&r` of a reference parameter is a load from the variable that holds the reference.
  bool markReference(const RequestParameter &P, Value *Primal, Value *Shadow) {
    auto *L = dyn_cast<LoadInst>(Primal);
    auto *S = dyn_cast<LoadInst>(Shadow);
    if (!L || !S)
      return false;
    markPointer(P.Name, P, L->getPointerOperand(), S->getPointerOperand());
    return true;
  }

  void markLeaf(const RequestParameter &P, const Leaf &L, StringRef Name, Value *Primal, Value *Shadow) {
    Value *Variable = at(Primal, L.Offset);
    if (P.Kind == 'v' && L.T->isPointerTy()) {
      markPointer(Name, P, Variable, at(Shadow, L.Offset));
    } else if (P.Kind == 's' && P.HasShadow && (L.T->isFloatTy() || L.T->isDoubleTy())) {
      Value *ShadowBase = B.CreateLoad(B.getPtrTy(), Shadow, P.Name + ".shadow");
      Value *Scalar = B.CreateLoad(L.T, Variable, Name);
      B.CreateStore(createScalarMarker(B, Scalar, at(ShadowBase, L.Offset), newRoot(Name, P)), Variable);
    }
  }
};
} // namespace

/// The callable in `void adstencil::detail::derive<adstencil::detail::vjp_mode, &(f(double*)), …>(…)`.
static std::string nameOfCallable(const Function &F) {
  std::string Text = demangle(F.getName().str());
  StringRef Name = StringRef(Text).split("_mode, ").second;
  unsigned Depth = 0;
  size_t End = 0;
  for (; End != Name.size(); ++End) {
    char C = Name[End];
    if (C == '<' || C == '(')
      ++Depth;
    else if ((C == '>' || C == ')') && Depth > 0)
      --Depth;
    else if (Depth == 0 && (C == ',' || C == '>'))
      break;
  }
  Name = Name.take_front(End);
  // A __global__ function is wrapped: adstencil::detail::kernel_tag<&void axpy<double>(double*)>. Its name is enough.
  if (Name.consume_front("adstencil::detail::kernel_tag<")) {
    Name.consume_back(">");
    Name.consume_front("&");
    Name.consume_front("(");
    Name.consume_front("void ");
    unsigned Angles = 0;
    for (End = 0; End != Name.size() && (Angles || Name[End] != '('); ++End)
      Angles += (Name[End] == '<') - (Name[End] == '>');
    Name = Name.take_front(End);
  }
  Name.consume_front("&");
  return Name.empty() ? F.getName().str() : Name.str();
}

static bool parseText(StringRef Text, Request &R) {
  SmallVector<StringRef, 8> Fields;
  Text.split(Fields, '|');
  if (Fields.size() < 5)
    return false;
  if (Fields[0] == "vjp")
    R.TheMode = DerivativeMode::Vjp;
  else if (Fields[0] == "adjoint")
    R.TheMode = DerivativeMode::Adjoint;
  else if (Fields[0] == "tangent")
    R.TheMode = DerivativeMode::Tangent;
  else
    return false;
  R.Kernel = Fields[1] == "*" ? nameOfCallable(*R.F) : Fields[1].str();
  R.Place.File = Fields[2].str();
  if (Fields[3].getAsInteger(10, R.Place.Line) || Fields[4].getAsInteger(10, R.Place.Column))
    return false;
  for (StringRef F : ArrayRef(Fields).drop_front(5)) {
    auto [Name, Kind] = F.split(':');
    if (Kind.size() != 2 && Kind != (Kind.take_front(2) + "f").str())
      return false;
    R.Parameters.push_back({Name.str(), Kind[0], Kind[1] == '+', Kind.size() == 3});
  }
  return true;
}

/// Appends the bytes of a constant made of character arrays.
static void appendBytes(const Constant *C, std::string &Bytes) {
  if (const auto *Data = dyn_cast<ConstantDataSequential>(C)) {
    Bytes += Data->getRawDataValues();
  } else if (isa<ConstantAggregateZero>(C)) {
    Bytes.push_back(0);
  } else if (isa<ConstantAggregate>(C)) {
    for (const Use &U : C->operands())
      appendBytes(cast<Constant>(U), Bytes);
  }
}

/// The characters of a constant string that V points to.
static std::optional<std::string> constantText(Value *V) {
  auto *G = dyn_cast<GlobalVariable>(V->stripPointerCasts());
  if (!G || !G->hasInitializer())
    return std::nullopt;
  std::string Bytes;
  appendBytes(G->getInitializer(), Bytes);
  return Bytes.substr(0, Bytes.find('\0'));
}

AtomicRMWInst *asAtomicAdd(Instruction *I) {
  auto *X = dyn_cast<AtomicRMWInst>(I);
  return X && X->getOperation() == AtomicRMWInst::FAdd && X->use_empty() ? X : nullptr;
}
const AtomicRMWInst *asAtomicAdd(const Instruction *I) { return asAtomicAdd(const_cast<Instruction *>(I)); }

Value *accessedPointer(Instruction *I) {
  if (auto *X = asAtomicAdd(I))
    return X->getPointerOperand();
  return getLoadStorePointerOperand(I);
}
Type *accessedType(Instruction *I) {
  if (auto *X = asAtomicAdd(I))
    return X->getValOperand()->getType();
  return getLoadStoreType(I);
}

/// Copies by-value records out of a kernel's parameters. The parameters of a CUDA kernel are constant memory; markers
/// are written into the copies, which dissolve.
static void copyRecords(Function &F) {
  IRBuilder<> B(&*F.getEntryBlock().getFirstInsertionPt());
  for (Argument &A : F.args()) {
    if (!A.hasByValAttr() || A.use_empty())
      continue;
    Type *T = A.getParamByValType();
    AllocaInst *Copy = B.CreateAlloca(T, nullptr, A.getName() + ".copy");
    A.replaceAllUsesWith(Copy);
    Align Alignment = A.getParamAlign().valueOrOne();
    Copy->setAlignment(std::max(Alignment, Copy->getAlign()));
    B.CreateMemCpy(Copy, Copy->getAlign(), &A, Alignment, F.getDataLayout().getTypeAllocSize(T));
  }
}

DenseMap<const Function *, Function *> vjpsOfAdjoints(ArrayRef<CallBase *> Calls) {
  std::map<std::string, Function *> Vjps; // by name as the user writes it, and parameters
  for (CallBase *Call : Calls)
    if (auto Text = constantText(Call->getArgOperand(0)); Text && StringRef(*Text).starts_with("vjp|"))
      Vjps[demangle(Call->getFunction()->getName())] = Call->getFunction();
  DenseMap<const Function *, Function *> Found;
  for (CallBase *Call : Calls) {
    auto Text = constantText(Call->getArgOperand(0));
    std::string Name = demangle(Call->getFunction()->getName());
    size_t Place = Name.find("__adjoint_");
    if (!Text || !StringRef(*Text).starts_with("adjoint|") || Place == std::string::npos)
      continue;
    auto Vjp = Vjps.find(Name.replace(Place, StringRef("__adjoint_").size(), "__vjp_"));
    if (Vjp != Vjps.end() && Vjp->second->getFunctionType() == Call->getFunction()->getFunctionType())
      Found[Call->getFunction()] = Vjp->second;
  }
  return Found;
}

std::optional<Request> readRequest(CallBase &Call) {
  Request R;
  R.F = Call.getFunction();
  R.OnGrid = R.F->getCallingConv() == CallingConv::PTX_Kernel;
  if (R.OnGrid)
    copyRecords(*R.F);
  auto Text = constantText(Call.getArgOperand(0));
  bool Good = Text && parseText(*Text, R) && Call.arg_size() == 1 + 3 * R.Parameters.size();
  MarkerWriter Writer(R, Call);
  // Behind the text: the addresses of the primal arguments, those of their shadows, and the sizes of the primal ones.
  unsigned N = R.Parameters.size();
  for (unsigned I = 0; Good && I != N; ++I) {
    auto *Size = dyn_cast<ConstantInt>(Call.getArgOperand(1 + 2 * N + I));
    Good = Size && Writer.write(R.Parameters[I], Call.getArgOperand(1 + I), Call.getArgOperand(1 + N + I),
                                Size->getZExtValue());
  }
  if (!Good) {
    refuse(Call.getContext(), R.Kernel.empty() ? Call.getFunction()->getName() : StringRef(R.Kernel), &Call, R.Place,
           "the request in '" + Call.getFunction()->getName().str() + "' is malformed",
           "derivatives are requested through the attributes or adstencil/derivatives.h of the same version");
    return std::nullopt;
  }
  Call.eraseFromParent();
  return R;
}

} // namespace adstencil
