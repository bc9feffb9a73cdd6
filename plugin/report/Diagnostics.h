// Errors and notes with a place in the user's source.
//
// The IR passes run inside clang, so they can speak through its DiagnosticsEngine: carets, -verify and -Werror work as
// for any other diagnostic. Under `opt` there is no front end and messages go to the LLVMContext instead.
//
// Every refusal has three parts: place, reason in the user's terms, and what to do instead (the note).
//
// Places come from debug locations. A compilation without -g has none, and by the time a plugin is asked it is too late
// to turn them on. Such refusals are kept until the pass ends; then the file is compiled once more in the same process,
// with locations and without output, only to learn where they are (report/Locate.cpp). Nobody pays for that but files
// with errors.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/IR/DebugLoc.h"
#include <string>
#include <vector>

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

struct Refusal {
  std::string Kernel, Reason, Advice;
  SourcePlace Place;    ///< of the instruction; unknown without debug locations
  SourcePlace Fallback; ///< of the kernel
};

/// Says to which compiler instance messages go. Null outside of clang.
void setDiagnosticTarget(clang::CompilerInstance *CI);
clang::CompilerInstance *diagnosticTarget();

/// Refuses to differentiate Kernel: an error with Reason at I's place, or at Fallback, and a note with Advice.
void refuse(llvm::LLVMContext &Ctx, llvm::StringRef Kernel, const llvm::Instruction *I, const SourcePlace &Fallback,
            llvm::StringRef Reason, llvm::StringRef Advice);

/// Reports the refusals that waited for their places. Called at the end of the pass.
void reportRefusals();

/// Compiles the target's file again, with locations, and returns the refusals of that compilation (report/Locate.cpp).
std::vector<Refusal> refusalsWithPlaces(clang::CompilerInstance &CI);

/// While a file is compiled again, refusals are collected here instead of being reported. Null otherwise.
extern std::vector<Refusal> *RefusalCollector;

} // namespace adstencil
