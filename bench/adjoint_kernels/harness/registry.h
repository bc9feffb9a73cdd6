// What a kernel tells the harness about itself: its arrays, its minimum traffic and its variants.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace bench {

/// Points along each axis; axes that a kernel does not have are 1.
struct shape {
  int nx = 1, ny = 1, nz = 1;
  std::size_t points() const { return static_cast<std::size_t>(nx) * ny * nz; }
};

enum class role {
  input,     ///< read, has a shadow that derivatives add to
  output,    ///< assigned, has a shadow that __vjp_ reads and __adjoint_ clears where the kernel assigns
  constant,  ///< read, without a shadow (memory for one is there and has to stay as it is)
  increment, ///< added to in place (+=), has a shadow that derivatives read and leave
};

struct array {
  const char* name;
  role kind;
  double low = -1, high = 1; ///< values are random in this range
  shape extra = {0, 0, 0};   ///< elements beyond the shape along each axis, of staggered arrays
};

/// As many arrays as the vjp of a kernel moves: some are read, some read and added to.
struct streams {
  std::vector<double*> added_to;
  std::vector<const double*> read;
  shape size; ///< of each
};

/// Memory, threads and streams of a form.
struct form_traits {
  const char* name = "serial";
  void* (*allocate)(std::size_t bytes) = nullptr; ///< null: the harness's own aligned memory
  void (*release)(void*) = nullptr;
  void (*wait)() = nullptr;                 ///< for what was called; null: calls return when they are done
  void (*stream)(const streams&) = nullptr; ///< adds the sum of all that is read to all that is added to
  bool threaded = false;                    ///< works on a number of OpenMP threads that can be set
};

/// The arrays of a run with their shadows, in the order of the kernel's list.
class fields {
public:
  fields(const shape& size, const std::vector<array>& arrays, const form_traits& form);
  ~fields();
  fields(const fields&) = delete;
  fields& operator=(const fields&) = delete;

  const shape& size() const { return size_; }
  /// Points along each axis of the largest array: staggered ones have some more.
  shape extent() const;
  std::size_t count(std::size_t a) const;
  double* operator[](std::size_t a) const { return memory_[2 * a].data; }
  double* bar(std::size_t a) const { return memory_[2 * a + 1].data; }
  /// Random numbers in all arrays (values) or shadows (bars), the same at every call.
  void reset_values() const;
  void reset_bars() const;
  /// The number that reset_values (bar = false) or reset_bars leaves in an element.
  double initial(std::size_t a, bool bar, std::size_t element) const;

private:
  struct block {
    void* start;
    double* data;
  };
  shape size_;
  std::vector<array> arrays_;
  form_traits form_;
  std::vector<block> memory_;
};

using action = std::function<void(const fields&)>;

/// A kernel in one form.
struct kernel {
  const char* name;
  form_traits form;
  std::vector<array> arrays;
  shape large, quick, odd; ///< sizes to measure, to measure with --quick, and to verify only
  double primal_bytes;     ///< minimum traffic of a point: each array read once and written once
  double vjp_bytes;
  action primal, vjp, adjoint; ///< vjp and adjoint are generated, or null where this form has none
  action gather, scatter;      ///< written by hand, the same effect as vjp

  /// Calls a variant `count` times and waits for the last.
  void call(const action& variant, const fields& f, long count = 1) const {
    for (long c = 0; c < count; ++c)
      variant(f);
    if (form.wait)
      form.wait();
  }
};

/// All kernels that the program was linked with, in the order of their names in `kernel_order` (main.cpp).
std::vector<kernel>& registered();

/// An object of this type in a kernel file puts the kernel on the list.
struct registration {
  explicit registration(kernel k) { registered().push_back(std::move(k)); }
};

inline constexpr shape large_1d{1 << 24}, quick_1d{1 << 14}, odd_1d{37};
inline constexpr shape large_2d{4096, 4096}, quick_2d{192, 160}, odd_2d{19, 23};
inline constexpr shape large_3d{256, 256, 256}, quick_3d{48, 40, 36}, odd_3d{13, 17, 11};

} // namespace bench
