// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "frontend/ShadowTypes.h"

#include "clang/AST/ASTContext.h"
#include "clang/AST/Attr.h"
#include "clang/AST/DeclCXX.h"

using namespace clang;

namespace adstencil {

bool hasMarker(const Decl &D, llvm::StringRef Marker) {
  for (const auto *A : D.specific_attrs<AnnotateAttr>())
    if (A->getAnnotation() == ("adstencil." + Marker).str())
      return true;
  return false;
}

namespace {

/// What a type is made of, seen through arrays, members and bases (not through pointers).
struct Contents {
  bool Floating = false;      ///< float or double
  bool OtherFloating = false; ///< half, bfloat16, long double, __float128, complex
  bool MixedUnion = false;    ///< a union of floating-point and other members
  bool Other = false;         ///< anything else: integers, enums
  bool Pointers = false;      ///< pointers or references
  bool OtherPointers = false; ///< pointers to something that is not float or double
  bool WritablePointers = false;
};

} // namespace

static bool isDifferentiable(QualType T) {
  const auto *B = T->getAs<BuiltinType>();
  return B && (B->getKind() == BuiltinType::Float || B->getKind() == BuiltinType::Double);
}

static void collect(ASTContext &Ctx, QualType T, Contents &C);

static void collectFields(ASTContext &Ctx, const RecordDecl *R, Contents &C) {
  for (const FieldDecl *F : R->fields())
    collect(Ctx, F->getType(), C);
  if (!R->isUnion() || !C.Floating)
    return;
  for (const FieldDecl *F : R->fields())
    if (!isDifferentiable(Ctx.getBaseElementType(F->getType())))
      C.MixedUnion = true;
}

static void collect(ASTContext &Ctx, QualType T, Contents &C) {
  T = Ctx.getBaseElementType(T.getCanonicalType());
  if (isDifferentiable(T)) {
    C.Floating = true;
  } else if (T->isFloatingType() || T->isAnyComplexType()) {
    C.OtherFloating = true;
  } else if (T->isPointerType() || T->isReferenceType()) {
    C.Pointers = true;
    C.OtherPointers |= !isDifferentiable(Ctx.getBaseElementType(T->getPointeeType().getUnqualifiedType()));
    C.WritablePointers |= !T->getPointeeType().isConstQualified();
  } else if (const auto *R = T->getAsCXXRecordDecl(); R && R->hasDefinition()) {
    for (const CXXBaseSpecifier &Base : R->bases())
      collect(Ctx, Base.getType(), C);
    collectFields(Ctx, R, C);
  } else if (const auto *R = T->getAsRecordDecl()) {
    collectFields(Ctx, R, C);
  } else {
    C.Other = true;
  }
}

static Contents contentsOf(ASTContext &Ctx, QualType T) {
  Contents C;
  collect(Ctx, T, C);
  return C;
}

/// `const double` becomes `double`, `const double[8]` becomes `double[8]`.
static QualType withoutConst(ASTContext &Ctx, QualType T) {
  Qualifiers Dropped;
  return Ctx.getUnqualifiedArrayType(T, Dropped);
}

static void refuseUnion(ShadowRule &Rule) {
  Rule.Error =
      "it contains a union of a floating-point and another member, so a shadow cannot tell which of them it belongs to";
  Rule.Advice = "use separate members, or mark the parameter [[adstencil::inactive]]";
}

static void refuseFloating(ShadowRule &Rule, QualType T) {
  Rule.Error = "it contains '" + T.getUnqualifiedType().getAsString() + "', and only float and double have derivatives";
  Rule.Advice = "use float or double, or mark the parameter [[adstencil::inactive]]";
}

/// The rule for memory behind a pointer or reference to Pointee.
static void ruleForMemory(ASTContext &Ctx, QualType Pointee, ShadowRule &Rule) {
  Contents C = contentsOf(Ctx, Pointee);
  if (C.OtherFloating) {
    refuseFloating(Rule, Ctx.getBaseElementType(Pointee));
    return;
  }
  if (C.MixedUnion) {
    refuseUnion(Rule);
    return;
  }
  Rule.IsOutput = C.Pointers ? C.WritablePointers : !Ctx.getBaseElementType(Pointee).isConstQualified();
  Rule.HasShadow = C.Floating || C.Pointers;
  Rule.OnlyFloating = C.Floating && !C.Pointers && !C.Other;
}

ShadowRule shadowRule(ASTContext &Ctx, const ParmVarDecl &Param, bool ForceActive) {
  ShadowRule Rule;
  QualType T = Param.getType();
  bool Inactive = hasMarker(Param, "inactive");
  bool Active = hasMarker(Param, "active") || ForceActive;

  if (T->isFunctionPointerType() || T->isMemberPointerType())
    return Rule;
  if (T->isPointerType() || T->isLValueReferenceType()) {
    QualType Pointee = T->getPointeeType();
    Rule.Kind = T->isPointerType() ? ParameterKind::Pointer : ParameterKind::Reference;
    if (!Pointee->isVoidType() && !Inactive)
      ruleForMemory(Ctx, Pointee, Rule);
    if (!Rule.HasShadow)
      return Rule;
    Contents C = contentsOf(Ctx, Pointee);
    // Memory that holds pointers (a view by reference, an array of pointers) keeps its type: its shadow is read, not
    // written.
    QualType Shadow = C.Pointers ? Pointee : withoutConst(Ctx, Pointee);
    Rule.Type = T->isPointerType() ? Ctx.getPointerType(Shadow) : Ctx.getLValueReferenceType(Shadow);
    return Rule;
  }
  if (T->isRValueReferenceType()) {
    Rule.Error = "an rvalue reference has no place for a shadow";
    Rule.Advice = "take it by value or by lvalue reference";
    return Rule;
  }
  if (T->isRecordType()) {
    Contents C = contentsOf(Ctx, T);
    const CXXRecordDecl *R = T->getAsCXXRecordDecl();
    if (R && !T.isTriviallyCopyableType(Ctx)) {
      Rule.Error = "its by-value type '" + T.getAsString() + "' is not trivially copyable";
      Rule.Advice = "pass a view (a trivially copyable struct with pointers and extents) or a reference";
      return Rule;
    }
    if (C.Pointers) {
      Rule.Kind = ParameterKind::View;
      Rule.HasShadow = !Inactive;
      Rule.IsOutput = C.WritablePointers && !Inactive;
      Rule.OnlyFloating = !C.OtherPointers;
      Rule.Type = T.getUnqualifiedType();
    } else if (Active && C.Floating) {
      Rule.Kind = ParameterKind::Scalar;
      Rule.HasShadow = true;
      Rule.Type = Ctx.getPointerType(T.getUnqualifiedType());
    }
    return Rule;
  }
  if (Active && T->isFloatingType()) {
    if (!isDifferentiable(T)) {
      refuseFloating(Rule, T);
      return Rule;
    }
    Rule.Kind = ParameterKind::Scalar;
    Rule.HasShadow = true;
    Rule.Type = Ctx.getPointerType(T.getUnqualifiedType());
  }
  return Rule;
}

} // namespace adstencil
