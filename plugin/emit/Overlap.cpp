// Ranges, not cells: two arrays that interleave without sharing a cell are reported as well. The option is for
// debugging.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emit/Overlap.h"

#include "model/Normalise.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

using namespace llvm;

namespace adstencil {

namespace {
/// The addresses touched through one pointer.
struct Range {
  std::string Name;
  AllocaInst *Low, *High, *Written;
};

class OverlapChecker {
public:
  explicit OverlapChecker(const Request &R) : R(R), F(*R.F), Entry(&*F.getEntryBlock().getFirstInsertionPt()) {}

  void run() {
    SmallVector<Instruction *, 64> Accesses;
    for (Instruction &I : instructions(F))
      if (getLoadStorePointerOperand(&I))
        Accesses.push_back(&I);
    for (Instruction *I : Accesses)
      record(*I);
    for (BasicBlock &BB : make_early_inc_range(F))
      if (auto *Ret = dyn_cast<ReturnInst>(BB.getTerminator())) {
        compareAll(Ret);
        break;
      }
  }

private:
  const Request &R;
  Function &F;
  IRBuilder<> Entry;
  MapVector<std::pair<const Value *, int64_t>, Range> Ranges;

  /// Arrays are told apart by the argument that points to them, or that holds the pointer at some offset.
  Range *rangeOf(const Value *Root) {
    std::pair<const Value *, int64_t> Key = {Root, -1};
    std::string Name = R.ArgumentNames.lookup(Root);
    if (const auto *L = dyn_cast<LoadInst>(Root)) {
      APInt Offset(64, 0);
      Key.first = L->getPointerOperand()->stripAndAccumulateConstantOffsets(F.getDataLayout(), Offset, true);
      Key.second = Offset.getSExtValue();
      Name = "a pointer inside a parameter";
    }
    if (!isa<Argument>(Key.first))
      return nullptr;
    auto Found = Ranges.find(Key);
    if (Found != Ranges.end())
      return &Found->second;
    if (Name.empty())
      Name = "parameter " + std::to_string(cast<Argument>(Key.first)->getArgNo() + 1);
    Type *Int = Entry.getInt64Ty();
    Range X{Name, Entry.CreateAlloca(Int), Entry.CreateAlloca(Int), Entry.CreateAlloca(Entry.getInt1Ty())};
    Entry.CreateStore(Entry.getInt64(~0ull), X.Low);
    Entry.CreateStore(Entry.getInt64(0), X.High);
    Entry.CreateStore(Entry.getFalse(), X.Written);
    return &Ranges.insert({Key, X}).first->second;
  }

  void record(Instruction &I) {
    const Value *Pointer = getLoadStorePointerOperand(&I);
    SmallVector<const Value *, 2> Roots;
    rootsOf(Pointer, Roots);
    Range *X = Roots.size() == 1 ? rangeOf(Roots[0]) : nullptr;
    if (!X)
      return;
    IRBuilder<> B(&I);
    Type *Int = B.getInt64Ty();
    uint64_t Size = I.getDataLayout().getTypeStoreSize(getLoadStoreType(&I));
    Value *First = B.CreatePtrToInt(const_cast<Value *>(Pointer), Int);
    Value *End = B.CreateAdd(First, B.getInt64(Size));
    B.CreateStore(B.CreateBinaryIntrinsic(Intrinsic::umin, B.CreateLoad(Int, X->Low), First), X->Low);
    B.CreateStore(B.CreateBinaryIntrinsic(Intrinsic::umax, B.CreateLoad(Int, X->High), End), X->High);
    if (isa<StoreInst>(I))
      B.CreateStore(B.getTrue(), X->Written);
  }

  void compareAll(ReturnInst *Ret) {
    for (auto A = Ranges.begin(); A != Ranges.end(); ++A)
      for (auto B = std::next(A); B != Ranges.end(); ++B)
        compare(Ret, A->second, B->second);
  }

  void compare(ReturnInst *Ret, const Range &X, const Range &Y) {
    IRBuilder<> B(Ret);
    Type *Int = B.getInt64Ty();
    Value *Meet = B.CreateAnd(B.CreateICmpULT(B.CreateLoad(Int, X.Low), B.CreateLoad(Int, Y.High)),
                              B.CreateICmpULT(B.CreateLoad(Int, Y.Low), B.CreateLoad(Int, X.High)));
    Value *Written = B.CreateOr(B.CreateLoad(B.getInt1Ty(), X.Written), B.CreateLoad(B.getInt1Ty(), Y.Written));
    Instruction *Stop = SplitBlockAndInsertIfThen(B.CreateAnd(Meet, Written), Ret->getIterator(), /*Unreachable=*/true);
    B.SetInsertPoint(Stop);
    Module &M = *F.getParent();
    std::string Text = "adstencil: in a derivative of '" + R.Kernel + "', arrays '" + X.Name + "' and '" + Y.Name +
                       "' overlap; distinct parameters must not (check-overlap)\n";
    // To standard error, whose stream object has no portable name in the IR; its descriptor is 2.
    FunctionCallee Write =
        M.getOrInsertFunction("write", FunctionType::get(Int, {B.getInt32Ty(), B.getPtrTy(), Int}, false));
    B.CreateCall(Write, {B.getInt32(2), B.CreateGlobalString(Text), B.getInt64(Text.size())});
    FunctionCallee Abort = M.getOrInsertFunction("abort", FunctionType::get(B.getVoidTy(), false));
    B.CreateCall(Abort);
  }
};
} // namespace

void checkOverlap(const Request &R) { OverlapChecker(R).run(); }

} // namespace adstencil
