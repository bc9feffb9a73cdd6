// The table of Rules.def at work: a small parser for the partials, and their emission as IR.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "derive/Rules.h"

#include "derive/Digamma.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/IR/Intrinsics.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace adstencil {

/// A node of a partial: number, variable, operator, comparison, conditional or call.
struct RuleExpr {
  enum Kind { Number, Variable, Negate, Binary, Compare, Conditional, Call } K;
  double Value = 0;
  char Var = 0;         ///< x, y, z or r
  std::string Operator; ///< + - * / or == != < > <= >= or the function's name
  std::vector<std::shared_ptr<const RuleExpr>> Operands;
};

using ExprPtr = std::shared_ptr<const RuleExpr>;

namespace {

/// Recursive descent over: conditional := comparison ['?' conditional ':' conditional].
class Parser {
public:
  explicit Parser(StringRef Text) : Rest(Text) {}
  ExprPtr parse() {
    ExprPtr E = conditional();
    Rest = Rest.ltrim();
    return Rest.empty() ? E : nullptr;
  }

private:
  StringRef Rest;

  bool eat(StringRef Token) {
    Rest = Rest.ltrim();
    return Rest.consume_front(Token);
  }
  static ExprPtr node(RuleExpr::Kind K, StringRef Operator, std::vector<ExprPtr> Operands) {
    auto E = std::make_shared<RuleExpr>();
    E->K = K;
    E->Operator = Operator.str();
    E->Operands = std::move(Operands);
    return E;
  }
  ExprPtr conditional() {
    ExprPtr C = comparison();
    if (!eat("?"))
      return C;
    ExprPtr Then = conditional();
    eat(":");
    return node(RuleExpr::Conditional, "?", {C, Then, conditional()});
  }
  ExprPtr comparison() {
    ExprPtr L = sum();
    for (StringRef Op : {"==", "!=", "<=", ">=", "<", ">"})
      if (eat(Op))
        return node(RuleExpr::Compare, Op, {L, sum()});
    return L;
  }
  ExprPtr sum() {
    ExprPtr L = product();
    while (true) {
      if (eat("+"))
        L = node(RuleExpr::Binary, "+", {L, product()});
      else if (eat("-"))
        L = node(RuleExpr::Binary, "-", {L, product()});
      else
        return L;
    }
  }
  ExprPtr product() {
    ExprPtr L = unary();
    while (true) {
      if (eat("*"))
        L = node(RuleExpr::Binary, "*", {L, unary()});
      else if (eat("/"))
        L = node(RuleExpr::Binary, "/", {L, unary()});
      else
        return L;
    }
  }
  ExprPtr unary() {
    if (eat("-"))
      return node(RuleExpr::Negate, "-", {unary()});
    if (eat("(")) {
      ExprPtr E = conditional();
      eat(")");
      return E;
    }
    Rest = Rest.ltrim();
    if (!Rest.empty() && (isDigit(Rest.front()) || Rest.front() == '.'))
      return number();
    StringRef Name = Rest.take_while([](char C) { return isAlnum(C); });
    Rest = Rest.drop_front(Name.size());
    if (Name.size() == 1 && StringRef("xyzwr").contains(Name[0])) {
      auto E = std::make_shared<RuleExpr>();
      E->K = RuleExpr::Variable;
      E->Var = Name[0];
      return E;
    }
    std::vector<ExprPtr> Arguments;
    eat("(");
    do
      Arguments.push_back(conditional());
    while (eat(","));
    eat(")");
    return node(RuleExpr::Call, Name, std::move(Arguments));
  }
  ExprPtr number() {
    StringRef Digits = Rest.take_while([](char C) { return isDigit(C) || C == '.'; });
    Rest = Rest.drop_front(Digits.size());
    auto E = std::make_shared<RuleExpr>();
    E->K = RuleExpr::Number;
    Digits.getAsDouble(E->Value);
    return E;
  }
};

} // namespace

static ExprPtr parsePartial(StringRef Text) {
  if (Text.empty() || Text == "0")
    return nullptr;
  ExprPtr E = Parser(Text).parse();
  assert(E && "malformed partial in Rules.def");
  return E;
}

