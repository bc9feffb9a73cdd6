// Addresses and indices as sums of products in 64 bits. Indices are mostly `int`, whose sums the language does not let
// overflow (`nsw`); ScalarEvolution alone keeps `sext(i + nx * j)` as it stands.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

namespace llvm {
class ScalarEvolution;
class SCEV;
class Value;
} // namespace llvm

namespace adstencil {

const llvm::SCEV *addressOf(llvm::ScalarEvolution &SE, const llvm::Value *Pointer);

/// An index, signed.
const llvm::SCEV *wideIndex(llvm::ScalarEvolution &SE, llvm::Value *Index);

/// The same number with products of sums multiplied out: (nx + 1) * ny - nx * ny is ny then.
const llvm::SCEV *multipliedOut(llvm::ScalarEvolution &SE, const llvm::SCEV *Number);

} // namespace adstencil
