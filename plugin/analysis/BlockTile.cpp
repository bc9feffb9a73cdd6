// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analysis/BlockTile.h"

#include "analysis/Gather.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace llvm;

namespace adstencil {

/// Points of a plane. Blocks have 128 to 512 threads as a rule, and one evaluation of a heavy point function at a time
/// is what registers allow. Planes of two axes overlap on four sides: larger ones waste less.
static constexpr int64_t MostPointsOfRow = 256, MostPointsOfPlane = 512;
/// The shortest piece of a row that is read in whole lines of memory.
static constexpr int64_t LeastRow = 16;

static int64_t product(const Shift &S) { return std::accumulate(S.begin(), S.end(), int64_t(1), std::multiplies<>()); }

int64_t BlockTile::points() const { return product(Points); }
int64_t BlockTile::cells() const { return product(Cells); }

/// The axis that planes have not: the outermost one, if there are others.
static int64_t rowOf(const Shift &S) { return S.size() > 1 ? S[0] : 0; }

static void collectContributions(const GatherNest &N, BlockTile &Tile) {
  for (auto &[L, Role] : N.Roles) {
    auto Found = N.Accesses.find(L);
    if (Role != LoadRole::Gathered || !is_contained(N.Evaluations, Found->second.At))
      continue;
    auto [Group, At] = Found->second;
    bool Conditional = N.Conditional.contains(L);
    auto Known = find_if(Tile.Contributions, [&](const Contribution &C) { return C.Group == Group && C.At == At; });
    if (Known == Tile.Contributions.end())
      Tile.Contributions.push_back({Group, At, Conditional});
    else
      Known->Conditional &= Conditional;
  }
  // The order of the sums.
  sort(Tile.Contributions,
       [](const Contribution &X, const Contribution &Y) { return std::tie(X.Group, X.At) < std::tie(Y.Group, Y.At); });
  for (const Contribution &C : Tile.Contributions) {
    int64_t Row = rowOf(C.At);
    if (Tile.Windows.empty() || Tile.Windows.back().Group != C.Group)
      Tile.Windows.push_back({C.Group, Row, Row});
    TileWindow &W = Tile.Windows.back();
    W.Least = std::min(W.Least, Row);
    W.Most = std::max(W.Most, Row);
    W.HasFlags |= C.Conditional;
  }
}

/// Places buffers and windows for planes of so many points.
static void layOut(const GatherNest &N, int64_t Points, BlockTile &Tile) {
  uint64_t End = 0;
  auto Place = [&](uint64_t Size) {
    uint64_t Offset = alignTo(End, 16);
    End = Offset + Size * Points;
    return Offset;
  };
  auto SizeOf = [&](unsigned Group) -> uint64_t { return N.Groups[Group].Element->getPrimitiveSizeInBits() / 8; };
  for (Contribution &C : Tile.Contributions) {
    C.Offset = Place(SizeOf(C.Group));
    if (C.Conditional)
      C.FlagOffset = Place(1);
  }
  for (TileWindow &W : Tile.Windows) {
    W.Offset = Place(SizeOf(W.Group) * W.rows());
    if (W.HasFlags)
      W.FlagOffset = Place(W.rows());
  }
  Tile.Bytes = End;
}

std::string planBlockTile(const GatherNest &N, uint64_t Bytes, BlockTile &Tile) {
  Tile = BlockTile();
  collectContributions(N, Tile);
  size_t Axes = N.Axes.size(), First = Axes > 1 ? 1 : 0;
  if (N.isOwnPoint() || Tile.Contributions.empty())
    return "each array is read at one place only";
  Shift Reach(Axes, 0);
  for (size_t D = First; D != Axes; ++D) {
    auto Along = map_range(N.Evaluations, [&](const Shift &S) { return S[D]; });
    Reach[D] = *max_element(Along) - *min_element(Along);
  }
  Shift Best;
  auto CellsOf = [&](const Shift &Points) {
    Shift Cells(Points);
    for (size_t D = First; D != Axes; ++D)
      Cells[D] = std::max<int64_t>(Points[D] - Reach[D], 0);
    return Cells;
  };
  // The plane with the fewest points for each cell; of several, that with the longest rows.
  int64_t MostPoints = Axes - First == 1 ? MostPointsOfRow : MostPointsOfPlane;
  for (int64_t Row = LeastRow; Row <= MostPoints; Row *= 2)
    for (int64_t Others = 1; Row * Others <= MostPoints && (Axes - First > 1 || Others == 1); Others *= 2) {
      Shift Points(Axes, 1);
      Points.back() = Row;
      if (Axes - First > 1)
        Points[Axes - 2] = Others;
      layOut(N, Row * Others, Tile);
      int64_t Cells = product(CellsOf(Points));
      if (Tile.Bytes <= Bytes && Cells > 0 &&
          (Best.empty() || product(Points) * product(CellsOf(Best)) <= product(Best) * Cells))
        Best = Points;
    }
  if (Best.empty())
    return "the surroundings of its points do not fit into the shared memory of a block";
  Tile.Points = Best;
  Tile.Cells = CellsOf(Best);
  layOut(N, Tile.points(), Tile);
  return "";
}

} // namespace adstencil
