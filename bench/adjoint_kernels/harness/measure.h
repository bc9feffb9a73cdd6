// Times of a kernel's variants, taken with Google Benchmark.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "registry.h"

#include <boost/json.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace bench {

/// One line of the table: a kernel in one form.
struct row {
  std::string kernel, form;
  shape size;
  int threads = 1;
  double primal_bytes = 0, vjp_bytes = 0;
  /// Medians by variant: primal, vjp, adjoint, gather, scatter, stream (see form_traits); and primal, vjp and stream
  /// with on_one_thread behind the name, where there are more.
  std::map<std::string, double> seconds;
  std::optional<bool> repeatable;

  std::optional<double> time(const std::string& variant) const;
  /// time(above) / time(below), where both were measured.
  std::optional<double> ratio(const std::string& above, const std::string& below) const;
  /// From one thread to all: time on one / time, where both were measured.
  std::optional<double> speed_up(const std::string& variant) const;
  double points() const { return static_cast<double>(size.points()); }
};

inline constexpr const char* on_one_thread = "-on-one-thread";

/// Prepares Google Benchmark; call once.
void prepare_measurement();

/// Runs the variants of a kernel in turns (random order, `repetitions` rounds) on arrays of the given size. Every
/// single run is appended to `runs` with the keys of Google Benchmark's own JSON.
row measure(const kernel& k, const shape& size, int repetitions, boost::json::array& runs);

/// The rows as an aligned table with a line of headings.
std::string table(const std::vector<row>& rows);

/// The rows as JSON objects.
boost::json::array to_json(const std::vector<row>& rows);

} // namespace bench
