// Declares the derivatives of an annotated kernel, and gives them bodies once the kernel is complete.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "clang/AST/Decl.h"
#include "llvm/ADT/StringRef.h"
#include <string>
#include <vector>

namespace clang {
class CompilerInstance;
class Sema;
} // namespace clang

namespace adstencil {

/// The derivative that a function computes; the text is what a request in the IR says.
enum class Mode { Vjp, Adjoint, Tangent };
llvm::StringRef modeName(Mode M);

/// The host stubs of CUDA derivatives that sum over the grid: mangled name, and the most sums there can be.
std::vector<std::pair<std::string, unsigned>> &gridSumStubs();
/// The host stubs of __adjoint_ kernels, which may have a second phase.
std::vector<std::string> &adjointStubs();

class Declarer {
public:
  static Declarer &instance();
  /// Forgets the compilation before (a process may compile a file twice).
  void reset() {
    Pending.clear();
    Unsettled.clear();
    gridSumStubs().clear();
    adjointStubs().clear();
    Marker = nullptr;
  }

  /// Gives derivatives the attributes of their kernels that were not there yet when they were declared: __global__ and
  /// launch bounds.
  void settle() {
    if (!Unsettled.empty())
      settleAll();
  }

  /// Declares __vjp_K, __adjoint_K and __tangent_K in K's scope. Called while K's declarator is being processed, so
  /// that the names are visible to everything that follows K, also inside the namespace that K is in.
  void declareAll(clang::Sema &S, clang::FunctionDecl *Kernel);

  /// Declares __vjp_K_Name and __adjoint_K_Name, which differentiate with respect to the parameters in Inputs only.
  void declareWrt(clang::Sema &S, clang::FunctionDecl *Kernel, llvm::StringRef Name,
                  const std::vector<std::string> &Inputs, clang::SourceLocation Loc);

  /// Gives bodies to the derivatives of kernels that are defined by now and hands them to code generation. Those of
  /// __global__ kernels wait for the end of the file, when it is known which of them are launched.
  void defineCompleted(clang::CompilerInstance &CI, bool AtEnd);

private:
  struct Derivative {
    clang::FunctionDecl *Kernel;
    clang::FunctionDecl *Function;
    Mode TheMode;
    std::vector<std::string> Wrt; ///< empty: with respect to everything
  };
  std::vector<Derivative> Pending;
  std::vector<Derivative> Unsettled; ///< CUDA only
  clang::FunctionDecl *Marker = nullptr;

  void declare(clang::Sema &S, clang::FunctionDecl *Kernel, Mode M, llvm::StringRef Suffix,
               const std::vector<std::string> &Wrt);
  void settleAll();
  static unsigned mostGridSums(clang::ASTContext &Ctx, const Derivative &D);
  void define(clang::Sema &S, const Derivative &D);
  clang::FunctionDecl *marker(clang::Sema &S);
};

} // namespace adstencil
