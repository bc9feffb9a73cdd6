// What a gather does at one cell: evaluates the point adjoints around it, sums up, adds once.
//
// How cells are walked over, and which points may be outside of the Domain, is the business of those who derive from
// this class (emit/Gather.cpp).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "emit/PointAdjoint.h"
#include <functional>
#include <map>

namespace adstencil {

using LookUpFunction = llvm::function_ref<llvm::Value *(llvm::IRBuilder<> &, llvm::Value *)>;

/// A loop for (IV = Low; IV < High; ++IV) that is being written.
struct OpenLoop {
  llvm::PHINode *IV;
  llvm::BasicBlock *Header, *Exit;
};

class CellEmitter {
protected:
  CellEmitter(const GatherNest &N, PointAdjoints &Points, llvm::BasicBlock *Start, LookUpFunction LookUp);

  const GatherNest &N;
  PointAdjoints &Points;
  llvm::Function &F;
  llvm::LLVMContext &Ctx;
  llvm::IRBuilder<> B, Variables;
  unsigned Inner;                                     ///< the last axis
  llvm::MDNode *IndependentAccesses;                  ///< access group of all memory that the gather touches
  llvm::DenseMap<llvm::Value *, llvm::Value *> Known; ///< values of the kernel, at the start of the nest

  // One nest over cells; __adjoint_ may have two.
  std::vector<Shift> Evaluations; ///< sorted by the shift of the last axis
  PointAdjoint *Away = nullptr, *Home = nullptr;
  Shift Least, Most;                        ///< by axis, of the evaluations that are near along it
  llvm::SmallVector<llvm::Value *, 4> Cell; ///< q, by axis
  int64_t Plane = 0;                        ///< what is evaluated is the cell so far from q along the first axis
  bool NearPointers = false;                ///< addresses of a cell's neighbours are made from its own, not by row
  bool ReadsConstants = false;              ///< nothing but shadows changes while the nest runs
  /// Adds the sum over all points to an active scalar; empty: to its shadow.
  std::function<void(llvm::IRBuilder<> &, const llvm::CallInst &, llvm::Value *)> AddToScalar;
  bool Masked = false;              ///< points may be outside of the Domain on other axes than the last
  bool TestsRows = false;           ///< the same, and each evaluation is behind a test
  bool AddsDirectly = false;        ///< evaluations add to the cell itself, not to a sum
  bool ReadsKept = false;           ///< points away from home are evaluated from kept cotangents
  bool WantsScalars = true;         ///< evaluations add to active scalars
  unsigned Planes = 1;              ///< so many planes of cells are done together
  unsigned Interior = 0;            ///< number of the interior loop that is being written; 0: none
  bool IsInner = false;             ///< all points around the cell are inner ones
  llvm::IRBuilder<> *Row = nullptr; ///< writes what is the same for all cells along the last axis
  /// What it wrote: rows of cells by group and place, and by cotangent that is kept.
  std::map<std::tuple<unsigned, bool, Shift, Shift>, llvm::Value *> RowPointers;

  /// Fetches everything that comes from outside of the nest, to the builder's place.
  void fetch();
  /// True if the nest is entered at all: no loop of the kernel is empty.
  llvm::Value *isEntered();
  /// Starts a nest with these evaluations.
  void startNest(std::vector<Shift> Shifts, PointAdjoint *AwayPoint, PointAdjoint *HomePoint);
  /// Starts a row: what was computed for the row before is not there any more.
  void startRow(llvm::IRBuilder<> *RowBuilder, bool IsMasked);

  /// True if the point at distance S is in the Domain, as far as all axes but the last are concerned.
  llvm::Value *rowValid(const Shift &S);
  void clearSums();
  /// Adds what the point at distance S contributes to the sums of the cell.
  void evaluate(const Shift &S);
  bool isMerged() const { return Away == &Points.Away && Points.Merged.F; }
  /// Adds what all points around an inner cell contribute.
  void evaluateMerged();
  /// Adds the sums to the cells that some point has contributed to.
  void addToCells();
  /// What is in the sums of the cell, to be added later.
  struct CellSums {
    llvm::SmallVector<std::pair<llvm::Value *, llvm::Value *>, 4> OfGroup; ///< whether there is one, sum
  };
  CellSums readSums();
  void addToCells(const CellSums &Added);
  /// Adds a sum to a cell. Others may add to it at the same time only if the plan could not exclude it.
  virtual void addToCell(llvm::Value *Pointer, llvm::Value *Sum);

