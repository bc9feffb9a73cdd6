// Distances between accesses as integer vectors.
//
// An access of a nest has the address base + Σ_d p_d · stride_d at point p, with constant or symbolic strides. Two
// accesses with the same strides are a *shift* s apart if the distance of their bases is Σ_d s_d · stride_d:
//
//     u[ix + 1 + nx * iy] and u[ix + nx * (iy - 1)]:   8 + 8 nx = 1 · 8 + 1 · (8 nx),   s = (1, 1)
//
// Everything is compared as polynomials in the symbols of the kernel, so (nx + 1) * iy has the stride 8 nx + 8 and
// meets its multiples only. With constant strides several vectors may give the same distance (one row further or
// nx cells further). Any of them is right for a gather, which only uses that the identity holds; the smallest is taken.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include <cstdint>
#include <optional>

namespace llvm {
class SCEV;
class ScalarEvolution;
} // namespace llvm

namespace adstencil {

/// A vector of whole points, one entry an axis, outermost first. An entry may go far, around a periodic axis: then it
/// is a number of points that is not known, plus a few.
using Shift = llvm::SmallVector<int64_t, 4>;

/// FarShift · K in an entry stands for the number of points K of the nest (GatherNest::Far), counted from 1.
constexpr int64_t FarShift = int64_t(1) << 40;
/// Which number an entry contains, counted from 1; 0: none.
inline int64_t farNumber(int64_t Entry) { return (Entry + FarShift / 2) / FarShift; }
/// An entry without that number.
inline int64_t nearPart(int64_t Entry) { return Entry - farNumber(Entry) * FarShift; }
inline bool isFar(const Shift &S) {
  return llvm::any_of(S, [](int64_t Entry) { return farNumber(Entry) != 0; });
}

/// The shift whose distance in bytes is Distance, or nothing if there is none.
std::optional<Shift> shiftOf(llvm::ScalarEvolution &SE, const llvm::SCEV *Distance,
                             llvm::ArrayRef<const llvm::SCEV *> Strides);

} // namespace adstencil
