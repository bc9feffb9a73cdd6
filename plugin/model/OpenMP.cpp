// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "model/OpenMP.h"

#include "model/OpenMPLoops.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace adstencil {

/// Schedules of kmp.h. Everything else but these two goes through __kmpc_dispatch_.
static constexpr unsigned StaticChunked = 33, Static = 34, StaticSimd = 45;
static constexpr unsigned ScheduleModifiers = 3u << 29; ///< monotonic, nonmonotonic
static constexpr unsigned FirstOrdered = 64, LastOrdered = 72;

/// Flags of the ident_t that a call passes as its first argument.
static constexpr unsigned WorkSections = 0x400, WorkDistribute = 0x800;

static StringRef calleeName(const CallBase &CB) {
  const Function *F = CB.getCalledFunction();
  return F ? F->getName() : "";
}

static unsigned identFlags(const CallBase &CB) {
  auto *G = dyn_cast<GlobalVariable>(CB.getArgOperand(0)->stripPointerCasts());
  if (!G || !G->hasInitializer())
    return 0;
  auto *Flags = dyn_cast_or_null<ConstantInt>(G->getInitializer()->getAggregateElement(1u));
  return Flags ? Flags->getZExtValue() : 0;
}

namespace {

/// What cannot be done, by the name of the runtime's function.
struct Refused {
  StringLiteral Prefix, What, Advice;
};
constexpr StringLiteral OneLoop = "work in loops with '#pragma omp parallel for' only";
constexpr StringLiteral Outside = "move it out of the kernel";
constexpr StringLiteral Sum = "use a reduction clause, or write one element per iteration";
constexpr StringLiteral FromHost = "launch device code from the host with CUDA, or use '#pragma omp parallel for'";
constexpr Refused RefusedCalls[] = {
    {"__kmpc_critical", "it contains '#pragma omp critical', in which threads take turns", Sum},
    {"__kmpc_atomic", "it contains '#pragma omp atomic'", Sum},
    {"__kmpc_ordered", "it contains '#pragma omp ordered'", "write the part that has an order as a serial loop"},
    {"__kmpc_doacross", "it contains '#pragma omp ordered'", "write the part that has an order as a serial loop"},
    {"__kmpc_omp_task", "it creates OpenMP tasks", OneLoop},
    {"__kmpc_task", "it creates OpenMP tasks", OneLoop},
    {"__kmpc_single", "it contains '#pragma omp single', which one thread executes for all", Outside},
    {"__kmpc_master", "it contains '#pragma omp master', which one thread executes for all", Outside},
    {"__kmpc_masked", "it contains '#pragma omp masked', which one thread executes for all", Outside},
    {"__kmpc_copyprivate", "it hands values from one thread to the others (copyprivate)", Outside},
    {"__kmpc_threadprivate", "it uses a variable that each thread has its own of (threadprivate)",
     "declare it inside the parallel loop"},
    {"__kmpc_cancel", "it cancels a parallel loop ('#pragma omp cancel')", "run all iterations"},
    {"__kmpc_flush", "it contains '#pragma omp flush'", OneLoop},
    {"__kmpc_scope", "it contains '#pragma omp scope'", OneLoop},
    {"__kmpc_fork_teams", "it contains '#pragma omp teams'", FromHost},
    {"__kmpc_push_num_teams", "it contains '#pragma omp teams'", FromHost},
    {"__kmpc_dist", "it contains '#pragma omp distribute'", FromHost},
    {"__kmpc_push_target", "it contains '#pragma omp target'", FromHost},
    {"__tgt_", "it contains '#pragma omp target'", FromHost},
    {"__omp_offloading", "it contains '#pragma omp target'", FromHost},
    {"omp_", "it asks or steers OpenMP's runtime (a function omp_...)",
     "call it outside of the kernel; what a kernel computes must not depend on the number of threads"},
    {"__kmpc_", "it contains an OpenMP construct that is not known here", OneLoop},
};

/// One round of replacements in a function.
class Serialiser {
public:
  explicit Serialiser(Request &R) : R(R), F(*R.F) {}

