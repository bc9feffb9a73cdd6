// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emit/Prefetch.h"

#include "emit/HideCounters.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/LoopUtils.h"
#include <map>

using namespace llvm;

namespace adstencil {

/// Of a module: for each group the group, array, planes and row.
static constexpr StringLiteral RowGroups = "adstencil.rows";

MDNode *createRowGroup(Module &M, const RowRead &R) {
  LLVMContext &Ctx = M.getContext();
  MDNode *Group = MDNode::getDistinct(Ctx, {});
  auto Number = [&](int64_t X) { return ConstantAsMetadata::get(ConstantInt::get(Type::getInt64Ty(Ctx), X)); };
  SmallVector<Metadata *, 8> Entry = {Group, Number(R.Array), Number(R.Planes)};
  for (int64_t X : R.Row)
    Entry.push_back(Number(X));
  M.getOrInsertNamedMetadata(RowGroups)->addOperand(MDNode::get(Ctx, Entry));
  return Group;
}

namespace {

class Prefetcher {
public:
  explicit Prefetcher(const NamedMDNode &Entries) {
    auto Number = [](const MDOperand &X) { return mdconst::extract<ConstantInt>(X)->getSExtValue(); };
    for (const MDNode *Entry : Entries.operands()) {
      RowRead R{uint64_t(Number(Entry->getOperand(1))), {}, unsigned(Number(Entry->getOperand(2)))};
      for (const MDOperand &X : drop_begin(Entry->operands(), 3))
        R.Row.push_back(Number(X));
      Rows[Entry->getOperand(0)] = std::move(R);
    }
  }

  bool run(const Loop &L) const {
    // By array and plane, the row furthest ahead.
    std::map<uint64_t, std::map<int64_t, std::pair<const RowRead *, LoadInst *>>> Furthest;
    SmallPtrSet<const Value *, 8> Stored;
    for (BasicBlock *BB : L.blocks())
      for (Instruction &I : *BB)
        if (auto *St = dyn_cast<StoreInst>(&I))
          Stored.insert(St->getPointerOperand());
        else if (const RowRead *R = I.getType()->isVectorTy() ? rowOf(I) : nullptr) {
          auto &Of = Furthest[R->Array][R->Row[0]];
          if (!Of.first || Of.first->Row < R->Row)
            Of = {R, cast<LoadInst>(&I)};
        }
    for (auto &[Array, Planes] : Furthest)
      for (auto &[Plane, Of] : Planes)
        if (Plane > Planes.rbegin()->first - int64_t(Of.first->Planes))
          prefetch(*Of.second, Stored.contains(Of.second->getPointerOperand()));
    return !Furthest.empty();
  }

private:
  DenseMap<const Metadata *, RowRead> Rows; ///< by group

  const RowRead *rowOf(const Instruction &I) const {
    const MDNode *Groups = isa<LoadInst>(I) ? I.getMetadata(LLVMContext::MD_access_group) : nullptr;
    if (Groups)
      for (const MDOperand &X : Groups->operands())
        if (auto Found = Rows.find(X.get()); Found != Rows.end())
          return &Found->second;
    return nullptr;
  }

  static void prefetch(LoadInst &Load, bool IsStored) {
    // Measured at 256^3: 1 and 2 KiB do as well, half a KiB and 4 KiB gain a little less.
    constexpr int64_t BytesAhead = 1536;
    constexpr unsigned InAllCaches = 3, Data = 1;
    IRBuilder<> B(&Load);
    B.CreateIntrinsic(Intrinsic::prefetch, {B.getPtrTy()},
                      {B.CreatePtrAdd(Load.getPointerOperand(), B.getInt64(BytesAhead)), B.getInt32(IsStored),
                       B.getInt32(InAllCaches), B.getInt32(Data)});
  }
};

} // namespace

PreservedAnalyses PrefetchPass::run(Function &F, FunctionAnalysisManager &FAM) {
  const NamedMDNode *Entries = F.getParent()->getNamedMetadata(RowGroups);
  if (!Entries || F.getParent()->getTargetTriple().isNVPTX())
    return PreservedAnalyses::all();
  bool Changed = false;
  std::optional<Prefetcher> P;
  for (const Loop *L : FAM.getResult<LoopAnalysis>(F).getLoopsInPreorder())
    if (L->isInnermost() && findOptionMDForLoop(L, PlainCounter))
      Changed |= (P ? *P : P.emplace(*Entries)).run(*L);
  if (!Changed)
    return PreservedAnalyses::all();
  PreservedAnalyses PA;
  PA.preserveSet<CFGAnalyses>();
  return PA;
}

} // namespace adstencil
