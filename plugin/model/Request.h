// A request in the IR: "this function is to become the given derivative of the kernel it calls".
//
// Both entrances write one: the front end for annotated functions (frontend/Declare.cpp), the templates of
// adstencil/derivatives.h for everything else. Reading a request turns it into *markers*, calls that later stages see
// as the roots of all differentiable data:
//
//     %u1 = call ptr    @adstencil.array(ptr %u, ptr %u_bar, i32 3)       memory behind %u1 has its shadow behind
//     %u_bar %a1 = call double @adstencil.scalar.f64(double %a, ptr %a_bar, i32 4)  the scalar's shadow is the element
//     at %a_bar
//
// The kernel is called with %u1 and %a1, so after inlining every access of the kernel starts at a marker.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "report/Diagnostics.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstrTypes.h"
#include "llvm/IR/Instructions.h"
#include <optional>
#include <string>
#include <vector>

namespace adstencil {

enum class DerivativeMode { Vjp, Adjoint, Tangent };

/// One parameter of the kernel that has memory or a shadow.
struct RequestParameter {
  std::string Name;
  char Kind = '-'; ///< p pointer, r reference, v record with pointers, s active scalar or record of scalars
  bool HasShadow = false;
  bool OnlyFloating = false; ///< the memory holds nothing but float and double
};

/// A root of memory: what one marker stands for.
struct RootInfo {
  std::string Name;
  bool HasShadow = false;
  bool OnlyFloating = false; ///< nothing but float and double, as far as the types of the parameters tell
};

struct Request {
  DerivativeMode TheMode = DerivativeMode::Vjp;
  std::string Kernel;
  SourcePlace Place;
  llvm::Function *F = nullptr;
  llvm::Function *Vjp =
      nullptr;         ///< of an adjoint: __vjp_ of the same kernel, with the same parameters, if there is one
  bool OnGrid = false; ///< a CUDA kernel: the function is one thread of a grid
  bool OnCpu = false;  ///< of a grid: it will run on the CPU device
  /// What [[adstencil::strategy("…")]] demands of the plan, one of StrategyNames; empty if nothing. Known once the
  /// kernel is inlined.
  std::string Strategy;
  bool KernelIsKnown = false; ///< model/Strategy.cpp has seen the kernel
  std::vector<RequestParameter> Parameters;
  std::vector<RootInfo> Roots;                                    ///< by marker number
  llvm::DenseMap<const llvm::Value *, std::string> ArgumentNames; ///< arrays and shadows that are arguments themselves
};

/// The function that requests call; null in a module without any.
llvm::Function *requestMarker(llvm::Module &M);

/// Reads the request made by Call and replaces it by markers. Empty if the text is malformed (an internal error,
/// reported).
std::optional<Request> readRequest(llvm::CallBase &Call);

/// For each function that Calls make the __adjoint_ of an annotated kernel: the function that they make its __vjp_.
llvm::DenseMap<const llvm::Function *, llvm::Function *> vjpsOfAdjoints(llvm::ArrayRef<llvm::CallBase *> Calls);

/// Markers.
bool isArrayMarker(const llvm::Value *V);
bool isScalarMarker(const llvm::Value *V);
unsigned markerNumber(const llvm::Value *Marker);

/// Creates an array marker at the builder's place and returns it.
llvm::CallInst *createArrayMarker(llvm::IRBuilderBase &B, llvm::Value *Primal, llvm::Value *Shadow, unsigned Number);

/// Fills ArgumentNames from the markers.
void nameArguments(Request &R);

/// `atomicAdd(p, v)` whose result nobody uses. Null for everything else.
llvm::AtomicRMWInst *asAtomicAdd(llvm::Instruction *I);
const llvm::AtomicRMWInst *asAtomicAdd(const llvm::Instruction *I);

/// The pointer that a load, a store or an atomicAdd goes through, and the type of what it moves. Null for other
/// instructions.
llvm::Value *accessedPointer(llvm::Instruction *I);
llvm::Type *accessedType(llvm::Instruction *I);

/// Replaces markers by the primal values they stand for: the last step.
void removeMarkers(llvm::Function &F);

} // namespace adstencil