  /// Where the kept cotangent Number of the point at distance S from the cell is.
  virtual llvm::Value *keptPointer(unsigned Number, const Shift &S);
  /// Says that a pointer leads into the memory of kept cotangents.
  void describeKept(llvm::Value *Pointer) { Pointers[Pointer] = {nullptr, false}; }

  // For emitters that ask for all contributions of a point at once: Cell is the point.
  std::map<std::pair<unsigned, Shift>, llvm::AllocaInst *> AllSums;  ///< by group and shift; not cleared here
  std::map<std::pair<unsigned, Shift>, llvm::AllocaInst *> AllFlags; ///< i1: whether a conditional read was executed
  void evaluateAll(PointAdjoint &Point);
  /// The same by a call that stays one: whatever is done with the contributions, the bits of all of them are the same.
  void callAll(PointAdjoint &Point);
  /// Adds what the point Cell adds at home, and nothing of what is gathered.
  void evaluateHome();
  llvm::Value *shadowCell(unsigned Group, const Shift &At);

  OpenLoop openLoop(llvm::Value *Low, llvm::Value *High, const llvm::Twine &Name);
  llvm::BranchInst *closeLoop(const OpenLoop &L);
  /// The same number, of which the optimiser does not know that it is a counter: loop strength reduction would carry a
  /// pointer from cell to cell for each of the neighbours.
  llvm::Value *hidden(llvm::Value *Counter);
  /// Tells the optimiser what a loop along the last axis is. IsParallel: iterations do not depend on each other, as far
  /// as described accesses are concerned.
  void describeLoop(llvm::BranchInst *Back, bool IsParallel);
  /// Tells the optimiser that a loop over rows, or over the few cells of a shell, is not worth its time.
  void leaveAsItIs(llvm::BranchInst *Back);
  /// Counts an access of local memory among those.
  void describe(llvm::Instruction *Access);

  /// Writes for (part = 0; part < Count; ++part) Body(part), for OpenMP's threads to share. A part writes its sum over
  /// its points to memory of its own; they are added up in order, so that the number of threads does not matter.
  void emitShared(llvm::Value *Count, llvm::function_ref<void(llvm::Value *)> Body);

  /// An i1: iterations of the outermost axis never add to the same cell.
  llvm::Value *isIndependent();
  const llvm::MapVector<llvm::Value *, llvm::AllocaInst *> &scalarSums() const { return ScalarSums; }
  void clearScalarSums();

  /// Adds sums over all points to active scalars; inlines the point adjoints; tells the optimiser what does not
  /// overlap.
  void finish();

