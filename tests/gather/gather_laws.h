// What generate.py says about each random kernel, and the recorder that learns which cells a kernel touches.
//
// Every kernel is there three times, from one text: as it is, with the strategy "sequential" demanded, and with every
// access to an array replaced by a call of a recorder. gather_test.cpp compares the derivatives of the first two and
// learns from the third where nothing may be touched.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <adstencil/adstencil.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

namespace gather {

/// Cells of one array, by index; indices may be negative, because rows may begin behind the pointer.
class cells {
public:
  static constexpr long before = 1 << 15, after = 1 << 18;
  enum touch : unsigned char { is_read = 1, is_written = 2 };

  void mark(long index, unsigned char how) {
    if (index < -before || index >= after)
      throw std::out_of_range("a generated kernel has left its array");
    if (flags.empty())
      flags.assign(before + after, 0);
    flags[before + index] |= how;
    if (first == last) {
      first = index;
      last = index + 1;
    }
    first = index < first ? index : first;
    last = index >= last ? index + 1 : last;
  }
  unsigned char at(long index) const { return flags.empty() ? 0 : flags[before + index]; }

  long first = 0, last = 0; ///< the touched cells lie in [first, last)

private:
  std::vector<unsigned char> flags;
};

/// Stands for the arrays of a kernel. What is read is of order one; where a kernel reads does not depend on it.
class recorder {
public:
  explicit recorder(std::size_t arrays) : arrays(arrays) {}
  double read(int array, long index) { return arrays[array].mark(index, cells::is_read), 0.5; }
  double& write(int array, long index) { return arrays[array].mark(index, cells::is_written), sink = 0.5; }
  double& update(int array, long index) {
    return arrays[array].mark(index, cells::is_read | cells::is_written), sink = 0.5;
  }

  std::vector<cells> arrays;

private:
  double sink = 0;
};

struct array_info {
  const char* name;
  bool is_written;   ///< anywhere in the text, so that __vjp_ leaves its shadow alone
  bool is_scalar;    ///< an active scalar: its shadow is a sum over all points
  bool is_inactive;  ///< has no shadow, and directions of the tangent are zero in it
  bool is_in_subset; ///< has a shadow in the derivatives of [[adstencil::wrt("subset", …)]]
};

using extents = std::array<long, 3>;
inline constexpr long mask_cells = cells::before + cells::after;

/// A call of a kernel or derivative: extents, arrays, shadows, masks.
template <class Real>
using call = void (*)(const extents& n, Real* const* x, Real* const* xb, const int* const* mask);
using record = void (*)(recorder& r, const extents& n, const int* const* mask);

/// The derivatives made from one copy of the kernel; null where there is no subset.
template <class Real>
struct derivatives {
  call<Real> vjp, adjoint, subset_vjp, subset_adjoint;
};

template <class Real>
struct law_case {
  std::string name;
  std::vector<array_info> arrays;
  int masks;
  std::vector<extents> domains;
  record touch;
  call<Real> primal, tangent;
  derivatives<Real> planned, sequential;
};

/// Every kernel of one precision, by the options it was compiled with.
template <class Real>
std::vector<std::pair<std::string, law_case<Real>>>& cases() {
  static std::vector<std::pair<std::string, law_case<Real>>> all;
  return all;
}
template <class Real>
bool add(const char* variant, law_case<Real> c) {
  cases<Real>().emplace_back(variant, std::move(c));
  return true;
}

} // namespace gather
