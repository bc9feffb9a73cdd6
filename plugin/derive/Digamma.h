// The digamma function, which libm does not have and the derivatives of tgamma and lgamma need.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/IR/Module.h"

namespace adstencil {

/// Returns the module's private digamma for float or double, writing it on first use.
llvm::Function *digammaFunction(llvm::Module &M, llvm::Type *T);

} // namespace adstencil
