// The device half of a CUDA file, compiled inside the host compilation.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <memory>

namespace clang {
class CompilerInstance;
}
namespace llvm {
class LLVMContext;
class Module;
} // namespace llvm

namespace adstencil {

/// Compiles CI's file for nvptx, without passes, into Ctx. Instructions have at least line locations. Null after
/// errors, which are reported through CI's diagnostics. Checks: with what -fsanitize=undefined and its like write into
/// the code.
std::unique_ptr<llvm::Module> compileForDevice(clang::CompilerInstance &CI, llvm::LLVMContext &Ctx, bool Checks);

/// True if the user has asked for such checks.
bool wantsChecks(const clang::CompilerInstance &CI);

} // namespace adstencil
