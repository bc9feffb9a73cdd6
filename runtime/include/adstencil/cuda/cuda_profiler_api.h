// cudaProfilerStart and cudaProfilerStop. On the CPU device they do nothing: profile the program itself.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "cuda_runtime_api.h"
