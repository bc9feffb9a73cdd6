// The AdjointPlan: everything that is decided about the reverse sweep, before a line of it is written.
//
// The plan belongs to a kernel in counted form (model/Loops.h) with shadow pointers beside its pointers. It says
//
//   - which primal values the reverse sweep needs (`Needed`), and hence which stores the forward sweep must perform
//     (`Executed`): a store that no needed load can see is dropped, and with it goes every reason to save old values;
//   - for each loop how it is reversed:
//       joint   forward and reverse sweep of one iteration run together, from values recomputed in that iteration.
//       Possible
//               when no needed load of the loop can see a store of the same loop;
//       taped   the forward sweep records what the reverse sweep of the iteration needs, one record an iteration;
//   - where old values of memory are saved so that the reverse sweep can restore them (`Undo`);
//   - for each array that is written, how its shadow is treated (ShadowUse).
//
// emit/ only carries it out. print() writes it as text.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "analysis/Activity.h"
#include "analysis/Gather.h"
#include "analysis/Shadows.h"
#include "model/GridNest.h"
#include "model/Loops.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Analysis/PostDominators.h"
#include "llvm/IR/Dominators.h"
#include "llvm/Support/raw_ostream.h"

namespace adstencil {

/// How the reverse sweep treats the shadow of an array that the kernel writes.
enum class ShadowUse {
  Reverse, ///< exact reverse: read and cleared at stores, added to at loads
  Keep,    ///< vjp, proved that no cell is stored twice and loads see original values: read at stores, never written
  Guarded, ///< vjp, the same proof is made at run time; otherwise as Logged (on a grid: the kernel traps)
  Logged,  ///< vjp, no proof: as Reverse on top of a log from which the shadow is restored at the end
};

/// What the reverse sweep adds to the shadow of an array that is only read (analysis/ReadStrategy.cpp).
enum class ReadStrategy { OwnPoint, Reduction, Scatter };

struct LoopPlan {
  bool Joint = true;
  llvm::SmallVector<llvm::PHINode *, 2> Recorded; ///< needed header phis that are not induction variables
};

struct AdjointPlan {
  AdjointPlan(const Request &R, const Activity &A, const CountedLoops &Loops, const llvm::LoopInfo &LI)
      : R(R), A(A), Loops(Loops), LI(LI) {}

  const Request &R;
  const Activity &A;
  const CountedLoops &Loops;
  const llvm::LoopInfo &LI;
  const GridNest *Grid = nullptr; ///< the kernel is a CUDA kernel as a nest of its points

  llvm::DenseMap<const llvm::Value *, llvm::Value *> Shadow; ///< of pointers of active accesses
  llvm::DenseSet<const llvm::Value *> Needed;
  llvm::DenseMap<const llvm::Loop *, llvm::DenseSet<const llvm::Value *>>
      NeededInside; ///< by joint loop: what the reverse of one iteration needs of that iteration
  llvm::DenseSet<const llvm::StoreInst *> Executed, Undo, Increment;
  llvm::DenseSet<const llvm::LoadInst *> IncrementLoad;
  llvm::DenseMap<const llvm::StoreInst *, const llvm::Loop *> Owner; ///< joint loop whose iteration owns the memory
  llvm::DenseMap<const llvm::Loop *, LoopPlan> LoopPlans;
  llvm::DenseMap<const llvm::Loop *, uint64_t> MaxIterations; ///< 0: not known when compiling, or too many for a GPU
  llvm::DenseMap<const llvm::BasicBlock *, llvm::PHINode *> Predecessor; ///< index of the block control came from
  llvm::DenseMap<const llvm::BasicBlock *, llvm::SmallVector<llvm::BasicBlock *, 2>> ReverseTargets;
  llvm::DenseMap<const llvm::Value *, ReadStrategy> Reads;  ///< by root
  llvm::DenseMap<const llvm::Value *, ShadowUse> Uses;      ///< by root
  llvm::DenseMap<const llvm::Value *, llvm::Value *> Guard; ///< i1 that holds the proof, for Guarded
  llvm::DenseMap<const llvm::Value *, llvm::Value *>
      IsWritten; ///< by pointer into written and other arrays: i1, which it is

  llvm::MapVector<const llvm::Loop *, std::unique_ptr<GatherNest>> Gathers; ///< by outermost loop
  llvm::MapVector<const llvm::Loop *, NoGather> NoGathers;                  ///< the other nests, and why
  std::string NoPoints; ///< why a CUDA kernel is no nest of points, whether or not there is something to gather
  NoGather NoGrid; ///< why a CUDA kernel is no nest of points that gathers; empty: it is, or nothing is to be gathered