  Serialised run() {
    SmallVector<CallBase *, 16> Calls;
    for (Instruction &I : instructions(F))
      if (auto *CB = dyn_cast<CallBase>(&I); CB && isRuntime(calleeName(*CB)))
        Calls.push_back(CB);
    // Forks last: until then a fork is what tells the two sides of an `if` clause from each other.
    for (CallBase *CB : Calls)
      if (!calleeName(*CB).starts_with("__kmpc_fork_call") && !replace(*CB))
        return Serialised::Refused;
    for (CallBase *CB : Calls)
      if (calleeName(*CB).starts_with("__kmpc_fork_call") && !callDirectly(*CB))
        return Serialised::Refused;
    for (CallBase *CB : Done)
      CB->eraseFromParent();
    return HasForked ? Serialised::Something : Serialised::Nothing;
  }

private:
  Request &R;
  Function &F;
  bool HasForked = false;
  SmallVector<CallBase *, 16> Done;

  static bool isRuntime(StringRef Name) {
    return Name.starts_with("__kmpc_") || Name.starts_with("__tgt_") || Name.starts_with("omp_") ||
           Name.starts_with("__omp_offloading");
  }

  bool refuseAt(const CallBase &CB, StringRef Reason, StringRef Advice) const {
    refuse(F.getContext(), R.Kernel, &CB, R.Place, Reason, Advice);
    return false;
  }

  void finish(CallBase &CB, Value *Result = nullptr) {
    if (Result)
      CB.replaceAllUsesWith(Result);
    Done.push_back(&CB);
  }

  bool replace(CallBase &CB) {
    StringRef Name = calleeName(CB);
    if (Name.starts_with("__kmpc_for_static_init_"))
      return takeWholeRange(CB);
    if (Name.starts_with("__kmpc_dispatch_init_"))
      return rememberDispatch(CB);
    if (Name.starts_with("__kmpc_dispatch_next_"))
      return takeOneChunk(CB);
    if (Name.starts_with("__kmpc_reduce"))
      return reduceAlone(CB);
    if (Name == "__kmpc_serialized_parallel") {
      preferFork(CB);
      finish(CB);
      return true;
    }
    static constexpr StringLiteral WithoutEffect[] = {
        "__kmpc_for_static_fini", "__kmpc_dispatch_fini_",  "__kmpc_dispatch_deinit",         "__kmpc_barrier",
        "__kmpc_end_reduce",      "__kmpc_push_num_thread", "__kmpc_end_serialized_parallel", "__kmpc_push_proc_bind"};
    if (any_of(WithoutEffect, [&](StringRef Prefix) { return Name.starts_with(Prefix); })) {
      finish(CB);
      return true;
    }
    if (Name == "__kmpc_global_thread_num") {
      finish(CB, ConstantInt::get(CB.getType(), 0));
      return true;
    }
    for (const Refused &X : RefusedCalls)
      if (Name.starts_with(X.Prefix))
        return refuseAt(CB, X.What, X.Advice);
    return true;
  }

  /// A call of the region, with the number 0 for the thread.
  bool callDirectly(CallBase &CB) {
    auto *Region = dyn_cast<Function>(CB.getArgOperand(2)->stripPointerCasts());
    if (calleeName(CB) != "__kmpc_fork_call" || !Region || Region->isDeclaration() ||
        Region->arg_size() != CB.arg_size() - 1)
      return refuseAt(CB, "it contains an OpenMP construct that is not known here", OneLoop);
    if (!checkRegion(*Region))
      return false;
    IRBuilder<> B(&F.getEntryBlock(), F.getEntryBlock().getFirstInsertionPt());
    AllocaInst *Global = B.CreateAlloca(B.getInt32Ty(), nullptr, "global.tid");
    AllocaInst *Bound = B.CreateAlloca(B.getInt32Ty(), nullptr, "bound.tid");
    B.SetInsertPoint(&CB);
    SmallVector<Value *, 16> Arguments = {Global, Bound};
    for (AllocaInst *A : {Global, Bound})
      B.CreateStore(B.getInt32(0), A);
    for (unsigned I = 3; I != CB.arg_size(); ++I) {
      Value *V = CB.getArgOperand(I);
      if (V->getType() != Region->getArg(I - 1)->getType())
        return refuseAt(CB, "it contains an OpenMP construct that is not known here", OneLoop);
      Arguments.push_back(V);
    }
    B.CreateCall(Region, Arguments)->setDebugLoc(CB.getDebugLoc());
    HasForked = true;
    finish(CB);
    return true;
  }

