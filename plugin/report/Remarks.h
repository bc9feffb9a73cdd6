// Optimisation remarks, in the way of any other LLVM pass: `-Rpass=adstencil`, `-Rpass-missed=adstencil`, and the file
// of -fsave-optimization-record.
//
// A remark has the place of an instruction, else that of the kernel. Clang tracks places when one of these options is
// given, so there is no second compilation as for errors. Without the options remarks are not even made.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "model/Request.h"

namespace adstencil {

/// True if somebody listens. Texts that take work to find should not be looked for otherwise.
bool remarksWanted(llvm::LLVMContext &Ctx);

/// Says what the derivative does, or what it does not do and why, at I's place. I may be null.
void remarkApplied(const Request &R, const llvm::Instruction *I, llvm::StringRef Text);
void remarkMissed(const Request &R, const llvm::Instruction *I, llvm::StringRef Text);

} // namespace adstencil
