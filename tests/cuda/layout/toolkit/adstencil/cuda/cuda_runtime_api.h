// The toolkit's header in the place of adstencil's.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cuda_profiler_api.h>
#include <cuda_runtime_api.h>