  llvm::BasicBlock *newBlock(const llvm::Twine &Name) { return llvm::BasicBlock::Create(Ctx, Name, &F); }
  /// The last value of an axis' counter.
  llvm::Value *last(unsigned Axis) { return Known[N.Last[Axis]]; }
  bool hasGuards(unsigned Axis) const { return !N.InnerLow.empty() && N.InnerLow[Axis]; }
  /// First and last inner point.
  llvm::Value *innerLow(unsigned Axis) { return hasGuards(Axis) ? Known[N.InnerLow[Axis]] : B.getInt64(0); }
  llvm::Value *innerHigh(unsigned Axis) { return hasGuards(Axis) ? Known[N.InnerHigh[Axis]] : last(Axis); }
  /// True if points that are evaluated differ along the axis.
  bool varies(unsigned Axis) const { return Least[Axis] != Most[Axis] || goesFar(Axis); }
  /// True if some evaluation goes far along the axis.
  bool goesFar(unsigned Axis) const {
    return llvm::any_of(Evaluations, [&](const Shift &S) { return farNumber(S[Axis]) != 0; });
  }
  /// The entry of a shift as a number of points.
  llvm::Value *points(llvm::IRBuilder<> &At, int64_t Entry) {
    llvm::Value *Near = At.getInt64(nearPart(Entry));
    unsigned Number = farNumber(Entry);
    return Number ? At.CreateNSWAdd(Known[N.Far[Number - 1].Steps], Near) : Near;
  }
  /// V less the entry of a shift.
  llvm::Value *minus(llvm::Value *V, int64_t Entry) {
    return farNumber(Entry) ? B.CreateNSWSub(V, points(B, Entry)) : plus(V, -Entry);
  }
  /// Where cells along the axis begin and end (behind the last one): all that points within the shifts add to.
  std::pair<llvm::Value *, llvm::Value *> cellRange(unsigned Axis);
  /// Where cells along the axis begin and end that are not far from any point of the Domain.
  std::pair<llvm::Value *, llvm::Value *> withoutFar(unsigned Axis, llvm::Value *Low, llvm::Value *High);
  llvm::Value *plus(llvm::Value *V, int64_t By) { return By == 0 ? V : B.CreateNSWAdd(V, B.getInt64(By)); }
  bool writesStored() const { return Home == &Points.Carry || Home == &Points.Whole; }
  bool addsAtHome() const { return N.HasHomes && Home != &Points.Carry; }

private:
  LookUpFunction LookUp;
  llvm::MapVector<llvm::Value *, llvm::AllocaInst *> ScalarSums;
  struct Memory {
    const llvm::Value *Root;
    bool IsShadow;
    unsigned Interior = 0; ///< number of the loop; 0: of none
    unsigned Planes = 1, Group = 0;
    Shift Row = {}; ///< seen from the cell
  };
  llvm::DenseMap<const llvm::Value *, Memory> Pointers;
  std::map<std::pair<uint64_t, Shift>, llvm::MDNode *> RowGroups; ///< by array and row
  llvm::SmallVector<llvm::CallInst *, 32> Calls;
  llvm::SmallVector<llvm::AllocaInst *, 4> Sums, Flags, PartSums, PartFlags; ///< by group; null if it is not gathered
  llvm::DenseMap<llvm::Type *, llvm::AllocaInst *> UnwantedOf;
  bool WantsGathered = true;               ///< calls add to what is gathered
  std::map<Shift, llvm::Value *> RowValid; ///< by shift without the last axis

  static llvm::Value *shadowOf(const AccessGroup &G) { return G.Root->getArgOperand(1); }
  /// Memory for contributions that nobody asked for.
  llvm::Value *unwanted(llvm::Type *T);
  /// Adds the groups of Root that the nest adds to, and finds a box of cells, by axis, that it adds to. Returns false
  /// if that cannot be told.
  bool collectAdded(const llvm::Value *Root, llvm::SmallVectorImpl<unsigned> &Groups,
                    llvm::MutableArrayRef<std::pair<llvm::Value *, llvm::Value *>> Box);
  void addGroup(unsigned Group, llvm::Value *Flag, llvm::Value *Sum);
  /// The point at distance S from the cell, on one of the axes but the last; Moved: into the Domain if it is not there.
  llvm::Value *pointOf(unsigned Axis, const Shift &S, bool Moved);
  /// The address of a group's cell at shift At from the point that is S away.
  llvm::Value *cellPointer(unsigned Group, bool IsShadow, const Shift &At, const Shift &S, bool Moved);
  /// The same where either is far away.
  llvm::Value *farPointer(unsigned Group, bool IsShadow, const Shift &At, const Shift &S, bool Moved);
  llvm::Value *nearPointer(unsigned Group, bool IsShadow, const Shift &Distance);
  /// True if some load of the group is gathered at shift S. Always: wherever its point is in the Domain.
  bool isGatheredAt(unsigned Group, const Shift &S, bool Always) const;
  void call(PointAdjoint &Point, const Shift &S, llvm::ArrayRef<llvm::AllocaInst *> Into,
            llvm::ArrayRef<llvm::AllocaInst *> FlagsInto);
  llvm::Value *argument(const PointArgument &A, const Shift &S, llvm::ArrayRef<llvm::AllocaInst *> Into,
                        llvm::ArrayRef<llvm::AllocaInst *> FlagsInto);
  void addScalarSums();
  /// Tells the optimiser which accesses cannot meet: distinct arrays and shadows, and iterations along the last axis.
  void describeMemory();
  /// The access groups of a load: all memory that the gather touches and, in an interior, the row.
  llvm::MDNode *groupsOf(const Memory &M);
};

} // namespace adstencil
