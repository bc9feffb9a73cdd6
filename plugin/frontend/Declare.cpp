// The derivative of `void step(double* un, const double* u, double dt, int n)` is declared as
//
//     void __vjp_step(double* un, double* un_bar, const double* u, double* u_bar, double dt, int n);
//
// and its body is a request, in two statements:
//
//     __adstencil_request("vjp|step|file.cpp|12|6|un:p+|u:p+", &un, &u, &un_bar, &u_bar, sizeof un, sizeof u);
//     step(un, u, dt, n);
//
// Clang lowers the call to `step` by whatever rules the target has for by-value records, references and so on. The IR
// pass inlines that call, learns from the request which pointer is whose shadow, and replaces the whole body by the
// derivative. adstencil/derivatives.h writes the same two statements for templates and function objects, so both meet
// in one place.
//
// Declaring happens while K's declarator is processed, defining when the enclosing top-level declaration is complete.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "frontend/Declare.h"

#include "frontend/ShadowTypes.h"
#include "clang/AST/ASTConsumer.h"
#include "clang/AST/ASTContext.h"
#include "clang/AST/Attr.h"
#include "clang/AST/DeclCXX.h"
#include "clang/AST/DeclGroup.h"
#include "clang/AST/DeclTemplate.h"
#include "clang/AST/GlobalDecl.h"
#include "clang/AST/Mangle.h"
#include "clang/AST/Stmt.h"
#include "clang/Basic/CharInfo.h"
#include "clang/Frontend/CompilerInstance.h"
#include "clang/Sema/Initialization.h"
#include "clang/Sema/Lookup.h"
#include "clang/Sema/Scope.h"
#include "clang/Sema/Sema.h"
#include "llvm/ADT/STLExtras.h"

using namespace clang;