static const StringMap<Rule> &table() {
  static const StringMap<Rule> Table = [] {
    StringMap<Rule> T;
#define ADSTENCIL_RULE(NAME, ARITY, DX, DY, DZ)                                                                        \
  T[#NAME] = Rule{#NAME, ARITY, {parsePartial(DX), parsePartial(DY), parsePartial(DZ)}};
#include "derive/Rules.def"
#undef ADSTENCIL_RULE
    return T;
  }();
  return Table;
}

/// The rows that only device code has.
static const StringMap<Rule> &deviceTable() {
  static const StringMap<Rule> Table = [] {
    StringMap<Rule> T;
#define ADSTENCIL_RULE(NAME, ARITY, DX, DY, DZ)
#define ADSTENCIL_DEVICE_RULE(NAME, ARITY, DX, DY, DZ, DW)                                                             \
  T[#NAME] = Rule{#NAME, ARITY, {parsePartial(DX), parsePartial(DY), parsePartial(DZ), parsePartial(DW)}};
#include "derive/Rules.def"
#undef ADSTENCIL_RULE
    return T;
  }();
  return Table;
}

/// The row of Rules.def that an intrinsic belongs to; empty if it is not a mathematical function.
static StringRef rowOfIntrinsic(Intrinsic::ID ID) {
  switch (ID) {
  case Intrinsic::minnum:
  case Intrinsic::minimum:
  case Intrinsic::minimumnum:
    return "fmin";
  case Intrinsic::maxnum:
  case Intrinsic::maximum:
  case Intrinsic::maximumnum:
    return "fmax";
  case Intrinsic::fmuladd:
    return "fma";
  default:
    break;
  }
  StringRef Name = Intrinsic::getBaseName(ID);
  Name.consume_front("llvm.");
  return table().contains(Name) ? Name : StringRef();
}

/// `sinf` and `sin` both belong to the row `sin`.
static StringRef rowOfName(StringRef Name) {
  if (table().contains(Name))
    return Name;
  if (Name.ends_with("f") && table().contains(Name.drop_back()))
    return Name.drop_back();
  return {};
}

/// The row of a function of libdevice, which spells precision and rounding into the name: __nv_sinf, __nv_fast_sinf,
/// __nv_fdividef, __nv_dadd_rn, __nv_fmaf_rz.
static const Rule *rowOfDeviceName(StringRef Name) {
  if (!Name.consume_front("__nv_"))
    return nullptr;
  Name.consume_front("fast_");
  bool Rounded =
      Name.consume_back("_rn") || Name.consume_back("_rz") || Name.consume_back("_ru") || Name.consume_back("_rd");
  if (Rounded && StringSwitch<bool>(Name.drop_front())
                     .Cases({"add", "sub", "mul", "div", "rcp", "sqrt", "rsqrt"}, Name[0] == 'd' || Name[0] == 'f')
                     .Default(false))
    Name = Name.drop_front();
  for (StringRef Spelling : {Name, Name.ends_with("f") ? Name.drop_back() : Name}) {
    if (auto Row = deviceTable().find(Spelling); Row != deviceTable().end())
      return &Row->second;
    if (auto Row = table().find(Spelling); Row != table().end())
      return &Row->second;
  }
  return nullptr;
}

bool isRuleName(StringRef Name) { return !rowOfName(Name).empty(); }

const Rule *findRule(const CallBase &CB) {
  const Function *F = CB.getCalledFunction();
  if (!F || !(CB.getType()->isFloatTy() || CB.getType()->isDoubleTy()))
    return nullptr;
  if (F->getName().starts_with("__nv_")) {
    const Rule *R = rowOfDeviceName(F->getName());
    return R && CB.arg_size() >= R->Arity ? R : nullptr;
  }
  StringRef Row = F->isIntrinsic() ? rowOfIntrinsic(F->getIntrinsicID())
                                   : (F->isDeclaration() ? rowOfName(F->getName()) : StringRef());
  if (Row.empty())
    return nullptr;
  const Rule &R = table().find(Row)->second;
  return CB.arg_size() >= R.Arity ? &R : nullptr;
}

static bool uses(const RuleExpr &E, char Var) {
  if (E.K == RuleExpr::Variable)
    return E.Var == Var;
  return any_of(E.Operands, [&](const ExprPtr &O) { return uses(*O, Var); });
}

bool partialUsesArgument(const Rule &R, unsigned K, unsigned Arg) {
  return hasPartial(R, K) && uses(*R.Partials[K], "xyzw"[Arg]);
}
bool partialUsesResult(const Rule &R, unsigned K) { return hasPartial(R, K) && uses(*R.Partials[K], 'r'); }

static bool isSingular(const RuleExpr &E) {
  if (E.K == RuleExpr::Binary && E.Operator == "/")
    return true;
  if (E.K == RuleExpr::Call &&
      StringSwitch<bool>(E.Operator).Cases({"log", "pow", "digamma", "sqrt"}, true).Default(false))
    return true;
  return any_of(E.Operands, [](const ExprPtr &O) { return isSingular(*O); });
}

bool partialIsSingular(const Rule &R, unsigned K) {
  // Reciprocals are infinite where their partials, powers of the result, are.
  bool IsReciprocal =
      StringSwitch<bool>(R.Name).Cases({"rsqrt", "rcbrt", "rhypot", "rnorm3d", "rnorm4d", "rcp"}, true).Default(false);
  return hasPartial(R, K) && (IsReciprocal || isSingular(*R.Partials[K]));
}

Value *emitFunction(IRBuilder<> &B, StringRef Name, ArrayRef<Value *> Args) {
  Type *T = Args[0]->getType();
  Module &M = *B.GetInsertBlock()->getModule();
  if (Name == "digamma")
    return B.CreateCall(digammaFunction(M, T), Args);
  // The GPU has instructions for the last four and no library behind the names of the others.
  bool OnGpu = M.getTargetTriple().isNVPTX();
  Intrinsic::ID ID = StringSwitch<Intrinsic::ID>(Name)
                         .Case("sqrt", Intrinsic::sqrt)
                         .Case("rint", Intrinsic::rint)
                         .Case("trunc", Intrinsic::trunc)
                         .Case("copysign", Intrinsic::copysign)
                         .Default(Intrinsic::not_intrinsic);
  if (ID == Intrinsic::not_intrinsic && !OnGpu)
    ID = StringSwitch<Intrinsic::ID>(Name)
             .Case("sin", Intrinsic::sin)
             .Case("cos", Intrinsic::cos)
             .Case("exp", Intrinsic::exp)
             .Case("exp2", Intrinsic::exp2)
             .Case("log", Intrinsic::log)
             .Case("pow", Intrinsic::pow)
             .Default(Intrinsic::not_intrinsic);
  if (ID != Intrinsic::not_intrinsic)
    return B.CreateIntrinsic(ID, {T}, Args);
  SmallVector<Type *, 3> Types(Args.size(), T);
  std::string Symbol = ((M.getTargetTriple().isNVPTX() ? "__nv_" : "") + Name + (T->isFloatTy() ? "f" : "")).str();
  FunctionCallee Callee = M.getOrInsertFunction(Symbol, FunctionType::get(T, Types, false));
  CallInst *Call = B.CreateCall(Callee, Args);
  // The derivative does not look at errno, and saying so lets these calls be vectorised and removed.
  Call->setDoesNotAccessMemory();
  Call->setDoesNotThrow();
  Call->addFnAttr(Attribute::WillReturn);
  return Call;
}

static Value *emitCompare(IRBuilder<> &B, StringRef Op, Value *L, Value *R) {
  if (Op == "==")
    return B.CreateFCmpOEQ(L, R);
  if (Op == "!=")
    return B.CreateFCmpUNE(L, R);
  if (Op == "<=")
    return B.CreateFCmpOLE(L, R);
  if (Op == ">=")
    return B.CreateFCmpOGE(L, R);
  return Op == "<" ? B.CreateFCmpOLT(L, R) : B.CreateFCmpOGT(L, R);
}

static Value *emit(IRBuilder<> &B, const RuleExpr &E, ArrayRef<Value *> Args, Value *Result, Type *T) {
  SmallVector<Value *, 3> V;
  for (const ExprPtr &O : E.Operands)
    V.push_back(emit(B, *O, Args, Result, T));
  switch (E.K) {
  case RuleExpr::Number:
    return ConstantFP::get(T, E.Value);
  case RuleExpr::Variable: {
    Value *Var = E.Var == 'r' ? Result : Args[StringRef("xyzw").find(E.Var)];
    return Var->getType()->isIntegerTy() ? B.CreateSIToFP(Var, T) : Var;
  }
  case RuleExpr::Negate:
    return B.CreateFNeg(V[0]);
  case RuleExpr::Binary:
    switch (E.Operator[0]) {
    case '+':
      return B.CreateFAdd(V[0], V[1]);
    case '-':
      return B.CreateFSub(V[0], V[1]);
    case '*':
      return B.CreateFMul(V[0], V[1]);
    default:
      return B.CreateFDiv(V[0], V[1]);
    }
  case RuleExpr::Compare:
    return emitCompare(B, E.Operator, V[0], V[1]);
  case RuleExpr::Conditional:
    return B.CreateSelect(V[0], V[1], V[2]);
  case RuleExpr::Call:
    return emitFunction(B, E.Operator, V);
  }
  return nullptr;
}

Value *emitPartial(IRBuilder<> &B, const Rule &R, unsigned K, ArrayRef<Value *> Args, Value *Result, Type *T) {
  return emit(B, *R.Partials[K], Args, Result, T);
}

} // namespace adstencil
