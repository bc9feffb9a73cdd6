// Errors and notes with a place in the user's source.
//
// The IR passes run inside clang, so they can speak through its DiagnosticsEngine: carets, -verify and -Werror work as
// for any other diagnostic. Under `opt` there is no front end and messages go to the LLVMContext instead.
//
// Every refusal has three parts: place, reason in the user's terms, and what to do instead (the note).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/IR/DebugLoc.h"
#include <string>

namespace clang {
class CompilerInstance;
}
namespace llvm {
class Instruction;
class LLVMContext;
} // namespace llvm

namespace adstencil {

/// A position in a file as the request carries it; Line 0 means unknown.
struct SourcePlace {
  std::string File;
  unsigned Line = 0;
  unsigned Column = 0;
};

/// Says to which compiler instance messages go. Null outside of clang.
void setDiagnosticTarget(clang::CompilerInstance *CI);

/// Reports `cannot differentiate 'Kernel': Reason` as an error, followed by `Advice` as a note.
/// The place is I's debug location where it has one, otherwise Fallback.
void refuse(llvm::LLVMContext &Ctx, llvm::StringRef Kernel, const llvm::Instruction *I, const SourcePlace &Fallback,
            llvm::StringRef Reason, llvm::StringRef Advice);

} // namespace adstencil