namespace adstencil {

llvm::StringRef modeName(Mode M) {
  switch (M) {
  case Mode::Vjp:
    return "vjp";
  case Mode::Adjoint:
    return "adjoint";
  case Mode::Tangent:
    return "tangent";
  }
  return "";
}

Declarer &Declarer::instance() {
  static Declarer TheDeclarer;
  return TheDeclarer;
}

/// Applies shadowRule, and the restriction to the inputs named in a `wrt`.
static ShadowRule ruleFor(ASTContext &Ctx, const ParmVarDecl &P, const std::vector<std::string> &Wrt) {
  bool Named = llvm::is_contained(Wrt, P.getNameAsString());
  ShadowRule Rule = shadowRule(Ctx, P, Named);
  if (!Wrt.empty() && !Named && !Rule.IsOutput)
    Rule.HasShadow = false;
  return Rule;
}

/// Reports why K cannot have derivatives. Returns true if it reported something.
static bool diagnoseKernel(Sema &S, FunctionDecl *Kernel) {
  DiagnosticsEngine &Diags = S.Diags;
  auto Report = [&](SourceLocation Loc, llvm::StringRef Reason, llvm::StringRef Advice) {
    unsigned Error = Diags.getCustomDiagID(DiagnosticsEngine::Error, "cannot differentiate '%0': %1");
    Diags.Report(Loc, Error) << Kernel->getNameAsString() << Reason;
    unsigned Note = Diags.getCustomDiagID(DiagnosticsEngine::Note, "%0");
    Diags.Report(Loc, Note) << Advice;
    return true;
  };
  if (!Kernel->getReturnType()->isVoidType())
    return Report(Kernel->getLocation(), "a kernel returns void",
                  "write the result through a pointer or reference parameter");
  if (Kernel->isVariadic())
    return Report(Kernel->getLocation(), "a kernel has a fixed list of parameters", "name every parameter");
  if (Kernel->isMain())
    return Report(Kernel->getLocation(), "main is not a kernel", "move the loop nest into a function of its own");
  for (const ParmVarDecl *P : Kernel->parameters()) {
    ShadowRule Rule = shadowRule(S.getASTContext(), *P);
    if (!Rule.Error.empty())
      return Report(P->getLocation(), "parameter '" + P->getNameAsString() + "': " + Rule.Error, Rule.Advice);
  }
  return false;
}

/// Returns a function of the given name and type that the scope of K already has.
static FunctionDecl *findExisting(ASTContext &Ctx, DeclContext *DC, DeclarationName Name, QualType Type) {
  for (NamedDecl *D : DC->getRedeclContext()->lookup(Name))
    if (auto *F = dyn_cast<FunctionDecl>(D); F && Ctx.hasSameType(F->getType(), Type))
      return F;
  return nullptr;
}

/// Instantiates class templates that parameters are made of: which have shadows depends on their members.
static void completeParameterTypes(Sema &S, FunctionDecl *Kernel) {
  for (const ParmVarDecl *P : Kernel->parameters()) {
    QualType T = P->getType().getNonReferenceType();
    while (T->isPointerType())
      T = T->getPointeeType();
    (void)S.isCompleteType(P->getLocation(), S.getASTContext().getBaseElementType(T));
  }
}

void Declarer::declareAll(Sema &S, FunctionDecl *Kernel) {
  completeParameterTypes(S, Kernel);
  if (diagnoseKernel(S, Kernel))
    return;
  for (Mode M : {Mode::Vjp, Mode::Adjoint, Mode::Tangent})
    declare(S, Kernel, M, "", {});
}

void Declarer::declareWrt(Sema &S, FunctionDecl *Kernel, llvm::StringRef Name, const std::vector<std::string> &Inputs,
                          SourceLocation Loc) {
  auto Error = [&](llvm::StringRef Text, llvm::StringRef Advice) {
    unsigned ID = S.Diags.getCustomDiagID(DiagnosticsEngine::Error, "'wrt' of '%0': %1");
    S.Diags.Report(Loc, ID) << Kernel->getNameAsString() << Text;
    unsigned Note = S.Diags.getCustomDiagID(DiagnosticsEngine::Note, "%0");
    S.Diags.Report(Loc, Note) << Advice;
  };
  if (!isValidAsciiIdentifier(("_" + Name).str()))
    return Error(("'" + Name + "' cannot be part of a function's name").str(),
                 "the first argument names the derivative: letters, digits and underscores");
  for (const Derivative &D : Pending)
    if (D.Kernel == Kernel && D.Function->getName() == ("__vjp_" + Kernel->getName() + "_" + Name).str())
      return Error(("'" + Name + "' names two variants").str(), "give each wrt of a kernel a name of its own");
  completeParameterTypes(S, Kernel);
  for (const std::string &Input : Inputs) {
    const auto *P = llvm::find_if(Kernel->parameters(), [&](auto *Q) { return Q->getName() == Input; });
    if (P == Kernel->parameters().end())
      return Error("it has no parameter named '" + Input + "'",
                   "the arguments behind the name are parameters of the kernel");
    if (!shadowRule(S.getASTContext(), **P, /*ForceActive=*/true).HasShadow)
      return Error("parameter '" + Input + "' has no derivative (it is inactive or not floating-point)",
                   "name pointers, references, views or scalars of float or double");
  }
  for (const ParmVarDecl *P : Kernel->parameters())
    if (!shadowRule(S.getASTContext(), *P).Error.empty())
      return; // declareAll reports it
  for (Mode M : {Mode::Vjp, Mode::Adjoint})
    declare(S, Kernel, M, ("_" + Name).str(), Inputs);
}

void Declarer::declare(Sema &S, FunctionDecl *Kernel, Mode M, llvm::StringRef Suffix,
                       const std::vector<std::string> &Wrt) {
  ASTContext &Ctx = S.getASTContext();
  llvm::SmallVector<QualType> Types;
  llvm::SmallVector<std::string> Names;
  for (auto [Index, P] : llvm::enumerate(Kernel->parameters())) {
    std::string Name = P->getNameAsString().empty() ? "arg" + std::to_string(Index) : P->getNameAsString();
    Types.push_back(P->getType());
    Names.push_back(Name);
    ShadowRule Rule = ruleFor(Ctx, *P, Wrt);
    if (!Rule.HasShadow)
      continue;
    Types.push_back(Rule.Type);
    Names.push_back(Name + (M == Mode::Tangent ? "_dot" : "_bar"));
  }
  QualType Type = Ctx.getFunctionType(Ctx.VoidTy, Types, FunctionProtoType::ExtProtoInfo());
  std::string Name = ("__" + modeName(M) + "_" + Kernel->getName() + Suffix).str();
  DeclarationName DeclName(&Ctx.Idents.get(Name));
  DeclContext *DC = Kernel->getDeclContext();
  if (FunctionDecl *Existing = findExisting(Ctx, DC, DeclName, Type)) {
    // K's declaration in a header was annotated too: this is the definition of what was declared there.
    Pending.push_back({Kernel, Existing, M, Wrt});
    if (S.getLangOpts().CUDA)
      Unsettled.push_back(Pending.back());
    return;
  }
  SourceLocation Loc = Kernel->getLocation();
  auto *F = FunctionDecl::Create(Ctx, DC, Loc, Loc, DeclName, Type, Ctx.getTrivialTypeSourceInfo(Type, Loc),
                                 Kernel->getStorageClass(), /*UsesFPIntrin=*/false, Kernel->isInlineSpecified());
  F->setLexicalDeclContext(Kernel->getLexicalDeclContext());
  F->setAccess(Kernel->getAccess());
  // A static derivative that nobody calls is no mistake of the user's.
  F->addAttr(UnusedAttr::CreateImplicit(Ctx));
  llvm::SmallVector<ParmVarDecl *> Params;
  for (auto [T, N] : llvm::zip(Types, Names))
    Params.push_back(ParmVarDecl::Create(Ctx, F, Loc, Loc, &Ctx.Idents.get(N), T, Ctx.getTrivialTypeSourceInfo(T, Loc),
                                         SC_None, nullptr));
  F->setParams(Params);

  Scope *Sc = S.getCurScope();
  while (Sc && Sc->getEntity() != Kernel->getLexicalDeclContext())
    Sc = Sc->getParent();
  if (Sc)
    S.PushOnScopeChains(F, Sc, /*AddToContext=*/true);
  else
    DC->addDecl(F);
  Pending.push_back({Kernel, F, M, Wrt});
  if (S.getLangOpts().CUDA)
    Unsettled.push_back(Pending.back());
}

void Declarer::settleAll() {
  for (const Derivative &D : std::exchange(Unsettled, {})) {
    ASTContext &Ctx = D.Kernel->getASTContext();
    if (!D.Kernel->hasAttr<CUDAGlobalAttr>()) {
      DiagnosticsEngine &Diags = Ctx.getDiagnostics();
      if (D.TheMode == Mode::Vjp && D.Wrt.empty() && D.Kernel->hasAttr<CUDADeviceAttr>() &&
          !D.Kernel->hasAttr<CUDAHostAttr>()) {
        Diags.Report(D.Kernel->getLocation(),
                     Diags.getCustomDiagID(DiagnosticsEngine::Error,
                                           "cannot differentiate '%0': a __device__ function is "
                                           "a part of kernels and has no launch of its own"))
            << D.Kernel->getNameAsString();
        Diags.Report(D.Kernel->getLocation(),
                     Diags.getCustomDiagID(DiagnosticsEngine::Note, "annotate the __global__ functions that call it"));
      }
      continue;
    }
    if (D.Function->hasAttr<CUDAGlobalAttr>())
      continue;
    D.Function->addAttr(CUDAGlobalAttr::CreateImplicit(Ctx));
    if (const auto *Bounds = D.Kernel->getAttr<CUDALaunchBoundsAttr>())
      D.Function->addAttr(Bounds->clone(Ctx));
  }
}

/// True if an earlier declaration of the kernel was annotated.
static bool isDeclaredElsewhere(const FunctionDecl &Kernel) {
  return Kernel.getPreviousDecl() || !Kernel.isThisDeclarationADefinition();
}

/// void __adstencil_request(const char*, ...), with C linkage.
FunctionDecl *Declarer::marker(Sema &S) {
  if (Marker)
    return Marker;
  ASTContext &Ctx = S.getASTContext();
  TranslationUnitDecl *TU = Ctx.getTranslationUnitDecl();
  DeclContext *DC = TU;
  if (S.getLangOpts().CPlusPlus) {
    auto *Linkage = LinkageSpecDecl::Create(Ctx, TU, SourceLocation(), SourceLocation(), LinkageSpecLanguageIDs::C,
                                            /*HasBraces=*/false);
    TU->addDecl(Linkage);
    DC = Linkage;
  }
  FunctionProtoType::ExtProtoInfo Info;
  Info.Variadic = true;
  QualType Type = Ctx.getFunctionType(Ctx.VoidTy, {Ctx.getPointerType(Ctx.CharTy.withConst())}, Info);
  Marker = FunctionDecl::Create(Ctx, DC, SourceLocation(), SourceLocation(),
                                DeclarationName(&Ctx.Idents.get("__adstencil_request")), Type, nullptr, SC_Extern);
  if (S.getLangOpts().CUDA) {
    Marker->addAttr(CUDAHostAttr::CreateImplicit(Ctx));
    Marker->addAttr(CUDADeviceAttr::CreateImplicit(Ctx));
  }
  Marker->setParams({ParmVarDecl::Create(Ctx, Marker, SourceLocation(), SourceLocation(), nullptr,
                                         Ctx.getPointerType(Ctx.CharTy.withConst()), nullptr, SC_None, nullptr)});
  return Marker;
}

static ExprResult callFunction(Sema &S, FunctionDecl *F, llvm::MutableArrayRef<Expr *> Arguments, SourceLocation Loc) {
  return S.BuildCallExpr(nullptr, S.BuildDeclRefExpr(F, F->getType(), VK_LValue, Loc), Loc, Arguments, Loc);
}

/// A plain call of a __global__ function, which the language does not have: it exists until the pass inlines it.
static ExprResult callGlobal(Sema &S, FunctionDecl *Kernel, llvm::ArrayRef<Expr *> Arguments, SourceLocation Loc) {
  ASTContext &Ctx = S.getASTContext();
  auto *Ref = DeclRefExpr::Create(Ctx, NestedNameSpecifierLoc(), SourceLocation(), Kernel,
                                  /*RefersToEnclosingVariableOrCapture=*/false, Loc, Kernel->getType(), VK_LValue);
  auto *Callee = ImplicitCastExpr::Create(Ctx, Ctx.getPointerType(Kernel->getType()), CK_FunctionToPointerDecay, Ref,
                                          nullptr, VK_PRValue, FPOptionsOverride());
  llvm::SmallVector<Expr *> Values;
  for (auto [P, A] : llvm::zip(Kernel->parameters(), Arguments)) {
    ExprResult Value = S.PerformCopyInitialization(InitializedEntity::InitializeParameter(Ctx, P), Loc, A);
    if (Value.isInvalid())
      return ExprError();
    Values.push_back(Value.get());
  }
  return CallExpr::Create(Ctx, Callee, Values, Ctx.VoidTy, VK_PRValue, Loc, FPOptionsOverride());
}

/// True if the body of the derivative belongs to the other half of a CUDA compilation. Host functions are not wanted in
/// device code; a __global__ function has a stub on the host, whatever its body.
static bool belongsToOtherSide(const Sema &S, const FunctionDecl &Kernel) {
  return S.getLangOpts().CUDA && S.getLangOpts().CUDAIsDevice != Kernel.hasAttr<CUDAGlobalAttr>();
}

std::vector<std::pair<std::string, unsigned>> &gridSumStubs() {
  static std::vector<std::pair<std::string, unsigned>> Stubs;
  return Stubs;
}

std::vector<std::string> &adjointStubs() {
  static std::vector<std::string> Stubs;
  return Stubs;
}

/// An upper bound on the number of scalars whose derivatives are summed over the grid.
unsigned Declarer::mostGridSums(ASTContext &Ctx, const Derivative &D) {
  unsigned Most = 0;
  for (const ParmVarDecl *P : D.Kernel->parameters())
    if (ShadowRule Rule = ruleFor(Ctx, *P, D.Wrt);
        D.TheMode != Mode::Tangent && Rule.Kind == ParameterKind::Scalar && Rule.HasShadow)
      Most += Ctx.getTypeSizeInChars(P->getType()).getQuantity() / 4;
  return Most;
}

static std::string stubName(ASTContext &Ctx, const FunctionDecl *Kernel) {
  std::string Name;
  llvm::raw_string_ostream OS(Name);
  std::unique_ptr<MangleContext> Mangler(Ctx.createMangleContext());
  Mangler->mangleName(GlobalDecl(Kernel, KernelReferenceKind::Stub), OS);
  return Name;
}

void Declarer::define(Sema &S, const Derivative &D) {
  ASTContext &Ctx = S.getASTContext();
  SourceLocation Loc = D.Kernel->getLocation();
  // Annotated only where it is defined: the derivative exists where it is used, and costs nothing where it is not.
  // Annotated in an earlier declaration (a header): other files may call it, so it is emitted like the kernel.
  if (!isDeclaredElsewhere(*D.Kernel) && !D.Kernel->isStatic())
    D.Function->setImplicitlyInline();
  if (belongsToOtherSide(S, *D.Kernel)) {
    if (D.Kernel->hasAttr<CUDAGlobalAttr>()) {
      if (unsigned Most = mostGridSums(Ctx, D))
        gridSumStubs().push_back({stubName(Ctx, D.Function), Most});
      if (D.TheMode == Mode::Adjoint)
        adjointStubs().push_back(stubName(Ctx, D.Function));
      D.Function->setBody(CompoundStmt::Create(Ctx, {}, FPOptionsOverride(), Loc, Loc));
    }
    return;
  }
  Sema::ContextRAII Context(S, D.Function);
  auto Use = [&](ValueDecl *V) -> Expr * {
    return S.BuildDeclRefExpr(V, V->getType().getNonReferenceType(), VK_LValue, Loc);
  };
  auto Address = [&](ValueDecl *V) -> Expr * { return S.CreateBuiltinUnaryOp(Loc, UO_AddrOf, Use(V)).get(); };

  PresumedLoc Place = Ctx.getSourceManager().getPresumedLoc(Ctx.getSourceManager().getExpansionLoc(Loc));
  std::string Spec = modeName(D.TheMode).str() + "|" + D.Kernel->getNameAsString() + "|";
  if (Place.isValid())
    Spec += std::string(Place.getFilename()) + "|" + std::to_string(Place.getLine()) + "|" +
            std::to_string(Place.getColumn());
  else
    Spec += "|0|0";

  llvm::SmallVector<Expr *> Arguments, Primals, Shadows, Sizes;
  auto Params = D.Function->parameters();
  size_t Next = 0;
  for (const ParmVarDecl *P : D.Kernel->parameters()) {
    ShadowRule Rule = ruleFor(Ctx, *P, D.Wrt);
    ParmVarDecl *Primal = Params[Next++];
    Arguments.push_back(Use(Primal));
    if (Rule.Kind == ParameterKind::Plain)
      continue;
    if (Rule.Kind == ParameterKind::Scalar && !Rule.HasShadow)
      continue;
    ParmVarDecl *Shadow = Rule.HasShadow ? Params[Next++] : Primal;
    Spec += "|" + Primal->getNameAsString() + ":" + static_cast<char>(Rule.Kind) + (Rule.HasShadow ? '+' : '-');
    if (Rule.OnlyFloating)
      Spec += 'f';
    uint64_t Size = Ctx.getTypeSizeInChars(Primal->getType().getNonReferenceType()->isIncompleteType()
                                               ? Ctx.VoidPtrTy
                                               : Primal->getType().getNonReferenceType())
                        .getQuantity();
    Primals.push_back(Address(Primal));
    Shadows.push_back(Address(Shadow));
    Sizes.push_back(IntegerLiteral::Create(Ctx, llvm::APInt(64, Size), Ctx.UnsignedLongTy, Loc));
  }
  QualType TextType = Ctx.getStringLiteralArrayType(Ctx.CharTy, Spec.size());
  llvm::SmallVector<Expr *> RequestArguments = {
      StringLiteral::Create(Ctx, Spec, StringLiteralKind::Ordinary, /*Pascal=*/false, TextType, Loc)};
  for (const auto &Group : {Primals, Shadows, Sizes})
    RequestArguments.append(Group.begin(), Group.end());

  FunctionDecl *Request = marker(S);
  Expr *RequestCallee = S.BuildDeclRefExpr(Request, Request->getType(), VK_LValue, Loc);
  ExprResult RequestCall = S.BuildCallExpr(nullptr, RequestCallee, Loc, RequestArguments, Loc);
  ExprResult KernelCall = D.Kernel->hasAttr<CUDAGlobalAttr>() ? callGlobal(S, D.Kernel, Arguments, Loc)
                                                              : callFunction(S, D.Kernel, Arguments, Loc);
  if (RequestCall.isInvalid() || KernelCall.isInvalid())
    return; // Sema has said why
  D.Function->setBody(CompoundStmt::Create(Ctx, {RequestCall.get(), KernelCall.get()}, FPOptionsOverride(), Loc, Loc));
  for (ParmVarDecl *P : Params)
    P->setIsUsed();
}

void Declarer::defineCompleted(CompilerInstance &CI, bool AtEnd) {
  Sema &S = CI.getSema();
  std::vector<Derivative> Waiting, Ready;
  for (Derivative &D : Pending) {
    const FunctionDecl *Definition = nullptr;
    if (D.Kernel->isInvalidDecl() || D.Function->hasBody())
      continue;
    if (!D.Kernel->isDefined(Definition) || Definition->willHaveBody()) {
      Waiting.push_back(D);
      continue;
    }
    if (D.Kernel->hasAttr<CUDAGlobalAttr>()) {
      // Clang emits every __global__ function of device code; one that nothing launches would cost compile time.
      if (!AtEnd && S.getLangOpts().CUDAIsDevice && D.Function->isExternallyVisible()) {
        Waiting.push_back(D);
        continue;
      }
      if (AtEnd && !isDeclaredElsewhere(*D.Kernel) && !D.Function->isReferenced())
        continue;
    }
    // Parameter names and markers are those of the annotated declaration; the body is the definition's.
    Ready.push_back(D);
  }
  Pending = std::move(Waiting);
  for (const Derivative &D : Ready)
    if (!D.Wrt.empty() && !hasMarker(*D.Kernel, "kernel")) {
      DiagnosticsEngine &Diags = S.Diags;
      Diags.Report(D.Kernel->getLocation(),
                   Diags.getCustomDiagID(DiagnosticsEngine::Error, "'wrt' of '%0': the function is not a kernel"))
          << D.Kernel->getNameAsString();
      Diags.Report(D.Kernel->getLocation(),
                   Diags.getCustomDiagID(DiagnosticsEngine::Note, "mark it [[adstencil::kernel]] as well"));
      Ready.clear();
      break;
    }
  for (const Derivative &D : Ready) {
    define(S, D);
    if (D.Function->hasBody())
      CI.getASTConsumer().HandleTopLevelDecl(DeclGroupRef(D.Function));
  }
}

} // namespace adstencil