  /// Refuses regions inside the region, and results that depend on the number of threads: in a parallel region each
  /// thread adds its share to a reduction, which is a sum of one share for one thread only if loops are shared out.
  bool checkRegion(Function &Region) {
    SmallVector<Function *, 8> Stack = {&Region};
    SmallPtrSet<Function *, 8> Seen;
    CallBase *Reduction = nullptr;
    bool Shares = false;
    while (!Stack.empty()) {
      Function *G = Stack.pop_back_val();
      if (!Seen.insert(G).second)
        continue;
      for (Instruction &I : instructions(*G)) {
        auto *CB = dyn_cast<CallBase>(&I);
        Function *Callee = CB ? CB->getCalledFunction() : nullptr;
        if (!Callee)
          continue;
        StringRef Name = Callee->getName();
        if (Name.starts_with("__kmpc_fork_call"))
          return refuseAt(*CB, "it contains a parallel region inside another",
                          "make the outer loop parallel, or give it the clause collapse");
        Shares |= Name.starts_with("__kmpc_for_static_init") || Name.starts_with("__kmpc_dispatch_init");
        if (Name.starts_with("__kmpc_reduce"))
          Reduction = CB;
        if (!Callee->isDeclaration())
          Stack.push_back(Callee);
      }
    }
    if (Reduction && !Shares)
      return refuseAt(*Reduction, "it reduces over threads, so that the result depends on their number",
                      "give the clause to a loop: '#pragma omp parallel for reduction(...)'");
    return true;
  }

  /// An `if` clause leaves a branch, with the fork on one side and the region called by one thread on the other. Both
  /// mean the same here.
  void preferFork(CallBase &Serial) {
    BasicBlock *Here = Serial.getParent(), *Before = Here->getSinglePredecessor();
    auto *Branch = Before ? dyn_cast<BranchInst>(Before->getTerminator()) : nullptr;
    if (!Branch || !Branch->isConditional())
      return;
    BasicBlock *There = Branch->getSuccessor(Branch->getSuccessor(0) == Here);
    if (none_of(*There, [](const Instruction &I) {
          const auto *CB = dyn_cast<CallBase>(&I);
          return CB && calleeName(*CB).starts_with("__kmpc_fork_call");
        }))
      return;
    Branch->setCondition(ConstantInt::getBool(F.getContext(), Branch->getSuccessor(0) == There));
  }

  bool reduceAlone(CallBase &CB) {
    finish(CB, ConstantInt::get(CB.getType(), 1)); // "combine your share with the variable, without atomics"
    return true;
  }

  /// __kmpc_for_static_init(loc, gtid, schedule, &last, &lower, &upper, &stride, increment, chunk).
  bool takeWholeRange(CallBase &CB) {
    unsigned Flags = identFlags(CB);
    if (Flags & WorkSections)
      return refuseAt(CB, "it contains '#pragma omp sections'", OneLoop);
    auto *Kind = dyn_cast<ConstantInt>(CB.getArgOperand(2));
    unsigned Schedule = Kind ? Kind->getZExtValue() & ~ScheduleModifiers : 0;
    if (Flags & WorkDistribute || (Schedule != Static && Schedule != StaticChunked && Schedule != StaticSimd))
      return refuseAt(CB, "its schedule is not known here", "use schedule(static)");
    IRBuilder<> B(&CB);
    B.CreateStore(B.getInt32(1), CB.getArgOperand(3));
    Value *Lower = CB.getArgOperand(4), *Upper = CB.getArgOperand(5), *Stride = CB.getArgOperand(6);
    // With chunks there is a loop around the loop, which goes from chunk to chunk by the stride.
    if (Schedule != Static && !leaveAfterFirst(Stride)) {
      Type *T = CB.getArgOperand(8)->getType();
      Value *One = ConstantInt::get(T, 1), *Chunk = CB.getArgOperand(8);
      Chunk = B.CreateSelect(B.CreateICmpSLT(Chunk, One), One, Chunk);
      B.CreateStore(Chunk, Stride);
      B.CreateStore(B.CreateAdd(B.CreateLoad(T, Lower), B.CreateSub(Chunk, One)), Upper);
    } else {
      noteWorkSharedLoop(Lower);
    }
    finish(CB);
    return true;
  }

