// The tape: last-in first-out storage for what the reverse sweep needs and cannot recompute.
//
// A derivative may use several streams, each with records of one type. A stream lives in memory from realloc that
// doubles as it grows, and is freed at the end. Push and pop are written as calls to placeholders first, because what a
// record holds is only known when the whole reverse sweep has been written; finish() turns them into code.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/ADT/MapVector.h"
#include "llvm/IR/IRBuilder.h"

namespace adstencil {

///
/// On a GPU there is no realloc: a *fixed* stream is a local array that is as long as the records can get (reserve). A
/// record too many stops the kernel.
class Stream {
public:
  /// Creates an empty stream; its variables are placed by EntryBuilder.
  Stream(llvm::IRBuilder<> &EntryBuilder, llvm::ArrayRef<llvm::Type *> Fields, llvm::StringRef Name,
         bool Fixed = false);

  /// Makes room for further records in a fixed stream; no effect on others.
  void reserve(uint64_t Records);

  /// Emits code that appends a record of the given values, at the builder's place (which moves on to a new block).
  void push(llvm::IRBuilder<> &B, llvm::ArrayRef<llvm::Value *> Values);
  /// Emits code that removes the last record and returns its values.
  llvm::SmallVector<llvm::Value *, 4> pop(llvm::IRBuilder<> &B);
  /// Emits an i1 that is true while the stream holds records.
  llvm::Value *notEmpty(llvm::IRBuilder<> &B);
  /// Emits the release of the memory.
  void release(llvm::IRBuilder<> &B);
  /// Bytes of one record.
  uint64_t recordSize() const;

private:
  void write(llvm::IRBuilder<> &B, llvm::Value *N, llvm::ArrayRef<llvm::Value *> Values);

  llvm::StructType *Record;
  llvm::AllocaInst *Data, *Size, *Capacity;
  llvm::AllocaInst *Array = nullptr; ///< fixed streams
  llvm::StoreInst *Limit = nullptr;  ///< stores what is reserved to Capacity
  uint64_t Reserved = 0;
};

/// The function that gives memory for the tape: like realloc, but stops the program where there is none.
llvm::Function *growFunction(llvm::Module &M);

/// A variable of the derivative, zero at entry.
llvm::AllocaInst *createVariable(llvm::IRBuilder<> &EntryBuilder, llvm::Type *T, const llvm::Twine &Name);

/// Says that the loop of this back edge is not worth unrolling at run time. Reversed iterations add to shadows one
/// after the other, so copies of the body would cost compile time and code and win nothing.
void doNotUnroll(llvm::BranchInst *BackEdge);

} // namespace adstencil
