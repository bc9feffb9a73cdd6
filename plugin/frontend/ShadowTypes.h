// Which parameters of a kernel have a shadow, and of what type.
//
// The rules are the user's contract (docs/reference.md, "Parameters and shadows"); this is the only place that knows
// them.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "clang/AST/Decl.h"
#include "clang/AST/Type.h"
#include <string>

namespace adstencil {

/// How a parameter reaches memory. The letters are the ones that the request in the IR carries.
enum class ParameterKind : char {
  Pointer = 'p',   ///< pointer to memory
  Reference = 'r', ///< reference to memory
  View = 'v',      ///< by-value record that holds pointers
  Scalar = 's',    ///< active scalar, or active by-value record of floating-point members
  Plain = '-',     ///< nothing that a derivative could reach
};

struct ShadowRule {
  ParameterKind Kind = ParameterKind::Plain;
  bool HasShadow = false;
  bool IsOutput = false;     ///< the kernel may write through it
  bool OnlyFloating = false; ///< the memory behind it holds nothing but float and double
  clang::QualType Type;      ///< type of the shadow parameter
  std::string Error, Advice; ///< non-empty: this parameter cannot be part of a kernel
};

/// Decides for one parameter. ForceActive treats a scalar as marked `active` (it is named in `wrt`).
ShadowRule shadowRule(clang::ASTContext &Ctx, const clang::ParmVarDecl &Param, bool ForceActive = false);

/// True if the parameter carries the given adstencil marker ("active" or "inactive").
bool hasMarker(const clang::Decl &D, llvm::StringRef Marker);

} // namespace adstencil
