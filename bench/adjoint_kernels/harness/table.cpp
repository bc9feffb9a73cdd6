// The measured rows for people and for programs; see measure.h.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "measure.h"

#include <algorithm>
#include <cstdio>
#include <functional>

namespace bench {

namespace {

using text_of_row = std::function<std::string(const row&)>;

struct column {
  const char* heading;
  text_of_row text;
};

std::string number(std::optional<double> value, int digits) {
  if (!value)
    return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", digits, *value);
  return text;
}

std::string size_text(const shape& s) {
  std::string text = std::to_string(s.nx);
  if (s.ny > 1)
    text += "x" + std::to_string(s.ny);
  if (s.nz > 1)
    text += "x" + std::to_string(s.nz);
  return text;
}

std::optional<double> bandwidth(const row& r, const char* variant, double bytes) {
  const auto time = r.time(variant);
  return time ? std::optional(bytes * r.points() / *time / 1e9) : std::nullopt;
}

text_of_row milliseconds(const char* variant) {
  return [=](const row& r) {
    const auto time = r.time(variant);
    return time ? number(1e3 * *time, *time < 1e-3 ? 4 : 2) : "-";
  };
}

text_of_row ratio(const char* above, const char* below) {
  return [=](const row& r) { return number(r.ratio(above, below), 2); };
}

/// Of primal, vjp and stream.
std::string speed_ups(const row& r) {
  if (!r.speed_up("stream"))
    return "-";
  return number(r.speed_up("primal"), 2) + "/" + number(r.speed_up("vjp"), 2) + "/" + number(r.speed_up("stream"), 2);
}

std::vector<column> columns() {
  return {
      {"kernel", [](const row& r) { return r.kernel; }},
      {"form", [](const row& r) { return r.form; }},
      {"size", [](const row& r) { return size_text(r.size); }},
      {"primal ms", milliseconds("primal")},
      {"GB/s", [](const row& r) { return number(bandwidth(r, "primal", r.primal_bytes), 1); }},
      {"vjp ms", milliseconds("vjp")},
      {"GB/s", [](const row& r) { return number(bandwidth(r, "vjp", r.vjp_bytes), 1); }},
      {"hand ms", milliseconds("gather")},
      {"scatter ms", milliseconds("scatter")},
      {"stream ms", milliseconds("stream")},
      {"vjp/primal", ratio("vjp", "primal")},
      {"vjp/hand", ratio("vjp", "gather")},
      {"scatter/hand", ratio("scatter", "gather")},
      {"adjoint/primal", ratio("adjoint", "primal")},
      {"vjp/stream", ratio("vjp", "stream")},
      {"speed-up", speed_ups},
      {"B/point", [](const row& r) { return number(r.primal_bytes, 0) + "/" + number(r.vjp_bytes, 0); }},
      {"repeatable", [](const row& r) { return r.repeatable ? *r.repeatable ? "yes" : "no" : "-"; }},
  };
}

constexpr std::size_t text_columns = 3; ///< kernel, form, size: left-aligned

boost::json::value or_null(std::optional<double> value) {
  return value ? boost::json::value(*value) : boost::json::value(nullptr);
}

} // namespace

std::string table(const std::vector<row>& rows) {
  const auto all = columns();
  std::vector<std::vector<std::string>> cells(rows.size() + 1);
  std::vector<std::size_t> width(all.size());
  for (std::size_t c = 0; c < all.size(); ++c) {
    cells[0].push_back(all[c].heading);
    for (std::size_t r = 0; r < rows.size(); ++r)
      cells[r + 1].push_back(all[c].text(rows[r]));
    for (const auto& line : cells)
      width[c] = std::max(width[c], line[c].size());
  }
  std::string text;
  for (const auto& line : cells) {
    std::string joined;
    for (std::size_t c = 0; c < all.size(); ++c) {
      const std::string padding(width[c] - line[c].size(), ' ');
      joined += (c > 0 ? "  " : "") + (c < text_columns ? line[c] + padding : padding + line[c]);
    }
    text += joined + "\n";
  }
  return text;
}

boost::json::array to_json(const std::vector<row>& rows) {
  boost::json::array result;
  for (const row& r : rows) {
    boost::json::object times;
    for (const auto& [variant, seconds] : r.seconds)
      times[variant] = 1e3 * seconds;
    result.push_back({{"kernel", r.kernel},
                      {"form", r.form},
                      {"size", {r.size.nx, r.size.ny, r.size.nz}},
                      {"threads", r.threads},
                      {"primal_bytes_per_point", r.primal_bytes},
                      {"vjp_bytes_per_point", r.vjp_bytes},
                      {"median_ms", times},
                      {"primal_gb_per_s", or_null(bandwidth(r, "primal", r.primal_bytes))},
                      {"vjp_gb_per_s", or_null(bandwidth(r, "vjp", r.vjp_bytes))},
                      {"hand_gb_per_s", or_null(bandwidth(r, "gather", r.vjp_bytes))},
                      {"stream_gb_per_s", or_null(bandwidth(r, "stream", r.vjp_bytes))},
                      {"vjp_over_primal", or_null(r.ratio("vjp", "primal"))},
                      {"vjp_over_hand", or_null(r.ratio("vjp", "gather"))},
                      {"scatter_over_hand", or_null(r.ratio("scatter", "gather"))},
                      {"adjoint_over_primal", or_null(r.ratio("adjoint", "primal"))},
                      {"vjp_over_stream", or_null(r.ratio("vjp", "stream"))},
                      {"primal_speed_up", or_null(r.speed_up("primal"))},
                      {"vjp_speed_up", or_null(r.speed_up("vjp"))},
                      {"stream_speed_up", or_null(r.speed_up("stream"))},
                      {"repeatable", r.repeatable ? boost::json::value(*r.repeatable) : boost::json::value(nullptr)}});
  }
  return result;
}

} // namespace bench
