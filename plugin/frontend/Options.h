// What -fplugin-arg-adstencil-… can say.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/ADT/StringRef.h"

namespace adstencil {

/// Which of the nests that may be tiled (where no strategy is demanded), have their points merged, or keep cotangents
/// do so.
enum class Choice { ByCost, Always, Never };

struct Options {
  bool PrintPlan = false;         ///< print-plan: the AdjointPlan of every derivative, to stderr
  bool CheckOverlap = false;      ///< check-overlap: test at run time that arrays do not overlap
  bool StrictCotangents = false;  ///< strict-cotangents: no reassociation in cotangent arithmetic
  bool PrintNormalised = false;   ///< print-normalised: the kernel as the analyses see it (for developers)
  bool CpuDevice = false;         ///< device=cpu or auto: CUDA kernels are compiled for CPU cores too
  bool GpuSums = false;           ///< gpu-sums: derivatives on the CPU device have the form for a GPU (for tests)
  Choice Tiles = Choice::ByCost;  ///< tile=always or never (for tests)
  Choice Merges = Choice::ByCost; ///< merge=always or never (for tests)
  Choice Keeps = Choice::ByCost;  ///< keep=always or never (for tests)
  unsigned Planes = 0;            ///< planes=1 to 9 (for tests); 0: by cost
  bool GpuDevice = true;          ///< all but device=cpu: the program may launch kernels on a GPU
};

/// The options of this compilation.
Options &options();

/// The text of -fplugin-arg-adstencil-help.
llvm::StringRef helpText();

} // namespace adstencil
