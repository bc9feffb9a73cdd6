// The CPU as a device for CUDA kernels.
//
// `__global__` kernels of a file become ordinary functions of its host object: the file is compiled once more in the
// same process for nvptx (DeviceCompilation.cpp), differentiated there by the same stages as for a GPU, lowered to the
// host (Retarget.cpp, Calls.cpp, Mathematics.cpp), given loops over the threads of a grid (Threads.cpp, Rows.cpp,
// Guards.cpp), and linked into the host module with a constructor that registers the kernels (Register.cpp). What the
// runtime then sees is described in runtime/include/adstencil/device/abi.h.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/ADT/STLFunctionalExtras.h"

namespace clang {
class CompilerInstance;
}
namespace llvm {
class Module;
}

namespace adstencil {

/// Adds CPU versions of all kernels of CI's file to Host, which is at the start of its optimisation pipeline.
/// Differentiate works on the device module before it is lowered and returns false after it has reported an error.
/// Optimised: the pipeline that follows is not that of -O0. Returns false after errors have been reported through CI's
/// diagnostics. A module without kernels and device variables stays as it is.
bool compileForHostDevice(llvm::Module &Host, clang::CompilerInstance &CI,
                          llvm::function_ref<bool(llvm::Module &, bool Optimised)> Differentiate, bool Optimised);

/// In a CUDA compilation without a toolkit (-nocudainc): includes the runtime's own cuda_runtime.h before the file and
/// lets the user's `#include <cuda_runtime.h>` find it. Does nothing in any other compilation. Called for the host and
/// for the device, before the main file is entered.
void provideCudaHeaders(clang::CompilerInstance &CI);

} // namespace adstencil
