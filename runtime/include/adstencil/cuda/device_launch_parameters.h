// threadIdx, blockIdx, blockDim, gridDim and warpSize are declared by cuda_runtime.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "cuda_runtime.h"
