// Declares every function of the runtime's table once more, after the toolkit.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "api_table.h"

#define DECLARE_AGAIN(name, parameters, arguments) extern "C" cudaError_t name parameters;
ADSTENCIL_CUDA_FUNCTIONS(DECLARE_AGAIN)
