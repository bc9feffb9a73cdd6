// The attributes kernel, wrt, strategy (on functions), active and inactive (on parameters), with the diagnostics for
// their misuse.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "frontend/Declare.h"
#include "frontend/ShadowTypes.h"
#include "frontend/Strategies.h"

#include "clang/AST/ASTContext.h"
#include "clang/AST/Attr.h"
#include "clang/AST/DeclCXX.h"
#include "clang/Sema/ParsedAttr.h"
#include "clang/Sema/Scope.h"
#include "clang/Sema/Sema.h"
#include "llvm/ADT/StringExtras.h"

using namespace clang;

namespace adstencil {

static void annotate(Sema &S, Decl *D, const ParsedAttr &Attr, llvm::StringRef Marker) {
  D->addAttr(AnnotateAttr::Create(S.Context, ("adstencil." + Marker).str(), nullptr, 0, Attr.getRange()));
}

static bool error(Sema &S, const ParsedAttr &Attr, llvm::StringRef Text, llvm::StringRef Advice) {
  unsigned Error = S.Diags.getCustomDiagID(DiagnosticsEngine::Error, "'%0' attribute: %1");
  S.Diags.Report(Attr.getLoc(), Error) << Attr.getAttrName()->getName() << Text;
  unsigned Note = S.Diags.getCustomDiagID(DiagnosticsEngine::Note, "%0");
  S.Diags.Report(Attr.getLoc(), Note) << Advice;
  return false;
}

/// Kernels with derivatives of their own name are free functions that are not templates.
static bool checkKernelDecl(Sema &S, const ParsedAttr &Attr, const Decl *D) {
  const auto *F = dyn_cast<FunctionDecl>(D);
  if (!F)
    return error(S, Attr, "only a function can be a kernel",
                 "put it in front of a void function that contains the loop nest");
  constexpr const char *UseHeaderForm =
      "call adstencil::vjp<&f<double>>(...), adjoint<...> or tangent<...> from adstencil/derivatives.h instead";
  if (F->getDescribedFunctionTemplate() || F->isDependentContext() || F->getTemplateSpecializationInfo() ||
      (S.getCurScope() && S.getCurScope()->getTemplateParamParent()))
    return error(S, Attr, "a template has no single derivative to declare by name", UseHeaderForm);
  if (isa<CXXMethodDecl>(F))
    return error(S, Attr, "a member function has no derivative to declare by name", UseHeaderForm);
  return true;
}

struct KernelAttribute : ParsedAttrInfo {
  KernelAttribute() {
    static constexpr Spelling Names[] = {{ParsedAttr::AS_CXX11, "adstencil::kernel"},
                                         {ParsedAttr::AS_C23, "adstencil::kernel"}};
    Spellings = Names;
  }
  bool diagAppertainsToDecl(Sema &S, const ParsedAttr &Attr, const Decl *D) const override {
    return checkKernelDecl(S, Attr, D);
  }
  AttrHandling handleDeclAttribute(Sema &S, Decl *D, const ParsedAttr &Attr) const override {
    annotate(S, D, Attr, "kernel");
    Declarer::instance().declareAll(S, cast<FunctionDecl>(D));
    return AttributeApplied;
  }
};

struct WrtAttribute : ParsedAttrInfo {
  WrtAttribute() {
    // Clang reads the arguments of an attribute only if it finds its name, and for plugins it looks without the scope.
    static constexpr Spelling Names[] = {{ParsedAttr::AS_CXX11, "adstencil::wrt"},
                                         {ParsedAttr::AS_C23, "adstencil::wrt"},
                                         {ParsedAttr::AS_CXX11, "wrt"},
                                         {ParsedAttr::AS_C23, "wrt"}};
    Spellings = Names;
    OptArgs = 15;
  }
  bool diagAppertainsToDecl(Sema &S, const ParsedAttr &Attr, const Decl *D) const override {
    if (!Attr.getScopeName())
      return error(S, Attr, "it belongs to the scope adstencil", "write [[adstencil::wrt(\"name\", \"p\")]]");
    return checkKernelDecl(S, Attr, D);
  }
  AttrHandling handleDeclAttribute(Sema &S, Decl *D, const ParsedAttr &Attr) const override {
    std::vector<std::string> Texts;
    for (unsigned I = 0; I != Attr.getNumArgs(); ++I) {
      const auto *Text =
          Attr.isArgExpr(I) ? dyn_cast<StringLiteral>(Attr.getArgAsExpr(I)->IgnoreParenCasts()) : nullptr;
      if (!Text) {
        error(S, Attr, "its arguments are string literals", "write [[adstencil::wrt(\"name\", \"p\", \"q\")]]");
        return AttributeNotApplied;
      }
      Texts.push_back(Text->getString().str());
    }
    if (Texts.size() < 2) {
      error(S, Attr, "it needs a name and at least one parameter",
            "write [[adstencil::wrt(\"name\", \"p\", \"q\")]]: it declares __vjp_K_name with shadows of p, q and the "
            "outputs");
      return AttributeNotApplied;
    }
    annotate(S, D, Attr, "wrt");
    Declarer::instance().declareWrt(S, cast<FunctionDecl>(D), Texts.front(), {Texts.begin() + 1, Texts.end()},
                                    Attr.getLoc());
    return AttributeApplied;
  }
};

/// A demand on the plan. Unlike kernel and wrt it declares nothing, so it may stand on whatever can be differentiated,
/// also through adstencil/derivatives.h. It travels as an annotation: clang keeps those when it instantiates templates
/// and merges declarations, and writes them into the IR.
struct StrategyAttribute : ParsedAttrInfo {
  StrategyAttribute() {
    // Without the scope for the reason given at wrt.
    static constexpr Spelling Names[] = {{ParsedAttr::AS_CXX11, "adstencil::strategy"},
                                         {ParsedAttr::AS_C23, "adstencil::strategy"},
                                         {ParsedAttr::AS_CXX11, "strategy"},
                                         {ParsedAttr::AS_C23, "strategy"}};
    Spellings = Names;
    NumArgs = 1;
  }
  bool diagAppertainsToDecl(Sema &S, const ParsedAttr &Attr, const Decl *D) const override {
    if (!Attr.getScopeName())
      return error(S, Attr, "it belongs to the scope adstencil", "write [[adstencil::strategy(\"gather\")]]");
    if (!isa<FunctionDecl>(D) || isa<CXXConstructorDecl, CXXDestructorDecl>(D))
      return error(S, Attr, "only a kernel has a strategy", "put it in front of the function that is differentiated");
    return true;
  }
  AttrHandling handleDeclAttribute(Sema &S, Decl *D, const ParsedAttr &Attr) const override {
    const auto *Text = Attr.isArgExpr(0) ? dyn_cast<StringLiteral>(Attr.getArgAsExpr(0)->IgnoreParenCasts()) : nullptr;
    if (!Text || !Text->isOrdinary() || !isStrategy(Text->getString())) {
      error(S, Attr, "there is no such strategy",
            "it is one of \"" + llvm::join(llvm::ArrayRef(StrategyNames), "\", \"") + "\"");
      return AttributeNotApplied;
    }
    for (const auto *A : D->specific_attrs<AnnotateAttr>())
      if (llvm::StringRef Other = A->getAnnotation();
          Other.consume_front(StrategyMarker) && Other != Text->getString()) {
        error(S, Attr, ("the function already has the strategy \"" + Other + "\"").str(), "keep one of the two");
        return AttributeNotApplied;
      }
    annotate(S, D, Attr, ("strategy." + Text->getString()).str());
    return AttributeApplied;
  }
};

struct ActiveAttribute : ParsedAttrInfo {
  ActiveAttribute() {
    static constexpr Spelling Names[] = {{ParsedAttr::AS_CXX11, "adstencil::active"},
                                         {ParsedAttr::AS_C23, "adstencil::active"}};
    Spellings = Names;
  }
  bool diagAppertainsToDecl(Sema &S, const ParsedAttr &Attr, const Decl *D) const override {
    const auto *P = dyn_cast<ParmVarDecl>(D);
    if (!P)
      return error(S, Attr, "only a parameter of a kernel can be active", "put it in front of a scalar parameter");
    if (!P->getType()->isRealFloatingType() && !P->getType()->isRecordType() && !P->getType()->isDependentType())
      return error(S, Attr, "only a floating-point value can be active",
                   "pointers are active unless they are marked [[adstencil::inactive]]");
    return true;
  }
  AttrHandling handleDeclAttribute(Sema &S, Decl *D, const ParsedAttr &Attr) const override {
    annotate(S, D, Attr, "active");
    return AttributeApplied;
  }
};

struct InactiveAttribute : ParsedAttrInfo {
  InactiveAttribute() {
    static constexpr Spelling Names[] = {{ParsedAttr::AS_CXX11, "adstencil::inactive"},
                                         {ParsedAttr::AS_C23, "adstencil::inactive"}};
    Spellings = Names;
  }
  bool diagAppertainsToDecl(Sema &S, const ParsedAttr &Attr, const Decl *D) const override {
    if (!isa<ParmVarDecl>(D))
      return error(S, Attr, "only a parameter of a kernel can be inactive",
                   "put it in front of the parameter that has no derivative");
    if (hasMarker(*D, "active"))
      return error(S, Attr, "the parameter is marked active too", "keep one of the two");
    return true;
  }
  AttrHandling handleDeclAttribute(Sema &S, Decl *D, const ParsedAttr &Attr) const override {
    annotate(S, D, Attr, "inactive");
    return AttributeApplied;
  }
};

static ParsedAttrInfoRegistry::Add<KernelAttribute> Kernel("adstencil-kernel", "a function to differentiate");
static ParsedAttrInfoRegistry::Add<WrtAttribute> Wrt("adstencil-wrt", "derivatives with respect to some inputs");
static ParsedAttrInfoRegistry::Add<StrategyAttribute> Strategy("adstencil-strategy", "a demand on the adjoint plan");
static ParsedAttrInfoRegistry::Add<ActiveAttribute> Active("adstencil-active", "a scalar with a derivative");
static ParsedAttrInfoRegistry::Add<InactiveAttribute> Inactive("adstencil-inactive", "a parameter without one");

} // namespace adstencil
