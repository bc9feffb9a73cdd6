// What the plugin knows about functions whose bodies it does not see.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/IR/InstrTypes.h"

namespace adstencil {

enum class LibraryCall {
  Unknown,
  Mathematics, ///< has a derivative rule
  Prints,      ///< output only: kept out of derivatives
  Allocates,   ///< new, delete, malloc, free
  Throws,      ///< the machinery of exceptions
  NoReturn,    ///< assertion failures and the like
  Marker,      ///< adstencil's own markers and intrinsics without effect
  Memory,      ///< memset, memcpy, memmove
  Pure,        ///< touches no memory
};

/// Classifies a call that could not be inlined.
LibraryCall classify(const llvm::CallBase &CB);

} // namespace adstencil
