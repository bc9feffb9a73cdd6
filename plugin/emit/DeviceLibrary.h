// libdevice, a second time.
//
// Clang links the functions of CUDA's math library that a file calls before the passes run. A derivative calls others:
// the reverse of __nv_sin is __nv_cos. They are linked from the same file, whose name clang's options have.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/IR/Module.h"

namespace adstencil {

/// Links what the module calls of libdevice and does not define. Without the library (-nocudalib) calls stay
/// declarations, and clang or ptxas names them.
void linkDeviceLibrary(llvm::Module &M);

} // namespace adstencil
