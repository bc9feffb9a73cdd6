// The adjoint of single instructions.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/IR/IRBuilder.h"

namespace adstencil {

/// What the adjoint of an instruction needs from its surroundings.
class AdjointContext {
public:
  virtual ~AdjointContext() = default;
  /// The value that V had in the forward sweep.
  virtual llvm::Value *primal(llvm::IRBuilder<> &B, llvm::Value *V) = 0;
  virtual bool isActive(const llvm::Value *V) const = 0;
  /// Adds Contribution to V's cotangent.
  virtual void addTo(llvm::IRBuilder<> &B, llvm::Value *V, llvm::Value *Contribution) = 0;
};

/// Emits the contributions of I to its operands, for arithmetic, selections and mathematical functions. Bar is I's
/// cotangent. Returns false for an instruction that has no rule (the restrictions exclude those).
bool emitAdjoint(llvm::IRBuilder<> &B, llvm::Instruction &I, llvm::Value *Bar, AdjointContext &Context);

/// Emits the tangent of such an instruction, for given operand tangents (null where zero).
llvm::Value *emitTangent(llvm::IRBuilder<> &B, llvm::Instruction &I, llvm::ArrayRef<llvm::Value *> OperandDots);

/// Fast-math flags of derivative arithmetic: it may be reassociated (unless strict), the primal's may not.
llvm::FastMathFlags cotangentFlags();

} // namespace adstencil