  llvm::SmallPtrSet<const llvm::Instruction *, 4> Dropped; ///< loads and scalars whose contributions are not wanted

  // For the adjoint of a point function (emit/PointAdjoint.h), which is a plan of its own:
  llvm::DenseMap<const llvm::LoadInst *, llvm::Value *> Touched; ///< i1 in memory: set where the load's reverse runs
  bool IsPoint = false;      ///< contributions to active scalars are added where the caller says
  bool KeepsWritten = false; ///< stores read cotangents and never change them; that this is right has been proved

  /// True if the pass of Scope (the function, or one iteration of a joint loop) computes V.
  bool isNeededIn(const llvm::Value *V, const llvm::Loop *Scope) const;
  /// True if the pass of Scope performs the store.
  bool isExecutedIn(const llvm::StoreInst *St, const llvm::Loop *Scope) const;

  bool isJoint(const llvm::Loop *L) const { return !L || LoopPlans.lookup(L).Joint; }
  /// True if the reverse sweep has something to do for I.
  bool hasReverse(const llvm::Instruction &I) const;
  /// What would help besides, of a CUDA kernel whose thread cannot be reversed; empty for other functions.
  std::string adviceOnPoints() const {
    return NoPoints.empty() ? "" : "; as a nest of points it would be reversed otherwise, but " + NoPoints;
  }
  /// How stores and loads through this pointer treat the shadow.
  ShadowUse shadowUse(const llvm::Value *Pointer) const;
  /// True if other threads may add to the shadow cell behind this pointer, too.
  bool isShared(const llvm::Value *Pointer) const;

  /// Writes the decisions as text (report/PlanPrinter.cpp).
  void print(llvm::raw_ostream &OS) const;
};

/// Writes what the tape holds, one line a stream, or "stored: 0 B".
void printStored(llvm::raw_ostream &OS, llvm::ArrayRef<std::string> Stored);

/// The first half of the plan: shadow pointers, treatment of the arrays. It may add instructions to the kernel. Returns
/// false after a report.
bool planArrays(AdjointPlan &P, llvm::DominatorTree &DT, llvm::PostDominatorTree &PDT, llvm::ScalarEvolution &SE,
                Shadows &S);

/// The second half: needed values, executed stores, loops. Gathers that turn out not to be possible move to NoGathers.
/// It may add indices of predecessors to the kernel. Returns false after a report.
bool planSweeps(AdjointPlan &P, llvm::DominatorTree &DT, llvm::ScalarEvolution &SE);

/// Decides the ShadowUse of all written arrays (analysis/WrittenShadows.cpp). Returns false after a report.
bool planWrittenShadows(AdjointPlan &P, llvm::ScalarEvolution &SE);

/// A condition under which no cell of an array is stored twice in a nest and no iteration reads what another one
/// stores, computed in front of the nest. Loads in Apart do not count. Null: it cannot be proved or tested.
llvm::Value *proveWrittenOnce(AdjointPlan &P, llvm::ScalarEvolution &SE, const llvm::Value *Root,
                              const llvm::Loop *Nest, const llvm::SmallPtrSetImpl<const llvm::Instruction *> &Apart);

/// The same for the points of a grid, which store to different cells (threads have no data races): true if a point
/// stores to no cell twice and reads none of the array's behind its store.
bool storesOncePerPoint(AdjointPlan &P, llvm::ScalarEvolution &SE, const llvm::Value *Root, const llvm::Loop *Nest);

/// The same for points of one thread (gridPointsApart): true if all accesses of the array lie in a block of a constant
/// size that belongs to the point alone.
bool storesApart(AdjointPlan &P, llvm::ScalarEvolution &SE, const llvm::Value *Root, const llvm::Loop *Nest);

/// Decides the ReadStrategy of all arrays that are read.
void planReads(AdjointPlan &P, llvm::ScalarEvolution &SE);

/// The same for one thread of a grid: own-point is proved, everything else is added atomically
/// (analysis/GridReads.cpp).
void planReadsOnGrid(AdjointPlan &P, llvm::DominatorTree &DT, llvm::ScalarEvolution &SE);

/// Finds `A[i] += …`, whose shadow never changes (analysis/WrittenShadows.cpp).
void findIncrements(AdjointPlan &P);

} // namespace adstencil