  /// Makes the loop over chunks end after its first iteration. The block that steps to the next chunk is the only one
  /// that reads the stride.
  bool leaveAfterFirst(Value *Stride) {
    BasicBlock *Step = nullptr;
    for (User *U : Stride->users())
      if (auto *L = dyn_cast<LoadInst>(U)) {
        if (Step && L->getParent() != Step)
          return false;
        Step = L->getParent();
      }
    return Step && leaveFrom(*Step);
  }

  /// Turns the only back edge of a loop, which starts in Latch, into a jump to its exit, and drops the test whether to
  /// enter: clang tests in front of all this that there is something to do.
  bool leaveFrom(BasicBlock &Latch) {
    auto *Back = dyn_cast<BranchInst>(Latch.getTerminator());
    if (!Back || Back->isConditional())
      return false;
    DominatorTree DT(F);
    LoopInfo LI(DT);
    Loop *L = LI.getLoopFor(&Latch);
    BasicBlock *Exit = L ? L->getUniqueExitBlock() : nullptr;
    if (!Exit || L->getLoopLatch() != &Latch || isa<PHINode>(Exit->front()) || isa<PHINode>(L->getHeader()->front()))
      return false;
    auto *Enter = L->getExitingBlock() ? dyn_cast<BranchInst>(L->getExitingBlock()->getTerminator()) : nullptr;
    if (!Enter || !Enter->isConditional())
      return false;
    Enter->setCondition(ConstantInt::getBool(F.getContext(), Enter->getSuccessor(1) == Exit));
    Back->setSuccessor(0, Exit);
    return true;
  }

  bool rememberDispatch(CallBase &CB) {
    auto *Kind = dyn_cast<ConstantInt>(CB.getArgOperand(2));
    unsigned Schedule = Kind ? Kind->getZExtValue() & ~ScheduleModifiers : FirstOrdered;
    if (Schedule >= FirstOrdered && Schedule <= LastOrdered)
      return refuseAt(CB, "it contains '#pragma omp ordered'", "write the part that has an order as a serial loop");
    Init = &CB;
    finish(CB);
    return true;
  }
  CallBase *Init = nullptr;

  /// `while (__kmpc_dispatch_next(loc, gtid, &last, &lower, &upper, &stride))` goes round once, with all that
  /// __kmpc_dispatch_init(loc, gtid, schedule, lower, upper, stride, chunk) was given.
  bool takeOneChunk(CallBase &CB) {
    BasicBlock *Header = CB.getParent();
    DominatorTree DT(F);
    LoopInfo LI(DT);
    Loop *L = LI.getLoopFor(Header);
    BasicBlock *Latch = L && L->getHeader() == Header ? L->getLoopLatch() : nullptr;
    if (!Init || !Latch || !DT.dominates(Init->getParent(), Header) || !leaveFrom(*Latch))
      return refuseAt(CB, "its schedule is not known here", "use schedule(static)");
    IRBuilder<> B(&CB);
    B.CreateStore(B.getInt32(1), CB.getArgOperand(2));
    for (unsigned I : {0, 1, 2})
      B.CreateStore(Init->getArgOperand(3 + I), CB.getArgOperand(3 + I));
    noteWorkSharedLoop(CB.getArgOperand(3));
    finish(CB, ConstantInt::get(CB.getType(), 1));
    return true;
  }

  /// Notes the loop whose counter starts with what Lower holds: for (iv = *Lower; iv <= *Upper; ++iv).
  void noteWorkSharedLoop(Value *Lower) {
    for (User *U : Lower->users()) {
      auto *Start = dyn_cast<LoadInst>(U);
      if (!Start || !Start->hasOneUse())
        continue;
      auto *Set = dyn_cast<StoreInst>(Start->user_back());
      if (!Set || Set->getPointerOperand() == Lower)
        continue;
      for (User *V : Set->getPointerOperand()->users()) {
        auto *Step = dyn_cast<StoreInst>(V);
        if (!Step || Step == Set || Step->getPointerOperand() != Set->getPointerOperand())
          continue;
        auto *Back = dyn_cast<BranchInst>(Step->getParent()->getTerminator());
        if (Back && Back->isUnconditional())
          noteWorkSharing(*Back);
      }
    }
  }
};

} // namespace

Serialised serialiseOpenMP(Request &R) { return Serialiser(R).run(); }

} // namespace adstencil
